"""Numbers of the log follow the commits: no reader ever skips a late one."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator

import pytest
from sqlalchemy import Connection, select

from app.kernel.clock import FixedClock
from sync.server import tables
from sync.server.service import Account, Service
from sync.server.store import Store
from tests.doubles.postgres import Cluster
from tests.doubles.toy import AddNote, HoldBuckets, NumberNote, ToyPeople, registry
from tests.sync.conftest import NOON
from tests.sync.desk import Desk

WRITERS = 6
ROUNDS = 15
X = ("agency:x",)


class Slow(Store):
    """Lie between drawing a number and committing it, as a busy server does."""

    def draw(self, connection: Connection, count: int) -> int:
        first = super().draw(connection, count)
        time.sleep((first * 7919 % 13) / 2000)
        return first


class Unlocked(Slow):
    """The mutant: draws numbers without the lock."""

    def lock(self, connection: Connection) -> None:
        """Take nothing."""


@pytest.fixture
def race(postgres: Cluster) -> Iterator[Callable[[type[Store]], tuple[set[int], set[int]]]]:
    opened: list[Store] = []

    def run(model: type[Store]) -> tuple[set[int], set[int]]:
        store = model(postgres.database(), FixedClock(NOON))
        opened.append(store)
        service = Service(store, registry(), ToyPeople(), FixedClock(NOON))
        service.run_as_system(HoldBuckets("an", X))
        return _race(service)

    yield run
    for store in opened:
        store.close()


def _write(service: Service, name: str) -> None:
    desk = Desk(service, Account("an", "an"), name, FixedClock(NOON))
    for turn in range(ROUNDS):
        desk.ask(desk.envelope(AddNote(f"{name}-{turn}", "", X)), want=0)


def _race(service: Service) -> tuple[set[int], set[int]]:
    """Let six write while one reads behind a cursor; answer what was seen and what is there."""
    writers = [threading.Thread(target=_write, args=(service, f"desk{i}")) for i in range(WRITERS)]
    for writer in writers:
        writer.start()
    seen: set[int] = set()
    cursor, last = 0, False
    query = select(tables.log.c.seq).order_by(tables.log.c.seq)
    while not last:
        last = not any(w.is_alive() for w in writers)
        with service.store.read() as connection:
            new = list(connection.scalars(query.where(tables.log.c.seq > cursor)))
        seen.update(new)
        cursor = max(new, default=cursor)
    with service.store.read() as connection:
        return seen, set(connection.scalars(query))


def test_six_writers_leave_no_gap_for_a_reader(
    race: Callable[[type[Store]], tuple[set[int], set[int]]],
) -> None:
    seen, there = race(Slow)
    assert len(there) >= WRITERS * ROUNDS * 2
    assert there <= seen


def test_without_the_lock_the_reader_loses_rows(
    race: Callable[[type[Store]], tuple[set[int], set[int]]],
) -> None:
    seen, there = race(Unlocked)
    assert there - seen


def _number(service: Service, name: str) -> None:
    desk = Desk(service, Account("an", "an"), name, FixedClock(NOON))
    for turn in range(ROUNDS):
        note = f"{name}-{turn}"
        desk.ask(desk.envelope(AddNote(note, "", X)), desk.envelope(NumberNote(note)), want=0)


def test_six_desks_draw_from_one_book_without_gap_or_twin(postgres: Cluster) -> None:
    store = Store(postgres.database(), FixedClock(NOON))
    service = Service(store, registry(), ToyPeople(), FixedClock(NOON))
    service.run_as_system(HoldBuckets("an", X))
    threads = [threading.Thread(target=_number, args=(service, f"desk{i}")) for i in range(WRITERS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    query = select(tables.entity.c.data).where(tables.entity.c.kind == "note")
    with store.read() as connection:
        drawn = sorted(json.loads(data)["number"] for data in connection.scalars(query))
    store.close()
    assert drawn == list(range(1, WRITERS * ROUNDS + 1))
