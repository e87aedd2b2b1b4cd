"""The desk's store: one writer, many readers, and what they share."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import Connection

from app.kernel.changes import Broadcast
from app.kernel.clock import Clock, ServerTime
from app.kernel.codec import from_json
from app.kernel.errors import Damaged
from app.kernel.event import Event
from app.kernel.feature import Registry
from app.store import engine, mending, meta, opening, scrubbing
from app.store.faults import typed
from app.store.logbook import Logbook, State
from app.store.vault import Vault
from app.store.work import ResolveActor, UnitOfWork

HOLD_SECONDS = 30.0


class DeskStore:
    """A person's database on one machine; `open` makes one.

    Writing is serial: one connection behind one lock, used by the store lane and by the
    sync client. Reading goes beside it on connections that cannot write.
    """

    def __init__(self, folder: Path, key: bytes, registry: Registry, clock: Clock) -> None:
        path = folder / opening.DATABASE
        self.folder = folder
        self.registry = registry
        self.clock = clock
        self.changes = Broadcast()
        self.hold_seconds = HOLD_SECONDS
        self.server_time = ServerTime(clock)
        # Set by the composition root; see `app.store.work.ResolveActor`.
        self.resolve_actor: ResolveActor | None = None
        self._key = key
        self._writer = engine.writer(path, key)
        self._reader = engine.reader(path, key)
        self._lock = threading.RLock()
        self._current: Connection | None = None
        self._logbook = Logbook(folder, key)
        self.vault = Vault(folder / "vault", self.writing, self.reader, clock)

    @classmethod
    def open(cls, folder: Path, key: bytes, registry: Registry, clock: Clock) -> DeskStore:
        """Open or create the database of a profile folder with its 32-byte key.

        Raises `Damaged("store.damaged")` for a broken one, which `app.store.mending` repairs,
        and `Conflict("store.newer")`, `Unavailable("store.disk_full" | "store.io_failed")`.
        """
        mending.finish(folder)
        opening.refuse_damaged(folder, key)
        store = cls(folder, key, registry, clock)
        try:
            opening.migrate(store._writer, folder, key, clock)
            with store.writing() as connection:
                opening.settle_device(connection, clock)
                opening.settle_projections(connection, registry)
                store._catch_up(connection)
            with store.writing() as connection:
                store._logbook.begin(connection)
            store.vault.settle()
            store.scrub()
        except BaseException:
            store.close()
            raise
        return store

    @property
    def device(self) -> str:
        """Return the id of this device; the sync client may renew it."""
        return self.meta(meta.DEVICE)

    @contextmanager
    def transaction(self) -> Iterator[UnitOfWork]:
        """Write everything of the block with `synchronous=FULL`, or nothing of it."""
        with self.writing() as connection:
            until = self.clock.now() + timedelta(seconds=self.hold_seconds)
            work = UnitOfWork(
                connection,
                self.registry,
                self.resolve_actor,
                meta.read(connection, meta.DEVICE),
                until.timestamp(),
            )
            yield work
            work.flush()

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """Yield the writer's connection in an immediate transaction, or in the one around."""
        with self._lock:
            if self._current is not None:
                yield self._current
                return
            with self._guarded(), self._logged() as connection:
                self._current = connection
                try:
                    yield connection
                finally:
                    self._current = None

    @contextmanager
    def _logged(self) -> Iterator[Connection]:
        """Have the second journal hold what the transaction changes, before it commits."""
        kept = False
        try:
            with self._writer.begin() as connection:
                self._logbook.attach(connection)
                yield connection
                kept = self._logbook.keep(connection)
        except BaseException:
            if kept:
                self._logbook.take_back()
            raise
        if self._logbook.full:
            with self._writer.begin() as connection:
                self._logbook.compact(connection)

    def _catch_up(self, connection: Connection) -> None:
        """Do what the second journal has and the database not; raises `Damaged`."""
        reading = self._logbook.read()
        if mending.behind(connection, reading):
            mending.restore(connection, self.registry, State.of(reading.frames), reading.seq)

    @contextmanager
    def reader(self) -> Iterator[Connection]:
        """Yield a read-only connection that sees one state from its first query on."""
        with self._guarded(), self._reader.connect() as connection:
            yield connection

    def get(self, kind: str, entity: str) -> Any:
        """Return an entity as the desk shows it, or None."""
        model = self.registry.kind(kind).model
        data = self.raw(kind, entity)
        return None if data is None else from_json(model, data)

    def raw(self, kind: str, entity: str) -> dict[str, Any] | None:
        """Return the JSON of an entity of any kind, known to this program or not."""
        with self.reader() as connection:
            text = connection.exec_driver_sql(
                "SELECT data FROM entity WHERE kind = ? AND id = ?", (kind, entity)
            ).scalar()
        return None if text is None else dict(json.loads(text))

    def entities(self, kind: str, limit: int = -1) -> list[tuple[str, Any]]:
        """Return (id, entity) of a kind by id; `limit` -1 means all."""
        model = self.registry.kind(kind).model
        with self.reader() as connection:
            rows = connection.exec_driver_sql(
                "SELECT id, data FROM entity WHERE kind = ? ORDER BY id LIMIT ?", (kind, limit)
            ).all()
        return [(i, from_json(model, json.loads(text))) for i, text in rows]

    def events(self, kind: str, entity: str) -> list[Event]:
        """Return the timeline: the server's events in its order, then the provisional ones."""
        with self.reader() as connection:
            rows = (
                connection.exec_driver_sql(
                    "SELECT v.data FROM event v LEFT JOIN outbox o USING (command)"
                    " WHERE v.kind = ? AND v.entity = ?"
                    " ORDER BY v.ver IS NULL, v.ver, o.place, v.place",
                    (kind, entity),
                )
                .scalars()
                .all()
            )
        return [from_json(Event, json.loads(text)) for text in rows]

    def meta(self, key: str, default: str = "") -> str:
        """Return a named value."""
        with self.reader() as connection:
            return meta.read(connection, key, default)

    def set_meta(self, key: str, value: str) -> None:
        """Keep a named value; tokens for the server may lie here, the file is encrypted."""
        with self.writing() as connection:
            meta.write(connection, key, value)

    def scrub(self) -> None:
        """Remove the traces of what was taken away, where some wait; see `app.store.scrubbing`.

        What another reader still needs waits for the next time.
        """
        with self.reader() as connection:
            if not scrubbing.is_due(connection, self.clock.now().timestamp()):
                return
        with self.writing() as connection:
            dropped = scrubbing.sweep(connection)
            scrubbing.merge_indexes(connection)
        for sha256 in dropped:
            self.vault.unlink(sha256)
        with self._lock, self._guarded():
            if self._current is not None or not scrubbing.cut_log(self._writer):
                return
            scrubbing.drop_copies(self.folder)
        with self.writing() as connection:
            meta.write(connection, meta.SCRUB, "")

    def verify(self) -> None:
        """Read every page, for an idle hour; `Damaged("store.damaged")` if one is broken.

        The next start then sets the file aside.
        """
        with self._guarded():
            engine.check(self.folder / opening.DATABASE, self._key)

    @contextmanager
    def _guarded(self) -> Iterator[None]:
        try:
            with typed():
                yield
        except Damaged as error:
            if error.code == "store.damaged":
                opening.note_suspicion(self.folder / opening.DATABASE)
            raise

    def close(self) -> None:
        """Close every connection."""
        with self._lock:
            self._logbook.close()
            self._reader.dispose()
            self._writer.dispose()
