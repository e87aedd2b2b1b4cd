"""What the page of notices asks of the desk; no widgets."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from app.bulletins.commands import Publish, Read, Withdraw
from app.bulletins.model import Bulletin, read_id
from app.bulletins.queries import BulletinRow, readers_count
from app.bulletins.rules import may_publish
from app.desk import Desk
from app.kernel.actor import Actor
from app.kernel.clock import VIETNAM
from app.kernel.ids import new_id
from app.kernel.texts import Texts
from ui.kit.cards import CardRow


@dataclass(frozen=True, slots=True)
class Opened:
    """A notice as the reader shows it; `readers` is None but at its publisher."""

    bulletin: Bulletin
    agency: str
    author: str
    readers: int | None
    may_withdraw: bool


def open_bulletin(connection: Connection, actor: Actor, desk: Desk, bulletin: str) -> Opened | None:
    """Return a notice with what stands around it, or None when it is gone."""
    found: Bulletin | None = desk.store.get("bulletin", bulletin)
    if found is None:
        return None
    own = actor.agency == found.agency
    publishers = desk.registry.grants["bulletin.withdraw"]
    may = bool(publishers & actor.roles) and (own or "administrator" in actor.roles)
    return Opened(
        bulletin=found,
        agency=name_of(desk, "unit", found.agency),
        author=name_of(desk, "person", found.author),
        readers=readers_count(connection, actor, bulletin) if own else None,
        may_withdraw=may and not found.withdrawn,
    )


def name_of(desk: Desk, kind: str, entity: str) -> str:
    """Return the short name of a unit, or the name of a person; "" when unknown."""
    found: Any = desk.store.get(kind, entity)
    if found is None:
        return ""
    return str(getattr(found, "short", "") or found.name)


def offers_publishing(desk: Desk, actor: Actor) -> bool:
    """Tell whether the actor may publish."""
    granted = desk.registry.grants["bulletin.publish"] & actor.roles
    return bool(granted) and may_publish(desk.store.get, actor)


def publication(desk: Desk, title: str, body: str, *, urgent: bool) -> Publish:
    """Return the command that publishes a notice."""
    return Publish(new_id(desk.clock.now()), title, body, urgent)


def withdrawal(bulletin: str, reason: str) -> Withdraw:
    """Return the command that withdraws a notice."""
    return Withdraw(bulletin, reason)


def reading(actor: Actor, bulletin: str) -> Read:
    """Return the command that marks a notice as read."""
    return Read(read_id(bulletin, actor.person), bulletin)


def card(texts: Texts, row: BulletinRow, agency: str) -> CardRow:
    """Return what the list shows of a notice."""
    badges = []
    if row.urgent:
        badges.append((texts("bulletins.urgent"), "bad"))
    if row.withdrawn:
        badges.append((texts("bulletins.withdrawn"), "neutral"))
    at = datetime.fromisoformat(row.at).astimezone(VIETNAM)
    return CardRow(
        sender=agency,
        date=at.strftime("%d/%m/%Y"),
        subject=row.title,
        badges=tuple(badges),
        unread=row.unread,
    )
