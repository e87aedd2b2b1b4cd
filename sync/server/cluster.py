"""Which of PostgreSQL's machines to write to, and whether what is written lies on two of them.

A machine that was primary before the last promotion may come back and take writes as if
nothing had happened. PostgreSQL numbers promotions (its timelines), so a connection to an
older timeline than the newest ever seen is given up, on opening and on every use.

A commit is told as done only when the standby has it. PostgreSQL waits for that without any
limit of its own, even where a statement has one; here the wait is limited by closing our end.
The transaction then goes on waiting there unseen, and nobody is told that it was done.
"""

from __future__ import annotations

import socket
import threading
import time
import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import psycopg
from sqlalchemy import Connection, Engine, event, text
from sqlalchemy.exc import DBAPIError, DisconnectionError

from app.kernel.clock import Clock
from app.kernel.errors import Unavailable
from sync.server.faults import AGAIN_SECONDS

# Seconds that a look at the standbys is believed, and between two looks at waiting commits.
_FRESH = 1.0
_READ_ONLY = "25006"
_PLACE = (
    "SELECT CASE WHEN pg_is_in_recovery() THEN ''"
    " ELSE left(pg_walfile_name(pg_current_wal_lsn()), 8) END"
)
_FOLLOWERS = text(
    "SELECT coalesce(application_name, ''), coalesce(state, ''), coalesce(sync_state, ''),"
    " coalesce(pg_wal_lsn_diff(pg_current_wal_lsn(), flush_lsn), 0),"
    " coalesce(extract(epoch FROM flush_lag), 0)"
    " FROM pg_stat_replication"
)
_WANTED = text(
    "SELECT current_setting('synchronous_standby_names') <> ''"
    " AND current_setting('synchronous_commit') NOT IN ('off', 'local')"
)
# The states of a standby that a commit waits for; empty where the role may not see it.
_COUNTED = frozenset({"sync", "quorum", ""})


@dataclass(frozen=True, slots=True)
class Follower:
    """A standby as the primary sees it: how far its disk is behind, in bytes and in seconds."""

    name: str
    state: str
    sync: str
    behind: int
    seconds: float

    @property
    def counts(self) -> bool:
        """Tell whether a commit may be told as done on its word."""
        return self.state in ("streaming", "") and self.sync in _COUNTED


@dataclass(frozen=True, slots=True)
class Replication:
    """What the primary says: whether it must wait for a standby, and which ones there are."""

    wanted: bool = False
    followers: tuple[Follower, ...] = ()

    @property
    def missing(self) -> bool:
        """Tell whether a commit would wait for nobody who is there."""
        return self.wanted and not any(f.counts for f in self.followers)


class _Line(psycopg.Connection[Any]):
    """A connection that knows the timeline it was opened on."""

    timeline = ""


class Cluster:
    """The machines that one URL names, and the commits that wait for a standby."""

    def __init__(self, engine: Engine, clock: Clock, patience: int) -> None:
        self._engine = engine
        self._clock = clock
        self._patience = patience
        self._newest = ""
        # Of the engine's own pool, which forgets without closing what is out when it is disposed of
        self._lines: weakref.WeakSet[_Line] = weakref.WeakSet()
        self._looked = float("-inf")
        self._seen = Replication()
        self._waiting: dict[int, tuple[float, Any]] = {}
        self._cut: set[int] = set()
        self._guard = threading.Lock()
        self._ending = threading.Event()
        self._thread: threading.Thread | None = None
        self.watch(engine)
        event.listen(engine, "connect", self._note)

    def watch(self, engine: Engine) -> None:
        """Let an engine's connections lead to the one primary only."""
        event.listen(engine, "do_connect", self._connect)
        event.listen(engine, "checkout", self._check)
        event.listen(engine, "handle_error", _is_lost)

    def replication(self) -> Replication:
        """Return what the primary says of its standbys, looked up at most once a second."""
        now = time.monotonic()
        if now - self._looked >= _FRESH:
            with self._engine.connect() as connection:
                self._seen = _ask(connection)
            if self._seen.missing and self._promoted_elsewhere():
                # This machine was left behind: what is open leads there.
                self._engine.dispose()
            self._looked = now
        return self._seen

    def admit_writes(self) -> None:
        """Raise `Unavailable("sync.standby")` where a commit would wait for nobody."""
        if self.replication().missing:
            raise self._missing()

    @contextmanager
    def committing(self, connection: Connection) -> Iterator[None]:
        """Limit the wait for the standby, and take no half promise for a commit."""
        raw: Any = connection.connection.driver_connection
        unsure: list[str] = []

        def note(told: psycopg.errors.Diagnostic) -> None:
            # Somebody has cancelled the wait: committed here, and perhaps nowhere else.
            if told.source_function == "SyncRepWaitForLSN":
                unsure.append(str(told.sqlstate))

        raw.add_notice_handler(note)
        self._begin(raw)
        try:
            yield
        except DBAPIError as error:
            if self._has_cut(raw):
                raise self._missing() from error
            raise
        finally:
            self._end(raw)
            raw.remove_notice_handler(note)
        if unsure:
            raise self._missing()

    def close(self) -> None:
        """Stop watching commits."""
        self._ending.set()
        if self._thread is not None:
            self._thread.join()

    def _missing(self) -> Unavailable:
        return Unavailable("sync.standby", self._clock.now() + timedelta(seconds=AGAIN_SECONDS))

    def _connect(self, _: Any, __: Any, arguments: Any, options: dict[str, Any]) -> Any:
        """Open a connection to the primary of the newest timeline that can be reached."""
        del arguments
        places = list(_places(options))
        if len(places) == 1:
            return self._opened(places[0])
        if not self._newest:
            self._promoted_elsewhere(options)
        problem: Exception = psycopg.OperationalError("no primary was found")
        for place in places:
            try:
                return self._opened(place)
            except psycopg.OperationalError as error:
                problem = error
        raise problem

    def _note(self, raw: _Line, _: Any) -> None:
        with self._guard:
            self._lines.add(raw)

    def let_go(self) -> None:
        """Close what was out when the engine was disposed of; other engines keep theirs."""
        with self._guard:
            for raw in list(self._lines):
                raw.close()

    def _opened(self, place: dict[str, Any]) -> _Line:
        raw = _Line.connect(**place)
        try:
            row = raw.execute(_PLACE).fetchone()
            raw.rollback()
        except psycopg.Error:
            raw.close()
            raise
        raw.timeline = str(row[0]) if row else ""
        with self._guard:
            if not raw.timeline or raw.timeline < self._newest:
                raw.close()
                raise psycopg.OperationalError("this machine is not the primary")
            self._newest = raw.timeline
        return raw

    def _promoted_elsewhere(self, options: dict[str, Any] | None = None) -> bool:
        """Look at every machine once; tell whether one of them was promoted since."""
        before = self._newest
        known = options or self._engine.dialect.create_connect_args(self._engine.url)[1]
        for place in _places(dict(known)):
            try:
                self._opened(place).close()
            except psycopg.OperationalError:
                continue
        return self._newest != before

    def _check(self, raw: Any, _: Any, __: Any) -> None:
        """Give up a pooled connection that was opened before the last promotion."""
        if raw.timeline < self._newest:
            raise DisconnectionError("opened before the last promotion")

    def _begin(self, raw: Any) -> None:
        if not self._patience:
            return
        with self._guard:
            self._waiting[id(raw)] = (time.monotonic() + self._patience, raw)
            if self._thread is None:
                self._thread = threading.Thread(target=self._watch, name="commits", daemon=True)
                self._thread.start()

    def _end(self, raw: Any) -> None:
        with self._guard:
            self._waiting.pop(id(raw), None)
            self._cut.discard(id(raw))

    def _has_cut(self, raw: Any) -> bool:
        with self._guard:
            return id(raw) in self._cut

    def _watch(self) -> None:
        while not self._ending.wait(_FRESH):
            now = time.monotonic()
            with self._guard:
                for name, (until, raw) in self._waiting.items():
                    if until < now and name not in self._cut:
                        self._cut.add(name)
                        _hang_up(raw)


def _hang_up(raw: Any) -> None:
    """Close our end under a thread that waits for the answer."""
    try:
        line = socket.socket(fileno=raw.fileno())
    except psycopg.Error:
        return
    try:
        line.shutdown(socket.SHUT_RDWR)
    except OSError:
        return
    finally:
        # The descriptor is the library's own.
        line.detach()


def _ask(connection: Connection) -> Replication:
    wanted = bool(connection.scalar(_WANTED))
    rows = connection.execute(_FOLLOWERS).all()
    connection.rollback()
    return Replication(
        wanted, tuple(Follower(r[0], r[1], r[2], int(r[3]), float(r[4])) for r in rows)
    )


def _places(options: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield the options of a connection to each machine, in the order of the URL."""
    hosts = str(options.get("host") or "").split(",")
    ports = str(options.get("port") or "").split(",")
    for turn, host in enumerate(hosts):
        place = {k: v for k, v in options.items() if k not in ("host", "port")}
        port = ports[turn] if len(ports) == len(hosts) else ports[0]
        if host:
            place["host"] = host
        if port:
            place["port"] = port
        if len(hosts) > 1:
            place.setdefault("connect_timeout", 5)
        yield place


def _is_lost(context: Any) -> None:
    """Take a machine that has become read only for a connection that is lost."""
    if getattr(context.original_exception, "sqlstate", None) == _READ_ONLY:
        context.is_disconnect = True
