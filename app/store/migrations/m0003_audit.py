"""Lay the audit log, which only grows (see app.identity.audit)."""

from __future__ import annotations

from sqlalchemy import Connection

_STATEMENTS = (
    """CREATE TABLE audit (
        chain TEXT NOT NULL, seq INTEGER NOT NULL, at TEXT NOT NULL, person TEXT NOT NULL,
        post TEXT NOT NULL, acting_for TEXT NOT NULL, device TEXT NOT NULL, action TEXT NOT NULL,
        objects TEXT NOT NULL, detail TEXT NOT NULL, prev TEXT NOT NULL, hash TEXT NOT NULL,
        PRIMARY KEY (chain, seq))""",
    """CREATE TRIGGER audit_no_update BEFORE UPDATE ON audit
        BEGIN SELECT RAISE(ABORT, 'the audit log only grows'); END""",
    """CREATE TRIGGER audit_no_delete BEFORE DELETE ON audit
        BEGIN SELECT RAISE(ABORT, 'the audit log only grows'); END""",
)


def run(connection: Connection) -> None:
    """Create the table and what keeps it from being changed."""
    for statement in _STATEMENTS:
        connection.exec_driver_sql(statement)
