"""What the server sends, written in bulk: rows, events, what is gone, what is revoked."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Any

from sqlalchemy import Connection

from app.kernel.codec import from_json
from app.kernel.event import Event
from app.kernel.feature import Registry
from app.store.model import EVENT, Gone, Row
from app.store.projected import LEAVE_BUCKET, names_files, project, remove
from app.store.rebase import decoded
from app.store.sql import Key, chunks, dumps, marks

REVOKED = "store.revoked"


def write_rows(connection: Connection, registry: Registry, rows: Sequence[Row]) -> set[Key]:
    """Write newer entities and all events; those with pending commands move their shadow."""
    newest = {(row.kind, row.id): row for row in rows if row.kind != EVENT}
    known = _known(connection, newest)
    newer = [row for key, row in newest.items() if key not in known or row.ver > known[key][0]]
    shadowed = _shadowed(connection)
    _write_clean(connection, registry, [r for r in newer if (r.kind, r.id) not in shadowed])
    _write_shadowed(connection, [r for r in newer if (r.kind, r.id) in shadowed])
    _write_buckets(connection, newer, known)
    events = [row for row in rows if row.kind == EVENT]
    _write_events(connection, registry, events)
    return {(row.kind, row.id) for row in (*newer, *events)}


@lru_cache(maxsize=4096)
def _text(buckets: tuple[str, ...]) -> str:
    return dumps(sorted(buckets))


def _known(connection: Connection, keys: Iterable[Key]) -> dict[Key, tuple[int, str]]:
    by_kind: dict[str, list[str]] = {}
    for kind, entity in keys:
        by_kind.setdefault(kind, []).append(entity)
    known: dict[Key, tuple[int, str]] = {}
    for kind, ids in by_kind.items():
        for part in chunks(ids):
            found = connection.exec_driver_sql(
                "SELECT id, ver, buckets FROM entity"
                f" WHERE kind = ? AND id IN ({marks(len(part))})",
                (kind, *part),
            )
            known |= {(kind, entity): (ver, buckets) for entity, ver, buckets in found}
    return known


def _shadowed(connection: Connection) -> set[Key]:
    return {(kind, i) for kind, i in connection.exec_driver_sql("SELECT kind, id FROM shadow")}


def _write_clean(connection: Connection, registry: Registry, rows: Sequence[Row]) -> None:
    if not rows:
        return
    connection.exec_driver_sql(
        "INSERT INTO entity (kind, id, ver, buckets, data) VALUES (?, ?, ?, ?, ?)"
        " ON CONFLICT (kind, id) DO UPDATE SET ver = excluded.ver, buckets = excluded.buckets,"
        " data = excluded.data",
        [(r.kind, r.id, r.ver, _text(r.buckets), dumps(r.data)) for r in rows],
    )
    watched = {
        row.kind
        for row in rows
        if registry.projections.get(row.kind) or names_files(registry, row.kind)
    }
    values = (
        ((row.kind, row.id), decoded(registry, row.kind, row.data))
        for row in rows
        if row.kind in watched
    )
    project(connection, registry, [(key, value) for key, value in values if value is not None])


def _write_shadowed(connection: Connection, rows: Sequence[Row]) -> None:
    if rows:
        connection.exec_driver_sql(
            "UPDATE shadow SET ver = ?, buckets = ?, data = ?, fresh = 1 WHERE kind = ? AND id = ?",
            [(r.ver, _text(r.buckets), dumps(r.data), r.kind, r.id) for r in rows],
        )
        connection.exec_driver_sql(
            "UPDATE entity SET ver = ?, buckets = ? WHERE kind = ? AND id = ?",
            [(r.ver, _text(r.buckets), r.kind, r.id) for r in rows],
        )


def _write_buckets(
    connection: Connection, rows: Sequence[Row], known: dict[Key, tuple[int, str]]
) -> None:
    moved = [row for row in rows if known.get((row.kind, row.id), (0, ""))[1] != _text(row.buckets)]
    stale = [
        (bucket, row.kind, row.id)
        for row in moved
        for bucket in _names(known.get((row.kind, row.id), (0, "[]"))[1])
    ]
    if stale:
        connection.exec_driver_sql(LEAVE_BUCKET, stale)
    places = [(bucket, row.kind, row.id) for row in moved for bucket in row.buckets]
    if places:
        connection.exec_driver_sql("INSERT OR IGNORE INTO entity_bucket VALUES (?, ?, ?)", places)


def _write_events(connection: Connection, registry: Registry, rows: Sequence[Row]) -> None:
    if not rows:
        return
    connection.exec_driver_sql(
        "INSERT INTO event (id, kind, entity, ver, command, place, buckets, data)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
        " ON CONFLICT (id) DO UPDATE SET kind = excluded.kind, entity = excluded.entity,"
        " ver = excluded.ver, command = excluded.command, place = excluded.place,"
        " buckets = excluded.buckets, data = excluded.data",
        [
            (
                r.id,
                str(r.data.get("kind", "")),
                str(r.data.get("entity", "")),
                r.ver,
                str(r.data.get("command", "")),
                int(r.data.get("place", 0)),
                _text(r.buckets),
                dumps(r.data),
            )
            for r in rows
        ],
    )
    if registry.projections.get(EVENT):
        project(connection, registry, [((EVENT, r.id), from_json(Event, r.data)) for r in rows])


def write_gone(connection: Connection, registry: Registry, gone: Sequence[Gone]) -> set[Key]:
    """Delete what the server says is gone; what has pending commands loses its shadow only."""
    keys: list[Key] = []
    events = [g.id for g in gone if g.kind == EVENT]
    known = _known(connection, [(g.kind, g.id) for g in gone if g.kind != EVENT])
    shadowed = _shadowed(connection)
    for item in gone:
        key = (item.kind, item.id)
        if key not in known or known[key][0] > item.ver:
            continue
        if key in shadowed:
            connection.exec_driver_sql(
                "UPDATE shadow SET ver = ?, data = NULL, fresh = 1 WHERE kind = ? AND id = ?",
                (item.ver, *key),
            )
        else:
            keys.append(key)
    drop_entities(connection, registry, keys)
    _drop_events(connection, registry, events)
    return {(g.kind, g.id) for g in gone}


def drop_entities(connection: Connection, registry: Registry, keys: Sequence[Key]) -> None:
    """Delete entities with all that follows from them: events, buckets, projected rows."""
    remove(connection, registry, keys)
    events: list[str] = []
    for key in keys:
        events += connection.exec_driver_sql(
            "SELECT id FROM event WHERE kind = ? AND entity = ?", key
        ).scalars()
    _drop_events(connection, registry, events)


def _drop_events(connection: Connection, registry: Registry, ids: Sequence[str]) -> None:
    if ids:
        connection.exec_driver_sql("DELETE FROM event WHERE id = ?", [(i,) for i in ids])
        for projection in registry.projections.get(EVENT, ()):
            projection.delete(connection, ids)


def revoked(connection: Connection, buckets: Sequence[str]) -> set[Key]:
    """Leave the buckets; answer the entities that no remaining bucket holds."""
    connection.exec_driver_sql("DELETE FROM scope WHERE bucket = ?", [(b,) for b in buckets])
    lost: set[Key] = set()
    for bucket in buckets:
        lost |= {
            (kind, entity)
            for kind, entity in connection.exec_driver_sql(
                "SELECT kind, id FROM entity_bucket e WHERE bucket = ? AND NOT EXISTS"
                " (SELECT 1 FROM entity o, json_each(o.buckets) b JOIN scope s"
                " ON s.bucket = b.value WHERE o.kind = e.kind AND o.id = e.id)",
                (bucket,),
            )
        }
    return lost


def drop_files(connection: Connection, lost: set[Key]) -> list[str]:
    """Forget files that only these entities refer to; answer what to unlink after the commit.

    What a command in the outbox names, a refused one too, is the person's own and stays.
    """
    dropped: list[str] = []
    for key in sorted(lost):
        named = connection.exec_driver_sql(
            "DELETE FROM file_ref WHERE kind = ? AND id = ? RETURNING sha256", key
        ).scalars()
        dropped += [sha256 for sha256 in named.all() if not _still_named(connection, sha256)]
    if dropped:
        connection.exec_driver_sql("DELETE FROM file WHERE sha256 = ?", [(s,) for s in dropped])
    return dropped


def _still_named(connection: Connection, sha256: str) -> bool:
    return (
        connection.exec_driver_sql(
            "SELECT 1 FROM file_ref WHERE sha256 = ?1"
            " UNION ALL SELECT 1 FROM outbox WHERE instr(envelope, ?1)",
            (sha256,),
        ).first()
        is not None
    )


def drop_orphan_events(connection: Connection, registry: Registry) -> None:
    """Delete events whose entity is not held and whose buckets are not either."""
    granted = set(connection.exec_driver_sql("SELECT bucket FROM scope").scalars())
    found = connection.exec_driver_sql(
        "SELECT id, buckets FROM event v WHERE ver IS NOT NULL AND NOT EXISTS"
        " (SELECT 1 FROM entity e WHERE e.kind = v.kind AND e.id = v.entity)"
    )
    _drop_events(
        connection, registry, [i for i, buckets in found if granted.isdisjoint(_names(buckets))]
    )


def _names(text: str) -> list[Any]:
    return list(json.loads(text))
