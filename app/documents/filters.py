"""What a list shows: views, chips, readers and words as conditions."""

from __future__ import annotations

from datetime import date
from typing import Any

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    Connection,
    TableClause,
    and_,
    column,
    exists,
    literal_column,
    or_,
    select,
    table,
)

from app.documents.model import State, Urgency
from app.documents.rows import Ask, Chip, View
from app.documents.rules.checks import AGENCY_READERS
from app.documents.search import EVERYBODY, expressions, reader_tag, tagged
from app.documents.tables import DOUBTS, READINGS, ROWS, WORK
from app.kernel.actor import Actor

r, w = ROWS.c, WORK.c
SEARCH = table("document_search", column("rowid"))
TEXTS = table("document_text", column("rowid"))
OPEN_ROW: ColumnElement[bool] = r.open == 1
OWED: ColumnElement[bool] = w.open == 1
# No word has this shape, so it is found nowhere
NOTHING = '"zqxnothing"'
_STATES: dict[View, tuple[State, ...]] = {
    View.TO_RECEIVE: (State.TO_RECEIVE,),
    View.TO_REGISTER: (State.TO_RECEIVE, State.TO_REGISTER),
    View.HANDLING: (State.PASSED, State.IN_PROGRESS),
    View.RETURNED: (State.RETURNED, State.DECLINED),
    View.DONE: (State.DONE,),
    View.DRAFTS: (State.DRAFT, State.DECLINED),
    View.SUBMITTED: (State.SUBMITTED, State.APPROVED, State.AWAITING_NUMBER, State.NUMBERED),
    View.TO_SIGN: (State.SUBMITTED, State.APPROVED, State.AWAITING_NUMBER, State.NUMBERED),
    View.TO_NUMBER: (State.AWAITING_NUMBER,),
    View.TO_SEAL: (State.SIGNED,),
    View.TO_ISSUE: (State.SEALED,),
    View.ISSUED: (State.ISSUED,),
}
_OPEN_VIEWS = frozenset({View.OPEN, View.TO_PRESENT, View.TO_INSTRUCT, View.TO_SIGN})


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
    if actor.roles & AGENCY_READERS:
        return r.agency == actor.agency
    return exists().where(w.who.in_(whos(actor)), w.seq == r.seq)


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
        return [OPEN_ROW]
    if view is View.TO_PRESENT:
        again = and_(r.state == State.RETURNED.value, r.register != "")
        fresh = and_(r.state == State.WAITING.value, r.presented == 0)
        # Said twice, so that the index of states finds the rows
        return [r.state.in_([State.WAITING.value, State.RETURNED.value]), or_(fresh, again)]
    if view is View.TO_INSTRUCT:
        return [_mine(actor, "instruct")]
    states = [s.value for s in _STATES[view]]
    found: list[ColumnElement[bool]] = [
        r.state == states[0] if len(states) == 1 else r.state.in_(states)
    ]
    if view is View.TO_SIGN:
        found.append(_mine(actor, "sign"))
    return found


def is_scattered(view: View) -> bool:
    """Tell whether the rows of a view are few and lie in several places of the index of states.

    Going through all documents in order to find them would take the longest of all.
    """
    return view is View.TO_PRESENT or len(_STATES.get(view, ())) > 1


def _mine(actor: Actor, task: str) -> ColumnElement[bool]:
    owed = select(w.seq).where(w.who.in_(whos(actor)), w.task == task, OWED)
    return r.seq.in_(owed)


def chip(kind: Chip, actor: Actor, today: date) -> ColumnElement[bool]:
    """Return the condition of a chip; chips speak of open documents."""
    owed = select(w.seq).where(w.who.in_(whos(actor)), OWED)
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
        Chip.TO_DECIDE: r.seq.in_(select(DOUBTS.c.seq)),
    }[kind]


def conditions(actor: Actor, ask: Ask) -> list[ColumnElement[bool]]:
    """Return all conditions of a list but the words."""
    found = [visible(actor), r.direction == ask.direction.value, *in_view(ask.view, actor)]
    if ask.chips and ask.view is not View.OPEN:
        found.append(OPEN_ROW)
    return found + [chip(kind, actor, ask.today) for kind in ask.chips]


def narrowed(actor: Actor, ask: Ask) -> str:
    """Return the index's expression of a list: who may see it, direction, state, open."""
    is_open = ask.view in _OPEN_VIEWS or bool(ask.chips)
    states = [s.value for s in _STATES.get(ask.view, ())]
    return tagged(
        [reader_tag(who, ask.direction, is_open=is_open) for who in readers(actor)], states
    )


def readers(actor: Actor) -> tuple[str, ...]:
    """Return the names of which a document bears one that the actor may see."""
    if actor.is_system:
        return (EVERYBODY,)
    if actor.roles & AGENCY_READERS:
        return (f"agency:{actor.agency}",)
    return whos(actor)


def is_led_by_tags(actor: Actor, ask: Ask) -> bool:
    """Tell whether the index finds the documents of a list without words faster than the rows.

    What one person has a part in lies scattered among what an agency holds.
    """
    by_agency = actor.is_system or bool(actor.roles & AGENCY_READERS)
    owed = ask.view in (View.TO_INSTRUCT, View.TO_SIGN)
    return not by_agency and not owed


def is_told_by_tags(ask: Ask) -> bool:
    """Tell whether the index alone knows which documents a list holds."""
    return (
        not ask.chips
        and (ask.view in _STATES or ask.view in (View.OPEN, View.ALL))
        and (ask.view is not View.TO_SIGN)
    )


def matching(connection: Connection, words: str, index: TableClause, tags: str = "") -> str | None:
    """Return the expression that finds the words: their own form, else every form.

    None for no words; `NOTHING` for words without a letter or digit.
    """
    tried = expressions(words)
    if not tried:
        return NOTHING if words.strip() else None
    full = [f"({tags}) AND {e}" if tags else e for e in tried]
    for expression in full[:-1]:
        ask = select(index.c.rowid).where(matches(index, expression)).limit(1)
        if connection.execute(ask).first() is not None:
            return expression
    return full[-1]


def matches(found: TableClause, expression: str | BindParameter[str]) -> ColumnElement[bool]:
    """Return the MATCH of a search table."""
    match: ColumnElement[Any] = literal_column(found.name).op("MATCH")(expression)
    return match
