"""Units and people for screens: whom to assign to, where to send. Everybody may see them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any

from sqlalchemy import Column, ColumnElement, Connection, select

from app.identity.tables import PEOPLE, POSTS, UNITS
from app.kernel.actor import Actor
from app.kernel.text import fold


@dataclass(frozen=True, slots=True)
class UnitRow:
    """One unit of the directory."""

    id: str
    parent: str
    name: str
    abbr: str
    is_agency: bool


@dataclass(frozen=True, slots=True)
class PostRow:
    """One person at one post."""

    post: str
    person: str
    name: str
    title: str
    unit: str
    unit_name: str
    agency: str
    roles: tuple[str, ...]


def units(
    connection: Connection,
    _: Actor,
    day: date,
    text: str = "",
    *,
    agencies_only: bool = False,
    limit: int = 500,
) -> list[UnitRow]:
    """Return the units that exist on a day, in Vietnamese order."""
    c = UNITS.c
    ask = select(c.id, c.parent, c.name, c.abbr, c.is_agency)
    ask = ask.where(c.valid_from <= day.isoformat(), c.valid_to >= day.isoformat())
    if agencies_only:
        ask = ask.where(c.is_agency.is_(True))
    ask = ask.where(*_holds(c.folded, text))
    rows = connection.execute(ask.order_by(c.sort, c.id).limit(limit)).mappings()
    return [UnitRow(**{**row, "is_agency": bool(row["is_agency"])}) for row in rows]


def posts(
    connection: Connection,
    _: Actor,
    day: date,
    *,
    agency: str = "",
    role: str = "",
    text: str = "",
    limit: int = 500,
) -> list[PostRow]:
    """Return who holds which post on a day, by given name."""
    c, p, u = POSTS.c, PEOPLE.c, UNITS.c
    ask = select(
        c.id, c.person, p.name, c.title, c.unit, u.name.label("unit_name"), c.agency, c.roles
    )
    ask = ask.join_from(POSTS, PEOPLE, p.id == c.person).outerjoin(UNITS, u.id == c.unit)
    ask = ask.where(c.valid_from <= day.isoformat(), c.valid_to >= day.isoformat())
    ask = ask.where(p.active.is_(True))
    if agency:
        ask = ask.where(c.agency == agency)
    ask = ask.where(*_holds(p.folded, text))
    if role:
        ask = ask.where((" " + c.roles + " ").contains(f" {role} "))
    rows = connection.execute(ask.order_by(p.sort, c.id).limit(limit))
    return [
        PostRow(
            r.id,
            r.person,
            r.name,
            r.title,
            r.unit,
            r.unit_name or "",
            r.agency,
            tuple(r.roles.split()),
        )
        for r in rows
    ]


def _holds(folded: Column[Any], text: str) -> list[ColumnElement[bool]]:
    """Ask for every word, in any order and without tones."""
    return [folded.contains(word, autoescape=True) for word in fold(text).split()]


@dataclass(frozen=True, slots=True)
class UnitLine:
    """A unit of any time, as `list unit` answers it."""

    id: str
    parent: str
    name: str
    abbr: str
    is_agency: bool
    valid_from: date | None
    valid_to: date | None


@dataclass(frozen=True, slots=True)
class PersonLine:
    """A person, as `list person` answers it."""

    id: str
    name: str
    active: bool


def list_units(connection: Connection, _: Actor, text: str, limit: int) -> Sequence[dict[str, Any]]:
    """Return units of all times as plain rows."""
    c = UNITS.c
    ask = select(c.id, c.parent, c.name, c.abbr, c.is_agency, c.valid_from, c.valid_to)
    ask = ask.where(c.folded.contains(fold(text), autoescape=True))
    rows = connection.execute(ask.order_by(c.sort, c.id).limit(limit)).mappings()
    return [asdict(UnitLine(**row)) for row in rows]


def list_people(
    connection: Connection, _: Actor, text: str, limit: int
) -> Sequence[dict[str, Any]]:
    """Return people as plain rows, by given name."""
    c = PEOPLE.c
    ask = select(c.id, c.name, c.active).where(c.folded.contains(fold(text), autoescape=True))
    rows = connection.execute(ask.order_by(c.sort, c.id).limit(limit)).mappings()
    return [asdict(PersonLine(**row)) for row in rows]
