"""What a desk shows first, sent before the rest of its buckets.

A bucket is filled from its oldest row to its newest, so that a cut costs nothing. A screen wants
the newest, and the person's own post before ten thousand others: these rows go ahead. They move
no position, hence an older desk understands them too, and in the same reply they come once.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy import Connection, bindparam, select

from sync.server import tables

EVENT = "event"
# The newest rows of each bucket: a screen full at once, then what people look for these weeks.
SIZES = (25, 500)
# So many of the newest are looked through for what waits for somebody, and so many of these sent.
LOOK, PRESSING = 2000, 30
_LOG = tables.log.c
_NEWEST = (
    select(_LOG.kind, _LOG.id, _LOG.seq)
    .where(
        _LOG.bucket == bindparam("bucket"),
        _LOG.seq <= bindparam("upto"),
        _LOG.kind != EVENT,
        ~_LOG.gone,
    )
    .order_by(_LOG.seq.desc())
    .limit(bindparam("most"))
)


def newest(connection: Connection, buckets: Sequence[str], upto: int, most: int) -> Iterator[Any]:
    """Yield kind, id and number of the newest entities of each bucket, the newest first."""
    for bucket in buckets:
        yield from connection.execute(_NEWEST, {"bucket": bucket, "upto": upto, "most": most}).all()
