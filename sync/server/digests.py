"""Count and sum per bucket and kind, as desks keep them too; apart where somebody asks.

Each transaction adds a line with what it changed, under the number that it drew, so that two
that write into one bucket do not wait for each other; now and then one adds the lines up.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from sqlalchemy import Connection, bindparam, delete, func, select

from app.store.digests import Sums, leaf, mark
from sync.protocol.messages import DigestFrame, Frame, LeafFrame, RowFrame, Split
from sync.server import tables
from sync.server.store import Store

EVENT = "event"
# The numbers between two times that a transaction adds up the lines of what it touched.
_SWEEP = 256
_COUNTED = "digests"
_MODULUS = 1 << 64
_LOW = (1 << 32) - 1
# What one answer may hold of rows that are sent anew.
_LEAF_ROWS = 2000
_COLUMNS = tables.digest.c
_SUMS = (
    select(
        _COLUMNS.bucket,
        _COLUMNS.kind,
        func.sum(_COLUMNS.count),
        func.sum(_COLUMNS.low),
        func.sum(_COLUMNS.high),
    )
    .where(_COLUMNS.bucket.in_(bindparam("buckets", expanding=True)))
    .group_by(_COLUMNS.bucket, _COLUMNS.kind)
    .having(func.max(_COLUMNS.seq) > bindparam("since"))
)
_E, _V, _C = tables.entity.c, tables.event.c, tables.log.c
_THERE = (_C.bucket == bindparam("within"), _C.kind == bindparam("of"), ~_C.gone)
_PAIRS = select(_C.bucket, _C.kind).distinct()
_LYING = (
    select(_E.id, _E.ver, _E.buckets, _E.data)
    .select_from(tables.log.join(tables.entity, (_E.kind == _C.kind) & (_E.id == _C.id)))
    .where(*_THERE)
    .order_by(_C.id)
)
_LYING_EVENTS = (
    select(_V.id, _V.ver, _E.buckets, _V.data)
    .select_from(
        tables.log.join(tables.event, _V.id == _C.id).join(
            tables.entity, (_E.kind == _V.kind) & (_E.id == _V.entity)
        )
    )
    .where(*_THERE)
    .order_by(_C.id)
)


def write(store: Store, connection: Connection, sums: Sums, first: int, drawn: int) -> None:
    """Write what a transaction changed; call with the lock of the log held."""
    moved = {pair: tuple(change) for pair, change in sums.items() if change != [0, 0]}
    if not moved:
        return
    if first // _SWEEP != (first + drawn) // _SWEEP:
        moved = _swept(connection, moved)
    rows = [
        (bucket, kind, first, count, total % _MODULUS & _LOW, total % _MODULUS >> 32)
        for (bucket, kind), (count, total) in moved.items()
    ]
    store.put(connection, tables.digest, rows, fresh=True)


def _swept(connection: Connection, moved: dict[Any, Any]) -> dict[Any, Any]:
    buckets = {bucket for bucket, _ in moved}
    c = _COLUMNS
    for (bucket, kind), (count, total) in _sums(connection, buckets).items():
        if (bucket, kind) in moved:
            mine = moved[bucket, kind]
            moved[bucket, kind] = (mine[0] + count, mine[1] + total)
            connection.execute(delete(tables.digest).where(c.bucket == bucket, c.kind == kind))
    return moved


def _sums(
    connection: Connection, buckets: Iterable[str], since: int = -1
) -> dict[tuple[str, str], tuple[int, int]]:
    asked = {"buckets": sorted(buckets), "since": since}
    return {
        (bucket, kind): (int(count), (int(low) + (int(high) << 32)) % _MODULUS)
        for bucket, kind, count, low, high in connection.execute(_SUMS, asked)
    }


def told(
    connection: Connection, buckets: Sequence[str], since: int, splits: Sequence[Split]
) -> Iterator[Frame]:
    """Yield the digests of what has changed since, and what a desk has asked to see apart."""
    asked = {(s.bucket, s.kind) for s in splits if s.rows and s.bucket in buckets}
    sums = _sums(connection, buckets, since)
    if asked - sums.keys():
        sums |= {p: v for p, v in _sums(connection, {b for b, _ in asked}).items() if p in asked}
    for split in splits:
        if split.bucket in buckets:
            yield from _apart(connection, split)
    for (bucket, kind), (count, total) in sorted(sums.items()):
        yield DigestFrame(bucket, kind, count, f"{total:016x}")


def _apart(connection: Connection, split: Split) -> Iterator[Frame]:
    rows = [
        row
        for row in lying(connection, split.kind, split.bucket)
        if leaf(row[0]).startswith(split.prefix)
    ]
    if split.rows and len(rows) <= _LEAF_ROWS:
        names = tuple(name for name, *_ in rows)
        yield LeafFrame(split.bucket, split.kind, split.prefix, names)
        for name, ver, buckets, data in rows:
            yield RowFrame(split.kind, name, ver, tuple(json.loads(buckets)), raw=data)
        return
    for digit in "0123456789abcdef":
        prefix = split.prefix + digit
        part = [mark(name, v, text) for name, v, _, text in rows if leaf(name).startswith(prefix)]
        total = f"{sum(part) % _MODULUS:016x}"
        yield DigestFrame(split.bucket, split.kind, len(part), total, prefix)


def lying(connection: Connection, kind: str, bucket: str) -> Iterator[Any]:
    """Yield id, version, buckets and text of what lies in a bucket by the log."""
    query = _LYING_EVENTS if kind == EVENT else _LYING
    yield from connection.execute(query, {"within": bucket, "of": kind}).all()


def settle(store: Store) -> None:
    """Count a database that was made before there were digests, once."""
    with store.read() as connection:
        if store.meta(connection, _COUNTED) is not None:
            return

    def count(connection: Connection) -> None:
        store.lock(connection)
        if store.meta(connection, _COUNTED) is None:
            rebuild(store, connection)
            store.set_meta(connection, _COUNTED, "1")

    # Another process that starts at the same moment may be quicker.
    store.retrying(count)


def rebuild(store: Store, connection: Connection) -> None:
    """Count everything anew."""
    sums = Sums()
    for bucket, kind in connection.execute(_PAIRS).all():
        for name, ver, _, data in lying(connection, kind, bucket):
            sums.add(kind, (bucket,), mark(name, ver, data))
    connection.execute(delete(tables.digest))
    write(store, connection, sums, 0, 0)


def wrong(connection: Connection) -> Iterator[tuple[str, str]]:
    """Yield the buckets and kinds whose kept digest is not that of what lies there."""
    pairs = {(b, k) for b, k in connection.execute(_PAIRS)}
    kept = _sums(connection, {bucket for bucket, _ in pairs})
    for bucket, kind in sorted(pairs):
        part = [mark(name, ver, data) for name, ver, _, data in lying(connection, kind, bucket)]
        if kept.get((bucket, kind), (0, 0)) != (len(part), sum(part) % _MODULUS):
            yield bucket, kind
