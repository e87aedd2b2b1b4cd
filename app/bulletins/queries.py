"""Bulletins for screens."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Select, and_, func, select

from app.bulletins.tables import BULLETINS, READS
from app.kernel.actor import Actor
from app.kernel.codec import to_json
from app.kernel.text import fold, is_folded, normal


@dataclass(frozen=True, slots=True)
class BulletinRow:
    """One line of the list; `at` is ISO 8601, `unread` is the actor's own."""

    id: str
    title: str
    agency: str
    at: str
    urgent: bool
    withdrawn: bool
    unread: bool


def bulletins(
    connection: Connection,
    actor: Actor,
    text: str = "",
    *,
    only_unread: bool = False,
    offset: int = 0,
    limit: int = 100,
) -> list[BulletinRow]:
    """Return bulletins, newest first; a text without tones matches every tone."""
    ask = _matching(actor, text, only_unread=only_unread)
    c = BULLETINS.c
    ask = ask.order_by(c.at.desc(), c.id).offset(offset).limit(limit)
    found = connection.execute(ask).mappings()
    return [BulletinRow(**{**row, "unread": bool(row["unread"])}) for row in found]


def _matching(actor: Actor, text: str, *, only_unread: bool) -> Select[Any]:
    c = BULLETINS.c
    own = and_(READS.c.bulletin == c.id, READS.c.person == actor.person)
    unread = READS.c.id.is_(None)
    ask = select(c.id, c.title, c.agency, c.at, c.urgent, c.withdrawn, unread.label("unread"))
    ask = ask.select_from(BULLETINS.outerjoin(READS, own))
    wanted = normal(text)
    if wanted and is_folded(wanted):
        ask = ask.where(c.folded.contains(fold(wanted), autoescape=True))
    elif wanted:
        ask = ask.where(c.toned.contains(wanted.lower(), autoescape=True))
    return ask.where(unread) if only_unread else ask


def count_bulletins(
    connection: Connection, actor: Actor, text: str = "", *, only_unread: bool = False
) -> int:
    """Return how many bulletins `bulletins` would answer without a limit."""
    ask = _matching(actor, text, only_unread=only_unread).subquery()
    return int(connection.execute(select(func.count()).select_from(ask)).scalar_one())


def unread_count(connection: Connection, actor: Actor) -> int:
    """Return how many bulletins that still stand the actor has not read."""
    read = select(READS.c.bulletin).where(READS.c.person == actor.person)
    c = BULLETINS.c
    ask = select(func.count()).where(c.withdrawn.is_(False), c.id.not_in(read))
    return int(connection.execute(ask).scalar_one())


def readers_count(connection: Connection, _: Actor, bulletin: str) -> int:
    """Return how many read marks of a bulletin this desk holds (all, at the publisher)."""
    ask = select(func.count()).where(READS.c.bulletin == bulletin)
    return int(connection.execute(ask).scalar_one())


def list_bulletins(
    connection: Connection, actor: Actor, text: str, limit: int
) -> Sequence[dict[str, Any]]:
    """Return bulletins as plain rows."""
    return [to_json(row) for row in bulletins(connection, actor, text, limit=limit)]
