"""Whose files are fetched before anybody opens them: work that is open, what is due first."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date

from sqlalchemy import Connection, or_, select

from app.documents.filters import OPEN_ROW, r, visible
from app.kernel.actor import Actor

_MOST = 500


def open_work(connection: Connection, until: date, limit: int = _MOST) -> list[str]:
    """Return documents that are being worked on and due by a day, or have no day, in order."""
    ask = (
        select(r.id)
        .where(OPEN_ROW, or_(r.due.is_(None), r.due <= until.isoformat()))
        .order_by(r.due.is_(None), r.due, r.urgency.desc(), r.seq.desc())
        .limit(limit)
    )
    return list(connection.scalars(ask))


def titles(connection: Connection, actor: Actor, ids: Collection[str]) -> dict[str, str]:
    """Return symbol and subject of those of the documents that the reader may see."""
    ask = select(r.id, r.symbol, r.subject).where(r.id.in_(ids), visible(actor))
    found = connection.execute(ask)
    return {row.id: " · ".join(part for part in (row.symbol, row.subject) if part) for row in found}
