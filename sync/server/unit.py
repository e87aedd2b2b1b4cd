"""A unit of work: entities read once, changed in memory, written as sets at the end.

The rules are pure, so a savepoint is a copy of what was written since; nothing goes to the
database before `flush`. There the log's lock comes last, after all other writes.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import Connection, bindparam, delete, select

from app.kernel.codec import from_json, to_json
from app.kernel.errand import Errand
from app.kernel.event import Event
from app.kernel.feature import Registry
from app.store.digests import Sums, mark
from sync.protocol.codec import dumps
from sync.server import digests, errands, tables
from sync.server.store import Store

EVENT = "event"
_BATCH = 500
_AHEAD = 256
Key = tuple[str, str]
LogKey = tuple[str, str, str]


@dataclass(frozen=True, slots=True)
class Held:
    """An entity with its version; `value` None means that there is none."""

    value: Any
    ver: int


_NOTHING = (Held(None, 0), frozenset[str]())
_E = tables.event.c
_PAST = (
    select(_E.id, _E.ver, _E.data)
    .where(
        _E.kind == bindparam("of"), _E.entity == bindparam("named"), _E.ver <= bindparam("known")
    )
    .order_by(_E.ver)
)


@dataclass(slots=True)
class _Layer:
    """What was written since a savepoint."""

    written: dict[Key, Held] = field(default_factory=dict)
    events: list[tuple[Event, int]] = field(default_factory=list)
    errands: list[Errand] = field(default_factory=list)


class Unit:
    """The server's `State` within one transaction."""

    def __init__(
        self,
        store: Store,
        connection: Connection,
        registry: Registry,
        now: datetime | None = None,
    ) -> None:
        self._store = store
        self._now = now
        self._connection = connection
        self._registry = registry
        self._loaded: dict[Key, tuple[Held, frozenset[str]]] = {}
        self._kept = _Layer()
        self._open = _Layer()
        self._moved: set[str] = set()
        self._texts: dict[Key, str] = {}
        self._sums = Sums()
        self._missed: dict[str, int] = {}
        self._places: dict[Key, frozenset[str]] = {}
        # Hash, kind and id of each file that this unit's records newly name.
        self.named: list[tuple[str, str, str]] = []

    def prefetch(self, keys: Iterable[Key]) -> None:
        """Read many entities at once."""
        wanted: dict[str, list[str]] = {}
        for kind, entity in sorted(set(keys) - self._loaded.keys()):
            wanted.setdefault(kind, []).append(entity)
        for kind, names in wanted.items():
            for at in range(0, len(names), _BATCH):
                self._read(kind, names[at : at + _BATCH])

    def _read(self, kind: str, names: Sequence[str]) -> None:
        model = self._registry.kind(kind).model
        for name in names:
            self._loaded[kind, name] = _NOTHING
        for entity, ver, buckets, data in self._connection.execute(
            self._store.entities, {"kind": kind, "ids": list(names)}
        ).all():
            value: Any = from_json(model, json.loads(data))
            self._loaded[kind, entity] = (Held(value, ver), _set_of(buckets))
            self._texts[kind, entity] = data

    def _held(self, key: Key) -> Held:
        found = self._open.written.get(key) or self._kept.written.get(key)
        if found is not None:
            return found
        if key not in self._loaded:
            self._read(key[0], self._ahead(key))
        return self._loaded[key][0]

    def _ahead(self, key: Key) -> Sequence[str]:
        """Return what to read for a key: twice as many of those that follow, at each miss."""
        kind, entity = key
        follow = self._registry.kind(kind).following
        misses = self._missed[kind] = self._missed.get(kind, 0) + 1
        if follow is None or misses == 1:
            return (entity,)
        names = follow(entity, min(1 << misses, _AHEAD))
        return [entity, *(n for n in names if (kind, n) not in self._loaded)]

    def get(self, kind: str, entity: str) -> Any:
        """Return an entity with the writes of this unit, or None."""
        return self._held((kind, entity)).value

    def version(self, kind: str, entity: str) -> int:
        """Return how many events made the entity what it is."""
        return self._held((kind, entity)).ver

    def put(self, kind: str, entity: str, value: Any) -> None:
        """Write an entity; its version rises by one."""
        key = (kind, entity)
        self._open.written[key] = Held(value, self._held(key).ver + 1)

    def record(self, event: Event) -> None:
        """Write an event at the version that it made."""
        self._open.events.append((event, self.version(event.kind, event.entity)))

    def send(self, errand: Errand) -> None:
        """Have something sent outside, once this unit is committed."""
        self._open.errands.append(errand)

    def keep(self) -> None:
        """Close the savepoint and keep what was written since."""
        self._kept.written |= self._open.written
        self._moved |= {kind for kind, _ in self._open.written}
        self._kept.events += self._open.events
        self._kept.errands += self._open.errands
        self._open = _Layer()

    def roll_back(self) -> None:
        """Forget what was written since the savepoint."""
        self._open = _Layer()

    def moved(self, kind: str) -> bool:
        """Tell whether an entity of a kind was written in this unit."""
        return kind in self._moved

    def flush(self) -> None:
        """Write everything that was kept, then the log under its lock."""
        if not self._kept.written:
            return
        self._write_entities()
        self._store.put(self._connection, tables.event, self._event_rows(), fresh=True)
        self._write_files()
        errands.enqueue(self._connection, self._kept.errands, self._now)
        moves = self._moves()
        self._store.lock(self._connection)
        first = self._store.draw(self._connection, len(moves)) if moves else 0
        rows: tuple[list[tuple[Any, ...]], list[tuple[Any, ...]]] = ([], [])
        for place, ((bucket, kind, entity), (gone, fresh)) in enumerate(moves.items()):
            rows[fresh].append((bucket, kind, entity, first + place, gone))
        self._store.put(self._connection, tables.log, rows[False])
        self._store.put(self._connection, tables.log, rows[True], fresh=True)
        digests.write(self._store, self._connection, self._sums, first, len(moves))

    def _write_entities(self) -> None:
        rows: tuple[list[tuple[Any, ...]], list[tuple[Any, ...]]] = ([], [])
        for key, held in self._kept.written.items():
            kind = self._registry.kind(key[0])
            places = self._places[key] = kind.buckets(held.value)
            data = dumps(to_json(held.value))
            rows[self._is_new(key)].append((*key, held.ver, _text_of(places), data))
            self._count(key, held.ver, data)
        self._store.put(self._connection, tables.entity, rows[False])
        self._store.put(self._connection, tables.entity, rows[True], fresh=True)

    def _count(self, key: Key, ver: int, text: str) -> None:
        """Bring the digests from what was there to what is."""
        held, before = self._loaded.get(key, _NOTHING)
        if held.ver:
            self._sums.add(key[0], before, mark(key[1], held.ver, self._texts[key]), -1)
        self._sums.add(key[0], self._places[key], mark(key[1], ver, text))

    def _is_new(self, key: Key) -> bool:
        return self._loaded.get(key, _NOTHING)[0].ver == 0

    def _event_rows(self) -> list[tuple[Any, ...]]:
        rows = [(e.id, e.kind, e.entity, ver, dumps(to_json(e))) for e, ver in self._kept.events]
        for name, kind, entity, ver, text in rows:
            self._sums.add(EVENT, self._places[kind, entity], mark(name, ver, text))
        return rows

    def _moves(self) -> dict[LogKey, tuple[bool, bool]]:
        """Return what moves in the log, in order: whether it is gone, whether it is new there."""
        moves: dict[LogKey, tuple[bool, bool]] = {}
        rehoused: list[Key] = []
        for key in self._kept.written:
            now = self._places[key]
            held, before = self._loaded.get(key, _NOTHING)
            new = held.ver == 0
            if held.value is not None and before != now:
                rehoused.append(key)
            for bucket in now if new else before | now:
                moves[bucket, *key] = (bucket not in now, new)
        for key in rehoused:
            now = self._places[key]
            before = self._loaded[key][1]
            for name, ver, text in self._past(key):
                value = mark(name, ver, text)
                self._sums.add(EVENT, before - now, value, -1)
                self._sums.add(EVENT, now - before, value)
                for bucket in before ^ now:
                    moves[bucket, EVENT, name] = (bucket not in now, False)
        for event, _ in self._kept.events:
            for bucket in self._places[event.kind, event.entity]:
                moves[bucket, EVENT, event.id] = (False, True)
        return moves

    def _past(self, key: Key) -> list[tuple[str, int, str]]:
        """Return the events that were there before this unit."""
        asked = {"of": key[0], "named": key[1], "known": self._loaded[key][0].ver}
        found = self._connection.execute(_PAST, asked)
        return [(name, ver, text) for name, ver, text in found]

    def _write_files(self) -> None:
        refs: list[tuple[str, str, str]] = []
        for (kind, entity), held in self._kept.written.items():
            files = self._registry.kind(kind).files
            names = files(held.value)
            old = self._loaded.get((kind, entity), _NOTHING)[0].value
            before = files(old) if old is not None else frozenset[str]()
            refs += [(name, kind, entity) for name in names - before]
            if before - names:
                self._drop_files(kind, entity, before - names)
        self._store.put(self._connection, tables.file_ref, refs, fresh=True)
        self.named += refs

    def _drop_files(self, kind: str, entity: str, names: frozenset[str]) -> None:
        f = tables.file_ref.c
        where = (f.kind == kind, f.entity == entity, f.sha256.in_(names))
        self._connection.execute(delete(tables.file_ref).where(*where))


@lru_cache(maxsize=4096)
def _set_of(text: str) -> frozenset[str]:
    return frozenset(json.loads(text))


@lru_cache(maxsize=4096)
def _text_of(buckets: frozenset[str]) -> str:
    return dumps(sorted(buckets))
