"""The rules of bulletins."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from app.bulletins.commands import Publish, Read, Withdraw
from app.bulletins.model import Bulletin, BulletinRead, read_id
from app.kernel.actor import Actor
from app.kernel.codec import from_json
from app.kernel.errors import Conflict, NotPermitted, RuleViolation
from app.kernel.event import Event, NewEvent
from app.kernel.feature import Context
from app.kernel.text import normal

TITLE_MAX = 200
BODY_MAX = 20_000


def publish(bulletin: Bulletin | None, command: Publish, context: Context) -> Sequence[NewEvent]:
    """Publish a notice; only the province's own agency and administrators may."""
    if bulletin is not None:
        raise Conflict("bulletin.exists")
    _of_province(context)
    title = normal(command.title)
    if not 0 < len(title) <= TITLE_MAX:
        raise RuleViolation("bulletin.title", field="title", limit=TITLE_MAX)
    body = command.body.strip()
    if not 0 < len(body) <= BODY_MAX:
        raise RuleViolation("bulletin.body", field="body", limit=BODY_MAX)
    data = {
        "title": title,
        "body": body,
        "urgent": command.urgent,
        "agency": context.actor.agency,
    }
    return [NewEvent("bulletin", command.id, "bulletin.published", data)]


def withdraw(bulletin: Bulletin | None, command: Withdraw, context: Context) -> Sequence[NewEvent]:
    """Withdraw a notice of one's own agency, once, with a reason."""
    if bulletin is None:
        raise RuleViolation("bulletin.unknown", field="id")
    own = context.actor.agency == bulletin.agency
    if not own and "administrator" not in context.actor.roles:
        raise NotPermitted("bulletin.other_agency")
    reason = normal(command.reason)
    if bulletin.withdrawn or not reason:
        raise RuleViolation("bulletin.withdrawal", field="reason")
    return [NewEvent("bulletin", bulletin.id, "bulletin.withdrawn", {"reason": reason})]


def read(mark: BulletinRead | None, command: Read, context: Context) -> Sequence[NewEvent]:
    """Leave a read mark; the first one counts, later ones change nothing."""
    bulletin: Bulletin | None = context.get("bulletin", command.bulletin)
    if bulletin is None or command.id != read_id(command.bulletin, context.actor.person):
        raise RuleViolation("bulletin.unknown", field="bulletin")
    if mark is not None:
        return []
    data = {"bulletin": bulletin.id, "agency": bulletin.agency}
    return [NewEvent("bulletin_read", command.id, "bulletin_read.made", data)]


def apply(bulletin: Bulletin | None, event: Event) -> Bulletin:
    """Return the bulletin after an event."""
    if event.name == "bulletin.published":
        author = {"id": event.entity, "author": event.person, "at": event.at.isoformat()}
        return from_json(Bulletin, {**event.data, **author})
    if bulletin is None:
        raise RuleViolation("bulletin.unknown", field="id")
    return replace(bulletin, withdrawn=True, reason=event.data["reason"])


def apply_read(_: BulletinRead | None, event: Event) -> BulletinRead:
    """Return the read mark."""
    return BulletinRead(
        id=event.entity,
        bulletin=event.data["bulletin"],
        agency=event.data["agency"],
        person=event.person,
        at=event.at,
    )


def may_publish(get: Callable[[str, str], Any], actor: Actor) -> bool:
    """Tell whether the actor's agency is the province's own, or he keeps the system in order."""
    if actor.is_system or "administrator" in actor.roles:
        return True
    unit = get("unit", actor.agency)
    return unit is not None and _is_top(get, unit)


def _is_top(get: Callable[[str, str], Any], unit: Any) -> bool:
    """Tell whether nothing but the place itself, the province, stands above an agency."""
    if unit.parent is None:
        return True
    place = get("unit", unit.parent)
    return place is not None and place.parent is None


def _of_province(context: Context) -> None:
    if not may_publish(context.get, context.actor):
        raise NotPermitted("bulletin.province_only")
