"""Ready-made snapshots: the rows of a bucket up to a number of the log, packed and sealed.

They are built once for all desks, at night say, and lie under their hash. Each snapshot has a
random key, which a desk gets sealed for itself alone; a file that leaks tells nothing.
"""

from __future__ import annotations

import hashlib
import json
import os
import secrets
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Integer, Select, delete, func, select

from app.kernel.clock import Clock
from app.kernel.ids import new_id
from app.store import packed
from app.store.model import EVENT
from app.store.packed import Block, PackedRow
from sync.protocol.codec import dumps
from sync.protocol.snapshots import FORM
from sync.server import tables
from sync.server.files import leaves_of, sync_folder
from sync.server.store import Store

# Below that the stream is as quick.
LEAST = 1000
# Rows are packed once and carried often; a line of 1 Mbit/s feels the difference.
LEVEL = 19
# Packed bytes of the parts: the newest rows are soon here, the archive in few files.
_PARTS = (256 << 10, 1 << 20, 4 << 20)
_BLOCKS = (1000, 4000)
_SLOWLY = {"yield_per": 2000}
# A desk that fetches parts of an older snapshot may end that within so many seconds.
_KEPT = 2 * 86400


@dataclass(frozen=True, slots=True)
class Built:
    """What was built for a bucket."""

    bucket: str
    cursor: int
    parts: int
    rows: int
    size: int


class Snapshots:
    """Build, find and read the snapshots of one server."""

    def __init__(self, folder: Path, store: Store, clock: Clock) -> None:
        self._folder = folder
        self._store = store
        self._clock = clock

    def build(
        self, least: int = LEAST, level: int = LEVEL, only: Sequence[str] = ()
    ) -> Iterator[Built]:
        """Build what is new since the last time, bucket by bucket, and drop what is too old."""
        self._folder.mkdir(parents=True, exist_ok=True)
        self._drop_lost()
        for bucket in self._due(least):
            if not only or bucket in only:
                yield self._one(bucket, level)
        self._tidy()

    def offers(self, buckets: Sequence[str], lag: Mapping[str, int]) -> list[dict[str, Any]]:
        """Return the newest snapshots of buckets that would still bring much to a desk."""
        found: list[dict[str, Any]] = []
        with self._store.read() as connection:
            for bucket in buckets:
                parts = self._newest(connection, bucket)
                if bucket in lag and parts and self._brings(connection, parts, lag[bucket]):
                    found.append(_offer(bucket, parts))
        return found

    def held(self, sha256: str, buckets: Iterable[str]) -> int | None:
        """Return the size of a part that lies in one of these buckets, or None."""
        s = tables.snapshot.c
        with self._store.read() as connection:
            row = connection.execute(select(s.bucket, s.size).where(s.sha256 == sha256)).first()
        if row is None or row.bucket not in set(buckets) or not self._path(sha256).is_file():
            return None
        return int(row.size)

    def read(self, sha256: str, start: int, length: int) -> Iterator[bytes]:
        """Yield a range of a part."""
        with self._path(sha256).open("rb") as source:
            source.seek(start)
            while length > 0 and (piece := source.read(min(1 << 16, length))):
                length -= len(piece)
                yield piece

    def path(self, sha256: str) -> Path:
        """Return where a part lies."""
        return self._path(sha256)

    def _path(self, sha256: str) -> Path:
        return self._folder / sha256

    def _due(self, least: int) -> list[str]:
        """Return the buckets with enough rows that have moved since their newest snapshot."""
        c, s = tables.log.c, tables.snapshot.c
        with self._store.read() as connection:
            counted = (
                select(c.bucket, func.max(c.seq))
                .group_by(c.bucket)
                .having(func.sum((~c.gone).cast(Integer)) >= least)
                .order_by(c.bucket)
            )
            made = dict(
                connection.execute(
                    select(s.bucket, func.max(s.cursor)).where(s.form == FORM).group_by(s.bucket)
                ).all()
            )
            return [b for b, seq in connection.execute(counted) if seq > made.get(b, -1)]

    def _one(self, bucket: str, level: int) -> Built:
        key = secrets.token_bytes(32)
        with self._store.read() as connection:
            cursor = self._store.head(connection)
            head = {"form": FORM, "bucket": bucket, "cursor": str(cursor)}
            parts = [
                self._write(key, head | {"place": str(place)}, blocks, rows)
                for place, (blocks, rows) in enumerate(_parts(connection, bucket, level))
            ]
        made = int(self._clock.now().timestamp())
        rows = [
            (sha, bucket, place, cursor, FORM, count, size, dumps(leaves), key.hex(), made)
            for place, (sha, count, size, leaves) in enumerate(parts)
        ]
        self._store.retrying(lambda c: self._store.put(c, tables.snapshot, rows))
        return Built(bucket, cursor, len(parts), sum(r[5] for r in rows), sum(r[6] for r in rows))

    def _write(
        self, key: bytes, head: Mapping[str, str], blocks: Sequence[bytes], count: int
    ) -> tuple[str, int, int, Sequence[str]]:
        fresh = self._folder / f"{new_id(self._clock.now())}.new"
        packed.write(fresh, key, head, blocks)
        data = fresh.read_bytes()
        with fresh.open("rb") as source:
            os.fsync(source.fileno())
        sha256 = hashlib.sha256(data).hexdigest()
        fresh.replace(self._path(sha256))
        sync_folder(self._folder)
        return sha256, count, len(data), leaves_of(data)

    def _newest(self, connection: Connection, bucket: str) -> list[Any]:
        s = tables.snapshot.c
        newest = (
            select(func.max(s.cursor)).where(s.bucket == bucket, s.form == FORM).scalar_subquery()
        )
        query = select(tables.snapshot).where(
            s.bucket == bucket, s.form == FORM, s.cursor == newest
        )
        rows = connection.execute(query.order_by(s.made.desc(), s.place)).all()
        # Two that were built at once have different keys: one of them is enough.
        parts = [row for row in rows if row.key == rows[0].key]
        # A backup brings the rows back without the files.
        return parts if all(self._path(row.sha256).is_file() for row in parts) else []

    def _drop_lost(self) -> None:
        """Forget snapshots of which a file is missing, so that they are built anew."""
        s = tables.snapshot
        with self._store.write() as connection:
            found = connection.execute(select(s.c.sha256, s.c.key)).all()
            lost = {row.key for row in found if not self._path(row.sha256).is_file()}
            for key in lost:
                connection.execute(delete(s).where(s.c.key == key))

    def _brings(self, connection: Connection, parts: Sequence[Any], at: int) -> bool:
        """Tell whether more than half of the rows are still to come to a desk."""
        if at >= parts[0].cursor:
            return False
        c = tables.log.c
        where = (c.bucket == parts[0].bucket, c.seq > at, c.seq <= parts[0].cursor)
        left = connection.scalar(select(func.count()).select_from(tables.log).where(*where))
        return 2 * int(left or 0) > sum(int(part.rows) for part in parts)

    def _tidy(self) -> None:
        s = tables.snapshot
        until = int(self._clock.now().timestamp()) - _KEPT
        newest = select(func.max(s.c.cursor), s.c.bucket).group_by(s.c.bucket)
        with self._store.write() as connection:
            kept = {(bucket, cursor) for cursor, bucket in connection.execute(newest)}
            rows = connection.execute(select(s.c.sha256, s.c.bucket, s.c.cursor, s.c.made)).all()
            old = [r.sha256 for r in rows if r.made < until and (r.bucket, r.cursor) not in kept]
            for sha256 in old:
                connection.execute(delete(s).where(s.c.sha256 == sha256))
        known = {row.sha256 for row in rows} - set(old)
        for path in self._folder.iterdir():
            # One that is being written by another process is younger than that.
            if path.name not in known and path.stat().st_mtime < until:
                path.unlink()


def _offer(bucket: str, parts: Sequence[Any]) -> dict[str, Any]:
    return {
        "bucket": bucket,
        "cursor": parts[0].cursor,
        "key": parts[0].key,
        "parts": [
            {"sha256": p.sha256, "size": p.size, "rows": p.rows, "leaves": json.loads(p.leaves)}
            for p in parts
        ],
    }


def _parts(
    connection: Connection, bucket: str, level: int
) -> Iterator[tuple[Sequence[bytes], int]]:
    """Yield the packed blocks of each part with the number of their rows."""
    blocks: list[bytes] = []
    place = size = count = 0
    for block in _blocks(connection, bucket):
        body = packed.pack(block, level)
        blocks.append(body)
        size, count = size + len(body), count + len(block.rows)
        if size >= _PARTS[min(place, len(_PARTS) - 1)]:
            yield blocks, count
            blocks, place, size, count = [], place + 1, 0, 0
    if blocks:
        yield blocks, count


def _blocks(connection: Connection, bucket: str) -> Iterator[Block]:
    """Yield blocks of one kind each: what changed last comes first, the past after the rest."""
    for query in _queries(bucket):
        open_blocks: dict[str, list[PackedRow]] = {}
        most = _BLOCKS[0]
        for kind, *row in connection.execute(query, execution_options=_SLOWLY):
            rows = open_blocks.setdefault(kind, [])
            rows.append(PackedRow(*row))
            if len(rows) >= most:
                yield Block(kind, open_blocks.pop(kind))
                most = _BLOCKS[1]
        for kind, rows in open_blocks.items():
            yield Block(kind, rows)


def _queries(bucket: str) -> tuple[Select[Any], Select[Any]]:
    e, v, c = tables.entity.c, tables.event.c, tables.log.c
    here = (c.bucket == bucket, ~c.gone)
    entities = (
        select(c.kind, e.id, e.ver, e.buckets, e.data)
        .join_from(tables.log, tables.entity, (e.kind == c.kind) & (e.id == c.id))
        .where(*here, c.kind != EVENT)
        .order_by(c.seq.desc())
    )
    past = tables.log.join(tables.event, v.id == c.id).join(
        tables.entity, (e.kind == v.kind) & (e.id == v.entity)
    )
    events = (
        select(c.kind, v.id, v.ver, e.buckets, v.data)
        .select_from(past)
        .where(*here, c.kind == EVENT)
        .order_by(c.seq.desc())
    )
    return entities, events
