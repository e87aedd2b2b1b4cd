"""What is held of the server, as one count and one sum per bucket and kind, kept in step.

A row's mark is made of its id, its version and its text; the sum of the marks modulo 2^64 is
the same on both sides if both hold the same. The marks of entities and events are kept beside
them, so that a change costs no second look at what was there.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence

from sqlalchemy import Connection

from app.store.model import EVENT, Digest
from app.store.sql import Key, chunks, marks

_MODULUS = 1 << 64
_HALF = 1 << 63
_ROWS = (
    "SELECT e.kind, e.id, e.ver, e.buckets, coalesce(s.data, e.data), e.mark FROM entity e"
    " LEFT JOIN shadow s ON s.kind = e.kind AND s.id = e.id WHERE e.ver > 0"
    " UNION ALL SELECT 'event', id, ver, buckets, data, mark FROM event WHERE ver IS NOT NULL"
)


def mark(name: str, ver: int, text: str) -> int:
    """Return the mark of a row: 64 bits of a hash."""
    told = f"{name}\x1f{ver}\x1f{text}".encode()
    return int.from_bytes(hashlib.blake2b(told, digest_size=8).digest(), "big")


def leaf(name: str) -> str:
    """Return the sixteen hexadecimal digits by which rows are split: evenly, whatever the ids."""
    return hashlib.blake2b(name.encode(), digest_size=8).hexdigest()


def signed(value: int) -> int:
    """Return a mark or a sum as SQLite keeps it."""
    return (value + _HALF) % _MODULUS - _HALF


class Sums:
    """Gather what comes and goes, and write it at once."""

    def __init__(self) -> None:
        self._moved: dict[Key, list[int]] = {}

    def add(self, kind: str, buckets: Iterable[str], value: int, times: int = 1) -> None:
        """Count a row's mark in its buckets; `times` -1 takes it out."""
        for bucket in buckets:
            moved = self._moved.setdefault((bucket, kind), [0, 0])
            moved[0] += times
            moved[1] += times * value

    def lump(self, kind: str, buckets: Iterable[str], count: int, total: int) -> None:
        """Count many rows that lie in the same buckets, by their number and their sum."""
        for bucket in buckets:
            moved = self._moved.setdefault((bucket, kind), [0, 0])
            moved[0] += count
            moved[1] += total

    def items(self) -> Iterable[tuple[Key, list[int]]]:
        """Return (bucket, kind) with the change of count and sum."""
        return self._moved.items()

    def write(self, connection: Connection) -> None:
        """Bring the kept digests to what was gathered."""
        moved = [(pair, count, total) for pair, (count, total) in self._moved.items()]
        for part in chunks([m for m in moved if m[1] or m[2]]):
            held = {
                (bucket, kind): (count, total)
                for bucket, kind, count, total in connection.exec_driver_sql(
                    "SELECT bucket, kind, count, sum FROM digest"
                    f" WHERE (bucket, kind) IN (VALUES {marks(len(part), 2)})",
                    tuple(name for pair, *_ in part for name in pair),
                )
            }
            rows = []
            for pair, count, total in part:
                before = held.get(pair, (0, 0))
                rows.append((*pair, before[0] + count, signed(before[1] + total)))
            connection.exec_driver_sql("INSERT OR REPLACE INTO digest VALUES (?, ?, ?, ?)", rows)


def forget(connection: Connection, sums: Sums, table: str, names: Sequence[str], kind: str) -> None:
    """Take rows out that are about to be deleted: events, or entities of a kind."""
    where = "ver IS NOT NULL" if table == EVENT else "ver > 0 AND kind = ?"
    for part in chunks(names):
        found = connection.exec_driver_sql(
            f"SELECT buckets, mark FROM {table} WHERE {where} AND id IN ({marks(len(part))})",
            (*(() if table == EVENT else (kind,)), *part),
        )
        for buckets, value in found:
            sums.add(kind, json.loads(buckets), value, -1)


def sound(connection: Connection) -> bool:
    """Tell whether every row held has its mark, and the digests are those of the rows."""
    sums = Sums()
    for kind, name, ver, buckets, text, kept in connection.exec_driver_sql(_ROWS):
        value = mark(name, ver, text)
        if signed(value) != kept:
            return False
        sums.add(kind, json.loads(buckets), value)
    mine = {pair: (count, signed(total)) for pair, (count, total) in sums.items()}
    found = connection.exec_driver_sql("SELECT bucket, kind, count, sum FROM digest")
    held = {(bucket, kind): (count, total) for bucket, kind, count, total in found}
    return all(mine.get(p, (0, 0)) == held.get(p, (0, 0)) for p in mine.keys() | held.keys())


def recount(connection: Connection) -> None:
    """Make marks and digests anew from what is held, whatever was kept."""
    sums = Sums()
    fresh: dict[bool, list[tuple[int, str, str]]] = {True: [], False: []}
    for kind, name, ver, buckets, text, _ in connection.exec_driver_sql(_ROWS).all():
        value = mark(name, ver, text)
        fresh[kind == EVENT].append((signed(value), kind, name))
        sums.add(kind, json.loads(buckets), value)
    if fresh[False]:
        connection.exec_driver_sql(
            "UPDATE entity SET mark = ? WHERE kind = ? AND id = ?", fresh[False]
        )
    if fresh[True]:
        connection.exec_driver_sql(
            "UPDATE event SET mark = ? WHERE id = ?", [(v, n) for v, _, n in fresh[True]]
        )
    connection.exec_driver_sql("DELETE FROM digest")
    sums.write(connection)
    connection.exec_driver_sql(
        "INSERT OR IGNORE INTO entity_bucket"
        " SELECT b.value, e.kind, e.id FROM entity e, json_each(e.buckets) b"
    )


def pairs(connection: Connection) -> list[Digest]:
    """Return what is held of every bucket and kind that this desk may hold."""
    found = connection.exec_driver_sql(
        "SELECT d.bucket, d.kind, d.count, d.sum FROM digest d JOIN scope USING (bucket)"
    )
    return [Digest(bucket, kind, count, total % _MODULUS) for bucket, kind, count, total in found]


def held(connection: Connection, bucket: str, kind: str, prefix: str = "") -> Digest:
    """Return what is held of a bucket and kind, or of the part whose leaves begin so."""
    if not prefix:
        row = connection.exec_driver_sql(
            "SELECT count, sum FROM digest WHERE bucket = ? AND kind = ?", (bucket, kind)
        ).first() or (0, 0)
        return Digest(bucket, kind, row[0], row[1] % _MODULUS)
    values = [value for name, value in rows(connection, bucket, kind) if _under(name, prefix)]
    return Digest(bucket, kind, len(values), sum(values) % _MODULUS, prefix)


def rows(connection: Connection, bucket: str, kind: str) -> list[tuple[str, int]]:
    """Return the ids and marks of what is held of a bucket and kind."""
    query = (
        "SELECT v.id, v.mark FROM event v, json_each(v.buckets) b"
        " WHERE v.ver IS NOT NULL AND b.value = ? AND ? = 'event'"
        if kind == EVENT
        else "SELECT e.id, e.mark FROM entity e, json_each(e.buckets) b"
        " WHERE e.ver > 0 AND b.value = ? AND e.kind = ?"
    )
    return [(n, v) for n, v in connection.exec_driver_sql(query, (bucket, kind))]


def strangers(
    connection: Connection, bucket: str, kind: str, prefix: str, known: Iterable[str]
) -> list[str]:
    """Return what is held in a leaf and not among the ids that the server has there."""
    there = set(known)
    return [
        name
        for name, _ in rows(connection, bucket, kind)
        if _under(name, prefix) and name not in there
    ]


def _under(name: str, prefix: str) -> bool:
    return leaf(name).startswith(prefix)
