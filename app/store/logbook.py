"""The second journal: what only this desk knows, beside the database, on the disk before it.

Triggers of the writing connection note which rows of the desk's own tables a transaction has
changed, whoever changed them. Before the transaction commits these rows go to the journal as
they are now, and to the disk. Where the commit fails the frame is cut off again. So the journal
is never behind the database, and ahead of it by one transaction at most: by what a crash cut
off between both. An opening does what that transaction wanted.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sqlalchemy import Connection

from app.kernel.errors import Unavailable
from app.store import logbook_file, meta
from app.store.logbook_file import LOGBOOK, Entry, Frame, Reading, Writer
from app.store.model import OutboxState

OUTBOX, TOUCH, META, FILE, COMPLETION = "outbox", "touch", "meta", "file", "completion"
# What follows from the server's rows or from the hour, and what this module keeps itself.
_DERIVED = (
    meta.CURSOR, meta.LAG, meta.COMPARED, meta.RESETTING, meta.SCHEMA, meta.LOGGED,
    "sync.last", "sync.verified",
)  # fmt: skip
_MIGRATION = "migration:"
# A file that has grown by so much beyond what it began with is written anew.
_ROOM = 1 << 20
_NOTED = "logbook_noted"
_ATTACHED = "logbook"
_WAITING = "{0}.whole = 1 AND {0}.on_server = 0"


@dataclass(slots=True)
class State:
    """What a journal tells of the desk's own tables.

    `gone` names the commands that have left since it began, and whether they had been sent.
    """

    outbox: dict[str, dict[str, Any]] = field(default_factory=dict)
    touch: dict[str, list[list[str]]] = field(default_factory=dict)
    meta: dict[str, str] = field(default_factory=dict)
    file: dict[str, dict[str, Any]] = field(default_factory=dict)
    completion: dict[str, dict[str, Any]] = field(default_factory=dict)
    gone: dict[str, bool] = field(default_factory=dict)

    @classmethod
    def of(cls, frames: tuple[Frame, ...]) -> State:
        """Put together what frames tell."""
        state = cls()
        for frame in frames:
            for entry in frame.entries:
                state._take(*entry)
        return state

    def _take(self, table: str, key: str, row: Any) -> None:
        if table == OUTBOX and row is None:
            self.gone[key] = _was_sent(self.outbox.get(key, {}))
        elif table == OUTBOX:
            self.gone.pop(key, None)
        held: dict[str, Any] = getattr(self, table, {})
        if row is None:
            held.pop(key, None)
        else:
            held[key] = row


def _was_sent(row: dict[str, Any]) -> bool:
    """Tell a command that the server has taken from one that was withdrawn or dismissed."""
    return row.get("n") is not None and row.get("state") != OutboxState.REFUSED.value


class Logbook:
    """The journal of one store, written under the store's own lock."""

    def __init__(self, folder: Path, key: bytes) -> None:
        self._path = folder / LOGBOOK
        self._cipher = logbook_file.cipher_of(key)
        self._writer: Writer | None = None
        self._first_size = 0
        self._seq = 0

    def read(self) -> Reading:
        """Return what the file holds."""
        return logbook_file.read(self._path, self._cipher)

    def begin(self, connection: Connection) -> None:
        """Write the file anew from what the database has committed, and go on with it."""
        self._seq = int(meta.read(connection, meta.LOGGED, "0"))
        self._anew(connection)

    def keep(self, connection: Connection) -> bool:
        """Put what the transaction has changed on the disk, just before it commits.

        Answers whether there was anything. Raises `Unavailable` where the disk takes no more.
        """
        if self._writer is None or not connection.info.get(_ATTACHED):
            return False
        noted = connection.exec_driver_sql(f"SELECT DISTINCT tbl, key FROM {_NOTED}").all()
        if not noted:
            return False
        entries = [(t, key, _ROWS[t](connection, key)) for t, key in noted]
        connection.exec_driver_sql(f"DELETE FROM {_NOTED}")
        meta.write(connection, meta.LOGGED, str(self._seq + 1))
        self._writer.append(self._seq + 1, entries)
        self._seq += 1
        return True

    def take_back(self) -> None:
        """Forget the last frame: its transaction did not commit."""
        if self._writer is not None:
            self._seq -= 1
            # A disk that refuses that too gets it before the next frame.
            with suppress(Unavailable):
                self._writer.take_back()

    @property
    def full(self) -> bool:
        """Tell whether the file should be written anew."""
        return self._writer is not None and self._writer.size - self._first_size > _ROOM

    def compact(self, connection: Connection) -> None:
        """Write the file anew from the database; where that fails the old one goes on."""
        with suppress(Unavailable):
            self._anew(connection)

    def attach(self, connection: Connection) -> None:
        """Have a writing connection note what it changes from now on."""
        if self._writer is None or connection.info.get(_ATTACHED):
            return
        for statement in _TRIGGERS:
            connection.exec_driver_sql(statement)
        connection.info[_ATTACHED] = True

    def close(self) -> None:
        """Let go of the file."""
        if self._writer is not None:
            self._writer.close()
            self._writer = None

    def _anew(self, connection: Connection) -> None:
        if self._writer is not None:
            # Windows replaces no file that somebody has open.
            self._writer.close()
        state = list(snapshot(connection))
        try:
            reading = logbook_file.begin(self._path, self._cipher, self._seq, state)
        except Unavailable:
            if self._writer is not None:
                self._writer = Writer(self._path, self._cipher, self.read())
                self._first_size = self._writer.size
            raise
        self._writer = Writer(self._path, self._cipher, reading)
        self._first_size = reading.end


def is_own(name: str) -> bool:
    """Tell a named value that nothing else could tell again from one that follows."""
    return name not in _DERIVED and not name.startswith(_MIGRATION)


def snapshot(connection: Connection) -> Iterator[Entry]:
    """Yield what the database holds of the desk's own, as a journal tells it."""
    for command in _column(connection, "SELECT command FROM outbox ORDER BY place"):
        yield OUTBOX, command, _outbox(connection, command)
        yield TOUCH, command, _touches(connection, command)
    for key, value in connection.exec_driver_sql("SELECT key, value FROM meta ORDER BY key"):
        if is_own(key):
            yield META, key, value
    for sha256 in _column(
        connection, f"SELECT sha256 FROM file WHERE {_WAITING.format('file')} ORDER BY sha256"
    ):
        yield FILE, sha256, _file(connection, sha256)
    keys = "SELECT json_array(kind, id, sha256) FROM completion ORDER BY 1"
    for key in _column(connection, keys):
        yield COMPLETION, key, _completion(connection, key)


def _column(connection: Connection, query: str) -> list[str]:
    return list(connection.exec_driver_sql(query).scalars())


def _outbox(connection: Connection, command: str) -> Any:
    return _one(connection, "SELECT * FROM outbox WHERE command = ?", (command,))


def _touches(connection: Connection, command: str) -> Any:
    found = connection.exec_driver_sql(
        "SELECT kind, id FROM touch WHERE command = ? ORDER BY kind, id", (command,)
    )
    return [[kind, entity] for kind, entity in found] or None


def _meta(connection: Connection, key: str) -> Any:
    return connection.exec_driver_sql("SELECT value FROM meta WHERE key = ?", (key,)).scalar()


def _file(connection: Connection, sha256: str) -> Any:
    query = f"SELECT * FROM file WHERE sha256 = ? AND {_WAITING.format('file')}"
    row = _one(connection, query, (sha256,))
    if row is not None:
        row |= {name: bytes(row[name]).hex() for name in ("leaves", "have")}
    return row


def _completion(connection: Connection, key: str) -> Any:
    query = "SELECT * FROM completion WHERE kind = ? AND id = ? AND sha256 = ?"
    return _one(connection, query, tuple(json.loads(key)))


def _one(connection: Connection, query: str, values: tuple[str, ...]) -> dict[str, Any] | None:
    row = connection.exec_driver_sql(query, values).mappings().first()
    return None if row is None else dict(row)


_ROWS: dict[str, Callable[[Connection, str], Any]] = {
    OUTBOX: _outbox,
    TOUCH: _touches,
    META: _meta,
    FILE: _file,
    COMPLETION: _completion,
}


def _trigger(table: str, when: str, key: str, only: str = "") -> str:
    name = f"logbook_{table}_{when.split()[1].lower()}"
    clause = f"WHEN {only} " if only else ""
    return (
        f"CREATE TEMP TRIGGER {name} {when} ON main.{table} {clause}"
        f"BEGIN INSERT INTO {_NOTED} VALUES ('{table}', {key}); END"
    )


def _whatever(table: str, key: str) -> list[str]:
    return [
        _trigger(table, f"AFTER {verb}", key.format("OLD" if verb == "DELETE" else "NEW"))
        for verb in ("INSERT", "UPDATE", "DELETE")
    ]


_OWN_NAMES = (
    f"NEW.key NOT IN ({', '.join(repr(name) for name in _DERIVED)})"
    f" AND NEW.key NOT LIKE '{_MIGRATION}%'"
)
_TRIGGERS = (
    f"CREATE TEMP TABLE {_NOTED} (tbl TEXT NOT NULL, key TEXT NOT NULL)",
    _trigger(OUTBOX, "AFTER INSERT", "NEW.command"),
    # A doubt (code, params alone) is found again by the next replay.
    _trigger(
        OUTBOX, "AFTER UPDATE OF place, n, state, hold_until, envelope, actor, settled, again",
        "NEW.command",
    ),
    _trigger(OUTBOX, "AFTER DELETE", "OLD.command"),
    *_whatever(TOUCH, "{0}.command"),
    # A value that is written as it was is nothing new.
    _trigger(
        META, "BEFORE INSERT", "NEW.key",
        f"{_OWN_NAMES} AND NEW.value IS NOT (SELECT value FROM main.meta WHERE key = NEW.key)",
    ),
    _trigger(FILE, "AFTER INSERT", "NEW.sha256", _WAITING.format("NEW")),
    _trigger(
        FILE, "AFTER UPDATE OF whole, on_server", "NEW.sha256",
        f"({_WAITING.format('OLD')}) <> ({_WAITING.format('NEW')})",
    ),
    _trigger(FILE, "AFTER DELETE", "OLD.sha256", _WAITING.format("OLD")),
    *_whatever(COMPLETION, "json_array({0}.kind, {0}.id, {0}.sha256)"),
)  # fmt: skip
