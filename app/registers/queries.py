"""Books and numbers for screens; a reader sees his agency's, an administrator all books."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Select, func, select

from app.kernel.actor import Actor
from app.kernel.codec import to_json
from app.registers.notation import format_number
from app.registers.tables import ENTRIES, REGISTERS

ADMINISTRATOR = "administrator"


@dataclass(frozen=True, slots=True)
class RegisterRow:
    """One book; `device` and `holder` are "" when nobody holds it."""

    id: str
    agency: str
    year: int
    book: str
    name: str
    mode: str
    next: int
    device: str
    holder: str


@dataclass(frozen=True, slots=True)
class EntryRow:
    """One number with its state and what bears it; `number` is as written."""

    id: str
    register: str
    n: int
    number: str
    state: str
    kind: str
    entity: str
    reason: str
    at: str


def books(connection: Connection, actor: Actor, year: int | None = None) -> list[RegisterRow]:
    """Return the books that the actor may see, newest year first."""
    c = REGISTERS.c
    ask = select(REGISTERS).order_by(c.year.desc(), c.agency, c.book)
    if not actor.is_system and ADMINISTRATOR not in actor.roles:
        ask = ask.where(c.agency == actor.agency)
    if year is not None:
        ask = ask.where(c.year == year)
    return [RegisterRow(**row) for row in connection.execute(ask).mappings()]


def entries(
    connection: Connection,
    actor: Actor,
    register: str,
    state: str = "",
    offset: int = 0,
    limit: int = 200,
) -> list[EntryRow]:
    """Return the rows of a book in the order of their numbers, of one state or all."""
    ask = _own(actor).where(ENTRIES.c.register == register)
    if state:
        ask = ask.where(ENTRIES.c.state == state)
    ask = ask.order_by(ENTRIES.c.n).offset(offset).limit(limit)
    return [_row(row) for row in connection.execute(ask).mappings()]


def count_entries(connection: Connection, actor: Actor, register: str) -> int:
    """Return how many numbers a book has rows for."""
    ask = _own(actor).where(ENTRIES.c.register == register)
    return int(connection.scalar(ask.with_only_columns(func.count())) or 0)


def list_books(
    connection: Connection, actor: Actor, text: str, limit: int
) -> Sequence[dict[str, Any]]:
    """Return books as plain rows whose name or book holds the text."""
    wanted = text.casefold()
    found = (to_json(row) for row in books(connection, actor))
    return [r for r in found if wanted in f"{r['name']} {r['id']}".casefold()][:limit]


def list_entries(
    connection: Connection, actor: Actor, text: str, limit: int
) -> Sequence[dict[str, Any]]:
    """Return numbers as plain rows, newest first; the text is a book's id or a number."""
    c = ENTRIES.c
    ask = _own(actor)
    if text.isdigit():
        ask = ask.where(c.n == int(text))
    elif text:
        ask = ask.where(c.register == text)
    ask = ask.order_by(c.register.desc(), c.n.desc()).limit(limit)
    return [to_json(_row(row)) for row in connection.execute(ask).mappings()]


def _own(actor: Actor) -> Select[Any]:
    ask = select(ENTRIES)
    return ask if actor.is_system else ask.where(ENTRIES.c.agency == actor.agency)


def _row(row: Any) -> EntryRow:
    values = {name: row[name] for name in row if name != "agency"}
    return EntryRow(**values, number=format_number(row["n"]))
