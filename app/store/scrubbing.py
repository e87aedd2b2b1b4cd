"""Leave no trace of what was taken away: in the index, the log, the copies of the database.

`secure_delete` overwrites rows and pages as they are freed. What it does not reach: a full-text
index keeps the words of what was deleted until its segments are merged, the write-ahead log
keeps former pages until it is written back and cut, a copy from before a migration keeps
everything. A revoke notes in its own transaction that this is to be done, so a crash between
the two only puts it off.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from sqlalchemy import Connection, Engine

from app.store import meta
from app.store.faults import typed
from app.store.opening import BACKUPS
from app.store.sql import Key

# What leaves one record at a time (moved away, deleted) waits this long for others.
_GATHER_SECONDS = 3600.0
_BUSY_MS = 250
_INDEXES = "SELECT name FROM sqlite_master WHERE type = 'table' AND sql LIKE '%USING fts5(%'"


def want(connection: Connection, now: float, *, at_once: bool) -> None:
    """Note, in the transaction that takes something away, that its traces are to go."""
    due = now if at_once else now + _GATHER_SECONDS
    held = meta.read(connection, meta.SCRUB)
    if not held or float(held) > due:
        meta.write(connection, meta.SCRUB, str(due))


def is_due(connection: Connection, now: float) -> bool:
    """Tell whether traces wait to be removed."""
    held = meta.read(connection, meta.SCRUB)
    # After a clock that was set back it must not wait for ever.
    return bool(held) and not 0 < float(held) - now <= _GATHER_SECONDS


def forget(connection: Connection, keys: Iterable[Key], files: Iterable[str]) -> None:
    """Delete what else the desk keeps of records and files: sent acts, forms, findings."""
    for kind, entity in keys:
        connection.exec_driver_sql(
            "DELETE FROM journal WHERE json_extract(envelope, '$.kind') = ?"
            " AND json_extract(envelope, '$.entity') = ?",
            (kind, entity),
        )
        for table in ("completion", "file_text", "pin"):
            connection.exec_driver_sql(
                f"DELETE FROM {table} WHERE kind = ? AND id = ?", (kind, entity)
            )
        # A form on a record holds the record's own text beside what was typed.
        connection.exec_driver_sql(
            "DELETE FROM meta WHERE substr(key, -length(?1) - 1) = ':' || ?1", (entity,)
        )
    for sha256 in files:
        connection.exec_driver_sql("DELETE FROM file_check WHERE sha256 = ?", (sha256,))


def sweep(connection: Connection) -> list[str]:
    """Delete what hangs on records and files that nothing names any more.

    Answers the files to unlink: what came from the server, and is named by no record, no act
    and no form. What the server does not have is the person's own and stays.
    """
    connection.exec_driver_sql(
        "DELETE FROM journal WHERE NOT EXISTS (SELECT 1 FROM entity e"
        " WHERE e.kind = json_extract(envelope, '$.kind')"
        " AND e.id = json_extract(envelope, '$.entity'))"
    )
    for table in ("pin", "file_text"):
        connection.exec_driver_sql(
            f"DELETE FROM {table} WHERE NOT EXISTS"
            f" (SELECT 1 FROM entity e WHERE e.kind = {table}.kind AND e.id = {table}.id)"
        )
    candidates = connection.exec_driver_sql(
        "SELECT sha256 FROM file f WHERE on_server = 1"
        " AND NOT EXISTS (SELECT 1 FROM file_ref r WHERE r.sha256 = f.sha256)"
    )
    dropped = drop_unnamed(connection, candidates.scalars().all())
    forget(connection, (), dropped)
    return dropped


def drop_unnamed(connection: Connection, names: Iterable[str]) -> list[str]:
    """Forget those of the files that nothing names; answer what to unlink."""
    dropped = [sha256 for sha256 in sorted(names) if not is_named(connection, sha256)]
    for sha256 in dropped:
        connection.exec_driver_sql("DELETE FROM file WHERE sha256 = ?", (sha256,))
    return dropped


def is_named(connection: Connection, sha256: str) -> bool:
    """Tell whether a record, an act in the outbox or a form names a file."""
    return (
        connection.exec_driver_sql(
            "SELECT 1 FROM file_ref WHERE sha256 = ?1"
            " UNION ALL SELECT 1 FROM outbox WHERE instr(envelope, ?1)"
            " UNION ALL SELECT 1 FROM meta WHERE instr(value, ?1)",
            (sha256,),
        ).first()
        is not None
    )


def merge_indexes(connection: Connection) -> None:
    """Rewrite the full-text indexes without the words of what was deleted."""
    for table in tuple(connection.exec_driver_sql(_INDEXES).scalars()):
        connection.exec_driver_sql(f"INSERT INTO {table} ({table}) VALUES ('optimize')")


def cut_log(writer: Engine) -> bool:
    """Write the log back and cut it to nothing; False while somebody still reads from it."""
    with typed():
        raw = writer.raw_connection()
        try:
            cursor = raw.cursor()
            cursor.execute(f"PRAGMA busy_timeout = {_BUSY_MS}").fetchall()
            busy, _, _ = cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
            cursor.execute("PRAGMA busy_timeout = 5000").fetchall()
        finally:
            raw.close()
    return not busy


def drop_copies(folder: Path) -> None:
    """Remove the copies from before migrations; they hold what the desk may no longer."""
    with typed():
        for path in _copies(folder):
            path.unlink(missing_ok=True)


def _copies(folder: Path) -> Iterator[Path]:
    yield from (folder / BACKUPS).glob("*.db*")
