"""Lay what is kept offline, and mark the acts on what has been taken out of scope."""

from __future__ import annotations

from sqlalchemy import Connection

_STATEMENTS = (
    # Records whose files are fetched and never evicted
    "CREATE TABLE pin (kind TEXT NOT NULL, id TEXT NOT NULL, PRIMARY KEY (kind, id)) WITHOUT ROWID",
    # Its record is out of scope: nothing of it goes into the journal of sent commands
    "ALTER TABLE outbox ADD COLUMN revoked INTEGER NOT NULL DEFAULT 0",
)


def run(connection: Connection) -> None:
    """Create the table and the column."""
    for statement in _STATEMENTS:
        connection.exec_driver_sql(statement)
