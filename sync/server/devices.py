"""The desks that speak with this server: which there are, signing them out, erasing them.

To be erased is learnt by a desk's id alone, which is as hard to guess as a token: a stolen
machine must obey also where its account is closed. Before it obeys, a desk tells what it had
not sent, so that nothing is lost without somebody knowing.
"""

from __future__ import annotations

import json
from collections import OrderedDict
from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, delete, select, update

from app.kernel.clock import Clock
from app.kernel.errors import NotPermitted, RuleViolation
from sync.protocol.codec import dumps
from sync.protocol.messages import Request
from sync.server import tables, trail
from sync.server.heartbeats import Heartbeats
from sync.server.service import Account
from sync.server.store import Store

_KNOWN = 50_000
_OLD_SECONDS = 90 * 86400
_WAITING = ("command", "name", "kind", "entity", "at", "state")
_MOST_WAITING = 20_000


class Devices:
    """Know the desks by their ids."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self.heartbeats = Heartbeats(store, clock)
        # Pairs of sign-in and desk that were written down already.
        self._admitted: OrderedDict[tuple[str, str], None] = OrderedDict()

    def meet(self, request: Request, account: Account) -> None:
        """Admit the desk of a request and note how it fares; raises as `admit`."""
        self.admit(request.device, account)
        self.heartbeats.note(request, account.person)

    def admit(self, device: str, account: Account) -> None:
        """Note which desk a sign-in speaks for; raises `NotPermitted("sync.wipe")`."""
        pair = (account.family, device)
        if not device or len(device) > 64 or pair in self._admitted:
            return
        self.refuse(device)
        self._store.retrying(lambda c: self._bind(c, device, account))
        self._admitted[pair] = None
        if len(self._admitted) > _KNOWN:
            self._admitted.popitem(last=False)

    def refuse(self, device: str) -> None:
        """Raise `NotPermitted("sync.wipe")` to a desk that is to be erased."""
        if not device:
            return
        o = tables.device_order.c
        with self._store.read() as connection:
            open_order = select(o.device).where(o.device == device, o.erased.is_(None))
            if connection.scalar(open_order) is not None:
                raise NotPermitted("sync.wipe")

    def answer(self, told: Mapping[str, Any]) -> None:
        """Keep what a desk says before and after it erases itself.

        Raises `NotPermitted("sync.token")` where nobody ordered it, `RuleViolation`.
        """
        device, waiting = told.get("device"), told.get("waiting", [])
        if not isinstance(device, str) or not isinstance(waiting, list):
            raise RuleViolation("sync.request", field="device")
        rows = [_row(item) for item in waiting[:_MOST_WAITING]]
        erased = told.get("erased") is True
        self._store.retrying(lambda c: self._answer(c, device, rows, erased=erased))

    def sign_out(self, device: str) -> None:
        """End every sign-in of a desk; raises `RuleViolation("device.unknown")`."""
        self._store.retrying(lambda c: self._sign_out(c, device, "sign_out"))

    def wipe(self, device: str) -> None:
        """Order a desk to be erased, and end its sign-ins; raises as `sign_out`."""

        def work(connection: Connection) -> None:
            self._sign_out(connection, device, "wipe")
            row = (device, self._now(), None, None, "[]")
            self._store.put(connection, tables.device_order, [row])

        self._store.retrying(work)

    def spare(self, device: str) -> None:
        """Take an order back that was not obeyed yet; raises as `sign_out`."""

        def work(connection: Connection) -> None:
            person = self._person(connection, device)
            o = tables.device_order
            connection.execute(delete(o).where(o.c.device == device, o.c.erased.is_(None)))
            trail.ordered(connection, self._clock.now(), device, person, "spare")

        self._store.retrying(work)

    def rows(self, *, stale: bool = False) -> list[dict[str, Any]]:
        """List every desk that was heard or is signed in; nothing secret.

        With `stale` only those that have not been heard for a week.
        """
        d, s, t = tables.device.c, tables.session.c, tables.token.c
        with self._store.read() as connection:
            pushed = {r.id: r for r in connection.execute(select(tables.device).order_by(d.id))}
            held = connection.execute(select(s.device, s.login, s.seen, s.family)).all()
            alive = set(connection.scalars(select(t.family).where(t.expires > self._now())))
            orders = {r.device: r for r in connection.execute(select(tables.device_order))}
            heard = self.heartbeats.rows(connection)
        names = sorted({*pushed, *orders, *heard, *(r.device for r in held)})
        rows = [
            {
                "device": name,
                "person": pushed[name].person if name in pushed else "",
                "logins": sorted({r.login for r in held if r.device == name}),
                "signed_in": any(r.device == name and r.family in alive for r in held),
                "seen": max((r.seen for r in held if r.device == name), default=0),
                "sent": pushed[name].last_n if name in pushed else 0,
                "order": _state(orders.get(name)),
                "waiting": len(json.loads(orders[name].waiting)) if name in orders else 0,
                "heartbeat": heard.get(name),
            }
            for name in names
        ]
        return [r for r in rows if not stale or (r["heartbeat"] or {}).get("stale")]

    def waiting(self, device: str) -> list[dict[str, str]]:
        """List what a desk that was erased had not sent."""
        o = tables.device_order.c
        with self._store.read() as connection:
            text = connection.scalar(select(o.waiting).where(o.device == device))
        if text is None:
            raise RuleViolation("device.unknown", field="device")
        return list(json.loads(text))

    def _bind(self, connection: Connection, device: str, account: Account) -> None:
        s, now = tables.session, self._now()
        connection.execute(
            delete(s).where(s.c.login == account.login, s.c.seen < now - _OLD_SECONDS)
        )
        self._store.put(connection, s, [(account.family, account.login, device, now, now)])

    def _sign_out(self, connection: Connection, device: str, what: str) -> None:
        person = self._person(connection, device)
        s, t = tables.session.c, tables.token
        families = select(s.family).where(s.device == device)
        connection.execute(delete(t).where(t.c.family.in_(families)))
        trail.ordered(connection, self._clock.now(), device, person, what)

    def _answer(
        self, connection: Connection, device: str, rows: list[dict[str, str]], *, erased: bool
    ) -> None:
        o, now = tables.device_order, self._now()
        query = select(o.c.told).where(o.c.device == device, o.c.erased.is_(None))
        order = connection.execute(query.with_for_update()).first()
        if order is None:
            raise NotPermitted("sync.token")
        values: dict[str, Any] = {"erased": now} if erased else {"told": now}
        if not erased:
            values["waiting"] = dumps(rows)
        connection.execute(update(o).where(o.c.device == device).values(**values))
        person = self._person(connection, device)
        said = "erased" if erased else f"told:{len(rows)}"
        trail.ordered(connection, self._clock.now(), device, person, said)

    def _person(self, connection: Connection, device: str) -> str:
        d, s = tables.device.c, tables.session.c
        person = connection.scalar(select(d.person).where(d.id == device))
        if person is not None:
            return str(person)
        if connection.scalar(select(s.device).where(s.device == device).limit(1)) is None:
            raise RuleViolation("device.unknown", field="device")
        return ""

    def _now(self) -> int:
        return int(self._clock.now().timestamp())


def _state(order: Any) -> str:
    if order is None:
        return ""
    if order.erased is not None:
        return "erased"
    return "told" if order.told is not None else "ordered"


def _row(item: Any) -> dict[str, str]:
    if not isinstance(item, dict):
        raise RuleViolation("sync.request", field="waiting")
    return {name: str(item.get(name, ""))[:200] for name in _WAITING}
