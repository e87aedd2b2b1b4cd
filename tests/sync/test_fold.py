"""Changes that travel as events alone: what is held is folded by the rules, or asked for whole."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from app.kernel.actor import Actor
from app.kernel.bus import Bus
from app.kernel.clock import FixedClock
from app.kernel.codec import to_json
from app.store.desk import DeskStore
from app.store.replica import Replica
from app.store.sql import dumps
from sync.client.engine import Engine
from sync.protocol import codec
from sync.protocol.messages import FoldFrame, Frame, Request, RowFrame
from sync.server import tables
from sync.server.service import Account, Service
from sync.server.store import Store
from tests.doubles.toy import AddNote, CountUp, registry
from tests.sync.desk import Desk

Desks = Callable[..., Desk]
X = ("agency:x",)
ACTOR = Actor("binh", roles=frozenset({"writer"}))


class Wire:
    """Carry requests within the process and note the frames of each reply."""

    def __init__(self, service: Service) -> None:
        self.service, self.replies, self.rules = service, list[list[Frame]](), 0

    def exchange(self, request: Request) -> Iterator[Frame]:
        asked = replace(request, rules=self.rules or request.rules)
        raw = b"".join(codec.pack(self.service.handle(asked, Account("binh", "binh"))))
        self.replies.append(list(codec.Unpacker().feed(raw)))
        return iter(self.replies[-1])

    def came(self, kind: type[Frame]) -> list[Any]:
        """Return the frames of a type about notes in the newest reply."""
        named = (f for f in self.replies[-1] if isinstance(f, kind))
        return [f for f in named if getattr(f, "kind", "") == "note"]


@pytest.fixture
def wire(service: Service) -> Wire:
    return Wire(service)


@pytest.fixture
def held(tmp_path: Path, clock: FixedClock, wire: Wire, desk: Desks) -> Iterator[DeskStore]:
    """Give a desk that has caught up with two notes."""
    desk().sync(AddNote("n1", "một", X), AddNote("n2", "hai", X))
    (tmp_path / "desk").mkdir()
    made = DeskStore.open(tmp_path / "desk", bytes(32), registry(), clock)
    made.resolve_actor = lambda _get, _envelope: ACTOR
    made.hold_seconds = 0.0
    Engine(Replica(made), wire).round()
    yield made
    made.close()


def on_server(store: Store, name: str) -> str:
    with store.read() as connection:
        query = tables.entity.select().where(tables.entity.c.id == name)
        return str(connection.execute(query).one().data)


def on_desk(held: DeskStore, name: str) -> str:
    return dumps(to_json(held.get("note", name)))


def test_first_pull_brings_whole_rows(wire: Wire, held: DeskStore) -> None:
    assert {f.id for f in wire.came(RowFrame)} == {"n1", "n2"}
    assert not wire.came(FoldFrame)
    assert held.get("note", "n1").text == "một"


def test_later_changes_travel_as_events_alone(
    wire: Wire, held: DeskStore, store: Store, desk: Desks
) -> None:
    an = desk(device="other")
    an.sync(CountUp("n1", 2), CountUp("n1", 3), AddNote("n3", "ba", X), CountUp("n3"))
    Engine(Replica(held), wire).round()
    assert [(f.id, f.ver) for f in wire.came(FoldFrame)] == [("n1", 3)]
    # What is new to the desk comes whole.
    assert [f.id for f in wire.came(RowFrame)] == ["n3"]
    for name in ("n1", "n2", "n3"):
        assert on_desk(held, name) == on_server(store, name)


def test_own_waiting_commands_are_folded_upon_the_servers_state(
    wire: Wire, held: DeskStore, store: Store, desk: Desks, clock: FixedClock
) -> None:
    desk(device="other").sync(CountUp("n1", 10))
    bus = Bus(held.registry, held.transaction, held.device, clock, held.changes)
    bus.run(ACTOR, CountUp("n1"))
    Engine(Replica(held), wire).round(flush=True)
    assert held.get("note", "n1").count == 11
    assert on_desk(held, "n1") == on_server(store, "n1")


def test_what_does_not_come_out_alike_is_fetched_whole(
    wire: Wire, held: DeskStore, store: Store, desk: Desks
) -> None:
    with held.writing() as connection:
        connection.exec_driver_sql("UPDATE entity SET data = replace(data, 'một', 'x')")
    desk(device="other").sync(CountUp("n1", 2))
    before = len(wire.replies)
    result = Engine(Replica(held), wire).round()
    assert result.caught_up
    assert len(wire.replies) - before == 2
    assert [f.id for f in wire.came(RowFrame)] == ["n1"]
    assert on_desk(held, "n1") == on_server(store, "n1")


def test_what_is_not_held_is_fetched_whole(wire: Wire, held: DeskStore, desk: Desks) -> None:
    with held.writing() as connection:
        connection.exec_driver_sql("DELETE FROM entity WHERE id = 'n1'")
    desk(device="other").sync(CountUp("n1", 2))
    Engine(Replica(held), wire).round()
    assert held.get("note", "n1").count == 2


def test_a_desk_of_other_rules_gets_whole_rows(wire: Wire, held: DeskStore, desk: Desks) -> None:
    desk(device="other").sync(CountUp("n1", 2))
    wire.rules = 99
    Engine(Replica(held), wire).round()
    assert [f.id for f in wire.came(RowFrame)] == ["n1"]
    assert not wire.came(FoldFrame)
