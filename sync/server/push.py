"""Commands from a desk: each decided exactly once, in order, in its own savepoint."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, bindparam, select

from app.kernel.actor import SYSTEM, SYSTEM_ACTOR, Actor
from app.kernel.bus import Situation, execute, wrap
from app.kernel.codec import to_json
from app.kernel.command import Command, Envelope
from app.kernel.errors import HoaBanError, NotPermitted, RuleViolation
from app.kernel.event import Event
from app.kernel.feature import Registry
from app.kernel.ids import derived_id
from sync.protocol.codec import dumps
from sync.protocol.messages import ACCEPTED, Ack, Forked, Need, ReceiptFrame, Request
from sync.server import older, proofs, tables, trail
from sync.server.directory import Directory
from sync.server.store import Store
from sync.server.unit import Unit

SERVER_DEVICE = "server"
# Under this name the database keeps which commands need a sign-in with two factors.
ACTS = "second_acts"
_DEPTH = 8
Upcast = Callable[[dict[str, Any]], dict[str, Any]]
# (command name, old version) to the function that gives its arguments one version later.
UPCASTS: Mapping[tuple[str, int], Upcast] = {}
_D = tables.device.c
_DEVICE = (
    select(_D.person, _D.last_n, _D.rules).where(_D.id == bindparam("asked")).with_for_update()
)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of the commands of one request."""

    receipts: tuple[ReceiptFrame, ...] = ()
    ack: Ack | None = None
    need: Need | None = None
    forked: Forked | None = None


@dataclass(frozen=True, slots=True)
class Past:
    """What the server remembers of a command."""

    hash: str
    receipt: ReceiptFrame


def command_hash(envelope: Envelope) -> str:
    """Return the hash of what was asked, whatever device and number it travels under."""
    e = envelope
    value = (
        e.id,
        e.name,
        e.version,
        e.kind,
        e.entity,
        e.args,
        e.person,
        e.post,
        e.at.isoformat(),
        e.base_ver,
        e.acting_for,
        e.authority,
    )
    return hashlib.sha256(dumps(value).encode()).hexdigest()[:32]


class Push:
    """Decide the commands of one request within one transaction."""

    def __init__(
        self,
        store: Store,
        registry: Registry,
        directory: Directory,
        upcasts: Mapping[tuple[str, int], Upcast] = UPCASTS,
    ) -> None:
        self._store = store
        self._registry = registry
        self._directory = directory
        self._upcasts = upcasts
        r = tables.receipt.c
        self._by_number = select(r.n, r.hash, r.body).where(
            r.device == bindparam("device"), store.among(r.n, "numbers")
        )
        self._by_id = select(r.command, r.hash, r.body).where(store.among(r.command, "ids"))

    def run(
        self,
        connection: Connection,
        request: Request,
        person: str,
        now: datetime,
        *,
        strong: bool = False,
    ) -> Outcome:
        """Apply the commands that are next in turn; answer for the others from memory.

        Those that two factors are demanded for are refused where only one is (not `strong`).
        """
        owner, last, rules = self._device(connection, request.device)
        if owner not in ("", person):
            return Outcome(forked=Forked(0))
        known = self._known(connection, request)
        fork = _fork(request, last, known)
        if fork is not None:
            return Outcome(forked=fork)
        turn = _in_turn(request.commands, last)
        demanded = frozenset[str]() if strong else self._demanded(connection, turn)
        work = Work(self, connection, person, now, demanded)
        work.prefetch(c for c in turn if c.id not in known)
        fresh = [(c, self._answer(work, c, known)) for c in turn]
        work.unit.flush()
        proofs.note(self._store, connection, work.unit.named, person, self._scope(work, now))
        self._remember(connection, request, fresh, known)
        trail.pushed(connection, now, request.device, person, fresh)
        last += len(turn)
        if turn or not owner or rules != request.rules:
            row = (request.device, person, last, request.rules, now.isoformat())
            self._store.put(connection, tables.device, [row])
        gap = any((c.n or 0) > last for c in request.commands)
        return Outcome(
            receipts=tuple(r for _, r in fresh) + _again(request, known, turn),
            ack=Ack(last) if request.commands else None,
            need=Need(last + 1) if gap else None,
        )

    def _scope(self, work: Work, now: datetime) -> proofs.Scope:
        def buckets(person: str) -> tuple[str, ...]:
            return tuple(name for name, _ in self._directory.scope(work.unit, person, now))

        return buckets

    def _demanded(self, connection: Connection, turn: Sequence[Envelope]) -> frozenset[str]:
        """Return the commands that an administrator has set apart for two factors."""
        acts = (self._store.meta(connection, ACTS) or "") if turn else ""
        return frozenset(acts.split())

    def system(self, connection: Connection, commands: Sequence[Command], now: datetime) -> None:
        """Run commands of the server itself, all or none; raises the errors of the rules."""
        work = Work(self, connection, SYSTEM, now)
        for command in commands:
            work.apply(work.envelope(command), SYSTEM_ACTOR)
            work.unit.keep()
        work.unit.flush()
        trail.acted(connection, now, commands)

    def _device(self, connection: Connection, device: str) -> tuple[str, int, int]:
        row = connection.execute(_DEVICE, {"asked": device}).first()
        return (row.person, row.last_n, row.rules) if row is not None else ("", 0, 0)

    def _known(self, connection: Connection, request: Request) -> dict[str, Past]:
        """Return what is remembered by command id, and by "#n" for this device."""
        if not request.commands:
            return {}
        found: dict[str, Past] = {}
        numbers = {"device": request.device, "numbers": [c.n for c in request.commands]}
        for n, digest, body in connection.execute(self._by_number, numbers):
            found[f"#{n}"] = Past(digest, _receipt(body))
        ids = {"ids": [c.id for c in request.commands]}
        for command, digest, body in connection.execute(self._by_id, ids):
            found[command] = Past(digest, _receipt(body))
        return found

    def _answer(self, work: Work, envelope: Envelope, known: dict[str, Past]) -> ReceiptFrame:
        past = known.get(envelope.id)
        number = envelope.n or 0
        if past is not None:
            if past.hash != command_hash(envelope):
                known[envelope.id] = Past(command_hash(envelope), past.receipt)
                return _refused(envelope, RuleViolation("sync.command_reused"))
            return replace(past.receipt, n=number)
        try:
            receipt = work.decide(self._current(envelope))
        except HoaBanError as error:
            work.unit.roll_back()
            receipt = _refused(envelope, error)
        known[envelope.id] = Past(command_hash(envelope), receipt)
        return receipt

    def _current(self, envelope: Envelope) -> Envelope:
        """Raise an older command to the version of today's rules."""
        newest = self._registry.handler(envelope.name).command.VERSION
        while envelope.version < newest:
            step = self._upcasts.get((envelope.name, envelope.version))
            if step is None:
                raise RuleViolation("sync.command_old", name=envelope.name)
            envelope = replace(envelope, version=envelope.version + 1, args=step(envelope.args))
        if envelope.version > newest:
            raise RuleViolation("sync.command_new", name=envelope.name)
        return envelope

    def _remember(
        self,
        connection: Connection,
        request: Request,
        fresh: Sequence[tuple[Envelope, ReceiptFrame]],
        known: Mapping[str, Past],
    ) -> None:
        rows = [(request.device, c.n, c.id, known[c.id].hash, dumps(to_json(r))) for c, r in fresh]
        self._store.put(connection, tables.receipt, rows, fresh=True)

    def holds(self, connection: Connection, person: str, now: datetime) -> frozenset[str]:
        """Return the buckets that a person holds."""
        scope = self._directory.scope(self.unit(connection, now), person, now)
        return frozenset(bucket for bucket, _ in scope)

    def actor(self, unit: Unit, envelope: Envelope) -> Actor:
        """Return who a command acts as."""
        return self._directory.actor(unit, envelope)

    @property
    def registry(self) -> Registry:
        """Return the features."""
        return self._registry

    def unit(self, connection: Connection, now: datetime | None = None) -> Unit:
        """Open a unit of work; `now` is needed where something is written."""
        return Unit(self._store, connection, self._registry, now)


class Work:
    """The decisions of one transaction."""

    def __init__(
        self,
        push: Push,
        connection: Connection,
        person: str,
        now: datetime,
        demanded: frozenset[str] = frozenset(),
    ) -> None:
        self._push = push
        self._demanded = demanded
        self._person = person
        self._now = now
        self._connection = connection
        self._actors: dict[tuple[str, str, str | None, str], Actor] = {}
        self.unit = push.unit(connection, now)

    def prefetch(self, commands: Any) -> None:
        """Read the entities of many commands at once."""
        kinds = self._push.registry.kinds
        self.unit.prefetch((c.kind, c.entity) for c in commands if c.kind in kinds)

    def decide(self, envelope: Envelope) -> ReceiptFrame:
        """Decide one command and what follows from it; raises the errors of the rules."""
        if envelope.person != self._person or not envelope.entity:
            raise NotPermitted("sync.not_yours")
        if envelope.args.get("id") != envelope.entity:
            raise RuleViolation("sync.request", field="entity")
        if envelope.name in self._demanded:
            raise NotPermitted("sync.second_wanted")
        older.check(self._connection, self._push.holds, envelope, self._now)
        events = self.apply(envelope, self._actor(envelope))
        self.unit.keep()
        kind = self._push.registry.handler(envelope.name).kind
        moved = next((e.data for e in events if e.entity == envelope.entity), {})
        return ReceiptFrame(
            n=envelope.n or 0,
            command=envelope.id,
            code=ACCEPTED,
            entity=envelope.entity,
            ver=self.unit.version(kind, envelope.entity),
            params={k: v for k, v in moved.items() if k == "number" and isinstance(v, int)},
        )

    def _actor(self, envelope: Envelope) -> Actor:
        # The same person at the same post on one day is looked up once per request.
        key = (
            envelope.post,
            envelope.at.date().isoformat(),
            envelope.acting_for,
            envelope.authority,
        )
        if key not in self._actors or self._directory_moved():
            self._actors[key] = self._push.actor(self.unit, envelope)
        return self._actors[key]

    def _directory_moved(self) -> bool:
        return self.unit.moved("post") or self.unit.moved("person")

    def apply(self, envelope: Envelope, actor: Actor, depth: int = 0) -> tuple[Event, ...]:
        """Run a command, then the system's own commands that answer its events."""
        if depth > _DEPTH:
            raise RuleViolation("sync.reaction_endless")
        situation = Situation(
            self.unit, actor, envelope.at, envelope.device, envelope.id, self._now
        )
        events = execute(self._push.registry, self.unit, envelope, situation)
        for event in events:
            self._react(event, depth)
        return events

    def _react(self, event: Event, depth: int) -> None:
        for place, react in enumerate(self._push.registry.reactions.get(event.name, ())):
            named = derived_id("reaction", event.id, str(place))
            situation = Situation(
                self.unit, SYSTEM_ACTOR, event.at, SERVER_DEVICE, named, self._now
            )
            for turn, command in enumerate(react(event, situation)):
                envelope = self.envelope(command, derived_id(named, str(turn)), event.at)
                self.apply(envelope, SYSTEM_ACTOR, depth + 1)
        for tell in self._push.registry.errands.get(event.name, ()):
            situation = Situation(
                self.unit, SYSTEM_ACTOR, event.at, SERVER_DEVICE, event.id, self._now
            )
            for errand in tell(event, situation):
                self.unit.send(errand)

    def envelope(self, command: Command, named: str = "", at: datetime | None = None) -> Envelope:
        """Put a command of the server itself in an envelope."""
        handler = self._push.registry.handler(command.NAME)
        envelope = wrap(handler, command, SYSTEM_ACTOR, SERVER_DEVICE, at or self._now)
        return replace(envelope, id=named or envelope.id)


def _receipt(body: str) -> ReceiptFrame:
    value = json.loads(body)
    return ReceiptFrame(**value)


def _refused(envelope: Envelope, error: HoaBanError) -> ReceiptFrame:
    field = getattr(error, "field", "")
    return ReceiptFrame(
        n=envelope.n or 0,
        command=envelope.id,
        code=error.code,
        entity=envelope.entity,
        detail=field,
        params=error.params,
    )


def _fork(request: Request, last: int, known: Mapping[str, Past]) -> Forked | None:
    """Tell whether a number that was decided comes back with another content."""
    for command in request.commands:
        number = command.n or 0
        past = known.get(f"#{number}")
        if number <= last and (past is None or past.hash != command_hash(command)):
            return Forked(number)
    return None


def _in_turn(commands: Sequence[Envelope], last: int) -> list[Envelope]:
    turn: list[Envelope] = []
    for command in sorted(commands, key=lambda c: c.n or 0):
        if (command.n or 0) == last + len(turn) + 1:
            turn.append(command)
    return turn


def _again(
    request: Request, known: Mapping[str, Past], turn: Sequence[Envelope]
) -> tuple[ReceiptFrame, ...]:
    fresh = {c.n for c in turn}
    return tuple(
        known[f"#{c.n}"].receipt
        for c in request.commands
        if c.n not in fresh and f"#{c.n}" in known
    )
