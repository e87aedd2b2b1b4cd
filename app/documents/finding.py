"""Find documents of both directions by words in their fields and their PDFs, and narrow them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, Connection, false, func, or_, select

from app.documents import filters, lists
from app.documents.filters import SEARCH, TEXTS, r, w
from app.documents.model import Direction, State, Urgency
from app.documents.rows import DocumentRow
from app.documents.search import reader_tag, tagged
from app.documents.tables import DELIVERIES, ROWS
from app.kernel.actor import Actor
from app.kernel.text import fold

# Beyond these nobody reads on; whoever looks for one document adds a word
MOST = 2000
_MONTH = timedelta(days=30)


class Mark(StrEnum):
    """What narrows a search; those of one group widen each other."""

    INCOMING = "incoming"
    OUTGOING = "outgoing"
    OPEN = "open"
    CLOSED = "closed"
    OVERDUE = "overdue"
    URGENT = "urgent"
    SIGNED = "signed"
    PAPER = "paper"


class Period(StrEnum):
    """From when documents are: by the day of arrival, else the day written on them."""

    ANY = ""
    MONTH = "month"
    THIS_YEAR = "this_year"
    LAST_YEAR = "last_year"
    EARLIER = "earlier"


_GROUPS = ((Mark.INCOMING, Mark.OUTGOING), (Mark.OPEN, Mark.CLOSED), (Mark.OVERDUE,),
           (Mark.URGENT,), (Mark.SIGNED,), (Mark.PAPER,))  # fmt: skip


@dataclass(frozen=True, slots=True)
class About:
    """The person or unit that documents shall concern, with the names that stand on paper."""

    kind: str = ""
    id: str = ""
    names: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Find:
    """A whole question."""

    text: str = ""
    marks: tuple[Mark, ...] = ()
    period: Period = Period.ANY
    type_name: str = ""
    about: About = About()
    today: date = date.max


@dataclass(frozen=True, slots=True)
class Found:
    """A document found; `by_text` when only the text of its PDF holds the words."""

    row: DocumentRow
    by_text: bool = False

    @property
    def id(self) -> str:
        """Return the document's id."""
        return self.row.id


def page(
    connection: Connection, actor: Actor, ask: Find, offset: int = 0, limit: int = 200
) -> tuple[Found, ...]:
    """Return one window of what is found, newest first."""
    places = _places(connection, actor, ask, offset + limit)
    wanted = sorted(places, reverse=True)[offset : offset + limit]
    rows = lists.rows_at(connection, actor, wanted, ask.today)
    return tuple(Found(row, places[seq]) for seq, row in rows)


def count(connection: Connection, actor: Actor, ask: Find) -> int:
    """Return how many documents are found, at most `MOST`."""
    return len(_places(connection, actor, ask, MOST))


def counts(connection: Connection, actor: Actor, ask: Find) -> dict[Mark, int]:
    """Return how many of what is found each mark would keep; empty where there are too many."""
    places = _places(connection, actor, replace(ask, marks=()), MOST)
    if len(places) >= MOST:
        return {}
    asked = [func.count().filter(_mark(mark, ask.today)).label(mark.value) for mark in Mark]
    found = connection.execute(select(*asked).where(r.seq.in_(tuple(places)))).one()
    return {mark: int(getattr(found, mark.value)) for mark in Mark}


def type_names(connection: Connection, actor: Actor) -> tuple[str, ...]:
    """Return the types of the documents that the actor may see."""
    ask = select(r.type_name).where(filters.visible(actor), r.type_name != "").distinct()
    return tuple(connection.execute(ask.order_by(r.type_name)).scalars())


def _places(connection: Connection, actor: Actor, ask: Find, limit: int) -> dict[int, bool]:
    """Return the newest places found, and whether the PDF's text alone holds the words."""
    where = _conditions(actor, ask)
    if not ask.text.strip():
        chosen = select(r.seq).where(*where).order_by(r.seq.desc()).limit(limit)
        return dict.fromkeys(connection.execute(chosen).scalars(), False)
    found: dict[int, bool] = {}
    for index, tags in ((TEXTS, ""), (SEARCH, _tags(actor, ask))):
        expression = filters.matching(connection, ask.text, index, tags)
        chosen = (
            select(r.seq)
            .select_from(index.join(ROWS, index.c.rowid == r.seq))
            .where(filters.matches(index, expression or filters.NOTHING), *where)
            .order_by(index.c.rowid.desc())
            .limit(limit)
        )
        found |= dict.fromkeys(connection.execute(chosen).scalars(), index is TEXTS)
    return {seq: found[seq] for seq in sorted(found, reverse=True)[:limit]}


def _tags(actor: Actor, ask: Find) -> str:
    """Return what the index knows of a question: who may see it, the direction, open or not."""
    chosen = [Direction(m.value) for m in _GROUPS[0] if m in ask.marks] or list(Direction)
    is_open = Mark.OPEN in ask.marks and Mark.CLOSED not in ask.marks
    return tagged(
        reader_tag(who, direction, is_open=is_open)
        for who in filters.readers(actor)
        for direction in chosen
    )


def _conditions(actor: Actor, ask: Find) -> list[ColumnElement[bool]]:
    found = [filters.visible(actor), r.state != State.DISCARDED.value]
    for group in _GROUPS:
        chosen = [_mark(mark, ask.today) for mark in group if mark in ask.marks]
        if chosen:
            found.append(or_(*chosen))
    if ask.type_name:
        found.append(r.type_name == ask.type_name)
    found += _period(ask.period, ask.today)
    if ask.about.id:
        found.append(_about(ask.about))
    return found


def _mark(mark: Mark, today: date) -> ColumnElement[bool]:
    made: dict[Mark, ColumnElement[bool]] = {
        Mark.INCOMING: r.direction == Direction.INCOMING.value,
        Mark.OUTGOING: r.direction == Direction.OUTGOING.value,
        Mark.OPEN: filters.OPEN_ROW,
        Mark.CLOSED: r.open == 0,
        Mark.OVERDUE: filters.OPEN_ROW & (r.due < today.isoformat()),
        Mark.URGENT: r.urgency >= Urgency.URGENT.rank,
        Mark.SIGNED: r.signed == 1,
        Mark.PAPER: r.paper == 1,
    }
    return made[mark]


def _period(period: Period, today: date) -> Iterable[ColumnElement[bool]]:
    day = func.coalesce(r.arrival_date, r.issued)
    this, last = f"{today.year:04}-01-01", f"{today.year - 1:04}-01-01"
    made: dict[Period, Any] = {
        Period.ANY: (),
        Period.MONTH: (day >= (today - _MONTH).isoformat(),),
        Period.THIS_YEAR: (day >= this,),
        Period.LAST_YEAR: (day >= last, day < this),
        Period.EARLIER: (day < last,),
    }
    conditions: Iterable[ColumnElement[bool]] = made[period]
    return conditions


def _about(about: About) -> ColumnElement[bool]:
    """Keep what a person handles, drafts or signs; what a unit sends, receives or handles."""
    if about.kind == "person":
        work = select(w.seq).where(w.who == about.id)
        return or_(r.seq.in_(work), r.signer.in_(about.names))
    if about.kind != "unit":
        return false()
    work = select(w.seq).where(w.who == f"unit:{about.id}")
    sent = select(DELIVERIES.c.seq).where(DELIVERIES.c.unit == about.id)
    issuers = [fold(name) for name in about.names if name]
    return or_(r.seq.in_(work), r.seq.in_(sent), r.issuer_key.in_(issuers))
