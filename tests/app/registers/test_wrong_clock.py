"""A desk whose clock is wrong gives no number of a wrong day; what it is told, it says."""

from __future__ import annotations

from datetime import timedelta

import pytest

from app.kernel.clock import FixedClock, ServerTime
from app.kernel.texts import Texts
from app.registers import RegisterMode
from tests.app.registers.probe import BOOK, CLERK, Take, book, desk_of, leased, refused, server
from tests.doubles.world import NOON

DAY = timedelta(days=1)


def test_no_number_on_an_earlier_day_than_the_last_one_of_the_book() -> None:
    desk = desk_of(leased(), "d1")
    desk.run(CLERK, Take(BOOK))
    desk.now -= DAY
    with refused("register.clock_back") as caught:
        desk.run(CLERK, Take(BOOK))
    assert book(desk).next == 2
    text = Texts().error(caught.value)
    assert "02/03/2026" in text
    assert "chỉnh lại ngày giờ" in text
    desk.now += DAY
    desk.run(CLERK, Take(BOOK))
    assert book(desk).next == 3


@pytest.mark.parametrize("off", [DAY, -DAY])
@pytest.mark.parametrize("mode", [RegisterMode.LEASED, RegisterMode.SERVER])
def test_no_number_while_the_server_shows_another_day(off: timedelta, mode: RegisterMode) -> None:
    known = leased() if mode is RegisterMode.LEASED else server(mode)
    desk = desk_of(known, "d1")
    desk.clock_off = off
    with refused("register.clock_off"):
        desk.run(CLERK, Take(BOOK))
    # Another hour of the same day gives the same date.
    desk.clock_off = timedelta(hours=1)
    desk.run(CLERK, Take(BOOK))


def test_the_server_numbers_what_was_done_on_an_earlier_day() -> None:
    world = server(RegisterMode.SERVER)
    world.run(CLERK, Take(BOOK), device="d1")
    world.now -= DAY
    world.run(CLERK, Take(BOOK), device="d2")
    assert book(world).next == 3


def test_the_clocks_are_compared_until_one_of_them_jumps() -> None:
    clock = FixedClock(NOON)
    time = ServerTime(clock)
    assert time.ahead == timedelta()
    time.heard(NOON + timedelta(minutes=4))
    assert time.ahead == timedelta()
    time.heard(NOON + timedelta(minutes=12))
    clock.advance(timedelta(hours=3))
    assert time.ahead == timedelta(minutes=12)
    # Somebody sets the clock: its pace against the seconds that never run back is broken.
    clock._at += timedelta(minutes=12)
    assert time.ahead == timedelta()
    time.heard(clock.now() - timedelta(minutes=30))
    assert time.ahead == -timedelta(minutes=30)
    time.tolerance = timedelta(minutes=31)
    assert time.ahead == timedelta()
