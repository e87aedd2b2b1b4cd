"""The table behind the list of parties; sensitive fields are not in it."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Column, Index, MetaData, String, Table

from app.kernel.text import fold, name_key
from app.parties.model import Party
from app.store.projection import TableProjection

PARTIES = Table(
    "party_list",
    MetaData(),
    Column("id", String, primary_key=True),
    Column("agency", String, nullable=False),
    Column("kind", String, nullable=False),
    Column("name", String, nullable=False),
    Column("number", String, nullable=False),
    Column("folded", String, nullable=False),
    Column("sort", String, nullable=False),
    Index("party_list_sort", "agency", "sort"),
    Index("party_list_number", "agency", "number"),
)


def _columns(party: Party) -> dict[str, Any]:
    return {
        "agency": party.agency,
        "kind": party.kind.value,
        "name": party.name,
        "number": party.number,
        "folded": fold(party.name),
        "sort": name_key(party.name),
    }


PROJECTION = TableProjection("party", PARTIES, _columns)
