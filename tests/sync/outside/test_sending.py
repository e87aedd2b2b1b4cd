"""One message to its receiver: key and secret, refusals, silence, what may be logged."""

from __future__ import annotations

import logging
from collections.abc import Callable
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest

from app.kernel.clock import FixedClock, SystemClock
from app.kernel.errors import Unavailable
from sync.http import Session
from sync.server.errands import DEAD, LEASE, SENT, Errands
from sync.server.sending import TIMEOUT, HttpsSender, Secrets
from sync.server.service import Service
from tests.doubles.receiver import HANG, Receiver
from tests.sync.desk import Desk
from tests.sync.outside.province import (
    NOON,
    PLAIN,
    TOKEN,
    Made,
    later,
    share,
    states,
)


def test_it_is_sent_with_key_and_secret_once(
    service: Service, desk: Callable[..., Desk], worker: Made, to: Receiver
) -> None:
    share(desk, "n1")
    made = worker()
    assert [made.step(), made.step()] == [1, 0]
    assert to.came == [("n1-b", f"Bearer {TOKEN}")]
    assert to.known["n1-b"] == {
        "id": "n1-b",
        "channel": "announcement",
        "made": NOON.isoformat(),
        "urgent": False,
        "data": {"note": "n1"},
    }
    assert states(service) == {"n1-b": (SENT, 1, "")}


def test_a_failing_receiver_is_tried_again_and_given_up_in_the_end(
    service: Service,
    desk: Callable[..., Desk],
    worker: Made,
    to: Receiver,
    clock: FixedClock,
) -> None:
    to.says = [500, 503, 429]
    share(desk, "n1")
    made = worker()
    made.step()
    assert states(service) == {"n1-b": ("waiting", 1, "outside.later")}
    assert made.step() == 0
    later(clock, made, 3)
    assert states(service) == {"n1-b": (SENT, 4, "")}
    to.says = [500] * 4
    share(desk, "n2")
    made.step()
    later(clock, made, 4)
    assert states(service)["n2-b"] == (DEAD, 4, "outside.later")
    assert to.keys == ["n1-b"] * 4 + ["n2-b"] * 4


@pytest.mark.parametrize("status", [400, 410, 422])
def test_what_is_refused_for_good_is_not_tried_again(
    service: Service, desk: Callable[..., Desk], worker: Made, to: Receiver, status: int
) -> None:
    to.says = [status]
    share(desk, "n1", "n2")
    made = worker()
    # One bad message holds up no other.
    assert [made.step(), made.step(), made.step()] == [1, 1, 0]
    assert states(service) == {
        "n1-b": (DEAD, 1, "outside.refused"),
        "n2-b": (SENT, 1, ""),
    }


def test_a_receiver_says_when_to_come_again(
    service: Service,
    desk: Callable[..., Desk],
    worker: Made,
    to: Receiver,
    clock: FixedClock,
) -> None:
    to.says, to.after = [429], "1800"
    share(desk, "n1")
    worker().step()
    [row] = Errands(service.store, clock).rows()
    assert row["due"] == int(clock.now().timestamp()) + 1800


def test_a_silent_receiver_that_took_it_hears_the_same_key_again(
    service: Service,
    desk: Callable[..., Desk],
    worker: Made,
    to: Receiver,
    clock: FixedClock,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert TIMEOUT * 13 < LEASE
    monkeypatch.setattr("sync.server.sending.TIMEOUT", 0.2)
    to.says = [HANG]
    share(desk, "n1")
    made = worker()
    made.step()
    assert states(service) == {"n1-b": ("waiting", 1, "sync.offline")}
    later(clock, made)
    assert states(service)["n1-b"][0] == SENT
    assert (to.keys, list(to.known)) == (["n1-b"] * 2, ["n1-b"])


def test_a_secret_that_others_may_read_is_not_used(
    service: Service,
    desk: Callable[..., Desk],
    worker: Made,
    to: Receiver,
    secrets: Path,
    clock: FixedClock,
) -> None:
    share(desk, "n1")
    path, made = secrets / "announcement.token", worker()
    path.chmod(0o644)
    made.step()
    assert states(service)["n1-b"][2] == "outside.secret_open"
    path.unlink()
    later(clock, made)
    assert states(service)["n1-b"][2] == "outside.secret"
    path.write_text("moi")
    path.chmod(0o600)
    later(clock, made)
    assert to.came == [("n1-b", "Bearer moi")]


def test_no_secret_and_no_content_is_logged(
    service: Service,
    desk: Callable[..., Desk],
    worker: Made,
    to: Receiver,
    caplog: pytest.LogCaptureFixture,
) -> None:
    share(desk, "n1")
    to.says = [500]
    with caplog.at_level(logging.DEBUG):
        made = worker()
        made.step()
    said = [r.said for r in caplog.records if r.getMessage() == "sent outside"]  # type: ignore[attr-defined]
    assert said == [
        {"errand": "n1-b", "channel": "announcement", "tries": 1, "code": "outside.later"}
    ]
    assert TOKEN not in caplog.text + repr([vars(r) for r in caplog.records])


def test_an_address_without_tls_gets_nothing(
    secrets: Path, clock: FixedClock, service: Service, desk: Callable[..., Desk]
) -> None:
    share(desk, "n1")
    with closing(Session(SystemClock(), tls=True)) as http:
        for address, code in (("http://vi-du.vn/", "sync.tls_required"), ("", "outside.address")):
            sender = HttpsSender(http, lambda _, a=address: a, Secrets(secrets), clock)  # type: ignore[misc]
            job = Errands(service.store, clock).claim(PLAIN, quiet=False)
            assert job is not None
            with pytest.raises(Unavailable) as caught:
                sender.send(job, PLAIN)
            assert caught.value.code == code
            clock.advance(timedelta(seconds=LEASE + 1))
