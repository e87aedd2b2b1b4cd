"""The one door in: a command is permitted, decided, applied and handed to a transaction.

`execute` is the same function on the desk and on the server. The desk's bus wraps it in a
transaction that also writes the outbox; the server's service wraps it in a savepoint.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Protocol

from app.kernel.actor import Actor
from app.kernel.changes import Changes
from app.kernel.clock import Clock
from app.kernel.codec import from_json, to_json
from app.kernel.command import Command, Envelope
from app.kernel.errors import Conflict, NotPermitted, RuleViolation
from app.kernel.event import Event, NewEvent
from app.kernel.feature import Handler, Registry
from app.kernel.ids import event_id, new_id


class State(Protocol):
    """A transaction's view of the entities."""

    def get(self, kind: str, entity: str) -> Any:
        """Return the entity as of now, with the writes of this transaction, or None."""

    def put(self, kind: str, entity: str, value: Any) -> None:
        """Write the entity."""

    def record(self, event: Event) -> None:
        """Write the event."""


class DeskTransaction(State, Protocol):
    """What the desk's transaction adds: the outbox and the version acted on."""

    def version(self, kind: str, entity: str) -> int:
        """Return the server's version of the entity, 0 when it has none."""

    def enqueue(self, envelope: Envelope) -> None:
        """Put the command in the outbox."""


class Trail(Protocol):
    """Write down who did what: ids and codes, never content."""

    def done(self, envelope: Envelope) -> None:
        """Note, in the transaction of the command, that it passed."""

    def refused(self, envelope: Envelope, code: str) -> None:
        """Note that the rules refused a command; nothing of it was written."""


@dataclass(frozen=True, slots=True)
class Situation:
    """The context of one decision; see `app.kernel.feature.Context`."""

    state: State
    actor: Actor
    now: datetime
    device: str
    command_id: str
    server_now: datetime | None = None
    clock_off: timedelta = timedelta()

    @property
    def authoritative(self) -> bool:
        """Tell whether this is the server."""
        return self.server_now is not None

    def get(self, kind: str, entity: str) -> Any:
        """Return another entity as of now, or None."""
        return self.state.get(kind, entity)


def authorise(grants: Mapping[str, frozenset[str]], actor: Actor, permission: str) -> None:
    """Raise `NotPermitted("permission")` unless a role of the actor has the permission."""
    if permission and not (actor.is_system or grants.get(permission, frozenset()) & actor.roles):
        raise NotPermitted("permission", permission=permission)


def admit(registry: Registry, handler: Handler, actor: Actor) -> None:
    """Raise `NotPermitted` unless the actor may run a command.

    Its code is "kind.derived" for what the server computes, else "permission".
    """
    if registry.kind(handler.kind).derived and not actor.is_system:
        raise NotPermitted("kind.derived", kind=handler.kind)
    authorise(registry.grants, actor, handler.permission)


def execute(
    registry: Registry, state: State, envelope: Envelope, situation: Situation
) -> tuple[Event, ...]:
    """Run one command against a state: permission, decide, apply, record.

    Answers the events. Raises the errors of the rules; then the caller rolls back.
    """
    handler = registry.handler(envelope.name)
    admit(registry, handler, situation.actor)
    command = from_json(handler.command, envelope.args)
    decided = handler.decide(state.get(handler.kind, envelope.entity), command, situation)
    stamped = tuple(stamp(new, place, envelope, situation) for place, new in enumerate(decided))
    for event in stamped:
        fold_in(registry, state, event)
    return stamped


def stamp(new: NewEvent, place: int, envelope: Envelope, situation: Situation) -> Event:
    """Give a new event its id, its author and its times."""
    return Event(
        id=event_id(envelope.id, place),
        kind=new.kind,
        entity=new.entity,
        name=new.name,
        data=new.data,
        command=envelope.id,
        place=place,
        person=envelope.person,
        post=envelope.post,
        at=envelope.at,
        device=envelope.device,
        acting_for=envelope.acting_for,
        authority=envelope.authority,
        server_at=situation.server_now,
    )


def fold_in(registry: Registry, state: State, event: Event) -> None:
    """Apply an event to its entity and record it."""
    kind = registry.kind(event.kind)
    state.put(event.kind, event.entity, kind.apply(state.get(event.kind, event.entity), event))
    state.record(event)


def wrap(handler: Handler, command: Command, actor: Actor, device: str, at: datetime) -> Envelope:
    """Put a command in an envelope of its own id."""
    return Envelope(
        id=new_id(at),
        name=command.NAME,
        version=command.VERSION,
        kind=handler.kind,
        entity=command.id,
        args=to_json(command),
        person=actor.person,
        post=actor.post,
        device=device,
        at=at,
        acting_for=actor.acting_for,
        authority=actor.authority,
    )


class Bus:
    """The desk's door: run commands in one local transaction each, then tell of the changes."""

    def __init__(
        self,
        registry: Registry,
        transaction: Callable[[], AbstractContextManager[DeskTransaction]],
        device: str,
        clock: Clock,
        tell: Callable[[Changes], None],
        trail: Trail | None = None,
        clock_off: Callable[[], timedelta] = timedelta,
    ) -> None:
        self._registry = registry
        self._transaction = transaction
        self._device = device
        self._clock = clock
        self._tell = tell
        self._trail = trail
        self._clock_off = clock_off

    def run(self, actor: Actor, *commands: Command) -> Changes:
        """Commit the commands together, or none of them; answer what moved.

        Raises the typed errors of the rules and of the store; then nothing was written.
        """
        moved: set[tuple[str, str]] = set()
        tried: Envelope | None = None
        try:
            with self._transaction() as state:
                for command in commands:
                    handler = self._registry.handler(command.NAME)
                    tried = wrap(handler, command, actor, self._device, self._clock.now())
                    events = self._one(state, actor, command, tried)
                    moved |= {(e.kind, e.entity) for e in events}
        except (RuleViolation, NotPermitted, Conflict) as error:
            if self._trail is not None and tried is not None:
                self._trail.refused(tried, error.code)
            raise
        changes = Changes.of(moved)
        self._tell(changes)
        return changes

    def _one(
        self, state: DeskTransaction, actor: Actor, command: Command, envelope: Envelope
    ) -> Sequence[Event]:
        handler = self._registry.handler(command.NAME)
        admit(self._registry, handler, actor)
        situation = Situation(
            state, actor, envelope.at, self._device, envelope.id, clock_off=self._clock_off()
        )
        if handler.prepare is not None:
            command = handler.prepare(state.get(handler.kind, command.id), command, situation)
        base = state.version(handler.kind, command.id)
        envelope = replace(envelope, args=to_json(command), base_ver=base)
        events = execute(self._registry, state, envelope, situation)
        state.enqueue(envelope)
        if self._trail is not None:
            self._trail.done(envelope)
        return events
