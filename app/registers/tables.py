"""The tables behind the lists of books and numbers."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Column, Index, Integer, MetaData, String, Table

from app.registers.model import Register, RegisterEntry, parts_of
from app.store.projection import TableProjection

_METADATA = MetaData()

REGISTERS = Table(
    "register_list",
    _METADATA,
    Column("id", String, primary_key=True),
    Column("agency", String, nullable=False),
    Column("year", Integer, nullable=False),
    Column("book", String, nullable=False),
    Column("name", String, nullable=False),
    Column("mode", String, nullable=False),
    Column("next", Integer, nullable=False),
    Column("device", String, nullable=False),
    Column("holder", String, nullable=False),
    Index("register_list_agency", "agency", "year"),
)

ENTRIES = Table(
    "register_entry_list",
    _METADATA,
    Column("id", String, primary_key=True),
    Column("agency", String, nullable=False),
    Column("register", String, nullable=False),
    Column("n", Integer, nullable=False),
    Column("state", String, nullable=False),
    Column("kind", String, nullable=False),
    Column("entity", String, nullable=False),
    Column("reason", String, nullable=False),
    Column("at", String, nullable=False),
    Index("register_entry_list_book", "register", "n"),
)


def _register(register: Register) -> dict[str, Any]:
    lease = register.lease
    return {
        "agency": register.agency,
        "year": register.year,
        "book": register.book,
        "name": register.name,
        "mode": register.mode.value,
        "next": register.next,
        "device": lease.device if lease is not None else "",
        "holder": lease.person if lease is not None else "",
    }


def _entry(entry: RegisterEntry) -> dict[str, Any]:
    return {
        "agency": parts_of(entry.register)[0],
        "register": entry.register,
        "n": entry.n,
        "state": entry.state.value,
        "kind": entry.kind,
        "entity": entry.entity,
        "reason": entry.reason,
        "at": entry.at.isoformat(),
    }


PROJECTIONS = (
    TableProjection("register", REGISTERS, _register),
    TableProjection("register_entry", ENTRIES, _entry),
)
