"""The tables behind the list of bulletins."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Boolean, Column, Index, MetaData, String, Table

from app.bulletins.model import Bulletin, BulletinRead
from app.kernel.text import fold, normal
from app.store.projection import TableProjection

_METADATA = MetaData()

BULLETINS = Table(
    "bulletin_list",
    _METADATA,
    Column("id", String, primary_key=True),
    Column("title", String, nullable=False),
    Column("agency", String, nullable=False),
    Column("at", String, nullable=False, index=True),
    Column("urgent", Boolean, nullable=False),
    Column("withdrawn", Boolean, nullable=False),
    Column("toned", String, nullable=False),
    Column("folded", String, nullable=False),
)

READS = Table(
    "bulletin_read_list",
    _METADATA,
    Column("id", String, primary_key=True),
    Column("bulletin", String, nullable=False),
    Column("person", String, nullable=False),
    Index("bulletin_read_list_one", "bulletin", "person"),
)


def _bulletin(bulletin: Bulletin) -> dict[str, Any]:
    text = normal(f"{bulletin.title} {bulletin.body}")
    return {
        "title": bulletin.title,
        "agency": bulletin.agency,
        "at": bulletin.at.isoformat(),
        "urgent": bulletin.urgent,
        "withdrawn": bulletin.withdrawn,
        "toned": text.lower(),
        "folded": fold(text),
    }


def _read(read: BulletinRead) -> dict[str, Any]:
    return {"bulletin": read.bulletin, "person": read.person}


PROJECTIONS = (
    TableProjection("bulletin", BULLETINS, _bulletin),
    TableProjection("bulletin_read", READS, _read),
)
