"""Parties for screens, masked to what the reader may see."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, or_, select

from app.kernel.actor import Actor
from app.kernel.codec import to_json
from app.kernel.sensitivity import Sensitivity, masked
from app.kernel.text import fold
from app.parties.model import Party, PartyKind, clearance
from app.parties.tables import PARTIES


def parties(connection: Connection, actor: Actor, text: str = "", limit: int = 50) -> list[Party]:
    """Return the agency's parties by name, or by their whole number; list fields only.

    A reader without clearance for personal data cannot search by it either.
    """
    c = PARTIES.c
    allowed = clearance(actor, actor.agency)
    ask = select(c.id, c.agency, c.kind, c.name, c.number).where(c.agency == actor.agency)
    if text:
        if allowed is Sensitivity.PLAIN:
            return []
        ask = ask.where(or_(c.folded.contains(fold(text), autoescape=True), c.number == text))
    rows = connection.execute(ask.order_by(c.sort, c.id).limit(limit)).mappings()
    return [masked(Party(**{**row, "kind": PartyKind(row["kind"])}), allowed) for row in rows]


def list_parties(
    connection: Connection, actor: Actor, text: str, limit: int
) -> Sequence[dict[str, Any]]:
    """Return parties as plain rows."""
    return [to_json(party) for party in parties(connection, actor, text, limit)]
