"""Rows for screens; every function takes the connection and the reader."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, Row, func, select

from app.documents import filters
from app.documents.filters import r, w
from app.documents.lists import URGENCIES, day, page, rows
from app.documents.model import (
    DeliveryStatus,
    Direction,
    Role,
    State,
)
from app.documents.rows import (
    Ask,
    Chip,
    DeliveryRow,
    Hit,
    ListPage,
    TwinRow,
    View,
    WorkRow,
)
from app.documents.tables import DELIVERIES, FILES, ROWS, WORK
from app.documents.words import symbol_key
from app.files import checks
from app.kernel.actor import Actor
from app.kernel.ports import FileReport
from app.kernel.text import fold

LIMIT = 200
TO_SIGN_LIMIT = 2000


def chip_counts(
    connection: Connection,
    actor: Actor,
    direction: Direction,
    today: date,
    view: View = View.OPEN,
) -> dict[Chip, int]:
    """Return how many open documents of a view each chip keeps."""
    where = filters.conditions(actor, Ask(direction, view, today=today))
    where.append(filters.OPEN_ROW)
    asked = [
        func.count().filter(filters.chip(kind, actor, today)).label(kind.value) for kind in Chip
    ]
    found = connection.execute(select(*asked).where(*where)).one()
    return {kind: int(getattr(found, kind.value)) for kind in Chip}


def view_counts(connection: Connection, actor: Actor, direction: Direction) -> dict[View, int]:
    """Return the counters beside the views, of open documents only, in one pass."""
    counted = [view for view in View if view not in (View.ALL, View.DONE, View.ISSUED)]
    asked = [
        func.count().filter(*filters.in_view(view, actor)).label(view.value) for view in counted
    ]
    where = (filters.visible(actor), r.direction == direction.value, filters.OPEN_ROW)
    found = connection.execute(select(*asked).where(*where)).one()
    return {view: int(getattr(found, view.value)) for view in counted}


def signing_box(connection: Connection, actor: Actor, today: date) -> ListPage:
    """Return what waits for the actor's signature, as much as one run may sign."""
    ask = Ask(Direction.OUTGOING, View.TO_SIGN, today=today)
    return page(connection, actor, ask, limit=TO_SIGN_LIMIT)


def my_work(
    connection: Connection, actor: Actor, today: date, limit: int = LIMIT
) -> tuple[WorkRow, ...]:
    """Return what the actor owes, the earliest deadline first, work without one last."""
    names = filters.whos(actor)
    ask = (
        select(ROWS, WORK, filters.unread(actor).label("unread"))
        .join(WORK, w.seq == r.seq)
        .where(w.who.in_(names), filters.OWED)
        .order_by(w.due.is_(None), w.due, r.urgency.desc(), r.seq.desc())
        .limit(limit)
    )
    own = [_work(row, today) for row in connection.execute(ask).mappings()]
    return (*own, *_office_work(connection, actor, today, limit - len(own)))


_OFFICE = (
    (View.TO_REGISTER, Direction.INCOMING, "register"),
    (View.TO_PRESENT, Direction.INCOMING, "present"),
    (View.TO_NUMBER, Direction.OUTGOING, "number"),
    (View.TO_SEAL, Direction.OUTGOING, "seal"),
    (View.TO_ISSUE, Direction.OUTGOING, "issue"),
)


def _office_work(connection: Connection, actor: Actor, today: date, room: int) -> Iterable[WorkRow]:
    """Yield what the agency's clerk owes by his post."""
    if "clerk" not in actor.roles:
        return
    for view, direction, task in _OFFICE:
        found = rows(connection, actor, Ask(direction, view, today=today), limit=max(room, 0))
        room -= len(found)
        for row in found:
            yield WorkRow(
                row.id, "", task, direction, None, row.state, row.symbol, row.arrival_number,
                row.subject, row.issuer, row.urgency, row.due, row.overdue, row.unread, "", "",
            )  # fmt: skip


def deliveries(
    connection: Connection,
    actor: Actor,
    document: str = "",
    status: DeliveryStatus | None = None,
    limit: int = LIMIT,
) -> tuple[DeliveryRow, ...]:
    """Return what became of issued documents at their recipients, newest first."""
    d = DELIVERIES.c
    ask = select(ROWS, DELIVERIES).join(DELIVERIES, d.seq == r.seq).where(filters.visible(actor))
    if document:
        ask = ask.where(r.id == document)
    if status is not None:
        ask = ask.where(d.status == status.value)
    found = connection.execute(ask.order_by(r.seq.desc()).limit(limit))
    return tuple(
        DeliveryRow(
            document=row.id,
            symbol=row.symbol,
            subject=row.subject,
            issued=day(row.issued),
            unit=row.unit,
            name=row.name,
            paper=bool(row._mapping[d.paper]),  # noqa: SLF001 - SQLAlchemy's public name
            status=DeliveryStatus(row.status),
            at=moment(row.at),
            reason=row.reason,
            arrival_number=row._mapping[d.number],  # noqa: SLF001
        )
        for row in found
    )


def twins(
    connection: Connection,
    actor: Actor,
    *,
    sha256: str = "",
    number: str = "",
    notation: str = "",
    issuer: str = "",
    issued: date | None = None,
    besides: str = "",
) -> tuple[TwinRow, ...]:
    """Return documents that may be the same: by file, or by number, notation, issuer and date.

    An empty issuer or date matches every one; without a number only the file is compared.
    """
    found: dict[str, TwinRow] = {}
    if sha256:
        same = select(FILES.c.seq).where(FILES.c.sha256 == sha256)
        _gather(connection, actor, found, "file", [r.seq.in_(same)])
    if number:
        where: list[Any] = [r.symbol_key == symbol_key(number, notation)]
        if issuer:
            where.append(r.issuer_key == fold(issuer))
        if issued is not None:
            where.append(r.issued == issued.isoformat())
        _gather(connection, actor, found, "symbol", where)
    found.pop(besides, None)
    return tuple(found.values())


def _gather(
    connection: Connection, actor: Actor, found: dict[str, TwinRow], why: str, where: list[Any]
) -> None:
    kept = (r.direction == Direction.INCOMING.value, r.state != State.DISCARDED.value)
    ask = select(ROWS).where(filters.visible(actor), *kept, *where).limit(10)
    for row in connection.execute(ask):
        twin = TwinRow(
            row.id, why, Direction(row.direction), State(row.state), row.arrival_number,
            day(row.arrival_date), row.symbol, row.issuer, day(row.issued), row.subject,
        )  # fmt: skip
        found.setdefault(row.id, twin)


def search(
    connection: Connection, actor: Actor, text: str, limit: int = 50, *, texts: bool = True
) -> tuple[Hit, ...]:
    """Return the newest documents that hold the words, in their fields or their PDFs' text."""
    found: dict[int, Row[Any]] = {}
    for index in (filters.SEARCH, filters.TEXTS)[: 2 if texts else 1]:
        expression = filters.matching(connection, text, index)
        if expression is None:
            return ()
        ask = (
            select(ROWS)
            .select_from(index.join(ROWS, index.c.rowid == r.seq))
            .where(filters.matches(index, expression), filters.visible(actor))
            .where(r.state != State.DISCARDED.value)
            .order_by(index.c.rowid.desc())
            .limit(limit)
        )
        found |= {row.seq: row for row in connection.execute(ask)}
    return tuple(
        Hit(
            row.id, Direction(row.direction), State(row.state), row.symbol, row.arrival_number,
            row.subject, row.issuer, day(row.issued),
        )
        for _, row in sorted(found.items(), reverse=True)[:limit]
    )  # fmt: skip


def palette(connection: Connection, actor: Actor, text: str, limit: int = 8) -> tuple[Hit, ...]:
    """Return a few hits on metadata for the palette."""
    return search(connection, actor, text, limit, texts=False)


def report(connection: Connection, actor: Actor, sha256: str) -> FileReport | None:
    """Return what is known of a file's signatures, if the reader may see a document with it."""
    held = select(FILES.c.seq).where(FILES.c.sha256 == sha256)
    ask = select(r.seq).where(r.seq.in_(held), filters.visible(actor)).limit(1)
    if connection.execute(ask).first() is None:
        return None
    return checks.report_of(connection, sha256)


def moment(text: str | None) -> datetime | None:
    """Return the time that a row holds as text."""
    return datetime.fromisoformat(text) if text else None


def _work(row: Mapping[Any, Any], today: date) -> WorkRow:
    due = day(row[w.due])
    return WorkRow(
        document=row[r.id],
        item=row[w.item],
        task=row[w.task],
        direction=Direction(row[r.direction]),
        role=Role(row[w.role]) if row[w.role] else None,
        state=State(row[w.state]),
        symbol=row[r.symbol],
        arrival_number=row[r.arrival_number],
        subject=row[r.subject],
        issuer=row[r.issuer],
        urgency=URGENCIES[row[r.urgency]],
        due=due,
        overdue=due is not None and due < today,
        unread=bool(row["unread"]),
        giver_name=row[w.giver_name],
        text=row[w.text],
    )
