"""Both sides hold the same, or find the part that differs and fetch only that."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from app.kernel.clock import FixedClock
from app.store import digests
from app.store.desk import DeskStore
from app.store.replica import Replica
from sync.client.engine import Engine, RoundResult
from sync.protocol.messages import DigestFrame, Frame, LeafFrame, Request, RowFrame, Split
from sync.server import check, tables
from sync.server.digests import told as told_of
from sync.server.files import Files
from sync.server.service import Account, Service
from sync.server.store import Store
from sync.server.tidy import tidy
from tests.doubles.toy import AddNote, CountUp, HoldBuckets, MoveNote, registry
from tests.sync.simulator.line import whole

KEY = bytes(range(32))
X = ("agency:x",)
MANY = 100


class Wire:
    """Carry frames, and remember them."""

    def __init__(self, service: Service) -> None:
        self.service = service
        self.frames: list[Frame] = []
        self.asked: list[Request] = []

    def exchange(self, request: Request) -> Iterator[Frame]:
        self.asked.append(request)
        self.frames = list(self.service.handle(request, Account("an", "an")))
        yield from whole(self.frames)


class Side:
    """A real desk without a line."""

    def __init__(self, folder: Path, service: Service, clock: FixedClock) -> None:
        self.store = DeskStore.open(folder, KEY, registry(), clock)
        self.replica = Replica(self.store)
        self.wire = Wire(service)
        self.engine = Engine(self.replica, self.wire)

    def round(self, *, verify: bool = False) -> RoundResult:
        self.wire.asked.clear()
        return self.engine.round(flush=True, verify=verify)

    def ids(self, kind: str = "note") -> set[str]:
        return {name for name, _ in self.store.entities(kind)}

    def spoil(self, query: str) -> None:
        with self.store.writing() as connection:
            connection.exec_driver_sql(query)


@pytest.fixture
def side(tmp_path: Path, service: Service, clock: FixedClock) -> Iterator[Side]:
    (tmp_path / "desk").mkdir()
    made = Side(tmp_path / "desk", service, clock)
    yield made
    made.store.close()


@pytest.fixture
def full(side: Side, service: Service) -> Side:
    service.run_as_system(*(AddNote(f"n{i}", "chữ", X) for i in range(MANY)))
    assert side.round().caught_up
    return side


def test_both_sides_count_the_same(full: Side, service: Service, store: Store) -> None:
    service.run_as_system(CountUp("n1"), MoveNote("n2", ("agency:y",)), MoveNote("n3", (*X, "all")))
    done = full.round()
    assert done.caught_up and not done.repaired
    with store.read() as connection:
        told = {
            (f.bucket, f.kind): (f.count, f.sum)
            for f in told_of(connection, ("all", "agency:x", "person:an"), -1, ())
        }
    held = {(d.bucket, d.kind): (d.count, f"{d.sum:016x}") for d in full.replica.digests()}
    assert held == told
    assert told["agency:x", "note"][0] == MANY - 1
    with full.store.reader() as connection:
        assert digests.sound(connection)


DAMAGES = (
    "DELETE FROM entity WHERE id = 'n7'",
    "UPDATE entity SET data = replace(data, 'chữ', 'hỏng') WHERE id = 'n7'",
    "UPDATE entity SET ver = 9 WHERE id = 'n7'",
    (
        "INSERT INTO entity (kind, id, ver, buckets, data)"
        " SELECT kind, 'ghost', 1, buckets, data FROM entity WHERE id = 'n7'"
    ),
    "DELETE FROM event WHERE entity = 'n7'",
)


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_silent_damage_is_found_and_only_its_part_fetched(full: Side, damage: str) -> None:
    before = full.store.raw("note", "n7")
    full.spoil(damage)
    assert full.round().repaired == 0
    done = full.round(verify=True)
    assert done.caught_up and done.repaired == 1
    assert full.store.raw("note", "n7") == before
    assert full.ids() == {f"n{i}" for i in range(MANY)}
    assert len(full.store.events("note", "n7")) == 1
    # Split once by sixteen, and one part came again.
    assert [len(r.split) for r in full.wire.asked] == [0, 1, 1]
    assert done.rows < MANY / 2
    assert full.round(verify=True).repaired == 0


def test_a_desk_from_before_the_oldest_tombstone_keeps_what_it_has(
    full: Side, service: Service, store: Store, clock: FixedClock
) -> None:
    service.run_as_system(MoveNote("n5", ("agency:y",)))
    for _ in range(2):
        tidy(store, clock.now())
        clock.advance(timedelta(days=181))
    floor = tidy(store, clock.now())
    assert 0 < full.replica.state().cursor < floor
    with store.read() as connection:
        assert not connection.execute(tables.log.select().where(tables.log.c.gone)).all()
    done = full.round()
    assert done.caught_up
    assert full.ids() == {f"n{i}" for i in range(MANY) if i != 5}
    assert done.rows < MANY / 2


def test_an_older_desk_is_told_no_digests_and_begins_anew(
    full: Side, service: Service, store: Store, clock: FixedClock
) -> None:
    tidy(store, clock.now(), timedelta())
    state = full.replica.state()
    asked = full.wire.asked[-1]
    old = Request(
        asked.proto, asked.schema, asked.rules, "old", state.history, 1, scope=state.buckets
    )
    frames = list(service.handle(old, Account("an", "an")))
    assert not any(isinstance(f, DigestFrame | LeafFrame) for f in frames)
    assert sum(isinstance(f, RowFrame) and f.kind == "note" for f in frames) == MANY


def test_what_is_granted_later_is_compared_too(full: Side, service: Service) -> None:
    service.run_as_system(AddNote("y1", "", ("agency:y",)))
    full.round()
    service.run_as_system(HoldBuckets("an", ("all", "person:an", *X, "agency:y")))
    done = full.round()
    told = {f.bucket for f in full.wire.frames if isinstance(f, DigestFrame)}
    assert done.caught_up and not done.repaired
    assert "agency:y" in told
    assert {(d.bucket, d.kind) for d in full.replica.digests()} >= {("agency:y", "note")}


def test_a_foreign_bucket_is_not_told(full: Side, service: Service) -> None:
    service.run_as_system(AddNote("z1", "", ("agency:z",)))
    state = full.replica.state()
    asked = replace(
        full.wire.asked[-1],
        cursor=state.cursor, scope=state.buckets, history=state.history,
        split=(Split("agency:z", "note", "", rows=True), Split("agency:z", "note")),
    )  # fmt: skip
    frames = list(service.handle(asked, Account("an", "an")))
    assert not any(getattr(f, "bucket", "") == "agency:z" for f in frames)
    assert not any(getattr(f, "id", "") == "z1" for f in frames)


def test_the_check_sees_a_digest_that_went_wrong(full: Side, store: Store, tmp_path: Path) -> None:
    files = Files(tmp_path / "files", store)
    assert check.check(store, registry(), files) == []
    with store.write() as connection:
        connection.exec_driver_sql("UPDATE digest SET low = low + 1 WHERE kind = 'note'")
    assert {f.check for f in check.check(store, registry(), files)} == {"digest"}


def test_lines_are_added_up(full: Side, service: Service, store: Store, tmp_path: Path) -> None:
    for _ in range(70):
        service.run_as_system(CountUp("n1"), CountUp("n2"))
    with store.read() as connection:
        lines = connection.exec_driver_sql("SELECT count(*) FROM digest").scalar()
    # Two lines each; without adding up there would be 140 and more.
    assert lines < 140
    assert check.check(store, registry(), Files(tmp_path / "files", store)) == []
    assert full.round().repaired == 0
