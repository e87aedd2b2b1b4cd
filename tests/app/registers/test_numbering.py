"""Numbers of a book: Decree 30/2020 Art 15, 22 and the three modes, as cases and properties."""

from __future__ import annotations

from datetime import date

import pytest

from app.kernel.actor import Actor
from app.kernel.command import Command
from app.kernel.errors import Conflict, HoaBanError, NotPermitted, RuleViolation
from app.registers import (
    EntryState,
    RegisterEntry,
    RegisterMode,
    entry_of,
    format_date_line,
    format_number,
    full_number,
    notation,
)
from app.registers.commands import (
    FenceRegister,
    LeaseRegister,
    OpenRegister,
    ReturnLease,
    SetMode,
    VoidNumber,
)
from tests.app.registers.probe import (
    ADMIN,
    BOOK,
    CLERK,
    NEW_YEAR,
    NEXT_YEAR,
    OTHER,
    REGISTRY,
    Back,
    Take,
    book,
    desk_of,
    leased,
    refused,
    server,
    states,
)


@pytest.mark.parametrize(
    ("n", "text"), [(1, "01"), (9, "09"), (10, "10"), (999, "999"), (1234, "1234")]
)
def test_numbers_below_ten_have_a_leading_zero__PL_I_II_3(n: int, text: str) -> None:
    assert format_number(n) == text


@pytest.mark.parametrize(
    ("n", "kind", "agency", "field", "text"),
    [
        (5, "QĐ", "UBND", "", "05/QĐ-UBND"),
        (12, "", "UBND", "VX", "12/UBND-VX"),
        (7, "", "HĐND", "", "07/HĐND"),
    ],
)
def test_notations__PL_I_II_3(n: int, kind: str, agency: str, field: str, text: str) -> None:
    assert full_number(n, notation(kind, agency, field)) == text


@pytest.mark.parametrize(
    ("day", "text"),
    [
        (date(2026, 1, 5), "ngày 05 tháng 01 năm 2026"),
        (date(2026, 3, 12), "ngày 12 tháng 3 năm 2026"),
    ],
)
def test_date_line__PL_I_II_4(day: date, text: str) -> None:
    assert format_date_line("Mường Thanh", day) == f"Mường Thanh, {text}"


def test_the_holder_numbers_offline_and_the_server_agrees() -> None:
    world = leased()
    desk = desk_of(world, "d1")
    for _ in range(3):
        desk.run(CLERK, Take(BOOK))
    assert states(desk) == {1: "given", 2: "given", 3: "given"}
    for n in (1, 2, 3):
        world.run(CLERK, Take(BOOK, n, 1), device="d1")
    assert states(world) == states(desk)
    assert book(world) == book(desk)


def test_a_desk_without_the_book_waits_and_the_server_gives_the_next() -> None:
    world = server(RegisterMode.SERVER)
    desk = desk_of(world, "d2")
    assert desk.run(CLERK, Take(BOOK)) == ()
    world.run(CLERK, Take(BOOK))
    world.run(CLERK, Take(BOOK))
    assert states(world) == {1: "given", 2: "given"}


def test_a_lease_counts_only_once_the_server_has_granted_it() -> None:
    desk = desk_of(server(), "d1")
    desk.run(CLERK, LeaseRegister(BOOK))
    assert desk.run(CLERK, Take(BOOK)) == ()


def test_a_stale_epoch_is_fenced_and_the_book_goes_on() -> None:
    world = leased()
    world.run(CLERK, Take(BOOK, 1, 1), device="d1")
    world.run(ADMIN, FenceRegister(BOOK, "máy bị mất"))
    with refused("register.fenced"):
        world.run(CLERK, Take(BOOK, 2, 1), device="d1")
    world.run(CLERK, LeaseRegister(BOOK), device="d2")
    with refused("register.fenced"):
        world.run(CLERK, Take(BOOK, 2, 1), device="d1")
    epoch = book(world).epoch
    world.run(CLERK, Take(BOOK, 2, epoch), device="d2")
    assert states(world) == {1: "given", 2: "given"}


@pytest.mark.parametrize(
    ("number", "epoch", "device", "code"),
    [
        (2, 1, "d2", "register.fenced"),
        (2, 0, "d1", "register.fenced"),
        (1, 1, "d1", "register.taken"),
        (0, 1, "d1", "register.taken"),
        (5000, 1, "d1", "register.gap"),
        (None, None, "d1", "register.held"),
        (None, None, "d2", "register.held"),
    ],
)
def test_what_a_leased_book_refuses(
    number: int | None, epoch: int | None, device: str, code: str
) -> None:
    world = leased()
    world.run(CLERK, Take(BOOK, 1, 1), device="d1")
    with refused(code):
        world.run(CLERK, Take(BOOK, number, epoch), device=device)
    assert states(world) == {1: "given"}


def test_numbers_of_refused_acts_are_voided_with_a_reason() -> None:
    world = leased()
    world.run(CLERK, Take(BOOK, 3, 1), device="d1")
    assert states(world) == {1: "voided", 2: "voided", 3: "given"}
    row: RegisterEntry = world.get("register_entry", f"{BOOK}:1")
    assert row.reason == "gap"


def test_a_released_number_is_the_next_one_given_if_none_followed__Art_15() -> None:
    world = server(RegisterMode.SERVER)
    world.run(CLERK, Take(BOOK, reserve=True))
    world.run(CLERK, Back(BOOK, 1))
    assert states(world) == {1: "released"}
    world.run(CLERK, Take(BOOK))
    assert states(world) == {1: "given"}
    assert book(world).next == 2


def test_the_numbers_of_a_stopped_run_go_back_from_the_end_of_the_book__Art_15() -> None:
    world = leased()
    for n in range(1, 6):
        world.run(CLERK, Take(BOOK, n, 1, reserve=n > 1), device="d1")
    for n in (5, 4, 2, 3):
        world.run(CLERK, Back(BOOK, n), device="d1")
    assert states(world) == {1: "given", 2: "voided", 3: "released", 4: "released", 5: "released"}
    assert book(world).released == (3, 4, 5)
    world.run(CLERK, Take(BOOK, 4, 1), device="d1")
    assert states(world) == {1: "given", 2: "voided", 3: "voided", 4: "given", 5: "released"}
    world.run(CLERK, Take(BOOK, 5, 1), device="d1")
    assert (book(world).next, book(world).released) == (6, ())


def test_a_released_number_that_others_followed_stays_voided__Art_15() -> None:
    world = server(RegisterMode.SERVER)
    world.run(CLERK, Take(BOOK, reserve=True))
    world.run(CLERK, Take(BOOK))
    world.run(CLERK, Back(BOOK, 1))
    world.run(CLERK, Take(BOOK))
    assert states(world) == {1: "voided", 2: "given", 3: "given"}
    assert entry_of(world.situation(CLERK), BOOK, 1).reason == "không ký"


def test_another_desk_cannot_give_a_number_back_to_the_holder() -> None:
    world = leased()
    world.run(CLERK, Take(BOOK, 1, 1, reserve=True), device="d1")
    world.run(CLERK, Back(BOOK, 1), device="d2")
    assert states(world) == {1: "voided"}
    assert book(world).released == ()


def test_confirming_and_what_is_not_reserved() -> None:
    world = server(RegisterMode.SERVER)
    world.run(CLERK, Take(BOOK, reserve=True))
    world.run(CLERK, Back(BOOK, 1, give=True))
    row = entry_of(world.situation(CLERK), BOOK, 1)
    assert (row.state, row.kind) == (EntryState.GIVEN, "document")
    assert world.run(CLERK, Back(BOOK, 1, give=True)) == ()
    with refused("register.not_reserved"):
        world.run(CLERK, Back(BOOK, 1))
    with refused("register.no_number"):
        world.run(CLERK, Back(BOOK, 2))


def test_each_year_starts_at_one__Art_15_1() -> None:
    world = server(RegisterMode.SERVER)
    world.run(CLERK, Take(BOOK))
    world.now = NEW_YEAR
    with refused("register.year"):
        world.run(CLERK, Take(BOOK))
    world.run(CLERK, Take(NEXT_YEAR))
    assert states(world, NEXT_YEAR) == {1: "given"}
    assert book(world, NEXT_YEAR).name == book(world).name


def test_a_held_book_goes_through_new_year_offline() -> None:
    world = leased()
    desk = desk_of(world, "d1")
    desk.now = NEW_YEAR
    desk.run(CLERK, Take(NEXT_YEAR))
    assert states(desk, NEXT_YEAR) == {1: "given"}
    world.now = NEW_YEAR
    world.run(CLERK, Take(NEXT_YEAR, 1, 1), device="d1")
    assert book(world, NEXT_YEAR) == book(desk, NEXT_YEAR)


def test_fencing_the_old_year_fences_the_new_one_too() -> None:
    world = leased()
    desk = desk_of(world, "d1")
    desk.now = world.now = NEW_YEAR
    desk.run(CLERK, Take(NEXT_YEAR))
    world.run(ADMIN, FenceRegister(BOOK, "máy hỏng"))
    with refused("register.fenced"):
        world.run(CLERK, Take(NEXT_YEAR, 1, 1), device="d1")
    known = leased()
    known.now = NEW_YEAR
    known.run(CLERK, Take(NEXT_YEAR, 1, 1), device="d1")
    known.run(ADMIN, FenceRegister(NEXT_YEAR, "máy hỏng"))
    assert (book(known).lease, book(known, NEXT_YEAR).lease) == (None, None)


def test_a_paper_book_is_carried_on__Art_15_3() -> None:
    world = server(RegisterMode.SERVER, first=120)
    world.run(CLERK, Take(BOOK))
    assert states(world) == {120: "given"}


def test_voiding_keeps_the_row_and_needs_a_reason() -> None:
    world = server(RegisterMode.SERVER)
    world.run(CLERK, Take(BOOK))
    with refused("register.reason"):
        world.run(CLERK, VoidNumber(BOOK, 1, " "))
    world.run(CLERK, VoidNumber(BOOK, 1, "ghi nhầm"))
    with refused("register.voided"):
        world.run(CLERK, VoidNumber(BOOK, 1, "ghi nhầm"))
    world.run(CLERK, Take(BOOK))
    assert states(world) == {1: "voided", 2: "given"}


@pytest.mark.parametrize(
    ("actor", "command", "kind", "code"),
    [
        (CLERK, FenceRegister(BOOK, "mất máy"), NotPermitted, "permission"),
        (ADMIN, FenceRegister(BOOK, "mất máy"), RuleViolation, "register.not_leased"),
        (OTHER, LeaseRegister(BOOK), NotPermitted, "register.other_agency"),
        (CLERK, LeaseRegister(BOOK, "d7"), RuleViolation, "register.other_device"),
        (CLERK, ReturnLease(BOOK), RuleViolation, "register.fenced"),
        (ADMIN, SetMode(BOOK, RegisterMode.BLOCK), RuleViolation, "register.basis"),
        (
            ADMIN,
            OpenRegister(NEXT_YEAR, "S", RegisterMode.BLOCK),
            RuleViolation,
            "register.mode_not_offered",
        ),
        (CLERK, OpenRegister(BOOK, "Sổ", RegisterMode.SERVER), Conflict, "register.exists"),
        (CLERK, OpenRegister("xa1", "Sổ", RegisterMode.SERVER), RuleViolation, "register.unknown"),
        (CLERK, Take("xa1:2026:secret"), RuleViolation, "register.unknown"),
    ],
)
def test_refusals(actor: Actor, command: Command, kind: type[HoaBanError], code: str) -> None:
    with refused(code, kind):
        server().run(actor, command)


def test_a_book_is_held_by_one_device_until_it_is_returned() -> None:
    world = leased()
    with refused("register.leased", Conflict):
        world.run(CLERK, LeaseRegister(BOOK), device="d2")
    world.run(CLERK, ReturnLease(BOOK), device="d1")
    world.run(CLERK, LeaseRegister(BOOK), device="d2")
    lease = book(world).lease
    assert lease is not None
    assert (lease.device, lease.epoch) == ("d2", 2)


def test_an_administrator_holds_books_but_no_numbers() -> None:
    world = server()
    kinds = REGISTRY.kinds
    assert "administration" in kinds["register"].buckets(book(world))
    world.run(CLERK, Take(BOOK))
    row = world.get("register_entry", f"{BOOK}:1")
    assert kinds["register_entry"].buckets(row) == {"agency:xa1"}


def test_a_released_number_that_is_passed_over_is_voided() -> None:
    world = leased()
    world.run(CLERK, Take(BOOK, 1, 1, reserve=True), device="d1")
    world.run(CLERK, Back(BOOK, 1), device="d1")
    assert book(world).released == (1,)
    world.run(CLERK, Take(BOOK, 2, 1), device="d1")
    assert states(world) == {1: "voided", 2: "given"}
    assert book(world).released == ()


def test_what_was_done_in_the_old_year_without_a_line_is_numbered_in_the_old_book() -> None:
    world = server(RegisterMode.SERVER)
    desk = desk_of(world, "d1")
    desk.run(CLERK, Take(BOOK))
    # The act keeps its own time; the server hears of it after New Year, and after others.
    at = world.now
    world.now = NEW_YEAR
    world.run(CLERK, Take(NEXT_YEAR), device="d2")
    world.now = at
    world.run(CLERK, Take(BOOK), device="d1")
    assert states(world) == {1: "given"} and states(world, NEXT_YEAR) == {1: "given"}
