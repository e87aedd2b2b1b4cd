"""Rows of a snapshot, written in bulk: what is new here at once, the rest as from the stream.

What lists and search make of them follows later, the newest first: the queue of what is not
listed yet lies in the database, so that a kill forgets nothing.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import orjson
from sqlalchemy import Connection

from app.kernel.codec import from_json
from app.kernel.errors import Damaged
from app.kernel.event import Event
from app.kernel.feature import Registry
from app.store import digests, pull
from app.store.model import EVENT, Row
from app.store.packed import Block, PackedRow
from app.store.projected import names_files, project
from app.store.rebase import decoded
from app.store.sql import Key, chunks, marks

_ENTITY = "INSERT INTO entity (kind, id, ver, buckets, data, mark) VALUES (?, ?, ?, ?, ?, ?)"
_EVENT = (
    "INSERT INTO event (id, kind, entity, ver, command, place, buckets, data, mark)"
    " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"
)


def write(connection: Connection, registry: Registry, block: Block) -> set[Key]:
    """Write a block; answer what was here before in another version, and has moved.

    Raises `Damaged("sync.snapshot")` for rows that are none.
    """
    held = _held(connection, block)
    fresh = [row for row in block.rows if row.id not in held]
    try:
        _write_fresh(connection, registry, block.kind, fresh)
        known = [_row(block.kind, row) for row in block.rows if row.id in held]
    except (ValueError, KeyError, TypeError) as error:
        raise Damaged("sync.snapshot") from error
    return pull.write_rows(connection, registry, known) if known else set()


def _held(connection: Connection, block: Block) -> set[str]:
    """Return the ids that are here in any form: rows, provisional events, shadows."""
    held: set[str] = set()
    names = [row.id for row in block.rows]
    if len(set(names)) != len(names):
        raise Damaged("sync.snapshot")
    for part in chunks(names):
        among = f"id IN ({marks(len(part))})"
        if block.kind == EVENT:
            asked, values = f"SELECT id FROM event WHERE {among}", tuple(part)
        else:
            asked = (
                f"SELECT id FROM entity WHERE kind = ? AND {among}"
                f" UNION SELECT id FROM shadow WHERE kind = ? AND {among}"
            )
            values = (block.kind, *part, block.kind, *part)
        held |= set(connection.exec_driver_sql(asked, values).scalars())
    return held


def _row(kind: str, row: PackedRow) -> Row:
    return Row(kind, row.id, row.ver, tuple(json.loads(row.buckets)), json.loads(row.text))


def _write_fresh(
    connection: Connection, registry: Registry, kind: str, rows: Sequence[PackedRow]
) -> None:
    if not rows:
        return
    lies: dict[str, list[str]] = {b: _names(b) for b in {row.buckets for row in rows}}
    marked = [digests.mark(row.id, row.ver, row.text) for row in rows]
    _count(connection, kind, rows, marked, lies)
    if kind == EVENT:
        written = [_event(row, mark) for row, mark in zip(rows, marked, strict=True)]
        connection.exec_driver_sql(_EVENT, written)
    else:
        if not all(type(orjson.loads(row.text)) is dict for row in rows):
            raise ValueError(kind)
        connection.exec_driver_sql(
            _ENTITY,
            [
                (kind, r.id, r.ver, r.buckets, r.text, digests.signed(m))
                for r, m in zip(rows, marked, strict=True)
            ],
        )
        connection.exec_driver_sql(
            "INSERT OR IGNORE INTO entity_bucket VALUES (?, ?, ?)",
            [(bucket, kind, row.id) for row in rows for bucket in lies[row.buckets]],
        )
    if is_listed(registry, kind):
        connection.exec_driver_sql(
            "INSERT INTO unlisted (kind, id) VALUES (?, ?)", [(kind, row.id) for row in rows]
        )


def _names(text: str) -> list[str]:
    names = orjson.loads(text)
    if type(names) is not list or not all(type(name) is str for name in names):
        raise ValueError(text)
    return names


def _event(row: PackedRow, mark: int) -> tuple[Any, ...]:
    of = orjson.loads(row.text)
    return (
        row.id, of["kind"], of["entity"], row.ver, of["command"], of.get("place", 0),
        row.buckets, row.text, digests.signed(mark),
    )  # fmt: skip


def _count(
    connection: Connection,
    kind: str,
    rows: Sequence[PackedRow],
    marked: Sequence[int],
    lies: Mapping[str, Sequence[str]],
) -> None:
    """Count the rows of each set of buckets together: there are few sets and many rows."""
    lumps: dict[str, list[int]] = {}
    for row, mark in zip(rows, marked, strict=True):
        lump = lumps.setdefault(row.buckets, [0, 0])
        lump[0] += 1
        lump[1] += mark
    sums = digests.Sums()
    for text, (count, total) in lumps.items():
        sums.lump(kind, lies[text], count, total)
    sums.write(connection)


def is_listed(registry: Registry, kind: str) -> bool:
    """Tell whether lists, search or files follow from entities of a kind."""
    return bool(registry.projections.get(kind)) or names_files(registry, kind)


def unlisted(connection: Connection) -> int:
    """Return how many rows no list shows yet; they leave from the front, without gaps."""
    ends = "(SELECT max(place) FROM unlisted) - (SELECT min(place) FROM unlisted) + 1"
    return int(connection.exec_driver_sql(f"SELECT {ends}").scalar() or 0)


def list_some(connection: Connection, registry: Registry, count: int) -> set[Key]:
    """Bring the first of the queue into lists and search; answer what they were."""
    found = connection.exec_driver_sql(
        "SELECT place, kind, id FROM unlisted ORDER BY place LIMIT ?", (count,)
    ).all()
    if not found:
        return set()
    keys = {(kind, name) for _, kind, name in found}
    values = ((key, _value(connection, registry, *key)) for key in sorted(keys))
    project(connection, registry, [(key, value) for key, value in values if value is not None])
    connection.exec_driver_sql("DELETE FROM unlisted WHERE place <= ?", (found[-1].place,))
    return keys


def list_all(connection: Connection, registry: Registry) -> None:
    """Bring everything into the lists, where what follows needs them whole."""
    while list_some(connection, registry, 500):
        continue


def _value(connection: Connection, registry: Registry, kind: str, name: str) -> Any:
    asked = (
        ("SELECT data FROM event WHERE id = ?", (name,))
        if kind == EVENT
        else ("SELECT data FROM entity WHERE kind = ? AND id = ?", (kind, name))
    )
    text = connection.exec_driver_sql(*asked).scalar()
    if text is None:
        return None
    data = json.loads(text)
    return from_json(Event, data) if kind == EVENT else decoded(registry, kind, data)
