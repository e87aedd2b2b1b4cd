"""What is done once a day: tombstones that every desk should have seen by now leave the log."""

from __future__ import annotations

import json
from datetime import datetime, timedelta

from sqlalchemy import Connection, delete

from sync.protocol.codec import dumps
from sync.server import tables
from sync.server.store import Store

KEPT = timedelta(days=180)
_HEADS = "heads"
_FLOOR = "floor"


def tidy(store: Store, now: datetime, kept: timedelta = KEPT) -> int:
    """Note today's newest number and drop the tombstones from before `kept`; answer the floor.

    A desk that has not asked since is brought up to date by digests, since what it holds may
    have gone meanwhile without a trace.
    """

    def work(connection: Connection) -> int:
        store.lock(connection)
        heads = dict(json.loads(store.meta(connection, _HEADS) or "{}"))
        heads.setdefault(now.date().isoformat(), store.head(connection))
        last = (now - kept).date().isoformat()
        old = [day for day in heads if day <= last]
        floor = max(
            [int(store.meta(connection, _FLOOR) or 0), *(int(heads.pop(day)) for day in old)]
        )
        c = tables.log.c
        connection.execute(delete(tables.log).where(c.gone, c.seq <= floor))
        store.set_meta(connection, _FLOOR, str(floor))
        store.set_meta(connection, _HEADS, dumps(heads))
        return floor

    return store.retrying(work)
