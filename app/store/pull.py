"""What the server sends, written in bulk: rows, events, what is gone, what is revoked."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Any

from sqlalchemy import Connection

from app.kernel.codec import from_json
from app.kernel.event import Event
from app.kernel.feature import Registry
from app.store import digests
from app.store.digests import Sums
from app.store.model import EVENT, Gone, Leaf, Row
from app.store.projected import LEAVE_BUCKET, names_files, project, remove
from app.store.rebase import decoded
from app.store.scrubbing import is_named
from app.store.sql import Key, chunks, dumps, marks

REVOKED = "store.revoked"
# version, buckets and mark of what is held
_Known = tuple[Any, ...]
_NONE: _Known = (0, "[]", 0)
_NEWEST = (1 << 63) - 1


def write_rows(
    connection: Connection,
    registry: Registry,
    rows: Sequence[Row],
    anew: frozenset[Key] = frozenset(),
) -> set[Key]:
    """Write newer entities and all events; those with pending commands move their shadow.

    What is in `anew` is written whatever is held: it is known to be wrong.
    """
    if not rows:
        return set()
    newest = {(row.kind, row.id): row for row in rows if row.kind != EVENT}
    known = _known(connection, newest)
    newer = [
        row
        for key, row in newest.items()
        if key not in known or row.ver > known[key][0] or key in anew
    ]
    _count(connection, newer, known)
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


def _count(connection: Connection, rows: Sequence[Row], known: Mapping[Key, _Known]) -> None:
    sums = Sums()
    for row in rows:
        ver, buckets, value = known.get((row.kind, row.id), _NONE)
        if ver:
            sums.add(row.kind, _names(buckets), value, -1)
        sums.add(row.kind, set(row.buckets), _mark(row))
    sums.write(connection)


def _mark(row: Row) -> int:
    return digests.mark(row.id, row.ver, dumps(row.data))


def _kept_mark(row: Row, text: str) -> int:
    return digests.signed(digests.mark(row.id, row.ver, text))


def _known(connection: Connection, keys: Iterable[Key]) -> dict[Key, _Known]:
    by_kind: dict[str, list[str]] = {}
    for kind, entity in keys:
        by_kind.setdefault(kind, []).append(entity)
    known: dict[Key, _Known] = {}
    for kind, ids in by_kind.items():
        for part in chunks(ids):
            found = connection.exec_driver_sql(
                "SELECT id, ver, buckets, mark FROM entity"
                f" WHERE kind = ? AND id IN ({marks(len(part))})",
                (kind, *part),
            )
            known |= {(kind, entity): tuple(rest) for entity, *rest in found}
    return known


def _shadowed(connection: Connection) -> set[Key]:
    return {(kind, i) for kind, i in connection.exec_driver_sql("SELECT kind, id FROM shadow")}


def _write_clean(connection: Connection, registry: Registry, rows: Sequence[Row]) -> None:
    if not rows:
        return
    connection.exec_driver_sql(
        "INSERT INTO entity (kind, id, ver, buckets, data, mark) VALUES (?, ?, ?, ?, ?, ?)"
        " ON CONFLICT (kind, id) DO UPDATE SET ver = excluded.ver, buckets = excluded.buckets,"
        " data = excluded.data, mark = excluded.mark",
        [
            (r.kind, r.id, r.ver, _text(r.buckets), text, _kept_mark(r, text))
            for r, text in ((r, dumps(r.data)) for r in rows)
        ],
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
            "UPDATE entity SET ver = ?, buckets = ?, mark = ? WHERE kind = ? AND id = ?",
            [(r.ver, _text(r.buckets), digests.signed(_mark(r)), r.kind, r.id) for r in rows],
        )


def _write_buckets(
    connection: Connection, rows: Sequence[Row], known: Mapping[Key, _Known]
) -> None:
    moved = [row for row in rows if known.get((row.kind, row.id), (0, ""))[1] != _text(row.buckets)]
    stale = [
        (bucket, row.kind, row.id)
        for row in moved
        for bucket in _names(known.get((row.kind, row.id), _NONE)[1])
    ]
    if stale:
        connection.exec_driver_sql(LEAVE_BUCKET, stale)
    places = [(bucket, row.kind, row.id) for row in moved for bucket in row.buckets]
    if places:
        connection.exec_driver_sql("INSERT OR IGNORE INTO entity_bucket VALUES (?, ?, ?)", places)
    _move_events(connection, [row for row in moved if (row.kind, row.id) in known])


def _move_events(connection: Connection, rows: Sequence[Row]) -> None:
    """Let the events held lie where their entity lies now."""
    sums = Sums()
    for row in rows:
        past = connection.exec_driver_sql(
            "SELECT buckets, mark FROM event WHERE kind = ? AND entity = ? AND ver IS NOT NULL",
            (row.kind, row.id),
        ).all()
        for buckets, value in past:
            sums.add(EVENT, _names(buckets), value, -1)
            sums.add(EVENT, set(row.buckets), value)
        if past:
            connection.exec_driver_sql(
                "UPDATE event SET buckets = ? WHERE kind = ? AND entity = ? AND ver IS NOT NULL",
                (_text(row.buckets), row.kind, row.id),
            )
    sums.write(connection)


def _write_events(connection: Connection, registry: Registry, rows: Sequence[Row]) -> None:
    if not rows:
        return
    sums = Sums()
    last = {row.id: row for row in rows}
    digests.forget(connection, sums, EVENT, list(last), EVENT)
    for row in last.values():
        sums.add(EVENT, set(row.buckets), _mark(row))
    connection.exec_driver_sql(
        "INSERT INTO event (id, kind, entity, ver, command, place, buckets, data, mark)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"
        " ON CONFLICT (id) DO UPDATE SET kind = excluded.kind, entity = excluded.entity,"
        " ver = excluded.ver, command = excluded.command, place = excluded.place,"
        " buckets = excluded.buckets, data = excluded.data, mark = excluded.mark",
        [
            (
                r.id,
                str(r.data.get("kind", "")),
                str(r.data.get("entity", "")),
                r.ver,
                str(r.data.get("command", "")),
                int(r.data.get("place", 0)),
                _text(r.buckets),
                text,
                _kept_mark(r, text),
            )
            for r, text in ((r, dumps(r.data)) for r in last.values())
        ],
    )
    sums.write(connection)
    if registry.projections.get(EVENT):
        project(connection, registry, [((EVENT, r.id), from_json(Event, r.data)) for r in rows])


def write_gone(connection: Connection, registry: Registry, gone: Sequence[Gone]) -> set[Key]:
    """Delete what the server says is gone; what has pending commands loses its shadow only."""
    if not gone:
        return set()
    keys: list[Key] = []
    events = [g.id for g in gone if g.kind == EVENT]
    known = _known(connection, [(g.kind, g.id) for g in gone if g.kind != EVENT])
    shadowed = _shadowed(connection)
    for item in gone:
        key = (item.kind, item.id)
        if key not in known or known[key][0] > item.ver:
            continue
        if key in shadowed:
            _fade(connection, item)
        else:
            keys.append(key)
    drop_entities(connection, registry, keys)
    _drop_events(connection, registry, events)
    return {(g.kind, g.id) for g in gone}


def _fade(connection: Connection, item: Gone) -> None:
    """Leave only what pending commands make of an entity that the server has taken away."""
    key = (item.kind, item.id)
    sums = Sums()
    digests.forget(connection, sums, "entity", [item.id], item.kind)
    sums.write(connection)
    connection.exec_driver_sql("UPDATE entity SET ver = 0 WHERE kind = ? AND id = ?", key)
    connection.exec_driver_sql(
        "UPDATE shadow SET ver = ?, data = NULL, fresh = 1 WHERE kind = ? AND id = ?",
        (item.ver, *key),
    )


def clear_leaves(
    connection: Connection, registry: Registry, leaves: Sequence[Leaf]
) -> tuple[frozenset[Key], set[Key]]:
    """Drop what the server does not have in these parts.

    Answers what it has there, to be written anew, and what was dropped.
    """
    gone: list[Gone] = []
    for part in leaves:
        found = digests.strangers(connection, part.bucket, part.kind, part.prefix, part.ids)
        gone += [Gone(part.kind, name, _NEWEST) for name in found]
    anew = frozenset((part.kind, name) for part in leaves for name in part.ids)
    return anew, write_gone(connection, registry, gone)


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
        sums = Sums()
        digests.forget(connection, sums, EVENT, ids, EVENT)
        sums.write(connection)
        connection.exec_driver_sql("DELETE FROM event WHERE id = ?", [(i,) for i in ids])
        for projection in registry.projections.get(EVENT, ()):
            projection.delete(connection, ids)


def held(connection: Connection, key: Key) -> bool:
    """Tell whether an entity is here."""
    query = "SELECT 1 FROM entity WHERE kind = ? AND id = ?"
    return connection.exec_driver_sql(query, key).first() is not None


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
        dropped += [sha256 for sha256 in named.all() if not is_named(connection, sha256)]
    if dropped:
        connection.exec_driver_sql("DELETE FROM file WHERE sha256 = ?", [(s,) for s in dropped])
    return dropped


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
