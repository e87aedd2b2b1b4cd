"""Small named values of the database."""

from __future__ import annotations

from sqlalchemy import Connection

DEVICE = "device"
HISTORY = "history"
CURSOR = "cursor"
LAG = "lag"
LAST_N = "last_n"
RECEIPTS_SEEN = "receipts_seen"
RESETTING = "resetting"
# The cursor at which both sides were last compared, -1: never, or not all that is here
COMPARED = "compared"
# When the traces of what was taken away are to be removed; empty: there are none
SCRUB = "scrub"
# What snapshots are being fetched, and how far
SNAPSHOTS = "snapshots"
# The desk's own keys, and those of its server
OWN_KEYS = "keys.own"
SERVER_KEYS = "keys.server"
SERVER = "server.name"
# The name under which the desk has told its keys
KEYS_TOLD = "keys.told"
# The last package that was taken, and the one that was begun
PACKAGE = "package"
# The number of the last package that was written here
PACKAGE_SEQ = "package.seq"
VAULT_KEY = "vault_key"
# The number of the last transaction that the second journal and the database have in common
LOGGED = "logged"
SCHEMA = "schema"


def read(connection: Connection, key: str, default: str = "") -> str:
    """Return a value, or the default."""
    found = connection.exec_driver_sql("SELECT value FROM meta WHERE key = ?", (key,)).scalar()
    return default if found is None else str(found)


def write(connection: Connection, key: str, value: str) -> None:
    """Keep a value."""
    connection.exec_driver_sql("INSERT OR REPLACE INTO meta VALUES (?, ?)", (key, value))
