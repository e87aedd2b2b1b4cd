"""Entities in a dict, and the kernel's own `execute` over them: rules without a store."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from app.kernel.actor import Actor
from app.kernel.bus import Situation, execute, wrap
from app.kernel.codec import to_json
from app.kernel.command import Command
from app.kernel.event import Event
from app.kernel.feature import Registry

NOON = datetime(2026, 3, 2, 5, 0, tzinfo=UTC)


@dataclass
class World:
    """One side: the server, or a desk with its device."""

    registry: Registry
    device: str = "d1"
    server: bool = True
    now: datetime = NOON
    clock_off: timedelta = timedelta()
    entities: dict[tuple[str, str], Any] = field(default_factory=dict)
    events: list[Event] = field(default_factory=list)

    def get(self, kind: str, entity: str) -> Any:
        return self.entities.get((kind, entity))

    def put(self, kind: str, entity: str, value: Any) -> None:
        self.entities[kind, entity] = value

    def record(self, event: Event) -> None:
        self.events.append(event)

    def situation(self, actor: Actor, device: str = "", command: str = "c") -> Situation:
        at = self.now if self.server else None
        return Situation(self, actor, self.now, device or self.device, command, at, self.clock_off)

    def run(self, actor: Actor, command: Command, device: str = "") -> tuple[Event, ...]:
        """Run a command as the bus and the server do, all of it or nothing."""
        handler = self.registry.handler(command.NAME)
        envelope = wrap(handler, command, actor, device or self.device, self.now)
        situation = self.situation(actor, device, envelope.id)
        if handler.prepare is not None and not self.server:
            prepared = handler.prepare(self.get(handler.kind, command.id), command, situation)
            envelope = replace(envelope, args=to_json(prepared))
        return self._whole(lambda: execute(self.registry, self, envelope, situation))

    def _whole(self, work: Callable[[], Any]) -> Any:
        entities, events = dict(self.entities), len(self.events)
        try:
            return work()
        except Exception:
            self.entities = entities
            del self.events[events:]
            raise
