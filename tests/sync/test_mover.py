"""Files move lazily and within limits: what goes, what waits and why, on a real server."""

from __future__ import annotations

import errno
import random
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from app.kernel.clock import FixedClock
from app.kernel.errors import Damaged, Unavailable
from app.store import holdings, vault
from app.store.faults import from_os
from app.store.sealed import LEAF
from sync.client.fileplan import Job, Limits, Why, planned
from sync.client.mover import Mover, Wanted
from sync.client.pace import Pace
from sync.client.service import SyncService
from tests.doubles.toy import AddNote
from tests.sync.real import Process, RealDesk, X
from tests.sync.server_process import PASSWORD

NIGHT, DAY = (datetime(2026, 3, 2, hour, tzinfo=UTC) for hour in (15, 3))
LARGE = 600 * 1024
Pair = tuple[RealDesk, RealDesk]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Process]:
    made = Process(tmp_path_factory.mktemp("server"))
    yield made
    made.kill()


@pytest.fixture
def pair(tmp_path: Path, server: Process) -> Iterator[Pair]:
    made = (RealDesk(tmp_path / "an", server.url), RealDesk(tmp_path / "binh", server.url, "binh"))
    for desk in made:
        assert desk.transport.sign_in(desk.person, PASSWORD) == desk.person
    yield made
    for desk in made:
        desk.close()


def nothing(_: int, __: int) -> None:
    return


class Pulling:
    """Two desks, files of the one, and a mover of the other."""

    def __init__(self, pair: Pair, limits: Limits, *, wanted: bool = True) -> None:
        self.an, self.binh = pair
        self.limits = limits
        self.chance = random.Random(7)
        self.wanted: list[Wanted] = []
        self.told: list[Any] = []
        binh = self.binh
        self.mover = Mover(
            binh.store, binh.transport, binh.clock, self.missing, lambda: self.limits
        )
        binh.store.vault.on_missing = self.mover.ask
        binh.store.changes.subscribe(self.told.append)
        self.lazy = not wanted

    def missing(self) -> list[Wanted]:
        return [w for w in self.wanted if not self.binh.store.vault.has(w.sha256)]

    def put(self, size: int) -> str:
        """Have the server hold a file that both may see."""
        ref = self.an.store.vault.put(self.chance.randbytes(size))
        self.an.act(AddNote(f"f-{ref.sha256[:8]}", "", X, files=(ref.sha256,)))
        self.an.engine.round()
        self.an.files.upload(ref.sha256)
        self.binh.engine.round()
        if not self.lazy:
            self.wanted.append(Wanted(ref.sha256))
        return ref.sha256

    def turn(self) -> bool:
        return self.mover.turn(nothing)

    def has(self, sha256: str) -> bool:
        return self.binh.store.vault.has(sha256)

    def waits(self) -> dict[Why, int]:
        return self.mover.state.waiting


@pytest.mark.parametrize(
    ("limits", "at", "metered", "why"),
    [
        (Limits(large=10), DAY, False, None),
        (Limits(large=10, from_hour=18, to_hour=6), DAY, False, Why.HOURS),
        (Limits(large=10, from_hour=18, to_hour=6), NIGHT, False, None),
        (Limits(large=10, from_hour=8, to_hour=12), DAY, False, None),
        (Limits(large=10, from_hour=8, to_hour=12), NIGHT, False, Why.HOURS),
        (Limits(large=10), DAY, True, Why.METERED),
        (Limits(large=10, spare_metered=False), DAY, True, None),
        (Limits(large=11, from_hour=18, to_hour=6), DAY, True, None),
    ],
)
def test_what_large_files_wait_for(
    limits: Limits, at: datetime, metered: bool, why: Why | None
) -> None:
    job, asked = Job("a", up=False, size=11), Job("b", up=False, size=11, asked=True)
    going, waiting = planned([job, asked], limits, at, metered=metered)
    assert going == ((asked,) if why else (asked, job)), "what a person has opened goes first"
    assert [w.why for w in waiting] == ([why] if why else [])


def test_a_bucket_holds_the_rate() -> None:
    clock, waited = FixedClock(DAY), list[float]()
    rate = [1000]
    pace = Pace(clock, lambda: rate[0], waited.append)
    pace.took(500)
    pace.took(1000)
    assert waited == pytest.approx([0.5, 1.5]), "no more was saved up than it had"
    assert pace.piece(1 << 20) == 2000
    rate[0] = 0
    pace.took(1 << 30)
    assert len(waited) == 2
    assert pace.piece(1 << 20) == 1 << 20


def test_nothing_comes_unasked_and_what_is_opened_comes(pair: Pair) -> None:
    pull = Pulling(pair, Limits(large=1, from_hour=1, to_hour=2), wanted=False)
    name = pull.put(LARGE)
    pull.turn()
    assert not pull.has(name)
    with pytest.raises(Unavailable, match=r"vault\.missing"):
        pull.binh.store.vault.open(name)
    pull.told.clear()
    pull.turn()
    assert pull.has(name)
    assert any(changes.touches("note", f"f-{name[:8]}") for changes in pull.told)


def test_what_is_asked_for_and_dropped_goes_on_where_it_stood(pair: Pair) -> None:
    pull = Pulling(pair, Limits(), wanted=False)
    name = pull.put(LARGE)
    pull.mover.ask(name)
    pull.mover.turn(lambda done, _: pull.mover.cancel(name))
    assert not pull.has(name)
    with pull.binh.store.reader() as connection:
        assert holdings.sizes(connection) == {name: LARGE}
    pull.turn()
    assert not pull.has(name), "nobody asks for it any more"
    pull.mover.ask(name)
    came: list[int] = []
    pull.mover.turn(lambda done, _: came.append(done))
    assert pull.has(name)
    assert came == [2 * LEAF, LARGE]


def test_a_turn_ends_for_an_act_and_loses_nothing(pair: Pair) -> None:
    pull = Pulling(pair, Limits())
    name = pull.put(LARGE)
    assert pull.mover.turn(lambda _, __: pull.mover.interrupt())
    assert not pull.has(name)
    pull.mover.begin()
    came: list[int] = []
    pull.mover.turn(lambda done, _: came.append(done))
    assert pull.has(name)
    assert came == [2 * LEAF, LARGE]


def test_large_files_wait_and_say_why(pair: Pair) -> None:
    pull = Pulling(pair, Limits(large=100_000))
    small, large = pull.put(50_000), pull.put(LARGE)
    pull.mover.metered = True
    pull.turn()
    assert (pull.has(small), pull.has(large)) == (True, False)
    assert pull.waits() == {Why.METERED: 1}
    pull.mover.metered = False
    pull.turn()
    assert pull.has(large)
    assert pull.waits() == {}


def test_the_quota_holds_and_spares_what_must_stay(pair: Pair) -> None:
    pull = Pulling(pair, Limits(quota=3 * LARGE))
    store = pull.binh.store
    unsent = store.vault.put(b"u" * LARGE).sha256
    store.vault.on_missing = lambda _: None
    pinned = pull.put(LARGE)
    pull.turn()
    with store.writing() as connection:
        holdings.pin(connection, ("note", f"f-{pinned[:8]}"))
        connection.exec_driver_sql("UPDATE file SET on_server = 0 WHERE sha256 = ?", (unsent,))
    pull.mover.transfer.upload = lambda *_: None  # type: ignore[method-assign]
    first = pull.put(LARGE)
    pull.turn()
    assert pull.has(first)
    with store.vault.open(first):
        second = pull.put(LARGE)
        pull.turn()
        assert (pull.has(first), pull.has(second)) == (True, False), "an open file stays"
        assert pull.waits() == {Why.QUOTA: 1}
    pull.wanted = [Wanted(second)]
    pull.mover.retry()
    pull.turn()
    assert [pull.has(n) for n in (unsent, pinned, first, second)] == [True, True, False, True]
    with store.reader() as connection:
        found = holdings.measure(connection)
    assert (found.pinned, found.unsent, found.evictable) == (LARGE, LARGE, LARGE)


def test_a_full_disk_is_no_matter_of_the_line(pair: Pair, monkeypatch: pytest.MonkeyPatch) -> None:
    pull = Pulling(pair, Limits())
    name = pull.put(LARGE)
    real = vault.Part.write

    def write(*_: object) -> None:
        raise from_os(OSError(errno.ENOSPC, ""))

    monkeypatch.setattr(vault.Part, "write", write)
    assert not pull.turn()
    assert pull.waits() == {Why.DISK: 1}
    monkeypatch.setattr(vault.Part, "write", real)
    pull.mover.ask(name)
    pull.turn()
    assert pull.has(name)


def test_a_damaged_leaf_alone_is_fetched_again(pair: Pair) -> None:
    pull = Pulling(pair, Limits(), wanted=False)
    name = pull.put(LARGE)
    pull.mover.ask(name)
    pull.turn()
    path = next(pull.binh.store.folder.glob(f"vault/*/{name}"))
    data = bytearray(path.read_bytes())
    data[LEAF + 100] ^= 1
    path.write_bytes(bytes(data))
    with pull.binh.store.vault.open(name) as copy, pytest.raises(Damaged, match=r"vault\.damaged"):
        copy.read()
    assert not pull.has(name)
    came: list[int] = []
    pull.mover.turn(lambda done, _: came.append(done))
    assert came == [2 * LEAF], "the others are still here"
    with pull.binh.store.vault.open(name) as copy:
        assert len(copy.read()) == LARGE
    path.unlink()
    with pytest.raises(Unavailable, match=r"vault\.missing"):
        pull.binh.store.vault.open(name)
    pull.turn()
    with pull.binh.store.vault.open(name) as copy:
        assert len(copy.read()) == LARGE


def test_damage_of_what_nobody_else_has_is_said_and_stays(pair: Pair) -> None:
    pull = Pulling(pair, Limits())
    name = pull.binh.store.vault.put(b"a" * LARGE).sha256
    path = next(pull.binh.store.folder.glob(f"vault/*/{name}"))
    data = bytearray(path.read_bytes())
    data[7] ^= 1
    path.write_bytes(bytes(data))
    with pull.binh.store.vault.open(name) as copy, pytest.raises(Damaged):
        copy.read()
    assert pull.has(name)
    pull.turn()
    assert pull.waits() == {Why.REFUSED: 1}, "and no line is blamed for it"


def test_the_service_fetches_what_is_opened_while_it_runs(pair: Pair) -> None:
    pull = Pulling(pair, Limits(), wanted=False)
    name = pull.put(LARGE)
    service = SyncService(pull.binh.store, pull.binh.transport, pull.binh.clock)
    came = threading.Event()
    pull.binh.store.changes.subscribe(
        lambda changes: came.set() if changes.touches("note", f"f-{name[:8]}") else None
    )
    service.start()
    try:
        assert not pull.binh.store.vault.here(name)
        assert came.wait(30)
        assert pull.has(name)
    finally:
        service.stop()
