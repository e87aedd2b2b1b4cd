"""Small named values of the database."""

from __future__ import annotations

from collections.abc import Mapping

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
_EVERY = "SELECT key, value FROM meta"
_WRITE = (
    "INSERT INTO meta (key, value) VALUES (?, ?) ON CONFLICT (key)"
    " DO UPDATE SET value = excluded.value WHERE value <> excluded.value"
)


def read(connection: Connection, key: str, default: str = "") -> str:
    """Return a value, or the default."""
    found = connection.exec_driver_sql("SELECT value FROM meta WHERE key = ?", (key,)).scalar()
    return default if found is None else str(found)


def every(connection: Connection) -> dict[str, str]:
    """Return all values."""
    return {key: str(value) for key, value in connection.exec_driver_sql(_EVERY)}


def write(connection: Connection, key: str, value: str) -> None:
    """Keep a value; one that is kept already costs the disk nothing."""
    connection.exec_driver_sql(_WRITE, (key, value))


def keep(connection: Connection, values: Mapping[str, str]) -> None:
    """Keep several values."""
    if values:
        connection.exec_driver_sql(_WRITE, list(values.items()))
