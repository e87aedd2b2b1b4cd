"""Lay what tells whether both sides hold the same: marks of rows, their sums per bucket."""

from __future__ import annotations

from sqlalchemy import Connection

from app.store import digests

_STATEMENTS = (
    # mark: 64 bits of a hash of id, version and text as the server has them
    "ALTER TABLE entity ADD COLUMN mark INTEGER NOT NULL DEFAULT 0",
    "ALTER TABLE event ADD COLUMN mark INTEGER NOT NULL DEFAULT 0",
    """CREATE TABLE digest (
        bucket TEXT NOT NULL, kind TEXT NOT NULL, count INTEGER NOT NULL, sum INTEGER NOT NULL,
        PRIMARY KEY (bucket, kind)) WITHOUT ROWID""",
)


def run(connection: Connection) -> None:
    """Create the table and count what is held already."""
    for statement in _STATEMENTS:
        connection.exec_driver_sql(statement)
    digests.recount(connection)
