"""Lay the first tables."""

from __future__ import annotations

from sqlalchemy import Connection

_STATEMENTS = (
    "CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID",
    # ver: the server's version; buckets: sorted JSON array as the server sent it
    """CREATE TABLE entity (
        kind TEXT NOT NULL, id TEXT NOT NULL, ver INTEGER NOT NULL DEFAULT 0,
        buckets TEXT NOT NULL DEFAULT '[]', data TEXT NOT NULL, PRIMARY KEY (kind, id))""",
    """CREATE TABLE entity_bucket (
        bucket TEXT NOT NULL, kind TEXT NOT NULL, id TEXT NOT NULL,
        PRIMARY KEY (bucket, kind, id)) WITHOUT ROWID""",
    "CREATE TABLE scope (bucket TEXT PRIMARY KEY) WITHOUT ROWID",
    # ver NULL: provisional, made here and not yet come back from the server
    """CREATE TABLE event (
        id TEXT PRIMARY KEY, kind TEXT NOT NULL, entity TEXT NOT NULL, ver INTEGER,
        command TEXT NOT NULL, place INTEGER NOT NULL, buckets TEXT NOT NULL DEFAULT '[]',
        data TEXT NOT NULL)""",
    "CREATE INDEX event_entity ON event (kind, entity)",
    "CREATE INDEX event_provisional ON event (command) WHERE ver IS NULL",
    # data NULL: the server has no such entity; fresh: come in since the pending were replayed
    """CREATE TABLE shadow (
        kind TEXT NOT NULL, id TEXT NOT NULL, ver INTEGER NOT NULL,
        buckets TEXT NOT NULL DEFAULT '[]', data TEXT, fresh INTEGER NOT NULL DEFAULT 0,
        PRIMARY KEY (kind, id)) WITHOUT ROWID""",
    """CREATE TABLE outbox (
        place INTEGER PRIMARY KEY AUTOINCREMENT, command TEXT NOT NULL UNIQUE, n INTEGER UNIQUE,
        state TEXT NOT NULL CHECK (state IN ('held', 'queued', 'sent', 'acked', 'refused')),
        hold_until REAL NOT NULL, name TEXT NOT NULL, kind TEXT NOT NULL, entity TEXT NOT NULL,
        at TEXT NOT NULL, envelope TEXT NOT NULL, actor TEXT NOT NULL,
        code TEXT NOT NULL DEFAULT '', params TEXT NOT NULL DEFAULT '{}',
        settled INTEGER NOT NULL DEFAULT 0, again INTEGER NOT NULL DEFAULT 0)""",
    # which entities a pending command read or wrote
    """CREATE TABLE touch (
        command TEXT NOT NULL, kind TEXT NOT NULL, id TEXT NOT NULL,
        PRIMARY KEY (command, kind, id)) WITHOUT ROWID""",
    "CREATE INDEX touch_entity ON touch (kind, id)",
    """CREATE TABLE journal (
        command TEXT PRIMARY KEY, n INTEGER NOT NULL, left_at REAL NOT NULL,
        envelope TEXT NOT NULL, actor TEXT NOT NULL) WITHOUT ROWID""",
    """CREATE TABLE file (
        sha256 TEXT PRIMARY KEY, size INTEGER NOT NULL, media TEXT NOT NULL,
        leaves BLOB NOT NULL, have BLOB NOT NULL, whole INTEGER NOT NULL,
        on_server INTEGER NOT NULL, used_at REAL NOT NULL) WITHOUT ROWID""",
    """CREATE TABLE file_ref (
        kind TEXT NOT NULL, id TEXT NOT NULL, sha256 TEXT NOT NULL,
        PRIMARY KEY (kind, id, sha256)) WITHOUT ROWID""",
    "CREATE INDEX file_ref_sha256 ON file_ref (sha256)",
    "CREATE TABLE projection (name TEXT PRIMARY KEY, version INTEGER NOT NULL) WITHOUT ROWID",
)


def run(connection: Connection) -> None:
    """Create every table of the first version."""
    for statement in _STATEMENTS:
        connection.exec_driver_sql(statement)
