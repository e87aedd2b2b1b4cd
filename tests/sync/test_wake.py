"""A commit wakes those whose buckets it moved, and lets the others wait."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest

from sync.server.service import Service
from sync.server.wake import Waker
from tests.doubles.toy import AddNote, HoldBuckets, MoveNote

X, Y = ("agency:x",), ("agency:y",)
NEVER, SHORT = 3600.0, 0.4


@pytest.fixture
def seen(service: Service) -> Service:
    service.run_as_system(AddNote("n", "", X))
    return service


def woken(service: Service, commit: Callable[[], None]) -> dict[str, bool]:
    """Commit while three wait, and tell who was woken."""

    async def live() -> dict[str, bool]:
        waker = Waker(service.pull.moved_since, NEVER)
        await waker.start()
        waker.poke()
        with waker.waiting(X) as x, waker.waiting(Y) as y, waker.waiting((*X, "all")) as both:
            events = {"x": x, "y": y, "both": both}
            # The first look wakes everybody: what came before it was not seen.
            for moved in events.values():
                assert await waker.wait(moved, 20)
                moved.clear()
            commit()
            waker.poke()
            await asyncio.gather(*(waker.wait(moved, 5 * SHORT) for moved in events.values()))
            told = {name: moved.is_set() for name, moved in events.items()}
        await waker.stop()
        return told

    return asyncio.run(live())


def test_only_those_who_hold_what_moved_are_woken(seen: Service) -> None:
    assert woken(seen, lambda: seen.run_as_system(AddNote("m", "", Y))) == {
        "x": False, "y": True, "both": False,
    }  # fmt: skip


def test_who_loses_a_row_is_woken_and_who_gets_it(seen: Service) -> None:
    move = MoveNote("n", Y)
    assert woken(seen, lambda: seen.run_as_system(move)) == {"x": True, "y": True, "both": True}


def test_a_change_of_a_role_wakes_all_who_hold_the_directory(seen: Service) -> None:
    hold = HoldBuckets("an", ("all",))
    assert woken(seen, lambda: seen.run_as_system(hold)) == {"x": False, "y": False, "both": True}


def test_the_end_of_a_process_lets_everybody_go(seen: Service) -> None:
    async def live() -> bool:
        waker = Waker(seen.pull.moved_since, NEVER)
        await waker.start()
        with waker.waiting(X) as moved:
            waker.let_go()
            gone = await waker.wait(moved, 20)
        await waker.stop()
        return gone

    assert asyncio.run(live())
