"""The one door: permission, decision, events, outbox and news, together or not at all."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from copy import deepcopy
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar

import pytest

from app.kernel.actor import SYSTEM_ACTOR, Actor
from app.kernel.bus import Bus, Situation, execute
from app.kernel.changes import Broadcast, Changes
from app.kernel.clock import FixedClock
from app.kernel.command import Command
from app.kernel.errors import NotPermitted, RuleViolation
from app.kernel.event import NewEvent
from app.kernel.feature import Feature, Handler, Kind, Registry
from app.kernel.ids import event_id

AT = datetime(2026, 1, 5, 7, 30, tzinfo=UTC)
CLERK = Actor(person="p1", post="o1", roles=frozenset({"clerk"}), acting_for="p2", authority="KT.")


@dataclass(frozen=True)
class Counter:
    total: int = 0


@dataclass(frozen=True, slots=True)
class Add(Command):
    NAME: ClassVar[str] = "counter.add"
    amount: int = 1


def decide(entity, command, context):
    if command.amount < 0:
        raise RuleViolation("counter.negative", field="amount")
    return [NewEvent("counter", command.id, "counter.added", {"amount": command.amount})]


def apply(entity, event):
    return Counter((entity or Counter()).total + event.data["amount"])


def registry(**options: Any) -> Registry:
    handler = Handler(Add, "counter", "counter.write", decide, **options)
    kind = Kind("counter", Counter, apply, lambda _: frozenset({"province"}))
    grants = {"counter.write": frozenset({"clerk"})}
    return Registry([Feature("counters", (kind,), (handler,), grants=grants)])


@dataclass
class Memory:
    """A transaction in memory that forgets everything when it fails."""

    entities: dict[tuple[str, str], Any] = field(default_factory=dict)
    events: list[Any] = field(default_factory=list)
    outbox: list[Any] = field(default_factory=list)

    @contextmanager
    def transaction(self) -> Iterator[Memory]:
        kept = deepcopy(self.__dict__)
        try:
            yield self
        except Exception:
            self.__dict__.update(kept)
            raise

    def get(self, kind, entity):
        return self.entities.get((kind, entity))

    def put(self, kind, entity, value):
        self.entities[kind, entity] = value

    def record(self, event):
        self.events.append(event)

    def version(self, kind, entity):
        return 7 if entity == "known" else 0

    def enqueue(self, envelope):
        self.outbox.append(envelope)


def door(memory: Memory, known: Registry | None = None) -> tuple[Bus, list[Changes]]:
    heard: list[Changes] = []
    tell = Broadcast()
    tell.subscribe(heard.append)
    return Bus(known or registry(), memory.transaction, "desk-1", FixedClock(AT), tell), heard


def test_an_act_writes_entity_event_and_outbox_and_is_told_once():
    memory = Memory()
    bus, heard = door(memory)
    changes = bus.run(CLERK, Add("known", 3), Add("known", 4))
    assert memory.get("counter", "known") == Counter(7)
    assert [e.data["amount"] for e in memory.events] == [3, 4]
    assert [(e.name, e.args, e.base_ver) for e in memory.outbox] == [
        ("counter.add", {"id": "known", "amount": 3}, 7),
        ("counter.add", {"id": "known", "amount": 4}, 7),
    ]
    assert heard == [changes] == [Changes.of([("counter", "known")])]


def test_an_event_carries_who_when_and_for_whom():
    memory = Memory()
    door(memory)[0].run(CLERK, Add("c"))
    event, envelope = memory.events[0], memory.outbox[0]
    assert event.id == event_id(envelope.id, 0)
    assert (event.person, event.post, event.device, event.at) == ("p1", "o1", "desk-1", AT)
    assert (event.acting_for, event.authority, event.server_at) == ("p2", "KT.", None)


def test_one_refused_command_takes_the_others_back():
    memory = Memory()
    bus, heard = door(memory)
    with pytest.raises(RuleViolation):
        bus.run(CLERK, Add("c", 3), Add("c", -1))
    assert (memory.entities, memory.events, memory.outbox, heard) == ({}, [], [], [])


def test_without_the_role_nothing_happens():
    memory = Memory()
    bus, _ = door(memory)
    with pytest.raises(NotPermitted) as caught:
        bus.run(replace(CLERK, roles=frozenset({"leader"})), Add("c"))
    assert caught.value.params == {"permission": "counter.write"}
    assert not memory.outbox


def test_the_system_needs_no_role():
    memory = Memory()
    door(memory)[0].run(SYSTEM_ACTOR, Add("c", 2))
    assert memory.get("counter", "c") == Counter(2)


def test_preparation_travels_with_the_command():
    memory = Memory()
    known = registry(prepare=lambda entity, command, context: replace(command, amount=42))
    door(memory, known)[0].run(CLERK, Add("c"))
    assert memory.outbox[0].args == {"id": "c", "amount": 42}
    assert memory.get("counter", "c") == Counter(42)


def test_preparation_knows_how_far_the_clock_is_off():
    memory, off = Memory(), timedelta(hours=25)

    def prepare(entity, command, context):
        return replace(command, amount=int(context.clock_off.total_seconds()))

    known, tell = registry(prepare=prepare), Broadcast()
    Bus(known, memory.transaction, "d", FixedClock(AT), tell, clock_off=lambda: off).run(
        CLERK, Add("c")
    )
    assert memory.outbox[0].args["amount"] == 90_000
    # The event keeps the device's own time all the same.
    assert memory.events[0].at == AT


def test_both_sides_name_and_apply_an_event_alike():
    desk, server = Memory(), Memory()
    door(desk)[0].run(CLERK, Add("c", 5))
    envelope = desk.outbox[0]
    later = datetime(2026, 1, 6, tzinfo=UTC)
    situation = Situation(server, CLERK, envelope.at, envelope.device, envelope.id, later)
    (event,) = execute(registry(), server, envelope, situation)
    assert situation.authoritative
    assert replace(event, server_at=None) == desk.events[0]
    assert server.entities == desk.entities


def test_unknown_names_are_refused_by_name():
    known = registry()
    with pytest.raises(RuleViolation) as caught:
        known.handler("counter.vanish")
    assert (caught.value.code, caught.value.params["name"]) == ("command.unknown", "counter.vanish")
    with pytest.raises(RuleViolation) as caught:
        known.kind("x" * 500)
    assert len(str(caught.value.params["name"])) == 80


def test_features_add_up_in_the_registry():
    second = Feature("more", grants={"counter.write": frozenset({"leader"})})
    known = Registry([*registry().features, second])
    assert known.grants["counter.write"] == {"clerk", "leader"}


def test_no_change_is_not_told_and_a_listener_may_leave():
    heard: list[Changes] = []
    tell = Broadcast()
    leave = tell.subscribe(heard.append)
    tell(Changes())
    tell(Changes.of([("counter", "c")]))
    leave()
    tell(Changes.of([("counter", "d")]))
    assert heard == [Changes.of([("counter", "c")])]


def test_changes_of_many_touch_each():
    many = Changes.of([("counter", "")]) | Changes.of([("unit", "u1")])
    assert many.touches("counter", "any") and many.touches("unit", "u1")
    assert not many.touches("unit", "u2") and not many.touches("person")
