"""Numbers stay unique and gap-free in whatever order desks act and push, as a property."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from app.kernel.actor import Actor
from app.kernel.command import Command
from app.kernel.errors import HoaBanError
from app.kernel.event import Event
from app.registers import (
    EntryState,
    RegisterMode,
)
from app.registers.commands import (
    FenceRegister,
    LeaseRegister,
    ReturnLease,
    VoidNumber,
)
from tests.app.registers.probe import (
    ADMIN,
    BOOK,
    CLERK,
    Back,
    Take,
    book,
    desk_of,
    prepare,
    server,
    states,
)
from tests.doubles.world import World

ACTS = st.lists(
    st.tuples(
        st.sampled_from(
            ["take", "reserve", "back", "give", "void", "lease", "return", "fence", "push"]
        ),
        st.sampled_from(["d1", "d2"]),
        st.integers(1, 12),
    ),
    max_size=60,
)


def _command(act: str, n: int) -> Command:
    return {
        "take": Take(BOOK),
        "reserve": Take(BOOK, reserve=True),
        "back": Back(BOOK, n),
        "give": Back(BOOK, n, give=True),
        "void": VoidNumber(BOOK, n, "ghi nhầm"),
        "lease": LeaseRegister(BOOK),
        "return": ReturnLease(BOOK),
        "fence": FenceRegister(BOOK, "mất máy"),
    }[act]


class Office:
    """A server and two desks that act offline and push when they can."""

    def __init__(self, mode: RegisterMode) -> None:
        self.server = server(mode)
        self.desks = {d: desk_of(self.server, d) for d in ("d1", "d2")}
        self.waiting: dict[str, list[Command]] = {"d1": [], "d2": []}
        self.bearers: dict[int, str] = {}

    def act(self, act: str, device: str, n: int) -> None:
        if act == "push":
            self.push(device)
        elif act == "fence":
            self._try(self.server, ADMIN, _command(act, n), device)
        else:
            desk = self.desks[device]
            command = _command(act, n)
            if isinstance(command, Take):
                command = prepare(None, command, desk.situation(CLERK))
            if self._try(desk, CLERK, command, device) is not None:
                self.waiting[device].append(command)

    def push(self, device: str) -> None:
        for command in self.waiting[device]:
            self._try(self.server, CLERK, command, device)
            self.check()
        self.waiting[device] = []
        self.desks[device] = desk_of(self.server, device)

    def _try(
        self, world: World, actor: Actor, command: Command, device: str
    ) -> tuple[Event, ...] | None:
        try:
            return world.run(actor, command, device=device)
        except HoaBanError:
            return None

    def check(self) -> None:
        found, now = states(self.server), book(self.server)
        assert list(found) == list(range(now.first, now.next)), "a number has no row"
        assert tuple(n for n, s in found.items() if s == "released") == now.released
        rows = [self.server.get("register_entry", f"{BOOK}:{n}") for n in found]
        bearers = [r.entity for r in rows if r.state in {EntryState.GIVEN, EntryState.RESERVED}]
        assert len(set(bearers)) == len(bearers)
        for row in rows:
            if row.state is EntryState.GIVEN:
                assert self.bearers.setdefault(row.n, row.entity) == row.entity, "given twice"


@settings(max_examples=120, deadline=None)
@given(st.sampled_from([RegisterMode.LEASED, RegisterMode.SERVER]), ACTS)
def test_numbers_are_unique_and_gap_free_in_any_order(
    mode: RegisterMode, acts: list[tuple[str, str, int]]
) -> None:
    office = Office(mode)
    for act, device, n in acts:
        office.act(act, device, n)
    for device in office.desks:
        office.push(device)
    office.check()
