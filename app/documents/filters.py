"""What a list shows: views, chips, readers and words as conditions."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    and_,
    exists,
    false,
    literal_column,
    or_,
    select,
    text,
)

from app.documents.model import Direction, State, Urgency
from app.documents.rows import Chip, View
from app.documents.rules.checks import AGENCY_READERS
from app.documents.search import expressions
from app.documents.tables import READINGS, ROWS, WORK
from app.kernel.actor import Actor

r, w = ROWS.c, WORK.c
_DONE = (State.DONE, State.RETURNED)
_STATES: dict[View, tuple[State, ...]] = {
    View.TO_RECEIVE: (State.TO_RECEIVE,),
    View.TO_REGISTER: (State.TO_RECEIVE, State.TO_REGISTER),
    View.HANDLING: (State.PASSED, State.IN_PROGRESS),
    View.RETURNED: (State.RETURNED, State.DECLINED),
    View.DONE: (State.DONE,),
    View.DRAFTS: (State.DRAFT, State.DECLINED),
    View.SUBMITTED: (State.SUBMITTED, State.APPROVED, State.AWAITING_NUMBER, State.NUMBERED),
    View.TO_SIGN: (State.SUBMITTED, State.APPROVED, State.AWAITING_NUMBER, State.NUMBERED),
    View.TO_SEAL: (State.SIGNED,),
    View.TO_ISSUE: (State.SEALED,),
    View.ISSUED: (State.ISSUED,),
}


def whos(actor: Actor) -> tuple[str, ...]:
    """Return under which names the actor's work is written down."""
    names = [actor.person]
    if actor.acting_for:
        names.append(actor.acting_for)
    if "department_head" in actor.roles:
        names.append(f"unit:{actor.unit}")
    return tuple(names)


def visible(actor: Actor) -> ColumnElement[bool]:
    """Keep the documents that the actor may see."""
    if actor.is_system:
        return literal_column("1") == 1
    mine = r.seq.in_(select(w.seq).where(w.who.in_(whos(actor))))
    if actor.roles & AGENCY_READERS:
        return r.agency == actor.agency
    return mine


def unread(actor: Actor) -> ColumnElement[bool]:
    """Keep what the actor has not opened."""
    c = READINGS.c
    seen = exists().where(c.document == r.id, c.person == actor.person)
    return ~seen


def in_view(view: View, actor: Actor) -> list[ColumnElement[bool]]:
    """Return the conditions of a view."""
    if view is View.ALL:
        return [r.state != State.DISCARDED.value]
    if view is View.OPEN:
        return [literal_column("document_row.open = 1")]
    if view is View.TO_PRESENT:
        again = and_(r.state == State.RETURNED.value, r.register != "")
        return [or_(and_(r.state == State.WAITING.value, r.presented == 0), again)]
    if view is View.TO_INSTRUCT:
        return [_mine(actor, "instruct")]
    conditions: list[ColumnElement[bool]] = [
        r.state.in_([s.value for s in _STATES[view]])
    ]
    if view is View.TO_SIGN:
        conditions.append(_mine(actor, "sign"))
    return conditions


def _mine(actor: Actor, task: str) -> ColumnElement[bool]:
    owed = select(w.seq).where(w.who.in_(whos(actor)), w.task == task, w.open == 1)
    return r.seq.in_(owed)


def chip(kind: Chip, actor: Actor, today: date) -> ColumnElement[bool]:
    """Return the condition of a chip; chips speak of open documents."""
    owed = select(w.seq).where(w.who.in_(whos(actor)), w.open == 1)
    return {
        Chip.UNREAD: unread(actor),
        Chip.OVERDUE: r.due < today.isoformat(),
        Chip.DUE_TODAY: r.due == today.isoformat(),
        Chip.URGENT: r.urgency >= Urgency.URGENT.rank,
        Chip.EXPRESS: r.urgency == Urgency.EXPRESS.rank,
        Chip.MY_LEAD: r.seq.in_(owed.where(w.role == "lead")),
        Chip.AWAITING_ME: r.seq.in_(owed.where(w.task != "draft")),
        Chip.UNSIGNED: r.signed == 0,
        Chip.NO_NUMBER: r.number_waiting == 1,
        Chip.PAPER: r.paper == 1,
    }[kind]


def conditions(
    actor: Actor, direction: Direction, view: View, chips: Iterable[Chip], today: date
) -> list[ColumnElement[bool]]:
    """Return all conditions of a list but the words."""
    chosen = tuple(chips)
    found = [visible(actor), r.direction == direction.value, *in_view(view, actor)]
    if chosen and view is not View.OPEN:
        found.append(literal_column("document_row.open = 1"))
    return found + [chip(kind, actor, today) for kind in chosen]


def worded(
    connection: Connection, words: str, *, texts: bool = False
) -> ColumnElement[bool] | None:
    """Return the condition that a document holds the words, or None for no words.

    `texts` looks into the texts of PDFs too.
    """
    tried = expressions(words)
    if not tried:
        return None if not words.strip() else false()
    tables = ("document_search", "document_text") if texts else ("document_search",)
    for expression in tried[:-1]:
        if any(_any(connection, table, expression) for table in tables):
            return _match(tables, expression)
    return _match(tables, tried[-1])


def _any(connection: Connection, table: str, expression: str) -> bool:
    ask: Select[Any] = select(literal_column("1")).select_from(text(table))
    ask = ask.where(_matches(table, expression))
    return connection.execute(ask.limit(1)).first() is not None


def _matches(table: str, expression: str) -> ColumnElement[bool]:
    match: ColumnElement[Any] = literal_column(table).op("MATCH")(expression)
    return match


def _match(tables: tuple[str, ...], expression: str) -> ColumnElement[bool]:
    parts = [
        r.seq.in_(
            select(literal_column(f"{t}.rowid")).select_from(text(t)).where(_matches(t, expression))
        )
        for t in tables
    ]
    return or_(*parts)
