"""Lay the queue of signatures that are to be completed; only this desk knows of it."""

from __future__ import annotations

from sqlalchemy import Connection

_STATEMENTS = (
    # task: complete | renew; times in seconds; result: the hash of the file that came of it
    """CREATE TABLE completion (
        kind TEXT NOT NULL, id TEXT NOT NULL, sha256 TEXT NOT NULL,
        task TEXT NOT NULL CHECK (task IN ('complete', 'renew')),
        state TEXT NOT NULL CHECK (state IN ('waiting', 'done', 'alarm')),
        wanted TEXT NOT NULL, level TEXT NOT NULL, since REAL NOT NULL, next_at REAL NOT NULL,
        tries INTEGER NOT NULL DEFAULT 0, problem TEXT NOT NULL DEFAULT '', settled_at REAL,
        result TEXT NOT NULL DEFAULT '', PRIMARY KEY (kind, id, sha256)) WITHOUT ROWID""",
    "CREATE INDEX completion_due ON completion (next_at) WHERE state = 'waiting'",
)


def run(connection: Connection) -> None:
    """Create the table and its index."""
    for statement in _STATEMENTS:
        connection.exec_driver_sql(statement)
