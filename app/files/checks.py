"""What was found in the files that lie here: the verdict on their signatures, marks of secrecy.

Only this desk knows of it, nothing of it is synced: every desk judges for itself, with the roots
that it trusts and the line that it has.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import Connection

from app.kernel.codec import from_json, to_json
from app.kernel.ports import FileReport, Verdict
from app.store.sql import chunks, marks

KIND = "file_check"
"""The kind under which changes of a check are told, with the file's hash as the id."""

SECRET = "secret"  # noqa: S105 - no password
"""What lists say in place of a verdict of a file that bears a mark of secrecy."""

_NEXT = (
    "SELECT f.sha256 FROM file f INDEXED BY file_whole"
    " LEFT JOIN file_check c USING (sha256)"
    " WHERE f.whole = 1 AND c.sha256 IS NULL"
    " AND EXISTS (SELECT 1 FROM file_ref r WHERE r.sha256 = f.sha256 AND r.kind = ?)"
)
_OPEN = (
    "SELECT c.sha256 FROM file_check c JOIN file f ON f.sha256 = c.sha256 AND f.whole = 1"
    " WHERE c.verdict = 'unknown' AND (c.offline = 1 OR c.checked_at < ?)"
    " ORDER BY c.offline DESC, c.checked_at"
)
# Entities with a whole, checked file whose words are not yet in their search
_UNINDEXED = (
    "SELECT DISTINCT r.id FROM file f INDEXED BY file_whole"
    " JOIN file_ref r ON r.sha256 = f.sha256 AND r.kind = ?"
    " JOIN file_check c ON c.sha256 = f.sha256"
    " WHERE f.whole = 1 AND NOT EXISTS (SELECT 1 FROM file_text t"
    " WHERE t.kind = r.kind AND t.id = r.id AND t.sha256 = r.sha256)"
)
_READABLE = (
    "SELECT r.sha256 FROM file_ref r JOIN file f ON f.sha256 = r.sha256 AND f.whole = 1"
    " JOIN file_check c ON c.sha256 = r.sha256 AND c.secret = 0 WHERE r.kind = ? AND r.id = ?"
)
_INDEXED = (
    "INSERT OR IGNORE INTO file_text (kind, id, sha256) SELECT r.kind, r.id, r.sha256"
    " FROM file_ref r JOIN file_check c USING (sha256) JOIN file f USING (sha256)"
    " WHERE r.kind = ? AND r.id = ? AND f.whole = 1"
)


@dataclass(frozen=True, slots=True)
class Alarm:
    """A file kept back because a page bears a mark of secrecy, and the entities that hold it."""

    sha256: str
    at: datetime
    entities: tuple[str, ...]


def unchecked(connection: Connection, kind: str) -> list[str]:
    """Return the whole files of entities of a kind that nobody looked at yet."""
    return list(connection.exec_driver_sql(_NEXT, (kind,)).scalars())


def unsettled(connection: Connection, before: datetime) -> list[str]:
    """Return what is to be judged again with a line: judged without one, or long ago."""
    return list(connection.exec_driver_sql(_OPEN, (before.timestamp(),)).scalars())


def keep(
    connection: Connection,
    sha256: str,
    report: FileReport,
    at: datetime,
    *,
    secret: bool,
    offline: bool,
) -> None:
    """Keep what was found at a time, in place of any earlier finding."""
    connection.exec_driver_sql(
        "INSERT OR REPLACE INTO file_check"
        " (sha256, verdict, secret, offline, checked_at, report) VALUES (?, ?, ?, ?, ?, ?)",
        (
            sha256,
            report.verdict.value,
            int(secret),
            int(offline),
            at.timestamp(),
            json.dumps(to_json(report)),
        ),
    )


def report_of(connection: Connection, sha256: str) -> FileReport | None:
    """Return the report on a file, or None while it was not checked."""
    ask = "SELECT report FROM file_check WHERE sha256 = ?"
    text = connection.exec_driver_sql(ask, (sha256,)).scalar()
    return None if text is None else from_json(FileReport, json.loads(text))


def verdicts(connection: Connection, hashes: Iterable[str]) -> dict[str, str]:
    """Return what lists show of files: a verdict, `SECRET`, or nothing while not checked."""
    found: dict[str, str] = {}
    for part in chunks(sorted({h for h in hashes if h})):
        marked = marks(len(part))
        ask = f"SELECT sha256, verdict, secret FROM file_check WHERE sha256 IN ({marked})"  # noqa: S608 - marks only
        for sha256, verdict, secret in connection.exec_driver_sql(ask, tuple(part)):
            found[sha256] = SECRET if secret else str(Verdict(verdict).value)
    return found


def is_secret(connection: Connection, sha256: str) -> bool:
    """Tell whether a file is kept back; it is neither shown, printed nor searched."""
    return verdicts(connection, (sha256,)).get(sha256) == SECRET


def alarms(connection: Connection) -> tuple[Alarm, ...]:
    """Return every file that is kept back: the fact, never the content."""
    found = connection.exec_driver_sql(
        "SELECT sha256, checked_at FROM file_check INDEXED BY file_check_secret"
        " WHERE secret = 1 ORDER BY checked_at"
    ).all()
    return tuple(
        Alarm(sha256, datetime.fromtimestamp(at, UTC), tuple(holders(connection, sha256)))
        for sha256, at in found
    )


def holders(connection: Connection, sha256: str, kind: str = "document") -> list[str]:
    """Return the ids of the entities of a kind that hold a file."""
    ask = "SELECT id FROM file_ref WHERE sha256 = ? AND kind = ? ORDER BY id"
    return list(connection.exec_driver_sql(ask, (sha256, kind)).scalars())


def unindexed(connection: Connection, kind: str) -> list[str]:
    """Return the entities with a checked file whose words are not yet in their search."""
    return list(connection.exec_driver_sql(_UNINDEXED, (kind,)).scalars())


def readable(connection: Connection, kind: str, entity: str) -> frozenset[str]:
    """Return the checked files of an entity that lie here and are not kept back."""
    return frozenset(connection.exec_driver_sql(_READABLE, (kind, entity)).scalars())


def mark_indexed(connection: Connection, kind: str, entity: str) -> None:
    """Note that search holds the words of every checked file of an entity that lies here."""
    connection.exec_driver_sql(_INDEXED, (kind, entity))


def forget_orphans(connection: Connection) -> None:
    """Forget findings on files that no entity here holds any more."""
    connection.exec_driver_sql(
        "DELETE FROM file_check WHERE NOT EXISTS"
        " (SELECT 1 FROM file_ref r WHERE r.sha256 = file_check.sha256)"
    )
    connection.exec_driver_sql(
        "DELETE FROM file_text WHERE NOT EXISTS (SELECT 1 FROM file_ref r WHERE"
        " r.kind = file_text.kind AND r.id = file_text.id AND r.sha256 = file_text.sha256)"
    )
