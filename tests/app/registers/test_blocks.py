"""Reserved blocks: what a desk may give without a line, until when, and what becomes of the rest."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from app.kernel.actor import Actor
from app.kernel.command import Command
from app.kernel.errors import Conflict, HoaBanError, NotPermitted, RuleViolation
from app.kernel.texts import Texts
from app.registers import RegisterMode, entry_of
from app.registers.commands import (
    LeaseRegister,
    ReserveBlock,
    ReturnBlock,
    SetMode,
    VoidBlock,
    VoidNumber,
)
from tests.app.registers.probe import (
    ADMIN,
    BOOK,
    CLERK,
    NEW_YEAR,
    NEXT_YEAR,
    OTHER,
    Back,
    Take,
    book,
    desk_of,
    refused,
    server,
    states,
)
from tests.doubles.world import World

BASIS = "Quy chế văn thư 12/QC-UBND"
UNTIL = date(2026, 3, 6)
REST = "hết đợt công tác"


def blocks(*sizes: int) -> World:
    """Return a server whose book has a block for each of d1, d2, and so on."""
    world = server(RegisterMode.SERVER)
    world.run(ADMIN, SetMode(BOOK, RegisterMode.BLOCK, BASIS))
    for place, size in enumerate(sizes, 1):
        world.run(CLERK, ReserveBlock(BOOK, size, UNTIL), device=f"d{place}")
    return world


def take(world: World, n: int, device: str = "d1", *, reserve: bool = False) -> None:
    """Let the server hear of a number that a device gave."""
    block = book(world).block_of(device)
    assert block is not None
    world.run(CLERK, Take(BOOK, n, block.epoch, reserve), device=device)


def free(world: World, device: str) -> tuple[int, ...]:
    block = book(world).block_of(device)
    return () if block is None else block.numbers


def test_two_desks_number_offline_and_the_server_agrees() -> None:
    world = blocks(3, 2)
    desks = {d: desk_of(world, d) for d in ("d1", "d2")}
    for device, wanted in (("d1", (1, 2)), ("d2", (4, 5))):
        for n in wanted:
            desks[device].run(CLERK, Take(BOOK))
            assert entry_of(desks[device].situation(CLERK), BOOK, n).state == "given"
    for n, device in ((4, "d2"), (1, "d1"), (5, "d2"), (2, "d1")):
        take(world, n, device)
    assert states(world) == {1: "given", 2: "given", 4: "given", 5: "given"}
    assert (free(world, "d1"), free(world, "d2"), book(world).next) == ((3,), (), 6)
    assert free(desks["d1"], "d1") == (3,)


def test_the_server_numbers_past_the_blocks_for_desks_without_one() -> None:
    world = blocks(3)
    world.run(CLERK, Take(BOOK), device="d9")
    assert states(world) == {4: "given"}
    assert desk_of(world, "d9").run(CLERK, Take(BOOK)) == ()


def test_a_block_counts_only_once_the_server_has_reserved_it() -> None:
    desk = desk_of(blocks(), "d1")
    desk.run(CLERK, ReserveBlock(BOOK, 5, UNTIL))
    assert desk.run(CLERK, Take(BOOK)) == ()


def test_a_used_up_block_waits_for_the_server_and_gives_way_to_a_new_one() -> None:
    world = blocks(1)
    take(world, 1)
    assert desk_of(world, "d1").run(CLERK, Take(BOOK)) == ()
    world.run(CLERK, ReserveBlock(BOOK, 2, UNTIL), device="d1")
    assert (free(world, "d1"), len(book(world).blocks)) == ((2, 3), 1)


def test_after_the_last_day_no_number_is_given_and_the_text_says_what_to_do() -> None:
    world = blocks(3)
    desk = desk_of(world, "d1")
    desk.now += timedelta(days=4)
    desk.run(CLERK, Take(BOOK))
    desk.now += timedelta(days=1)
    with refused("register.block_expired") as caught:
        desk.run(CLERK, Take(BOOK))
    said = Texts().error(caught.value)
    assert "06/03/2026" in said
    assert "trả các số chưa dùng" in said
    assert states(desk) == {1: "given"}
    # What was given in time may come late; what was given after it is refused there too.
    world.now += timedelta(days=4)
    take(world, 1)
    world.now += timedelta(days=1)
    with refused("register.block_expired"):
        take(world, 2)
    desk.run(CLERK, ReturnBlock(BOOK, REST))
    assert desk.run(CLERK, Take(BOOK)) == ()


def test_unused_numbers_go_back_from_the_end_of_the_book_and_are_given_next() -> None:
    world = blocks(4)
    take(world, 1)
    world.run(CLERK, ReturnBlock(BOOK, REST), device="d1")
    assert states(world) == {1: "given", 2: "released", 3: "released", 4: "released"}
    world.run(CLERK, ReserveBlock(BOOK, 4, UNTIL), device="d2")
    assert (free(world, "d2"), book(world).released, book(world).next) == ((2, 3, 4, 5), (), 6)
    take(world, 2, "d2")
    assert states(world)[2] == "given"


def test_unused_numbers_that_others_follow_are_void_with_the_reason() -> None:
    world = blocks(3, 2)
    take(world, 1)
    world.run(CLERK, ReturnBlock(BOOK, REST), device="d1")
    assert states(world) == {1: "given", 2: "voided", 3: "voided"}
    assert entry_of(world.situation(CLERK), BOOK, 3).reason == REST
    assert (book(world).released, len(book(world).blocks)) == ((), 1)


def test_a_lost_machine_gives_nothing_more_and_its_rest_is_void() -> None:
    world = blocks(3)
    lost = desk_of(world, "d1")
    lost.run(CLERK, Take(BOOK))
    epoch = book(world).epoch
    world.run(ADMIN, VoidBlock(BOOK, "d1", "mất máy"))
    assert states(world) == {1: "voided", 2: "voided", 3: "voided"}
    with refused("register.block_gone"):
        world.run(CLERK, Take(BOOK, 1, epoch), device="d1")
    world.run(CLERK, ReserveBlock(BOOK, 2, UNTIL), device="d1")
    with refused("register.block_gone"):
        world.run(CLERK, Take(BOOK, 4, epoch), device="d1")
    assert free(world, "d1") == (4, 5)


def test_an_administrators_desk_leaves_the_rows_to_the_server() -> None:
    desk = desk_of(blocks(3), "d9")
    desk.run(ADMIN, VoidBlock(BOOK, "d1", "mất máy"))
    assert (free(desk, "d1"), states(desk)) == ((), {})


def test_a_declined_number_goes_back_into_its_block_if_none_follows__Art_15() -> None:
    world = blocks(4)
    take(world, 1, reserve=True)
    take(world, 2, reserve=True)
    world.run(CLERK, Back(BOOK, 1), device="d1")
    world.run(CLERK, Back(BOOK, 2), device="d1")
    assert (states(world), free(world, "d1")) == ({1: "voided", 2: "released"}, (2, 3, 4))
    take(world, 2, reserve=True)
    world.run(CLERK, Back(BOOK, 2), device="d2")
    assert (states(world), free(world, "d1")) == ({1: "voided", 2: "voided"}, (3, 4))


def test_numbers_of_refused_acts_are_passed_over_with_a_row() -> None:
    world = blocks(4)
    take(world, 3)
    assert states(world) == {1: "voided", 2: "voided", 3: "given"}
    with refused("register.taken"):
        take(world, 2)


def test_nobody_strikes_a_number_through_that_another_block_may_give() -> None:
    world = blocks(2)
    take(world, 1, reserve=True)
    world.run(CLERK, Back(BOOK, 1), device="d1")
    with refused("register.in_block"):
        world.run(CLERK, VoidNumber(BOOK, 1, "ghi nhầm"), device="d2")
    world.run(CLERK, VoidNumber(BOOK, 1, "ghi nhầm"), device="d1")
    assert free(world, "d1") == (2,)


def test_a_block_stays_with_its_year() -> None:
    world = server(RegisterMode.SERVER)
    world.run(ADMIN, SetMode(BOOK, RegisterMode.BLOCK, BASIS))
    world.run(CLERK, ReserveBlock(BOOK, 3, date(2026, 12, 31)), device="d1")
    desk = desk_of(world, "d1")
    world.now = desk.now = NEW_YEAR
    with refused("register.block_expired"):
        desk.run(CLERK, Take(BOOK))
    assert desk.run(CLERK, Take(NEXT_YEAR)) == ()
    world.run(CLERK, ReserveBlock(NEXT_YEAR, 2, date(2027, 1, 9)), device="d2")
    opened = book(world, NEXT_YEAR)
    assert (opened.mode, opened.basis, opened.next) == (RegisterMode.BLOCK, BASIS, 3)
    # The old year's rest goes with whichever of the two is given back, and is never given.
    world.run(CLERK, ReturnBlock(NEXT_YEAR, REST), device="d1")
    assert states(world) == {1: "voided", 2: "voided", 3: "voided"}
    assert book(world).blocks == ()
    assert len(book(world, NEXT_YEAR).blocks) == 1


def test_the_device_that_gives_the_numbers_knows_a_clock_set_back() -> None:
    desk = desk_of(blocks(3), "d1")
    desk.run(CLERK, Take(BOOK))
    desk.now -= timedelta(days=1)
    with refused("register.clock_back"):
        desk.run(CLERK, Take(BOOK))


@pytest.mark.parametrize(
    ("actor", "command", "kind", "code"),
    [
        (CLERK, ReserveBlock(BOOK, 0, UNTIL), RuleViolation, "register.block_size"),
        (CLERK, ReserveBlock(BOOK, 101, UNTIL), RuleViolation, "register.block_size"),
        (CLERK, ReserveBlock(BOOK, 5, date(2026, 3, 1)), RuleViolation, "register.block_until"),
        (CLERK, ReserveBlock(BOOK, 5, date(2027, 1, 1)), RuleViolation, "register.block_until"),
        (CLERK, ReserveBlock(BOOK, 5, UNTIL), Conflict, "register.block_held"),
        (OTHER, ReserveBlock(BOOK, 5, UNTIL), NotPermitted, "register.other_agency"),
        (CLERK, ReturnBlock(BOOK, " "), RuleViolation, "register.reason"),
        (CLERK, VoidBlock(BOOK, "d1", "mất máy"), NotPermitted, "permission"),
        (ADMIN, VoidBlock(BOOK, "d7", "mất máy"), RuleViolation, "register.no_block"),
        (ADMIN, SetMode(BOOK, RegisterMode.SERVER), Conflict, "register.blocks_left"),
        (CLERK, SetMode(BOOK, RegisterMode.SERVER), NotPermitted, "permission"),
        (CLERK, LeaseRegister(BOOK), RuleViolation, "register.not_leasable"),
        (CLERK, Take(BOOK, 1, 0), RuleViolation, "register.block_gone"),
        (CLERK, Take(BOOK, 9, 1), RuleViolation, "register.taken"),
    ],
)
def test_refusals(actor: Actor, command: Command, kind: type[HoaBanError], code: str) -> None:
    with refused(code, kind):
        blocks(3).run(actor, command)


def test_a_device_without_a_block_returns_none_and_other_modes_have_none() -> None:
    with refused("register.block_gone"):
        blocks(3).run(CLERK, ReturnBlock(BOOK, REST), device="d2")
    with refused("register.no_blocks"):
        server().run(CLERK, ReserveBlock(BOOK, 5, UNTIL))


def test_a_book_without_blocks_left_changes_its_mode() -> None:
    world = blocks(1)
    take(world, 1)
    world.run(ADMIN, SetMode(BOOK, RegisterMode.SERVER))
    assert (book(world).blocks, book(world).basis) == ((), "")
    world.run(CLERK, Take(BOOK))
    assert states(world) == {1: "given", 2: "given"}


def test_a_declined_number_of_a_closed_block_is_never_given_again() -> None:
    world = blocks(1)
    take(world, 1, reserve=True)
    lost = desk_of(world, "d1")
    world.run(ADMIN, VoidBlock(BOOK, "d1", "mất máy"))
    # Without a line the device takes it back into the block, and gives it to another paper.
    lost.run(CLERK, Back(BOOK, 1))
    lost.run(CLERK, Take(BOOK))
    assert states(lost) == {1: "given"}
    world.run(CLERK, Back(BOOK, 1), device="d1")
    world.run(CLERK, Take(BOOK), device="d2")
    assert states(world) == {1: "voided", 2: "given"}
