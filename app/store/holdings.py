"""What the vault holds and why it stays: asked by the mover of files and by the screens."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection

from app.store.sql import Key

_PINNED = (
    "EXISTS (SELECT 1 FROM file_ref r JOIN pin p USING (kind, id) WHERE r.sha256 = file.sha256)"
)
# What an act that was not taken yet names, or a signature that is being completed
_IN_USE = (
    "(EXISTS (SELECT 1 FROM outbox o WHERE instr(o.envelope, file.sha256))"
    " OR EXISTS (SELECT 1 FROM completion c WHERE c.sha256 = file.sha256"
    " AND c.state = 'waiting')"
    " OR EXISTS (SELECT 1 FROM meta m WHERE instr(m.value, file.sha256)))"
)


@dataclass(frozen=True, slots=True)
class Holding:
    """The vault in numbers: bytes of all, and of what no eviction may touch."""

    files: int = 0
    size: int = 0
    pinned: int = 0
    unsent: int = 0
    evictable: int = 0


@dataclass(frozen=True, slots=True)
class Kept:
    """A record whose files are kept offline: bytes here, files still to come."""

    kind: str
    entity: str
    size: int
    missing: int


def measure(connection: Connection) -> Holding:
    """Add up what is here."""
    row = connection.exec_driver_sql(
        "SELECT count(*), coalesce(sum(size), 0),"
        f" coalesce(sum(CASE WHEN {_PINNED} THEN size ELSE 0 END), 0),"
        " coalesce(sum(CASE WHEN on_server = 0 THEN size ELSE 0 END), 0),"
        f" coalesce(sum(CASE WHEN on_server = 1 AND NOT {_PINNED} AND NOT {_IN_USE}"
        " THEN size ELSE 0 END), 0) FROM file WHERE whole = 1"
    ).one()
    return Holding(*row)


def evictable(connection: Connection) -> list[tuple[str, int]]:
    """Return (hash, size) of what may go, the longest unused first."""
    found = connection.exec_driver_sql(
        "SELECT sha256, size FROM file WHERE whole = 1 AND on_server = 1"
        f" AND NOT {_PINNED} AND NOT {_IN_USE} ORDER BY used_at"
    )
    return [(sha256, size) for sha256, size in found]


def held(connection: Connection) -> int:
    """Return the bytes of all whole files."""
    query = "SELECT coalesce(sum(size), 0) FROM file WHERE whole = 1"
    return int(connection.exec_driver_sql(query).scalar_one())


def sizes(connection: Connection) -> dict[str, int]:
    """Return the sizes of files that have begun to come."""
    found = connection.exec_driver_sql("SELECT sha256, size FROM file WHERE whole = 0")
    return {str(row[0]): int(row[1]) for row in found}


def to_send(connection: Connection) -> list[tuple[str, int]]:
    """Return (hash, size) of what the server lacks: what a waiting act names first."""
    found = connection.exec_driver_sql(
        "SELECT sha256, size FROM file WHERE whole = 1 AND on_server = 0"
        " ORDER BY NOT EXISTS (SELECT 1 FROM file_ref r WHERE r.sha256 = file.sha256), used_at"
    )
    return [(sha256, size) for sha256, size in found]


def missing(connection: Connection, kind: str, ids: Sequence[str]) -> list[str]:
    """Return the files of these records that are not here, in the order of the records."""
    found: list[str] = []
    for entity in ids:
        found += connection.exec_driver_sql(
            "SELECT r.sha256 FROM file_ref r LEFT JOIN file f USING (sha256)"
            " WHERE r.kind = ? AND r.id = ? AND coalesce(f.whole, 0) = 0 ORDER BY r.sha256",
            (kind, entity),
        ).scalars()
    return found


def missing_pinned(connection: Connection) -> list[str]:
    """Return the files of pinned records that are not here."""
    return list(
        connection.exec_driver_sql(
            "SELECT DISTINCT r.sha256 FROM pin p JOIN file_ref r USING (kind, id)"
            " LEFT JOIN file f USING (sha256) WHERE coalesce(f.whole, 0) = 0"
        ).scalars()
    )


def holders(connection: Connection, sha256: str) -> list[Key]:
    """Return the records that name a file."""
    found = connection.exec_driver_sql("SELECT kind, id FROM file_ref WHERE sha256 = ?", (sha256,))
    return [(kind, entity) for kind, entity in found]


def pin(connection: Connection, key: Key) -> None:
    """Keep the files of a record offline."""
    connection.exec_driver_sql("INSERT OR IGNORE INTO pin VALUES (?, ?)", key)


def unpin(connection: Connection, key: Key) -> None:
    """Let the files of a record be evicted again."""
    connection.exec_driver_sql("DELETE FROM pin WHERE kind = ? AND id = ?", key)


def is_pinned(connection: Connection, key: Key) -> bool:
    """Tell whether the files of a record are kept offline."""
    query = "SELECT 1 FROM pin WHERE kind = ? AND id = ?"
    return connection.exec_driver_sql(query, key).first() is not None


def kept(connection: Connection) -> list[Kept]:
    """Return what is kept offline, with what of it is here and what is missing."""
    found = connection.exec_driver_sql(
        "SELECT p.kind, p.id, coalesce(sum(CASE WHEN f.whole = 1 THEN f.size ELSE 0 END), 0),"
        " count(r.sha256) - coalesce(sum(f.whole), 0) FROM pin p"
        " LEFT JOIN file_ref r USING (kind, id) LEFT JOIN file f USING (sha256)"
        " GROUP BY p.kind, p.id ORDER BY p.kind, p.id"
    )
    return [Kept(*row) for row in found]
