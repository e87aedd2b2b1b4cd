"""Blocks of numbers over a line that loses: no number stands on two papers, none is lost."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.kernel.actor import Actor
from app.kernel.bus import Bus
from app.kernel.clock import FixedClock, local_date
from app.kernel.codec import from_json
from app.kernel.command import Command, Envelope
from app.kernel.errors import HoaBanError, Unavailable
from app.registers.commands import OpenRegister, ReserveBlock, ReturnBlock, SetMode, VoidBlock
from app.registers.model import EntryState, Register, RegisterEntry, RegisterMode
from app.store.desk import DeskStore
from app.store.replica import Replica
from sync.client.engine import Engine
from sync.protocol.messages import Frame, Request
from sync.server.accounts import Accounts
from sync.server.check import check
from sync.server.devices import Devices
from sync.server.files import Files
from sync.server.service import Account, Service
from sync.server.store import Store
from tests.app.registers.probe import BOOK, CLERK, NEXT_YEAR, REGISTRY, Back, Take
from tests.doubles.postgres import Cluster
from tests.sync.conftest import NOON
from tests.sync.desk import Desk
from tests.sync.simulator import line

KEY = bytes(range(32))
DESKS = ("d1", "d2", "d3")
CHIEF = replace(CLERK, person="chief", roles=frozenset({"administrator"}))
LAST_DAY = datetime(2026, 12, 31, 3, 0, tzinfo=UTC)


class Clerks:
    """Everybody is a clerk of the agency whose book it is, and one its administrator."""

    def actor(self, _state: Any, envelope: Envelope) -> Actor:
        return CHIEF if envelope.person == CHIEF.person else CLERK

    def scope(self, _state: Any, _person: str, _at: Any) -> tuple[tuple[str, int], ...]:
        return (("agency:xa1", 0),)

    def first(self, _state: Any, _person: str) -> tuple[tuple[str, str], ...]:
        return ()

    def shown(self, buckets: Sequence[str]) -> tuple[str, ...]:
        return tuple(buckets)


class Line:
    """Carry frames in the process, and lose what it is told to lose."""

    def __init__(self, service: Service) -> None:
        self.service, self.fault = service, ""

    def exchange(self, request: Request) -> Iterator[Frame]:
        if self.fault == "request":
            raise Unavailable("sync.offline")
        frames = list(self.service.handle(request, Account(CLERK.person, CLERK.person)))
        if self.fault == "reply":
            raise Unavailable("sync.offline")
        if self.fault == "cut":
            yield from line.cut(frames, len(frames) // 2)
        yield from line.whole(frames)


class Clerk:
    """A real desk: its own store, outbox and engine."""

    def __init__(self, folder: Path, service: Service, clock: FixedClock) -> None:
        folder.mkdir()
        self.store = DeskStore.open(folder, KEY, REGISTRY, clock)
        self.store.hold_seconds = 0.0
        self.store.resolve_actor = lambda _get, _envelope: CLERK
        self.line = Line(service)
        self.engine = Engine(Replica(self.store), self.line)
        self.own: set[str] = set()
        self.bus = Bus(
            REGISTRY, self.store.transaction, self.store.device, clock, self.store.changes
        )

    def act(self, command: Command) -> None:
        """Act without a line; what the rules of the desk refuse is not done."""
        try:
            self.bus.run(CLERK, command)
        except HoaBanError:
            return
        self.own.add(Replica(self.store).items()[-1].command)

    def sync(self, fault: str = "") -> None:
        self.line.fault = fault
        try:
            self.engine.round(flush=True)
        except Unavailable:
            assert fault

    def rows(self, book: str = BOOK) -> list[RegisterEntry]:
        rows = (row for _, row in self.store.entities("register_entry"))
        return [row for row in rows if row.register == book]

    def reserved(self) -> list[int]:
        """Return the numbers that this desk keeps for a paper which is not signed yet."""
        mine = (r for r in self.rows() if r.entity in self.own)
        return sorted(r.n for r in mine if r.state is EntryState.RESERVED)


class Office:
    """A server with one book of blocks, and three desks."""

    def __init__(self, folder: Path, url: str) -> None:
        self.clock = FixedClock(NOON)
        self.server = Store(url, self.clock)
        self.files = Files(folder / "files", self.server)
        self.service = Service(self.server, REGISTRY, Clerks(), self.clock)
        self.service.run_as_system(
            OpenRegister(BOOK, "Sổ văn bản đến", RegisterMode.SERVER),
            SetMode(BOOK, RegisterMode.BLOCK, "Quy chế văn thư"),
        )
        self.desks = {name: Clerk(folder / name, self.service, self.clock) for name in DESKS}
        # Which paper bears a number: whoever gave it, it is never written on another one.
        self.papers: dict[int, str] = {}
        self.asked = 0
        for desk in self.desks.values():
            desk.sync()

    def close(self) -> None:
        for desk in self.desks.values():
            desk.store.close()
        self.server.close()

    def act(self, verb: str, name: str, size: int) -> None:
        desk = self.desks[name]
        today = local_date(self.clock.now())
        commands: dict[str, Callable[[], Command]] = {
            "take": lambda: Take(BOOK),
            "keep": lambda: Take(BOOK, reserve=True),
            "ask": lambda: ReserveBlock(BOOK, size, today + timedelta(days=size)),
            "return": lambda: ReturnBlock(BOOK, "hết đợt công tác"),
        }
        if verb == "day":
            self.clock.advance(timedelta(days=1))
        elif verb == "lost":
            self.lose(desk.store.device)
        elif verb in {"back", "confirm"}:
            for n in desk.reserved()[-1:]:
                desk.act(Back(BOOK, n, give=verb == "confirm"))
        elif verb in commands:
            desk.act(commands[verb]())
        else:
            desk.sync("" if verb == "sync" else verb)
        self.note(desk.rows())

    def lose(self, device: str) -> None:
        """Let the administrator void the block of a device that goes on without a line."""
        try:
            self.service.run_as_system(VoidBlock(BOOK, device, "máy bị mất"))
        except HoaBanError:
            return

    def note(self, rows: list[RegisterEntry]) -> None:
        for row in rows:
            if row.state is EntryState.GIVEN:
                assert self.papers.setdefault(row.n, row.entity) == row.entity, "given twice"

    def settle(self) -> None:
        """Let everybody come back to the line; see that all hold the same, and it is whole."""
        for _ in range(2):
            for desk in self.desks.values():
                desk.sync()
                self.note(desk.rows())
        assert check(self.server, REGISTRY, self.files) == []
        held = {name: {r.id: r for r in desk.rows()} for name, desk in self.desks.items()}
        books = {desk.store.get("register", BOOK) for desk in self.desks.values()}
        assert held["d1"] == held["d2"] == held["d3"]
        assert len(books) == 1
        self.whole(books.pop(), held["d1"])

    def whole(self, book: Register, rows: dict[str, RegisterEntry]) -> None:
        there = {row.n for row in rows.values()}
        free = [n for block in book.blocks for n in block.numbers]
        assert len(set(free)) == len(free), "a number is in two blocks"
        assert not set(free) & set(book.released)
        assert there | set(free) == set(range(book.first, book.next)), "a number has no row"
        given = {r.n for r in rows.values() if r.state is EntryState.GIVEN}
        # What a void block gave is refused, but its number stays void for ever.
        states = {r.n: r.state for r in rows.values()}
        refused = set(self.papers) - given
        assert all(states.get(n) is EntryState.VOIDED for n in refused)


VERBS = (
    "take", "take", "take", "keep", "back", "confirm", "ask", "ask", "return", "lost", "day",
    "sync", "sync", "request", "reply", "reply", "cut",
)  # fmt: skip
ACTS = st.lists(
    st.tuples(st.sampled_from(VERBS), st.sampled_from(DESKS), st.integers(1, 5)),
    min_size=20,
    max_size=60,
)


@pytest.fixture
def office(tmp_path: Path, url: str) -> Iterator[Office]:
    made = Office(tmp_path, url)
    yield made
    made.close()


@settings(max_examples=10, deadline=None)
@given(ACTS)
def test_no_number_is_given_twice_whatever_the_line_does(acts: list[tuple[str, str, int]]) -> None:
    folder = Path(tempfile.mkdtemp())
    live(folder, f"sqlite:///{folder / 'server.db'}", acts)


@settings(max_examples=3, deadline=None)
@given(acts=ACTS)
def test_nor_on_postgresql(postgres: Cluster, acts: list[tuple[str, str, int]]) -> None:
    live(Path(tempfile.mkdtemp()), postgres.database(), acts)


def live(folder: Path, url: str, acts: list[tuple[str, str, int]]) -> None:
    office = Office(folder, url)
    try:
        for name in DESKS:
            office.act("ask", name, 3)
            office.act("sync", name, 0)
        for verb, name, size in acts:
            office.act(verb, name, size)
        office.settle()
    finally:
        office.close()
        shutil.rmtree(folder)


def test_a_block_that_was_asked_for_twice_over_a_lost_reply_is_one(office: Office) -> None:
    office.act("ask", "d1", 3)
    office.act("reply", "d1", 0)
    assert office.desks["d1"].store.get("register", BOOK).blocks == ()
    office.act("sync", "d1", 0)
    (block,) = office.desks["d1"].store.get("register", BOOK).blocks
    assert block.numbers == (1, 2, 3)
    for _ in range(2):
        office.act("take", "d1", 0)
    office.act("reply", "d1", 0)
    office.act("take", "d1", 0)
    office.settle()
    assert sorted(office.papers) == [1, 2, 3]
    assert office.desks["d2"].store.get("register", BOOK).next == 4


def test_a_lost_machine_learns_that_its_numbers_are_void(office: Office) -> None:
    office.act("ask", "d1", 3)
    office.act("sync", "d1", 0)
    office.act("take", "d1", 0)
    office.act("lost", "d1", 0)
    office.act("take", "d1", 0)
    office.act("ask", "d2", 2)
    office.settle()
    refused = [i.code for i in Replica(office.desks["d1"].store).items()]
    assert refused == ["register.block_gone", "register.block_gone"]
    (block,) = office.desks["d2"].store.get("register", BOOK).blocks
    assert block.numbers == (4, 5)


def test_the_server_keeps_the_book_as_the_desks_read_it(office: Office) -> None:
    office.act("ask", "d1", 3)
    office.settle()
    book: Register = office.desks["d2"].store.get("register", BOOK)
    assert book == from_json(Register, office.desks["d2"].store.raw("register", BOOK) or {})
    with office.server.write() as connection:
        connection.exec_driver_sql(
            "UPDATE entity SET data = replace(data, '[1,2,3],\"until\"', '[2,3],\"until\"')"
        )
    # The digests tell too that somebody changed a row behind their back
    found = {f.check for f in check(office.server, REGISTRY, office.files)}
    assert found == {"register", "digest"}


def ask_mode(office: Office, mode: RegisterMode) -> str:
    """Let an administrator's desk ask for a mode; answer the code of the receipt."""
    chief = Account(CHIEF.person, CHIEF.person)
    desk = Desk(office.service, chief, f"chief-{office.asked}", office.clock)
    desk.registry = REGISTRY
    office.asked += 1
    (receipt,) = desk.sync(SetMode(BOOK, mode, "Quy chế văn thư"))
    return receipt.code


def test_a_book_goes_over_to_blocks_when_no_older_desk_uses_it(office: Office) -> None:
    assert ask_mode(office, RegisterMode.SERVER) == "accepted"
    tokens, devices = Accounts(office.server, office.clock), Devices(office.server, office.clock)
    tokens.put("old", CLERK.person, "mật khẩu mẫu")
    given = tokens.check(tokens.sign_in("old", "mật khẩu mẫu", "").access)
    old = Desk(office.service, given, "old-desk", office.clock)
    old.take(old.ask(rules=1))
    devices.admit("old-desk", given)
    assert ask_mode(office, RegisterMode.BLOCK) == "register.older_desks"
    assert ask_mode(office, RegisterMode.LEASED) == "accepted"
    # Brought up to date, it is in nobody's way; nor is one that was signed out.
    old.take(old.ask())
    assert ask_mode(office, RegisterMode.BLOCK) == "accepted"
    assert ask_mode(office, RegisterMode.SERVER) == "accepted"
    old.take(old.ask(rules=1))
    assert ask_mode(office, RegisterMode.BLOCK) == "register.older_desks"
    devices.sign_out("old-desk")
    assert ask_mode(office, RegisterMode.BLOCK) == "accepted"


def test_a_block_ends_with_its_year_on_a_desk_that_was_away(office: Office) -> None:
    office.clock.advance(LAST_DAY - NOON)
    office.desks["d1"].act(ReserveBlock(BOOK, 3, LAST_DAY.date()))
    office.act("sync", "d1", 0)
    office.act("take", "d1", 0)
    office.clock.advance(timedelta(days=1))
    # Without a line: no number of the old year's block, and none of the new year's book.
    desk = office.desks["d1"]
    for book in (BOOK, NEXT_YEAR):
        desk.act(Take(book))
    assert sorted(office.papers) == [1]
    office.act("return", "d1", 0)
    office.settle()
    rows = {r.n: r.state for r in desk.rows()}
    assert rows == {1: EntryState.GIVEN, 2: EntryState.VOIDED, 3: EntryState.VOIDED}
    (first,) = desk.rows(NEXT_YEAR)
    assert (first.n, first.state) == (1, EntryState.GIVEN)
