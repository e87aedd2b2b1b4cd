"""Full-text search of Vietnamese: exact forms and folded ones side by side, newest first.

A search table has two columns, `exact` (NFC, small letters) and `folded` (without tones and
shapes, đ as d: FTS5 itself does not fold đ). It keeps no content. Its rowids grow with time,
so that "newest first" is the order of the index itself and costs nothing.
"""

from __future__ import annotations

import hashlib
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from app.kernel.text import fold, is_folded
from app.store.sql import chunks, marks

_HASH_BITS = 31
_MAX_WORDS = 24
_MAX_WORD = 80


@dataclass(frozen=True, slots=True)
class Match:
    """MATCH expressions: all that fits, and of these what fits in its exact form, if asked."""

    folded: str
    exact: str = ""


def create(connection: Connection, table: str) -> None:
    """Create a search table; `table` is a name of our own."""
    connection.exec_driver_sql(
        f"CREATE VIRTUAL TABLE IF NOT EXISTS {table} USING fts5("
        "exact, folded, content='', contentless_delete=1,"
        " tokenize=\"unicode61 remove_diacritics 0\", prefix='2 3')"
    )


def write(connection: Connection, table: str, rows: Sequence[tuple[int, str]]) -> None:
    """Insert or replace the texts of these (rowid, text) pairs."""
    if rows:
        connection.exec_driver_sql(
            f"INSERT OR REPLACE INTO {table} (rowid, exact, folded) VALUES (?, ?, ?)",
            [(rowid, exact(text), fold(text)) for rowid, text in rows],
        )


def delete(connection: Connection, table: str, rowids: Sequence[int]) -> None:
    """Remove the texts of these rowids."""
    if rowids:
        connection.exec_driver_sql(
            f"DELETE FROM {table} WHERE rowid = ?", [(rowid,) for rowid in rowids]
        )


def exact(text: str) -> str:
    """Return the form of the column `exact`."""
    return unicodedata.normalize("NFC", text).lower()


def match(text: str) -> Match | None:
    """Build the expressions of what a person typed; None when there is no word in it.

    Every word must occur; the last one may be the beginning of a word. A word without tones
    fits every form; with tones its exact form comes first.
    """
    words = [word[:_MAX_WORD] for word in exact(text).split() if any(map(str.isalnum, word))]
    words = words[:_MAX_WORDS]
    if not words:
        return None
    last = len(words) - 1
    # A blank behind the last word says that it is whole.
    begun = text[-1:] != " "
    folded = [_term("folded", fold(w), prefix=begun and i == last) for i, w in enumerate(words)]
    if all(map(is_folded, words)):
        return Match(" AND ".join(folded))
    exacts = [
        folded[i] if is_folded(w) else _term("exact", w, prefix=begun and i == last)
        for i, w in enumerate(words)
    ]
    return Match(" AND ".join(folded), " AND ".join(exacts))


def _term(column: str, word: str, *, prefix: bool) -> str:
    quoted = word.replace('"', '""').replace("\x00", "")
    return f'{column} : "{quoted}"{"*" if prefix else ""}'


def search(connection: Connection, table: str, text: str, limit: int) -> list[int]:
    """Return rowids that fit: exact forms first, newest first among equals."""
    wanted = match(text)
    if wanted is None:
        return []
    query = f"SELECT rowid FROM {table} WHERE {table} MATCH ? ORDER BY rowid DESC LIMIT ?"
    found: list[int] = []
    if wanted.exact:
        found += connection.exec_driver_sql(query, (wanted.exact, limit)).scalars()
    if len(found) < limit:
        held = set(found)
        every = connection.exec_driver_sql(query, (wanted.folded, limit)).scalars()
        found += [rowid for rowid in every if rowid not in held]
    return found[:limit]


def rowid_of(at: datetime, entity: str) -> int:
    """Return a rowid that grows with time: seconds, then 31 bits that tell entities apart."""
    spread = int.from_bytes(hashlib.sha256(entity.encode()).digest()[:4], "big")
    return (max(int(at.timestamp()), 0) << _HASH_BITS) | (spread >> (32 - _HASH_BITS))


def places(
    connection: Connection, table: str, wanted: Sequence[tuple[str, datetime]]
) -> dict[str, int]:
    """Return a rowid for each (id, time): the one it has in `table`, else a free one.

    `table` is the feature's own, with `place INTEGER PRIMARY KEY` and `id TEXT UNIQUE`.
    """
    held: dict[str, int] = {}
    for part in chunks([entity for entity, _ in wanted]):
        query = f"SELECT id, place FROM {table} WHERE id IN ({marks(len(part))})"
        held |= {row.id: row.place for row in connection.exec_driver_sql(query, tuple(part))}
    given: set[int] = set()
    for entity, at in wanted:
        if entity not in held:
            held[entity] = _free(connection, table, rowid_of(at, entity), given)
    return held


def _free(connection: Connection, table: str, place: int, given: set[int]) -> int:
    query = f"SELECT 1 FROM {table} WHERE place = ?"
    while place in given or connection.exec_driver_sql(query, (place,)).first():
        place += 1
    given.add(place)
    return place
