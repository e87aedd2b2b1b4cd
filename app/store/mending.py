"""A damaged database made anew: from the second journal, from what can be read, by the server.

The new one is built beside the old, which stays as it is until the new one is whole; then the
old one is moved aside and kept. Killed at any point, the next start finds the damage again or
ends the exchange.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Connection

from app.kernel.clock import Clock
from app.kernel.errors import Damaged, Unavailable
from app.kernel.feature import Registry
from app.kernel.ids import new_id
from app.store import engine, logbook_file, meta, opening, outbox, rebase, wreckage
from app.store.faults import typed
from app.store.logbook import COMPLETION, FILE, META, OUTBOX, TOUCH, State, is_own
from app.store.logbook_file import LOGBOOK, Reading
from app.store.model import OutboxState
from app.store.opening import DATABASE
from app.store.salvage import Wreck
from app.store.sealed import sync_folder
from app.store.sql import Key
from app.store.wreckage import Tell, insert

_BUILT = f"{DATABASE}.mending"
_WHOLE = f"{DATABASE}.mended"
_BESIDE = ("-wal", "-shm")
# Of the damaged database these are taken over as they are; the journal does not have them.
_AS_THEY_ARE = ("journal", "file_check", "file_text")


@dataclass(frozen=True, slots=True)
class Mended:
    """What a repair came to: where the damaged file lies, how many commands wait.

    `doubtful` tells that the second journal was damaged too, so that acts may be missing.
    """

    aside: str = ""
    waiting: int = 0
    doubtful: bool = False
    repaired: bool = True


def behind(connection: Connection, reading: Reading) -> bool:
    """Tell whether the database lacks the last transaction that the journal has.

    Raises `Damaged("store.damaged")` where it lacks more: no crash does that.
    """
    lacks = reading.seq - int(meta.read(connection, meta.LOGGED, "0"))
    if lacks > 1 and reading.frames:
        raise Damaged("store.damaged")
    return lacks == 1


def mend_if_damaged(
    folder: Path, key: bytes, registry: Registry, clock: Clock, tell: Tell
) -> Mended:
    """Put a new database in the place of one that is damaged; raises as `mend`."""
    finish(folder)
    try:
        opening.refuse_damaged(folder, key, thoroughly=True)
        raw = engine.writer(folder / DATABASE, key)
        try:
            with typed(), raw.connect() as connection:
                reading = logbook_file.read(folder / LOGBOOK, logbook_file.cipher_of(key))
                behind(connection, reading)
        finally:
            raw.dispose()
    except Damaged:
        return mend(folder, key, registry, clock, tell)
    return Mended(repaired=False)


def mend(
    folder: Path,
    key: bytes,
    registry: Registry,
    clock: Clock,
    tell: Tell = lambda _step, _done, _total: None,
) -> Mended:
    """Put a new database in the place of a damaged one; the caller holds the profile's lock.

    Raises `Unavailable("store.disk_full" | "store.io_failed")`: then all is as it was, and the
    next try begins anew.
    """
    built = folder / _BUILT
    with typed():
        _remove(built)
        tell("reading", 0, 0)
        reading = logbook_file.read(folder / LOGBOOK, logbook_file.cipher_of(key))
        made = engine.writer(built, key)
        try:
            opening.migrate(made, folder, key, clock)
            with made.begin() as connection:
                build = _Build(connection, registry, clock, folder, reading, tell)
                waiting = build.fill(Wreck(folder / DATABASE, key))
        finally:
            made.dispose()
        engine.check(built, key)
        if any(built.with_name(built.name + suffix).exists() for suffix in _BESIDE):
            # The log goes into the file when the last connection closes, if the disk lets it.
            raise Unavailable("store.io_failed")
        (folder / _BUILT).rename(folder / _WHOLE)
        sync_folder(folder)
    return Mended(finish(folder), waiting, doubtful=not reading.whole)


def finish(folder: Path) -> str:
    """Put a whole new database in its place, where there is one; answer the old one's name."""
    whole, path = folder / _WHOLE, folder / DATABASE
    with typed():
        if not whole.exists():
            return ""
        stamp = datetime.fromtimestamp(whole.stat().st_mtime, UTC)
        aside = opening.set_aside(path, stamp)
        sync_folder(folder)
        whole.rename(path)
        sync_folder(folder)
        opening.forget_suspicion(path)
    return aside.name if aside.exists() else ""


def _remove(path: Path) -> None:
    for suffix in ("", *_BESIDE):
        path.with_name(path.name + suffix).unlink(missing_ok=True)


class _Build:
    """The filling of a new database, in one transaction."""

    def __init__(
        self,
        connection: Connection,
        registry: Registry,
        clock: Clock,
        folder: Path,
        reading: Reading,
        tell: Tell,
    ) -> None:
        self._connection = connection
        self._registry = registry
        self._clock = clock
        self._folder = folder
        self._reading = reading
        self._tell = tell

    def fill(self, found: Wreck) -> int:
        """Put everything in its place; answer how many commands wait."""
        connection, folder = self._connection, self._folder
        state = State.of(self._reading.frames)
        if not self._reading.whole:
            _complete(state, found)
        opening.settle_projections(connection, self._registry)
        for table in _AS_THEY_ARE:
            self._tell("keeping", 0, 0)
            insert(connection, table, list(found.rows(table)))
        insert(connection, "audit", wreckage.audit_rows(found))
        files = [r for r in found.rows(FILE) if r["whole"] and _lies(folder, r["sha256"])]
        insert(connection, FILE, files)
        wreckage.take_over(connection, self._registry, found, state, self._tell)
        self._tell("replaying", 0, 0)
        restore(connection, self._registry, state, self._reading.seq)
        opening.settle_device(connection, self._clock)
        _drop_missing(connection, folder)
        if not self._reading.whole:
            _rename(connection, self._clock)
        return len(state.outbox)


def _complete(state: State, found: Wreck) -> None:
    """Take from the damaged database what the journal does not tell; what it tells is newer."""
    for row in found.rows(OUTBOX):
        if row["command"] not in state.gone:
            state.outbox.setdefault(row["command"], row)
    for row in found.rows(TOUCH):
        if row["command"] not in state.gone:
            held = state.touch.setdefault(row["command"], [])
            if [row["kind"], row["id"]] not in held:
                held.append([row["kind"], row["id"]])
    for row in found.rows(META):
        if is_own(row["key"]):
            state.meta.setdefault(row["key"], row["value"])
    for row in found.rows(COMPLETION):
        state.completion.setdefault("\n".join((row["kind"], row["id"], row["sha256"])), row)
    # Which numbers were given out is not sure any more; the server knows commands by their ids.
    state.outbox = {name: {**_pending(row), "n": None} for name, row in state.outbox.items()}


def _rename(connection: Connection, clock: Clock) -> None:
    device = new_id(clock.now())
    meta.write(connection, meta.DEVICE, device)
    outbox.renumber(connection, device)


def restore(connection: Connection, registry: Registry, state: State, seq: int) -> None:
    """Bring the desk's own tables to what the journal tells, and show what waits again."""
    held = set(connection.exec_driver_sql("SELECT command FROM outbox").scalars())
    sent = set(connection.exec_driver_sql("SELECT command FROM journal").scalars())
    start = _take_out(connection, registry, state, held)
    for row in sorted(state.outbox.values(), key=lambda row: int(row["place"])):
        if row["command"] in held:
            _renew(connection, row)
        elif row["command"] not in sent:
            insert(connection, OUTBOX, [_pending(row)])
    for command, touched in state.touch.items():
        start |= {(kind, entity) for kind, entity in touched}
        connection.exec_driver_sql(
            "INSERT OR IGNORE INTO touch SELECT ?, ?, ?"
            " WHERE EXISTS (SELECT 1 FROM outbox WHERE command = ?)",
            [(command, kind, entity, command) for kind, entity in touched],
        )
    for name, value in state.meta.items():
        meta.write(connection, name, value)
    insert(connection, FILE, [_bytes(row) for row in state.file.values()])
    insert(connection, COMPLETION, list(state.completion.values()))
    meta.write(connection, meta.LOGGED, str(seq))
    rebase.refold(connection, registry, start)


def _take_out(connection: Connection, registry: Registry, state: State, held: set[str]) -> set[Key]:
    """Let go of what was withdrawn; what the server has taken is offered to it once more."""
    start: set[Key] = set()
    for command in sorted(held & state.gone.keys()):
        if state.gone[command]:
            connection.exec_driver_sql(
                "UPDATE outbox SET settled = 0, again = 1, state = ? WHERE command = ?",
                (OutboxState.SENT.value, command),
            )
            continue
        start |= {
            (kind, entity)
            for kind, entity in connection.exec_driver_sql(
                "SELECT kind, id FROM touch WHERE command = ?", (command,)
            )
        }
        start = rebase.component(connection, start)[1]
        rebase.drop_provisional(connection, registry, [command])
        outbox.drop(connection, command)
    return start


def _renew(connection: Connection, row: Mapping[str, Any]) -> None:
    connection.exec_driver_sql(
        "UPDATE outbox SET n = ?, state = ?, hold_until = ?, code = ?, params = ?, settled = ?,"
        " envelope = ? WHERE command = ?",
        tuple(
            row[name]
            for name in (
                "n", "state", "hold_until", "code", "params", "settled", "envelope", "command"
            )
        ),
    )  # fmt: skip


def _pending(row: Mapping[str, Any]) -> dict[str, Any]:
    """Return a command as it waits: one that may have been sent is not replayed on its effect."""
    travelled = row["n"] is not None and row["state"] != OutboxState.REFUSED.value
    return {**row, "again": 1} if travelled else dict(row)


def _bytes(row: Mapping[str, Any]) -> dict[str, Any]:
    return {**row, **{name: bytes.fromhex(row[name]) for name in ("leaves", "have")}}


def _lies(folder: Path, sha256: str) -> bool:
    return (folder / "vault" / sha256[:2] / sha256).is_file()


def _drop_missing(connection: Connection, folder: Path) -> None:
    """Forget files whose bytes are gone: no answer is better than a wrong one."""
    known = connection.exec_driver_sql("SELECT sha256 FROM file").scalars().all()
    gone = [(sha256,) for sha256 in known if not _lies(folder, sha256)]
    if gone:
        connection.exec_driver_sql("DELETE FROM file WHERE sha256 = ?", gone)
