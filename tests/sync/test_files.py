"""The server's files: who may see one, uploads that outlive a restart, late duplicates."""

from __future__ import annotations

import hashlib
import os
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.kernel.clock import FixedClock
from app.kernel.errors import Conflict, Damaged
from sync.server.files import Files, leaves_of
from sync.server.parts import KEPT_SECONDS, LEAF, Plan
from sync.server.service import Account, Service
from sync.server.store import Store
from tests.doubles.toy import AddNote, HoldBuckets
from tests.sync.desk import Desk

DATA = bytes(range(256)) * (LEAF // 256) + b"b" * LEAF + b"c" * 1000
NAME = hashlib.sha256(DATA).hexdigest()
PLAN = Plan(len(DATA), tuple(leaves_of(DATA)))
HOLDS = {
    "an": ("agency:x",),
    "binh": ("agency:x", "agency:y"),
    "cuc": ("agency:y",),
    "dung": ("agency:z",),
}


class Office:
    """A service with its files, and the desks of four people."""

    def __init__(self, service: Service, folder: Path, clock: FixedClock) -> None:
        self.service, self.folder, self.clock = service, folder, clock
        self.files = Files(folder, service.store)
        service.run_as_system(*(HoldBuckets(who, held) for who, held in HOLDS.items()))
        self.desks = {who: Desk(service, Account(who, who), f"desk-{who}", clock) for who in HOLDS}
        for desk in self.desks.values():
            desk.sync()

    def scope(self, person: str) -> tuple[str, ...]:
        return self.service.pull.scope_of(person, self.clock.now())

    def restarted(self) -> Files:
        self.files = Files(self.folder, self.service.store)
        return self.files

    def upload(self, person: str) -> None:
        at = self.files.begin(NAME, person, PLAN)
        self.files.append(NAME, person, at, [DATA[at:]])
        self.files.finish(NAME, person, self.scope)

    def name(self, person: str, note: str, home: str) -> None:
        (receipt,) = self.desks[person].sync(AddNote(note, "", (home,), files=(NAME,)))
        assert receipt.code == "accepted"

    def seen(self) -> set[str]:
        return {who for who in HOLDS if self.files.visible(NAME, who, self.scope(who))}


@pytest.fixture
def office(service: Service, tmp_path: Path, clock: FixedClock) -> Office:
    return Office(service, tmp_path / "files", clock)


def test_a_hash_alone_opens_nothing(office: Office) -> None:
    office.upload("an")
    office.name("an", "n1", "agency:x")
    assert office.seen() == {"an", "binh"}
    office.name("dung", "n2", "agency:z")
    assert office.seen() == {"an", "binh"}, "who only names a file sees nothing of it"
    office.upload("dung")
    assert office.seen() == {"an", "binh", "dung"}


def test_what_is_passed_on_is_seen_further(office: Office) -> None:
    office.upload("an")
    office.name("an", "n1", "agency:x")
    office.name("binh", "n2", "agency:y")
    assert office.seen() == {"an", "binh", "cuc"}


def test_a_file_that_comes_after_its_records_settles_them_all(office: Office) -> None:
    office.name("an", "n1", "agency:x")
    office.name("binh", "n2", "agency:y")
    office.name("dung", "n3", "agency:z")
    assert office.seen() == set()
    office.upload("an")
    assert office.seen() == {"an", "binh", "cuc"}


def test_one_who_brings_what_is_here_hears_the_same_as_the_first(office: Office) -> None:
    def brought(person: str) -> list[object]:
        told: list[object] = [office.files.offset(NAME, person)]
        told.append(office.files.begin(NAME, person, PLAN))
        told.append(office.files.append(NAME, person, 0, [DATA[:300_000]]))
        told.append(office.files.append(NAME, person, 300_000, [DATA[300_000:]]))
        told.append(office.files.finish(NAME, person, office.scope))
        return told

    assert brought("an") == brought("dung")
    whole = [p for p in office.folder.rglob("*") if p.is_file() and p.stat().st_size]
    assert whole == [office.files.path(NAME)], "it is kept once"


def test_an_upload_goes_on_after_a_restart_and_a_power_cut(office: Office) -> None:
    office.files.begin(NAME, "an", PLAN)
    office.files.append(NAME, "an", 0, [DATA[: LEAF * 2 + 10]])
    assert office.restarted().begin(NAME, "an", PLAN) == LEAF * 2, "what is begun cannot be judged"
    (part,) = office.folder.rglob("*.part")
    with part.open("r+b") as torn:
        torn.seek(LEAF + 7)
        torn.write(bytes(4096))
    assert office.restarted().begin(NAME, "an", PLAN) == LEAF
    office.upload("an")
    assert office.files.path(NAME).read_bytes() == DATA


def test_a_torn_part_that_looks_whole_is_cut_back(office: Office) -> None:
    office.files.begin(NAME, "an", PLAN)
    office.files.append(NAME, "an", 0, [DATA])
    (part,) = office.folder.rglob("*.part")
    with part.open("r+b") as torn:
        torn.seek(LEAF + 7)
        torn.write(bytes(4096))
    with pytest.raises(Damaged, match=r"sync\.leaf"):
        office.files.finish(NAME, "an", office.scope)
    assert office.files.offset(NAME, "an") == LEAF
    lying = hashlib.sha256(b"another").hexdigest()
    office.files.begin(lying, "an", PLAN)
    office.files.append(lying, "an", 0, [DATA])
    with pytest.raises(Damaged, match=r"sync\.leaf"):
        office.files.finish(lying, "an", office.scope)
    assert office.files.offset(lying, "an") is None


def test_what_nobody_goes_on_with_is_removed(office: Office) -> None:
    office.files.begin(NAME, "an", PLAN)
    office.files.append(NAME, "an", 0, [DATA[:LEAF]])
    parts = [p for p in office.folder.rglob("*") if p.is_file() and p.stat().st_size]
    for path in parts:
        os.utime(path, (1, path.stat().st_mtime - KEPT_SECONDS - 60))
    office.restarted().begin("a" * 64, "binh", Plan(1, ("b" * 64,)))
    assert office.files.offset(NAME, "an") is None
    assert office.files.offset("a" * 64, "binh") == 0
    assert not [p for p in parts if p.exists()]


def test_a_late_duplicate_never_writes_into_the_file(office: Office) -> None:
    office.files.begin(NAME, "an", PLAN)
    office.files.append(NAME, "an", 0, [DATA[:-1000]])
    begun, done = threading.Event(), threading.Event()

    def late() -> Iterator[bytes]:
        begun.set()
        # The lock keeps the other one waiting; without it he would be through by then.
        done.wait(0.5)
        yield b"x" * 1000

    def duplicate() -> None:
        with pytest.raises(Damaged):
            office.files.append(NAME, "an", len(DATA) - 1000, late())

    thread = threading.Thread(target=duplicate)
    thread.start()
    begun.wait()
    while not done.is_set():
        try:
            office.upload("an")
        except Conflict:
            continue
        done.set()
    thread.join()
    assert office.files.path(NAME).read_bytes() == DATA


def test_the_store_holds_no_claim_for_what_was_shown(office: Office, store: Store) -> None:
    office.name("an", "n1", "agency:x")
    office.upload("an")
    with store.read() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM claim").scalar() == 0
