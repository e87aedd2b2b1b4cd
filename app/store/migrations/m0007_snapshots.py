"""Lay the queue of what came in snapshots and is in no list yet."""

from __future__ import annotations

from sqlalchemy import Connection

# In the order in which it came: the newest first
_STATEMENT = """CREATE TABLE unlisted (
    place INTEGER PRIMARY KEY, kind TEXT NOT NULL, id TEXT NOT NULL)"""


def run(connection: Connection) -> None:
    """Create the table."""
    connection.exec_driver_sql(_STATEMENT)
