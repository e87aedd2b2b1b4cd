"""Windows on a list of documents, and how many rows it has: what is asked at every key.

A statement is composed once for a reader and a list; what was typed, and which window, are its
parameters. Composing it anew cost more than the database took for the answer.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import lru_cache
from typing import Any

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    Connection,
    Row,
    Select,
    bindparam,
    func,
    literal_column,
    select,
)

from app.documents import doubts, filters
from app.documents.filters import r
from app.documents.model import Direction, Role, State, Urgency
from app.documents.rows import Ask, DocumentRow, ListPage
from app.documents.tables import ROWS
from app.files import checks
from app.kernel.actor import Actor
from app.store.sql import marks

# What a screen shows at once, and a little more
PAGE = 50
COUNTED = 2000
URGENCIES = list(Urgency)
_DIRECTIONS = {d.value: d for d in Direction}
_STATES = {s.value: s for s in State}
_ROLES = {role.value: role for role in Role}
_SHOWN = (
    r.seq, r.id, r.direction, r.state, r.arrival_number, r.arrival_date, r.number, r.notation,
    r.symbol, r.issued, r.issuer, r.subject, r.type_name, r.urgency, r.due, r.signer,
    r.lead_name, r.drafter_name, r.open, r.signed, r.sealed, r.paper, r.file_sha256,
    r.number_waiting, r.recipients, r.delivered,
)  # fmt: skip
# No index gives this order, so the one that finds the rows is chosen: few are left to sort
_SORTED: ColumnElement[Any] = literal_column("+document_row.seq")


def page(
    connection: Connection, actor: Actor, ask: Ask, offset: int = 0, limit: int = PAGE
) -> ListPage:
    """Return one window of a list, newest first, and how many rows it has.

    With words and a condition that the index does not know, `total` stops at 2,000.
    """
    wanted = _Wanted.of(connection, actor, ask)
    found = wanted.window(connection, offset, limit)
    rows = _rows(connection, actor, found, ask.today)
    if len(found) < limit and (found or offset == 0):
        return ListPage(rows, offset + len(found), offset)
    return ListPage(rows, wanted.count(connection), offset)


def rows(
    connection: Connection, actor: Actor, ask: Ask, offset: int = 0, limit: int = PAGE
) -> tuple[DocumentRow, ...]:
    """Return one window of a list, newest first."""
    found = _Wanted.of(connection, actor, ask).window(connection, offset, limit)
    return _rows(connection, actor, found, ask.today)


def count(connection: Connection, actor: Actor, ask: Ask) -> int:
    """Return the `total` of a list."""
    return _Wanted.of(connection, actor, ask).count(connection)


@dataclass(frozen=True, slots=True)
class _Wanted:
    """The two statements of a list, and what is typed."""

    rows: Select[Any]
    counted: Select[Any]
    words: dict[str, str]

    @classmethod
    def of(cls, connection: Connection, actor: Actor, ask: Ask) -> _Wanted:
        tags = filters.narrowed(actor, ask)
        words = filters.matching(connection, ask.text, filters.SEARCH, tags)
        if words is None and filters.is_led_by_tags(actor, ask):
            words = tags
        known = replace(ask, text="")
        if words is None:
            return cls(*_walked(actor, known), {})
        return cls(*_led(actor, known), {"words": words})

    def window(self, connection: Connection, offset: int, limit: int) -> Sequence[Row[Any]]:
        place = {"offset": offset, "limit": limit}
        return connection.execute(self.rows, self.words | place).all()

    def count(self, connection: Connection) -> int:
        return int(connection.execute(self.counted, self.words).scalar_one())


@lru_cache(maxsize=256)
def _led(actor: Actor, ask: Ask) -> tuple[Select[Any], Select[Any]]:
    """Return the statements of a list that the index leads: in order, and the rows follow it."""
    index = filters.SEARCH
    match = filters.matches(index, bindparam("words"))
    where = filters.conditions(actor, ask)
    joined = index.join(ROWS, index.c.rowid == r.seq)
    chosen = select(*_SHOWN, _seen(actor)).select_from(joined).where(match, *where)
    if filters.is_told_by_tags(ask):
        counted = select(index.c.rowid).where(match)
    else:
        counted = select(r.seq).select_from(joined).where(match, *where).limit(COUNTED)
    return _window(chosen, index.c.rowid), _number(counted)


@lru_cache(maxsize=256)
def _walked(actor: Actor, ask: Ask) -> tuple[Select[Any], Select[Any]]:
    """Return the statements of a list without words."""
    where = filters.conditions(actor, ask)
    place: ColumnElement[Any] = _SORTED if filters.is_scattered(ask.view) else r.seq
    return (
        _window(select(*_SHOWN, _seen(actor)).where(*where), place),
        _number(select(r.seq).where(*where)),
    )


def _seen(actor: Actor) -> ColumnElement[bool]:
    return (~filters.unread(actor)).label("seen")


def _window(chosen: Select[Any], place: ColumnElement[Any]) -> Select[Any]:
    limit: BindParameter[int] = bindparam("limit")
    offset: BindParameter[int] = bindparam("offset")
    return chosen.order_by(place.desc()).limit(limit).offset(offset)


def _number(counted: Select[Any]) -> Select[Any]:
    return select(func.count()).select_from(counted.subquery())


def rows_at(
    connection: Connection, actor: Actor, seqs: Sequence[int], today: date
) -> list[tuple[int, DocumentRow]]:
    """Return the rows at these places, newest first, each with its place."""
    ask: Select[Any] = select(*_SHOWN, _seen(actor))
    ask = ask.where(r.seq.in_(seqs)).order_by(r.seq.desc())
    found = connection.execute(ask).all()
    made = _rows(connection, actor, found, today)
    return [(row.seq, one) for row, one in zip(found, made, strict=True)]


def _rows(
    connection: Connection, actor: Actor, found: Sequence[Row[Any]], today: date
) -> tuple[DocumentRow, ...]:
    mine = _my_items(connection, actor, [row.seq for row in found])
    checked = checks.verdicts(connection, (row.file_sha256 for row in found))
    open_ones = doubts.of(connection, [row.seq for row in found])
    return tuple(
        _document_row(row, mine.get(row.seq), today, checked, open_ones.get(row.seq, (0, 0)))
        for row in found
    )


_MINE = "SELECT seq, item, task, role, state, due, open FROM document_work"


@dataclass(frozen=True, slots=True)
class _Mine:
    """The reader's own item of a document."""

    seq: int
    item: str
    task: str
    role: str
    state: str
    due: str | None
    open: int


def _my_items(connection: Connection, actor: Actor, seqs: list[int]) -> dict[int, _Mine]:
    names = filters.whos(actor)
    where = f"who IN ({marks(len(names))}) AND seq IN ({marks(len(seqs))})"
    ask = f"{_MINE} WHERE {where} ORDER BY open, item"
    found = connection.exec_driver_sql(ask, (*names, *seqs))
    return {row[0]: _Mine(*row) for row in found}


@lru_cache(maxsize=4096)
def day(text: str | None) -> date | None:
    """Return the date that a row holds as text."""
    return date.fromisoformat(text) if text else None


def _document_row(
    row: Row[Any],
    mine: _Mine | None,
    today: date,
    checked: dict[str, str],
    doubted: tuple[int, int],
) -> DocumentRow:
    # Taken apart at once, in the order of `_SHOWN`: by name it took longer than the query
    (
        _, entity, direction, state, arrival_number, arrival_date, number, notation, symbol,
        issued, issuer, subject, type_name, urgency, due_text, signer, lead_name, drafter_name,
        is_open, signed, sealed, paper, sha256, number_waiting, recipients, delivered, seen,
    ) = tuple(row)  # fmt: skip
    due = day(due_text)
    item = mine.item if mine is not None else ""
    return DocumentRow(
        entity, _DIRECTIONS[direction], _STATES[state], arrival_number, day(arrival_date), number,
        notation, symbol, day(issued), issuer, subject, type_name, URGENCIES[urgency], due,
        signer, lead_name, drafter_name,
        unread=not seen,
        overdue=bool(is_open and due and due < today and today != date.max),
        awaiting_me=bool(mine is not None and mine.open and mine.task != "draft"),
        signed=bool(signed),
        sealed=bool(sealed),
        paper=bool(paper),
        has_file=bool(sha256),
        number_waiting=bool(number_waiting),
        file_sha256=sha256,
        my_item=item,
        my_role=_ROLES[mine.role] if mine is not None and mine.role else None,
        my_state=_STATES[mine.state] if mine is not None and item else None,
        my_due=day(mine.due) if mine is not None else None,
        recipients=recipients,
        delivered=delivered,
        verdict=checked.get(sha256, ""),
        proposals=doubted[0],
        twins=doubted[1],
    )  # fmt: skip
