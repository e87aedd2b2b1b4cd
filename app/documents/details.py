"""One document whole, and the two registers with their ten columns."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, select

from app.documents import filters, finding, lists, queries
from app.documents.filters import r
from app.documents.finding import Find
from app.documents.model import KIND, Document
from app.documents.rows import (
    Detail,
    IncomingBookRow,
    OutgoingBookRow,
    ReadingRow,
    TimelineRow,
)
from app.documents.rules.checks import AGENCY_READERS, holds
from app.documents.rules.outlook import readable
from app.documents.tables import READINGS, ROWS
from app.kernel.actor import Actor
from app.kernel.codec import from_json, to_json
from app.kernel.errors import NotPermitted, RuleViolation
from app.kernel.event import Event

# The server's events in its order, then the provisional ones in the order they were made
_TIMELINE = (
    "SELECT v.data FROM event v LEFT JOIN outbox o USING (command)"
    " WHERE v.kind = ? AND v.entity = ? ORDER BY v.ver IS NULL, v.ver, o.place, v.place"
)


def load(connection: Connection, actor: Actor, document: str) -> Document:
    """Return a document; `document.unknown`, or `NotPermitted("document.agency")`."""
    data = connection.exec_driver_sql(
        "SELECT data FROM entity WHERE kind = ? AND id = ?", (KIND, document)
    ).scalar()
    if data is None:
        raise RuleViolation("document.unknown")
    found = from_json(Document, json.loads(data))
    if not readable(found, actor):
        raise NotPermitted("document.agency")
    return found


def detail(connection: Connection, actor: Actor, document: str) -> Detail:
    """Return a document with its timeline, its readers and the actor's own item."""
    found = load(connection, actor, document)
    mine = [i for i in found.items if holds(i, actor)]
    best = next((i for i in reversed(mine) if i.is_live), mine[-1] if mine else None)
    return Detail(
        found,
        _timeline(connection, document),
        readings(connection, actor, document),
        best.id if best is not None else "",
    )


def timeline(connection: Connection, actor: Actor, document: str) -> tuple[TimelineRow, ...]:
    """Return the timeline of a document that the actor may see, oldest first."""
    load(connection, actor, document)
    return _timeline(connection, document)


def _timeline(connection: Connection, document: str) -> tuple[TimelineRow, ...]:
    found = connection.exec_driver_sql(_TIMELINE, (KIND, document)).scalars()
    return tuple(_entry(from_json(Event, json.loads(data))) for data in found)


def _entry(event: Event) -> TimelineRow:
    return TimelineRow(
        id=event.id,
        name=event.name.removeprefix("document."),
        person=event.person,
        post=event.post,
        acting_for=event.acting_for,
        authority=event.authority,
        at=event.at,
        server_at=event.server_at,
        data=event.data,
    )


def readings(connection: Connection, _: Actor, document: str) -> tuple[ReadingRow, ...]:
    """Return who opened a document, the first one first."""
    c = READINGS.c
    ask = select(READINGS).where(c.document == document).order_by(c.at)
    return tuple(
        ReadingRow(row.person, row.name, queries.moment(row.at)) for row in connection.execute(ask)
    )


def incoming_book(
    connection: Connection, actor: Actor, register: str, offset: int = 0, limit: int = 500
) -> tuple[IncomingBookRow, ...]:
    """Return rows of the register of incoming documents, in the order of its numbers."""
    ask = (
        select(ROWS)
        .where(_reads_books(actor), r.register == register)
        .order_by(r.arrival_number.is_(None), r.arrival_number)
        .offset(offset)
        .limit(limit)
    )
    return tuple(
        IncomingBookRow(
            row.id, lists.day(row.arrival_date), row.arrival_number, row.issuer, row.symbol,
            lists.day(row.issued), _type_and_subject(row), row.receivers,
            lists.day(row.transferred_on), "", row.note,
        )
        for row in connection.execute(ask)
    )  # fmt: skip


def outgoing_book(
    connection: Connection, actor: Actor, register: str, offset: int = 0, limit: int = 500
) -> tuple[OutgoingBookRow, ...]:
    """Return rows of the register of outgoing documents, in the order of its numbers."""
    ask = (
        select(ROWS)
        .where(_reads_books(actor), r.number_register == register, r.signed == 1)
        .order_by(r.reserved)
        .offset(offset)
        .limit(limit)
    )
    return tuple(
        OutgoingBookRow(
            row.id, row.symbol, lists.day(row.issued), _type_and_subject(row), row.signer,
            row.receivers, row.kept_by, row.copies, lists.day(row.sent_on), "", row.note,
            row.reserved,
        )
        for row in connection.execute(ask)
    )  # fmt: skip


def _reads_books(actor: Actor) -> Any:
    """Books are the agency's: its clerk, leaders, office head and archivist read them."""
    if actor.roles & AGENCY_READERS or actor.is_system:
        return filters.visible(actor)
    return r.seq == -1


def _type_and_subject(row: Any) -> str:
    return " - ".join(part for part in (row.type_name, row.subject) if part)


# --- the command line's `list KIND` -------------------------------------------------------------


def list_documents(
    connection: Connection, actor: Actor, text: str, limit: int
) -> Sequence[Mapping[str, Any]]:
    """Return plain rows of both directions that hold the text, newest first."""
    found = finding.page(connection, actor, Find(text), limit=limit)
    return [to_json(one.row) for one in found]


def list_timeline(
    connection: Connection, actor: Actor, text: str, limit: int
) -> Sequence[Mapping[str, Any]]:
    """Return the timeline of the document whose id is the text."""
    return [to_json(row) for row in timeline(connection, actor, text.strip())[:limit]]


def list_register_book(
    connection: Connection, actor: Actor, text: str, limit: int
) -> Sequence[Mapping[str, Any]]:
    """Return the ten columns of the register whose id is the text."""
    register = text.strip()
    if register.endswith(":outgoing"):
        return [to_json(x) for x in outgoing_book(connection, actor, register, limit=limit)]
    return [to_json(x) for x in incoming_book(connection, actor, register, limit=limit)]


def list_deliveries(
    connection: Connection, actor: Actor, text: str, limit: int
) -> Sequence[Mapping[str, Any]]:
    """Return what became of issued documents; the text is a document's id, or empty."""
    rows = queries.deliveries(connection, actor, text.strip(), limit=limit)
    return [to_json(row) for row in rows]
