"""The tables of the directory's lists and of the audit log."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Boolean, Column, Integer, MetaData, String, Table

from app.identity.model import Person, Post, Unit
from app.kernel.text import fold, name_key, sort_key
from app.store.projection import TableProjection

_METADATA = MetaData()

AUDIT = Table(
    "audit",
    _METADATA,
    Column("chain", String, primary_key=True),
    Column("seq", Integer, primary_key=True, autoincrement=False),
    Column("at", String, nullable=False),
    Column("person", String, nullable=False),
    Column("post", String, nullable=False),
    Column("acting_for", String, nullable=False),
    Column("device", String, nullable=False),
    Column("action", String, nullable=False),
    Column("objects", String, nullable=False),
    Column("detail", String, nullable=False),
    Column("prev", String, nullable=False),
    Column("hash", String, nullable=False),
)

UNITS = Table(
    "unit_list",
    _METADATA,
    Column("id", String, primary_key=True),
    Column("parent", String, nullable=False, index=True),
    Column("name", String, nullable=False),
    Column("abbr", String, nullable=False),
    Column("is_agency", Boolean, nullable=False),
    Column("valid_from", String, nullable=False),
    Column("valid_to", String, nullable=False),
    Column("folded", String, nullable=False),
    Column("sort", String, nullable=False),
)

PEOPLE = Table(
    "person_list",
    _METADATA,
    Column("id", String, primary_key=True),
    Column("name", String, nullable=False),
    Column("active", Boolean, nullable=False),
    Column("folded", String, nullable=False),
    Column("sort", String, nullable=False),
)

POSTS = Table(
    "post_list",
    _METADATA,
    Column("id", String, primary_key=True),
    Column("person", String, nullable=False, index=True),
    Column("unit", String, nullable=False),
    Column("agency", String, nullable=False, index=True),
    Column("title", String, nullable=False),
    Column("roles", String, nullable=False),
    Column("valid_from", String, nullable=False),
    Column("valid_to", String, nullable=False),
)

# Open ends as dates that compare: ISO days order as texts.
FIRST_DAY, LAST_DAY = "0001-01-01", "9999-12-31"


def _unit(unit: Unit) -> dict[str, Any]:
    return {
        "parent": unit.parent or "",
        "name": unit.name,
        "abbr": unit.abbr,
        "is_agency": unit.is_agency,
        "valid_from": unit.valid_from.isoformat() if unit.valid_from else FIRST_DAY,
        "valid_to": unit.valid_to.isoformat() if unit.valid_to else LAST_DAY,
        "folded": fold(f"{unit.name} {unit.short} {unit.abbr}"),
        "sort": sort_key(unit.name),
    }


def _person(person: Person) -> dict[str, Any]:
    return {
        "name": person.name,
        "active": person.active,
        "folded": fold(person.name),
        "sort": name_key(person.name),
    }


def _post(post: Post) -> dict[str, Any]:
    return {
        "person": post.person,
        "unit": post.unit,
        "agency": post.agency,
        "title": post.title,
        "roles": " ".join(post.roles),
        "valid_from": post.valid_from.isoformat(),
        "valid_to": post.valid_to.isoformat() if post.valid_to else LAST_DAY,
    }


PROJECTIONS = (
    TableProjection("unit", UNITS, _unit),
    TableProjection("person", PEOPLE, _person),
    TableProjection("post", POSTS, _post),
)
