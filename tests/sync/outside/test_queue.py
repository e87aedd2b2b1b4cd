"""The queue of what is sent outside: written with the act, claimed by one, silent at night."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, time, timedelta
from pathlib import Path

import pytest

from app.kernel.clock import FixedClock, SystemClock
from sync.server.channels import Quiet, quiet_hours
from sync.server.errands import DEAD, LEASE, LOST, SENT, Errands
from sync.server.service import Service
from tests.doubles.receiver import HANG, Receiver
from tests.doubles.toy import ShareNote
from tests.sync.desk import Desk
from tests.sync.outside.province import (
    NOON,
    PLAIN,
    ROOT,
    Made,
    share,
    states,
)


def test_it_is_written_with_the_act_or_not_at_all(
    service: Service, desk: Callable[..., Desk]
) -> None:
    one = desk()
    refused = one.sync(ShareNote("n0", "b"))
    assert refused[0].code == "toy.none"
    share(desk, "n1")
    assert states(service) == {"n1-b": ("waiting", 0, "")}
    # The same act again is no second message.
    again = Desk(service, one.account, "other", service.clock)
    again.sync(ShareNote("n1", "b"))
    assert list(states(service)) == ["n1-b"]


def test_a_worker_killed_while_it_sends_loses_nothing_and_doubles_nothing(
    service: Service,
    desk: Callable[..., Desk],
    worker: Made,
    to: Receiver,
    url: str,
    secrets: Path,
    clock: FixedClock,
) -> None:
    share(desk, "n1")
    to.says = [HANG]
    child = subprocess.Popen(
        [sys.executable, "-m", "tests.sync.outside.process", url, str(secrets), to.url], cwd=ROOT
    )
    assert to.hanging.wait(60)
    os.kill(child.pid, signal.SIGKILL)
    child.wait()
    assert states(service)["n1-b"][:2] == ("waiting", 1)
    clock.advance(SystemClock().now() - clock.now())
    made = worker(replace(PLAIN, quiet=False))
    # Whoever comes next waits until the claim has run out.
    assert made.step() == 0
    clock.advance(timedelta(seconds=LEASE + 1))
    assert made.step() == 1
    assert states(service)["n1-b"] == (SENT, 2, "")
    assert (to.keys, list(to.known)) == (["n1-b"] * 2, ["n1-b"])


def test_what_kills_every_worker_is_laid_aside(
    service: Service, desk: Callable[..., Desk], clock: FixedClock
) -> None:
    share(desk, "n1")
    errands = Errands(service.store, clock)
    for _ in range(PLAIN.tries):
        assert errands.claim(PLAIN, quiet=False) is not None
        clock.advance(timedelta(seconds=LEASE + 1))
    assert errands.claim(PLAIN, quiet=False) is None
    assert states(service) == {"n1-b": (DEAD, 4, LOST)}


def test_two_workers_share_the_work(
    service: Service, desk: Callable[..., Desk], worker: Made, to: Receiver
) -> None:
    names = [f"n{i}" for i in range(20)]
    share(desk, *names)
    taken: list[int] = []

    def drain() -> None:
        made = worker()
        taken.append(sum(iter(made.step, 0)))

    threads = [threading.Thread(target=drain) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(taken) == 20
    assert sorted(to.keys) == sorted(f"{name}-b" for name in names)
    assert {state for state, _, _ in states(service).values()} == {SENT}


def test_who_comes_too_late_settles_nothing(
    service: Service, desk: Callable[..., Desk], clock: FixedClock
) -> None:
    share(desk, "n1")
    errands = Errands(service.store, clock)
    slow = errands.claim(PLAIN, quiet=False)
    clock.advance(timedelta(seconds=LEASE + 1))
    quick = errands.claim(PLAIN, quiet=False)
    assert slow is not None
    assert quick is not None
    assert errands.refused(slow, "x") is False
    assert errands.sent(quick) is True
    assert states(service) == {"n1-b": (SENT, 2, "")}


def test_waits_are_random_and_bounded(
    service: Service, desk: Callable[..., Desk], clock: FixedClock
) -> None:
    share(desk, "n1")
    errands, now = Errands(service.store, clock, random.Random(1)), int(NOON.timestamp())
    seen = []
    for _ in range(30):
        job = errands.claim(replace(PLAIN, tries=99), quiet=False)
        assert job is not None
        errands.failed(job, "x", 99)
        due = errands.rows()[0]["due"]
        seen.append(due - int(clock.now().timestamp()))
        clock.advance(timedelta(seconds=due - int(clock.now().timestamp())))
    assert all(1 <= wait <= 3601 for wait in seen)
    assert seen[0] <= 11
    assert max(seen[15:]) > 1800 > min(seen[15:])
    assert now < int(clock.now().timestamp())


@pytest.mark.parametrize(
    ("hour", "quiet"),
    [("20:59", False), ("21:00", True), ("00:00", True), ("06:29", True), ("06:30", False)],
)
def test_quiet_hours_lie_across_midnight(hour: str, quiet: bool) -> None:
    at = datetime.fromisoformat(f"2026-03-02T{hour}:00+07:00")
    assert quiet_hours().holds(at) is quiet
    assert quiet_hours("nonsense") == quiet_hours() == Quiet(time(21), time(6, 30))
    assert quiet_hours("12:00-13:30").holds(at) is False
    assert quiet_hours("00:00-00:00").holds(at) is False


def test_people_are_left_alone_at_night_unless_it_is_urgent(
    service: Service,
    desk: Callable[..., Desk],
    worker: Made,
    to: Receiver,
    clock: FixedClock,
) -> None:
    clock.advance(timedelta(hours=10, minutes=30))
    share(desk, "n1")
    share(desk, "n2", to="gap")
    made = worker()
    assert [made.step(), made.step()] == [1, 0]
    assert to.keys == ["n2-gap"]
    clock.advance(timedelta(hours=7, minutes=59))
    assert made.step() == 0
    clock.advance(timedelta(minutes=1))
    assert made.step() == 1
    assert to.keys == ["n2-gap", "n1-b"]
    # Machines sleep never.
    share(desk, "n3")
    clock.advance(timedelta(hours=16))
    assert worker(replace(PLAIN, quiet=False)).step() == 1


def test_a_clock_set_back_stops_nothing(
    service: Service, desk: Callable[..., Desk], worker: Made, to: Receiver, clock: FixedClock
) -> None:
    clock.advance(timedelta(days=400))
    share(desk, "n1", "n2")
    made = worker()
    assert made.errands.claim(PLAIN, quiet=False) is not None
    to.says = [500]
    made.step()
    clock.advance(timedelta(days=-400))
    made = worker()
    assert [made.step(), made.step()] == [1, 1]
    assert {state for state, _, _ in states(service).values()} == {SENT}


def test_a_channel_has_so_many_messages_a_minute(
    service: Service, desk: Callable[..., Desk], worker: Made, to: Receiver, clock: FixedClock
) -> None:
    share(desk, *(f"n{i}" for i in range(5)))
    made = [worker(replace(PLAIN, per_minute=2)) for _ in range(2)]
    assert [w.step() for w in made * 2] == [1, 1, 0, 0]
    clock.advance(timedelta(minutes=1))
    assert [w.step() for w in made * 2] == [1, 1, 0, 0]
