"""The queue of what the server sends outside: written with the act, sent until it is received.

Whoever takes an errand holds it by a claim for as long as a lease; a worker that was killed loses
it, and the next one sends it again under the same key, by which the receiver knows it. A time that
lies further ahead than any rule puts it comes from a clock that was set back, and counts as past.
"""

from __future__ import annotations

import json
import random
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, case, delete, func, or_, select, text, update

from app.kernel.clock import Clock
from app.kernel.errand import Errand
from app.kernel.errors import RuleViolation
from app.kernel.ids import new_id
from sync.protocol.codec import dumps
from sync.server import tables, trail
from sync.server.channels import Channel
from sync.server.store import Store

WAITING, SENT, DEAD, DROPPED = "waiting", "sent", "dead", "dropped"
STATES = (WAITING, SENT, DEAD, DROPPED)
LOST = "outside.lost"
# Longer than the slowest exchange that the session bears.
LEASE = 300
FIRST = 10.0
CEILING = 3600.0
KEPT = timedelta(days=30)
# Longer than any night of quiet hours: after so many seconds something that waits is late.
LATE = 12 * 3600
_INSERT = text(
    "INSERT INTO errand (id, channel, urgent, data, state, made, due, tries, lease, claim, code)"
    " VALUES (:id, :channel, :urgent, :data, 'waiting', :now, :now, 0, 0, '', '')"
    " ON CONFLICT (id) DO NOTHING"
)


@dataclass(frozen=True, slots=True)
class Job:
    """An errand in a worker's hands."""

    id: str
    channel: str
    urgent: bool
    made: int
    tries: int
    claim: str
    data: Mapping[str, Any]


def enqueue(connection: Connection, errands: Iterable[Errand], now: datetime | None) -> None:
    """Write what is to be sent, in the transaction of the act; the same key once only."""
    made = int(now.timestamp()) if now is not None else 0
    rows = [
        {"id": e.key, "channel": e.channel, "urgent": e.urgent, "data": dumps(e.data), "now": made}
        for e in errands
    ]
    if rows:
        connection.execute(_INSERT, rows)


class Errands:
    """Claim, settle and look after what is to be sent."""

    def __init__(self, store: Store, clock: Clock, chance: random.Random | None = None) -> None:
        self._store = store
        self._clock = clock
        self._chance = chance or random.SystemRandom()

    def claim(self, channel: Channel, *, quiet: bool) -> Job | None:
        """Take what is due next on a channel; in quiet hours only what is urgent."""
        return self._store.retrying(lambda c: self._claim(c, channel, quiet=quiet))

    def sent(self, job: Job) -> bool:
        """Note that the receiver has it; False where the claim was lost meanwhile."""
        return self._settle(job, state=SENT, done=self._now(), code="")

    def failed(self, job: Job, code: str, most: int, retry_at: datetime | None = None) -> bool:
        """Try again later, at random up to a wait that doubles; after `most` tries never."""
        if job.tries >= most:
            return self.refused(job, code)
        wait = self._chance.uniform(0, min(CEILING, FIRST * 2.0 ** min(job.tries - 1, 20)))
        due = self._now() + int(wait) + 1
        if retry_at is not None:
            due = max(due, min(int(retry_at.timestamp()), self._now() + int(CEILING)))
        return self._settle(job, due=due, code=code)

    def refused(self, job: Job, code: str) -> bool:
        """Give up: an administrator has to look."""
        return self._settle(job, state=DEAD, done=self._now(), code=code)

    def rows(self, state: str = "") -> list[dict[str, Any]]:
        """List errands, the oldest first; what they say is nobody's business here."""
        e = tables.errand.c
        names = (e.id, e.channel, e.state, e.urgent, e.made, e.due, e.tries, e.done, e.code)
        query = select(*names).order_by(e.made, e.id)
        if state:
            query = query.where(e.state == state)
        with self._store.read() as connection:
            return [dict(row) for row in connection.execute(query).mappings()]

    def retry(self, name: str) -> None:
        """Send again what was given up; raises `RuleViolation("outside.unknown")`."""
        fresh = {"state": WAITING, "due": self._now(), "tries": 0, "done": None, "lease": 0}
        self._order(name, "retry", (DEAD, DROPPED, WAITING), fresh)

    def drop(self, name: str) -> None:
        """Never send it; raises `RuleViolation("outside.unknown")`."""
        gone = {"state": DROPPED, "done": self._now(), "claim": ""}
        self._order(name, "drop", (DEAD, WAITING), gone)

    def figures(self) -> Mapping[str, int]:
        """Count what waits, what fails, what was given up, and how old the oldest is."""
        e = tables.errand.c
        waits = e.state == WAITING
        query = select(
            func.count().filter(waits).label("outside_waiting"),
            func.count().filter(waits, e.code != "").label("outside_failing"),
            func.count().filter(e.state == DEAD).label("outside_dead"),
            func.min(case((waits, e.made))).label("outside_oldest_seconds"),
        )
        with self._store.read() as connection:
            found = dict(connection.execute(query).mappings().one())
        oldest = found["outside_oldest_seconds"]
        age = max(0, self._now() - oldest) if oldest is not None else 0
        return {**found, "outside_oldest_seconds": age}

    def tidy(self) -> None:
        """Forget what was sent or dropped a month ago."""
        e = tables.errand
        old = e.c.done < int((self._clock.now() - KEPT).timestamp())
        gone = delete(e).where(e.c.state.in_((SENT, DROPPED)), old)
        self._store.retrying(lambda c: c.execute(gone))

    def _claim(self, connection: Connection, channel: Channel, *, quiet: bool) -> Job | None:
        if not self._allowed(connection, channel):
            return None
        e, now = tables.errand.c, self._now()
        free = _past(e.due, now, int(CEILING) + 1) & _past(e.lease, now, LEASE)
        wanted = (e.state == WAITING) & (e.channel == channel.name) & free
        if quiet and channel.quiet:
            wanted &= e.urgent
        query = select(tables.errand).where(wanted).order_by(e.urgent.desc(), e.due, e.id)
        row = connection.execute(query.limit(1).with_for_update(skip_locked=True)).first()
        if row is None:
            return None
        change = update(tables.errand).where(e.id == row.id)
        if row.tries >= channel.tries:
            # Taken so often and never brought to an end: it may be what kills the workers.
            connection.execute(change.values(state=DEAD, done=now, code=row.code or LOST))
            return None
        claim = new_id(self._clock.now())
        values = {"claim": claim, "lease": now + LEASE, "tries": row.tries + 1}
        connection.execute(change.values(**values))
        self._spend(connection, channel)
        data = json.loads(row.data)
        return Job(row.id, row.channel, row.urgent, row.made, row.tries + 1, claim, data)

    def _allowed(self, connection: Connection, channel: Channel) -> bool:
        r = tables.errand_rate
        query = select(r.c.minute, r.c.used).where(r.c.channel == channel.name)
        row = connection.execute(query.with_for_update()).first()
        return row is None or row.minute != self._now() // 60 or row.used < channel.per_minute

    def _spend(self, connection: Connection, channel: Channel) -> None:
        r, minute = tables.errand_rate, self._now() // 60
        row = connection.execute(select(r).where(r.c.channel == channel.name)).first()
        used = row.used + 1 if row is not None and row.minute == minute else 1
        self._store.put(connection, r, [(channel.name, minute, used)])

    def _settle(self, job: Job, **values: Any) -> bool:
        e = tables.errand
        # Who has lost his claim changes nothing: another one is sending, or an order was given.
        mine = update(e).where(e.c.id == job.id, e.c.claim == job.claim, e.c.state == WAITING)
        change = mine.values(lease=0, claim="", **values)
        return self._store.retrying(lambda c: c.execute(change).rowcount) == 1

    def _order(self, name: str, what: str, states: tuple[str, ...], values: dict[str, Any]) -> None:
        e = tables.errand

        def work(connection: Connection) -> None:
            change = update(e).where(e.c.id == name, e.c.state.in_(states)).values(**values)
            if connection.execute(change).rowcount != 1:
                raise RuleViolation("outside.unknown", field="errand")
            trail.maintained(connection, self._clock.now(), f"outside:{what}:{name}")

        self._store.retrying(work)

    def _now(self) -> int:
        return int(self._clock.now().timestamp())


def _past(column: Any, now: int, furthest: int) -> ColumnElement[bool]:
    return or_(column <= now, column > now + furthest)
