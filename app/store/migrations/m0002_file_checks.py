"""Lay the tables of what was found in files: signatures, marks of secrecy, words for search."""

from __future__ import annotations

from sqlalchemy import Connection

_STATEMENTS = (
    # verdict: as in the kernel; secret: a page bears a mark; offline: judged without a line
    """CREATE TABLE file_check (
        sha256 TEXT PRIMARY KEY, verdict TEXT NOT NULL, secret INTEGER NOT NULL,
        offline INTEGER NOT NULL, checked_at REAL NOT NULL, report TEXT NOT NULL)""",
    # What lists show of many files at once, without reading the reports
    "CREATE INDEX file_check_verdict ON file_check (sha256, verdict, secret)",
    "CREATE INDEX file_check_open ON file_check (offline, checked_at) WHERE verdict = 'unknown'",
    "CREATE INDEX file_check_secret ON file_check (sha256) WHERE secret = 1",
    # Whose words are in the search of which entity
    """CREATE TABLE file_text (
        kind TEXT NOT NULL, id TEXT NOT NULL, sha256 TEXT NOT NULL,
        PRIMARY KEY (kind, id, sha256)) WITHOUT ROWID""",
    # What is whole here, without reading the hashes of the leaves
    "CREATE INDEX file_whole ON file (sha256) WHERE whole = 1",
)


def run(connection: Connection) -> None:
    """Create the tables and indexes."""
    for statement in _STATEMENTS:
        connection.exec_driver_sql(statement)
