"""One unit of work: entities read and written through their JSON, flushed together."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, fields, replace
from typing import Any

from sqlalchemy import Connection

from app.kernel.actor import Actor
from app.kernel.codec import from_json, to_json
from app.kernel.command import Envelope
from app.kernel.event import Event
from app.kernel.feature import Registry
from app.store.model import EVENT, OutboxState
from app.store.projected import project, remove
from app.store.sql import Key, dumps

# (get(kind, id), envelope) -> the actor that the command was given by
ResolveActor = Callable[[Callable[[str, str], Any], Envelope], Actor]


@dataclass(slots=True)
class _Held:
    raw: dict[str, Any] | None
    ver: int
    buckets: str = "[]"
    value: Any = None
    decoded: bool = False


class UnitOfWork:
    """A kernel `DeskTransaction` over one open transaction; nothing is written before `flush`."""

    def __init__(
        self,
        connection: Connection,
        registry: Registry,
        resolve: ResolveActor | None = None,
        device: str = "",
        hold_until: float = 0.0,
    ) -> None:
        self.connection = connection
        self._registry = registry
        self._resolve = resolve
        self._device = device
        self._hold_until = hold_until
        self._held: dict[Key, _Held] = {}
        self._dirty: dict[Key, Any] = {}
        self._events: list[Event] = []
        self._touched: set[Key] = set()

    def get(self, kind: str, entity: str) -> Any:
        """Return the entity as of now, with the writes of this transaction, or None."""
        key = (kind, entity)
        self._touched.add(key)
        if key in self._dirty:
            return self._dirty[key]
        held = self._load(key)
        if not held.decoded:
            model = self._registry.kind(kind).model
            held.value = None if held.raw is None else from_json(model, held.raw)
            held.decoded = True
        return held.value

    def put(self, kind: str, entity: str, value: Any) -> None:
        """Write the entity; None removes it."""
        self._touched.add((kind, entity))
        self._dirty[(kind, entity)] = value

    def record(self, event: Event) -> None:
        """Write the event, provisional until the server's own has come."""
        self._events.append(event)

    def version(self, kind: str, entity: str) -> int:
        """Return the server's version of the entity, 0 when it has none."""
        return self._load((kind, entity)).ver

    def enqueue(self, envelope: Envelope, actor: Actor | None = None) -> None:
        """Put the command in the outbox with the actor who gives it, for replays."""
        envelope = replace(envelope, device=self._device)
        known = actor or self._resolved(envelope)
        self.connection.exec_driver_sql(
            "INSERT INTO outbox (command, state, hold_until, name, kind, entity, at, envelope,"
            " actor) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                envelope.id,
                OutboxState.HELD.value,
                self._hold_until,
                envelope.name,
                envelope.kind,
                envelope.entity,
                envelope.at.isoformat(),
                dumps(to_json(envelope)),
                dumps(to_json(known)),
            ),
        )
        self.touched(envelope.id)

    def _resolved(self, envelope: Envelope) -> Actor:
        if self._resolve is not None:
            return self._resolve(self.get, envelope)
        return presumed(self._registry, envelope)

    def touched(self, command: str) -> None:
        """Note what the command has read and written since the last one ended."""
        rows = [(command, *key) for key in self._touched]
        if rows:
            self.connection.exec_driver_sql("INSERT OR IGNORE INTO touch VALUES (?,?,?)", rows)
        self.forget_touches()

    def forget_touches(self) -> None:
        """Begin a new command: what was read before does not count for it."""
        self._touched.clear()

    @contextmanager
    def attempt(self) -> Iterator[None]:
        """Take back the writes of the block when it raises."""
        dirty, events = dict(self._dirty), len(self._events)
        try:
            yield
        except BaseException:
            self._dirty = dirty
            del self._events[events:]
            self.forget_touches()
            raise

    def flush(self) -> set[Key]:
        """Write entities, first shadows, events and projections; answer what moved."""
        moved = set(self._dirty)
        self._shadow()
        self._write_entities()
        self._write_events()
        moved |= {(EVENT, event.id) for event in self._events}
        self._dirty, self._events, self._held = {}, [], {}
        return moved

    def _load(self, key: Key) -> _Held:
        held = self._held.get(key)
        if held is None:
            found = self.connection.exec_driver_sql(
                "SELECT data, ver, buckets FROM entity WHERE kind = ? AND id = ?", key
            ).first()
            held = _Held(None, 0) if found is None else _Held(json.loads(found[0]), *found[1:])
            self._held[key] = held
        return held

    def _shadow(self) -> None:
        """Keep the server's state of what a pending command is the first to write."""
        rows = []
        for key in self._dirty:
            held = self._load(key)
            data = None if held.raw is None else dumps(held.raw)
            rows.append((*key, held.ver, held.buckets, data))
        if rows:
            self.connection.exec_driver_sql(
                "INSERT OR IGNORE INTO shadow (kind, id, ver, buckets, data) VALUES (?,?,?,?,?)",
                rows,
            )

    def _write_entities(self) -> None:
        written: list[tuple[Key, Any]] = []
        removed: list[Key] = []
        for key, value in self._dirty.items():
            if value is None:
                removed.append(key)
            else:
                written.append((key, value))
        if written:
            self.connection.exec_driver_sql(
                "INSERT INTO entity (kind, id, data) VALUES (?, ?, ?)"
                " ON CONFLICT (kind, id) DO UPDATE SET data = excluded.data",
                [(*key, dumps(merged(self._load(key).raw, value))) for key, value in written],
            )
        project(self.connection, self._registry, written)
        remove(self.connection, self._registry, removed)

    def _write_events(self) -> None:
        if self._events:
            self.connection.exec_driver_sql(
                "INSERT OR IGNORE INTO event (id, kind, entity, command, place, data)"
                " VALUES (?, ?, ?, ?, ?, ?)",
                [
                    (e.id, e.kind, e.entity, e.command, e.place, dumps(to_json(e)))
                    for e in self._events
                ],
            )
            self._project_events()

    def _project_events(self) -> None:
        if EVENT in self._registry.projections:
            settled = {
                event.id
                for event in self._events
                if self.connection.exec_driver_sql(
                    "SELECT 1 FROM event WHERE id = ? AND ver IS NOT NULL", (event.id,)
                ).first()
            }
            provisional = [((EVENT, e.id), e) for e in self._events if e.id not in settled]
            project(self.connection, self._registry, provisional)


def merged(raw: dict[str, Any] | None, value: Any) -> dict[str, Any]:
    """Return the JSON of a value with the fields that a newer program has put beside it."""
    data = to_json(value)
    if raw:
        known = {f.name for f in fields(value)}
        data |= {name: item for name, item in raw.items() if name not in known}
    return data


def presumed(registry: Registry, envelope: Envelope) -> Actor:
    """Return an actor who holds what the bus has just checked that the person holds."""
    permission = registry.handler(envelope.name).permission
    return Actor(
        person=envelope.person,
        post=envelope.post,
        roles=registry.grants.get(permission, frozenset()),
        acting_for=envelope.acting_for,
        authority=envelope.authority,
    )
