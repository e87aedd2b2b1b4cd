"""How the desks fare: when each was last heard, its version, what waits there, its room, its clock.

Figures only, kept per desk and not per person; who has not been heard for half a year is forgotten.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

from sqlalchemy import Connection, and_, delete, func, or_, select

from app.kernel.clock import Clock
from app.kernel.release import VERSION
from sync.protocol.messages import RULES, Beat, Request
from sync.server import tables
from sync.server.service import MAX_RULES
from sync.server.store import Store

# A desk that says nothing of itself is written down no more often than this.
EVERY = 300.0
STALE = timedelta(days=7)
KEPT = timedelta(days=180)
# A clock that is off by more gives numbers on wrong days (setting `clock_tolerance_minutes`).
_OFF = 300
_LOW_ROOM = 1024
_MOST = 1 << 40
_KNOWN = 50_000


class Heartbeats:
    """Keep the last word of each desk."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._tidied: date | None = None
        self._heard: OrderedDict[str, float] = OrderedDict()

    def note(self, request: Request, person: str) -> None:
        """Write down how a desk fares, where it says so or has not been heard for a while.

        What comes under the name of another person's desk is not believed.
        """
        if not 0 < len(request.device) <= 64:
            return
        heard = self._heard.get(request.device, float("-inf"))
        if request.beat is None and self._clock.monotonic() - heard < EVERY:
            return
        self._store.retrying(lambda c: self._write(c, request, person))
        self._heard[request.device] = self._clock.monotonic()
        self._heard.move_to_end(request.device)
        if len(self._heard) > _KNOWN:
            self._heard.popitem(last=False)

    def rows(self, connection: Connection) -> dict[str, dict[str, Any]]:
        """Return what is known of each desk; None for what it never told."""
        since = self._stale()
        found = {}
        for row in connection.execute(select(tables.heartbeat)).mappings():
            told = dict(row)
            found[str(told.pop("device"))] = {**told, "stale": row["seen"] < since}
        return found

    def figures(self) -> Mapping[str, int]:
        """Count the desks, and those that somebody should look at."""
        h = tables.heartbeat.c
        stale = h.seen < self._stale()
        wanted = {
            "desks_known": h.seen >= 0,
            "desks_stale": stale,
            "desks_stale_unsent": and_(stale, h.waiting > 0),
            "desks_old": or_(h.rules < RULES, h.version.is_(None), h.version != VERSION),
            "desks_clock_off": or_(h.off > _OFF, h.off < -_OFF),
            "desks_low_room": and_(h.free >= 0, h.free < _LOW_ROOM),
        }
        with self._store.read() as connection:
            query = select(*(func.count().filter(w).label(n) for n, w in wanted.items()))
            return dict(connection.execute(query).mappings().one())

    def _stale(self) -> int:
        return int((self._clock.now() - STALE).timestamp())

    def _write(self, connection: Connection, request: Request, person: str) -> None:
        d = tables.device.c
        owner = connection.scalar(select(d.person).where(d.id == request.device))
        if owner not in (None, "", person):
            return
        now = int(self._clock.now().timestamp())
        behind = _bounded(self._store.head(connection) - request.cursor)
        told = _told(request.beat, now) if request.beat is not None else (None,) * 7
        row = (request.device, now, max(0, min(request.rules, MAX_RULES)), behind, *told)
        self._store.put(connection, tables.heartbeat, [row])
        self._forget(connection)

    def _forget(self, connection: Connection) -> None:
        """Drop, once a day, the desks that have not been heard for half a year."""
        now = self._clock.now()
        if self._tidied != now.date():
            self._tidied = now.date()
            h = tables.heartbeat
            connection.execute(delete(h).where(h.c.seen < int((now - KEPT).timestamp())))


def _told(beat: Beat, now: int) -> tuple[str | int | None, ...]:
    synced = None if beat.synced < 0 else now - _bounded(beat.synced)
    figures = (beat.waiting, beat.refused)
    room = (None if n < 0 else _bounded(n) for n in (beat.free, beat.kept))
    return (beat.version[:40], *map(_bounded, figures), synced, *room, _bounded(beat.at) - now)


def _bounded(figure: int) -> int:
    return max(0, min(figure, _MOST))
