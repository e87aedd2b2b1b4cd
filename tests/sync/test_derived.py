"""Figures of the server's own: in step with the records, read-only, the same counted anew."""

from __future__ import annotations

import tempfile
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, ClassVar

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.kernel.clock import FixedClock, local_date
from app.kernel.command import Command
from app.kernel.event import Event, NewEvent
from app.kernel.feature import Context, Derivation, Handler, Kind, Registry
from sync.server import derived, tables
from sync.server.check import check
from sync.server.derived import Derived
from sync.server.files import Files
from sync.server.service import Service
from sync.server.store import Store
from tests.doubles.toy import (
    FEATURE,
    AddNote,
    CloseNote,
    HoldBuckets,
    MoveNote,
    Note,
    ToyPeople,
)
from tests.sync.desk import Desk

X, Y = ("agency:x",), ("agency:y",)


@dataclass(frozen=True, slots=True)
class Share:
    id: str
    numerator: int
    denominator: int
    on: date


@dataclass(frozen=True, slots=True)
class SetShare(Command):
    NAME: ClassVar[str] = "share.set"

    numerator: int
    denominator: int
    on: date


def set_share(_: Any, command: SetShare, __: Context) -> Sequence[NewEvent]:
    data = {"n": command.numerator, "d": command.denominator, "on": command.on.isoformat()}
    return [NewEvent("share", command.id, "share.set", data)]


def apply(_: Any, event: Event) -> Share:
    data = event.data
    return Share(event.entity, data["n"], data["d"], date.fromisoformat(data["on"]))


def due(note: Note) -> date:
    """The day by which a note is to be closed stands in its text."""
    return date.fromisoformat(note.text)


def parts(note: Note, day: date) -> dict[str, tuple[int, int]]:
    owed = note.closed or day > due(note)
    return {home: (int(note.closed), int(owed)) for home in note.home}


def turns(note: Note, day: date) -> date | None:
    return due(note) + timedelta(days=1) if not note.closed and due(note) >= day else None


SHARES = Derivation("share", "note", parts, turns, SetShare, lambda name, _: name == "agency:x")
COUNTING = Registry(
    (
        replace(
            FEATURE,
            kinds=(
                *FEATURE.kinds,
                Kind("share", Share, apply, lambda s: frozenset({s.id}), derived=True),
            ),
            handlers=(*FEATURE.handlers, Handler(SetShare, "share", "note.write", set_share)),
            derivations=(SHARES,),
        ),
    )
)
TODAY = date(2026, 3, 2)


@pytest.fixture
def service(store: Store, clock: FixedClock) -> Service:
    made = Service(store, COUNTING, ToyPeople(), clock)
    made.run_as_system(HoldBuckets("an", X), HoldBuckets("binh", Y))
    return made


def add(name: str, home: tuple[str, ...] = X, days: int = 1) -> AddNote:
    return AddNote(name, (TODAY + timedelta(days=days)).isoformat(), home)


def share(service: Service, name: str = "agency:x") -> tuple[int, int, str] | None:
    with service.store.read() as connection:
        held = service.push.unit(connection).get("share", name)
    return None if held is None else (held.numerator, held.denominator, held.on.isoformat())


def test_a_figure_reaches_those_who_may_see_it_and_nobody_else(
    service: Service, desk: Callable[..., Desk]
) -> None:
    mine, other = desk(), desk("binh")
    mine.sync(add("a"), add("b"), CloseNote("a"))
    assert Derived(service).tick() == 1
    mine.sync()
    other.sync()
    row = mine.rows["share", "agency:x"]
    assert row.data or row.raw
    assert share(service) == (1, 1, "2026-03-02")
    assert other.ids("share") == set()
    assert Derived(service).tick() == 0


def test_no_desk_writes_it(service: Service, desk: Callable[..., Desk]) -> None:
    one = desk()
    one.registry = COUNTING
    [receipt] = one.sync(SetShare("agency:x", 9, 9, TODAY))
    assert (receipt.code, receipt.params) == ("kind.derived", {"kind": "share"})
    assert share(service) is None


def test_the_day_turns_it_without_anybody(
    service: Service, desk: Callable[..., Desk], clock: FixedClock
) -> None:
    desk().sync(add("a"), add("b", days=5), CloseNote("b"))
    counting = Derived(service)
    counting.tick()
    assert share(service) == (1, 1, "2026-03-02")
    clock.advance(timedelta(days=1))
    # Not late yet, but it says for which day it holds.
    assert counting.tick() == 1
    assert share(service) == (1, 1, "2026-03-03")
    clock.advance(timedelta(days=1))
    counting.tick()
    assert share(service) == (1, 2, "2026-03-04")
    clock.advance(timedelta(days=-1))
    counting.tick()
    assert share(service) == (1, 1, "2026-03-03")


def test_what_is_not_current_keeps_its_day(
    service: Service, desk: Callable[..., Desk], clock: FixedClock
) -> None:
    desk("binh").sync(add("a", Y, days=90), CloseNote("a"))
    counting = Derived(service)
    counting.tick()
    clock.advance(timedelta(days=3))
    assert counting.tick() == 0
    assert share(service, "agency:y") == (1, 1, "2026-03-02")


def test_a_record_that_moves_leaves_its_figure(service: Service, desk: Callable[..., Desk]) -> None:
    one, counting = desk(), Derived(service)
    one.sync(add("a"), CloseNote("a"), add("b"))
    counting.tick()
    one.sync(MoveNote("a", X), add("c"), CloseNote("c"))
    counting.tick()
    assert share(service) == (2, 2, "2026-03-02")


def test_a_wrong_figure_is_found(
    service: Service, desk: Callable[..., Desk], tmp_path: Path
) -> None:
    desk().sync(add("a"), CloseNote("a"))
    Derived(service).tick()
    files = Files(tmp_path / "f", service.store)
    assert check(service.store, COUNTING, files) == []
    service.run_as_system(SetShare("agency:x", 0, 1, TODAY))
    found = check(service.store, COUNTING, files)
    assert [(f.check, f.kind, f.id) for f in found] == [("figure", "share", "agency:x")]


def test_two_processes_count_nothing_twice(service: Service, desk: Callable[..., Desk]) -> None:
    one = desk()
    for i in range(12):
        one.sync(add(f"n{i}"), CloseNote(f"n{i}"))
    threads = [threading.Thread(target=Derived(service).tick) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert share(service) == (12, 12, "2026-03-02")
    with service.store.read() as connection:
        assert len(connection.execute(tables.derived_part.select()).all()) == 12


ACTS = st.lists(
    st.tuples(
        st.sampled_from(["add", "close", "move", "day", "back", "tick"]),
        st.integers(0, 4),
        st.integers(0, 3),
    ),
    max_size=25,
)


@given(ACTS)
@settings(
    max_examples=60,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow],
)
def test_counting_along_comes_to_the_same_as_counting_anew(
    acts: list[tuple[str, int, int]],
) -> None:
    clock = FixedClock(datetime(2026, 3, 2, 5, 0, tzinfo=UTC))
    with tempfile.TemporaryDirectory() as folder:
        store = Store(f"sqlite:///{folder}/s.db", clock, fast=True)
        service = Service(store, COUNTING, ToyPeople(), clock)
        live(service, clock, acts)
        compare(service, local_date(clock.now()))
        store.close()


def live(service: Service, clock: FixedClock, acts: list[tuple[str, int, int]]) -> None:
    counting, open_, known = Derived(service), set[str](), set[str]()
    for act, which, more in (*acts, ("tick", 0, 0)):
        name, home = f"n{which}", (X, Y, X + Y, ())[more]
        if act == "add" and name not in known:
            service.run_as_system(add(name, home, more))
            known.add(name)
            open_.add(name)
        elif act == "close" and name in open_:
            service.run_as_system(CloseNote(name))
            open_.remove(name)
        elif act == "move" and name in open_:
            service.run_as_system(MoveNote(name, home))
        elif act in ("day", "back"):
            clock.advance(timedelta(days=more if act == "day" else -1))
        elif act == "tick":
            counting.tick()


def compare(service: Service, today: date) -> None:
    store = service.store
    with store.read() as connection:
        anew = derived.recomputed(store, COUNTING, connection, SHARES, today)
        assert list(derived.wrong(store, COUNTING, connection)) == []
    for home in ("agency:x", "agency:y"):
        assert (share(service, home) or (0, 0))[:2] == anew.get(home, (0, 0))
