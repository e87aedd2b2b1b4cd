"""The private tables behind the lists of documents.

`seq` orders documents by the time they were made and is the rowid of both search tables, so
the newest hits come first without sorting. Every list of work
reads the indexes that hold `open`, so its cost follows what is owed, not what is kept.
"""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime

from sqlalchemy import (
    Column,
    Connection,
    Index,
    Integer,
    MetaData,
    String,
    Table,
)

METADATA = MetaData()


def _text(name: str) -> Column[str]:
    return Column(name, String, nullable=False)


def _whole(name: str) -> Column[int]:
    return Column(name, Integer, nullable=False)


ROWS = Table(
    "document_row",
    METADATA,
    Column("seq", Integer, primary_key=True),
    Column("id", String, nullable=False, unique=True),
    *map(_text, ("agency", "direction", "state")),
    _whole("open"),
    Column("arrival_number", Integer),
    Column("arrival_date", String),
    *map(_text, ("register", "number", "notation", "symbol", "symbol_key")),
    Column("issued", String),
    *map(_text, ("issuer", "issuer_key", "subject", "type_name")),
    _whole("urgency"),
    Column("due", String),
    *map(_text, ("signer", "lead_name", "drafter_name", "file_sha256")),
    *map(_whole, ("presented", "signed", "sealed", "paper", "number_waiting")),
    *map(_whole, ("recipients", "delivered")),
    *map(_text, ("number_register", "receivers", "kept_by", "note")),
    Column("reserved", Integer),
    _whole("copies"),
    Column("transferred_on", String),
    Column("sent_on", String),
)
_r = ROWS.c
Index("document_row_list", _r.agency, _r.direction, _r.seq)
Index("document_row_open", _r.agency, _r.direction, _r.open, _r.seq)
Index("document_row_state", _r.agency, _r.direction, _r.state, _r.seq)
Index("document_row_register", _r.register, _r.arrival_number)
Index("document_row_number", _r.number_register, _r.reserved)
Index("document_row_symbol", _r.symbol_key, _r.agency, _r.direction)

# Who owes what: items, drafts to decide or to sign, drafts returned
WORK = Table(
    "document_work",
    METADATA,
    Column("seq", Integer, nullable=False),
    *map(_text, ("document", "item", "who", "task", "role", "state")),
    Column("due", String),
    _whole("open"),
    *map(_text, ("giver_name", "text")),
)
Index("document_work_seq", WORK.c.seq)
Index("document_work_who", WORK.c.who, WORK.c.seq)
Index("document_work_owed", WORK.c.who, WORK.c.open, WORK.c.seq)

FILES = Table("document_file", METADATA, Column("seq", Integer, nullable=False), _text("sha256"))
Index("document_file_sha256", FILES.c.sha256)
Index("document_file_seq", FILES.c.seq)

DELIVERIES = Table(
    "document_delivery",
    METADATA,
    Column("seq", Integer, nullable=False),
    *map(_text, ("unit", "name", "status", "reason")),
    _whole("paper"),
    Column("number", Integer),
    Column("at", String),
)
Index("document_delivery_seq", DELIVERIES.c.seq)
Index("document_delivery_status", DELIVERIES.c.status, DELIVERIES.c.seq)

READINGS = Table(
    "document_reading",
    METADATA,
    Column("id", String, primary_key=True),
    *map(_text, ("document", "person", "name")),
    Column("at", String),
)
Index("document_reading_document", READINGS.c.document, READINGS.c.person)

# What waits for somebody to decide: proposals, suspected twins; most documents have no row here
DOUBTS = Table(
    "document_doubt",
    MetaData(),
    Column("seq", Integer, primary_key=True),
    *map(_whole, ("proposals", "twins")),
)

# Each word as it is written and, where that differs, without tones (đ as d); then the tags of
# `app.documents.search`. One column without positions: a word with tones is found by its own
# form alone, one without by every form, and a list's state by its tag, all in one merge.
# Texts of PDFs lie apart, because they come later than the document and do not change with it.
_SEARCH = (
    (
        "CREATE VIRTUAL TABLE IF NOT EXISTS document_search USING fts5(words, content='',"
        ' contentless_delete=1, detail=none, tokenize="unicode61 remove_diacritics 0",'
        " prefix='2 3 4 5 6')"
    ),
    (
        "CREATE VIRTUAL TABLE IF NOT EXISTS document_text USING fts5(words, content='',"
        ' contentless_delete=1, detail=none, tokenize="unicode61 remove_diacritics 0")'
    ),
)
_SEQ_BITS = 20


def create(connection: Connection) -> None:
    """Create all tables and indexes."""
    METADATA.create_all(connection)
    for statement in _SEARCH:
        connection.exec_driver_sql(statement)


def seq_of(entity: str, at: datetime | None) -> int:
    """Return the place of a document in time: milliseconds, then bits of its id's hash."""
    millis = int((at or datetime(2000, 1, 1, tzinfo=UTC)).timestamp() * 1000)
    tail = int.from_bytes(hashlib.sha256(entity.encode()).digest()[:4], "big")
    return (max(millis, 0) << _SEQ_BITS) | (tail >> (32 - _SEQ_BITS))
