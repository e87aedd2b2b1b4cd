"""SQLCipher connections: one writer that commits to the disk, and read-only ones beside it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.pool import QueuePool
from sqlcipher3 import dbapi2

from app.kernel.errors import Damaged
from app.store.faults import typed

KEY_BYTES = 32
BUSY_SECONDS = 5.0
READERS = 4


def connect(path: Path, key: bytes, *, read_only: bool = False) -> Any:
    """Open one raw SQLCipher connection with a 32-byte key; its pragmas are set."""
    if len(key) != KEY_BYTES:
        raise ValueError("the key of a database has 32 bytes")
    raw = dbapi2.connect(
        str(path), timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False
    )
    pragmas = [
        f"PRAGMA key = \"x'{key.hex()}'\"",
        # SQLCipher writes its own lines to stderr otherwise; the typed error says enough.
        "PRAGMA cipher_log_level = NONE",
        "PRAGMA temp_store = MEMORY",
        "PRAGMA foreign_keys = ON",
        "PRAGMA cache_size = -16000",
    ]
    if read_only:
        pragmas.append("PRAGMA query_only = 1")
    else:
        pragmas += [
            "PRAGMA journal_mode = WAL",
            "PRAGMA synchronous = FULL",
            "PRAGMA secure_delete = ON",
            # Pages are sealed once more when they leave the log: less often is faster.
            "PRAGMA wal_autocheckpoint = 4000",
            "PRAGMA journal_size_limit = 16777216",
        ]
    try:
        for pragma in pragmas:
            raw.execute(pragma).fetchall()
        raw.execute("SELECT count(*) FROM sqlite_master").fetchall()
    except dbapi2.Error:
        raw.close()
        raise
    return raw


def writer(path: Path, key: bytes) -> Engine:
    """Return the engine of the one writing connection; its transactions are immediate."""
    return _engine(path, key, read_only=False)


def reader(path: Path, key: bytes) -> Engine:
    """Return the engine of the query connections; each sees one state from its first read."""
    return _engine(path, key, read_only=True)


def _engine(path: Path, key: bytes, *, read_only: bool) -> Engine:
    engine = create_engine(
        "sqlite+pysqlite://",
        module=dbapi2,
        creator=lambda: connect(path, key, read_only=read_only),
        poolclass=QueuePool,
        pool_size=READERS if read_only else 1,
        max_overflow=0,
        # A failing statement must not carry a person's data into a message or a log.
        hide_parameters=True,
    )
    begin = "BEGIN" if read_only else "BEGIN IMMEDIATE"

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        connection.exec_driver_sql(begin)

    return engine


def check(path: Path, key: bytes) -> None:
    """Raise `Damaged("store.damaged")` unless the database opens and its pages are whole.

    A page that a power cut tore while the log was being carried over is whole in the log.
    """
    with typed():
        if not _is_whole(path, key):
            _carry_log(path, key)
            if not _is_whole(path, key):
                raise Damaged("store.damaged")


def _is_whole(path: Path, key: bytes) -> bool:
    raw = connect(path, key, read_only=True)
    try:
        # Reads the seals from the file itself, whatever its log holds
        bad = raw.execute("PRAGMA cipher_integrity_check").fetchall()
        answer = raw.execute("PRAGMA quick_check(1)").fetchone()
    finally:
        raw.close()
    return not bad and answer is not None and answer[0] == "ok"


def _carry_log(path: Path, key: bytes) -> None:
    raw = connect(path, key)
    try:
        raw.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
    finally:
        raw.close()


def glance(path: Path, key: bytes) -> None:
    """Raise `Damaged("store.damaged")` unless the database opens and its schema is readable."""
    with typed():
        connect(path, key, read_only=True).close()
