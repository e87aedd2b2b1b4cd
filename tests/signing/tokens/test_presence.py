"""Tokens that come and go, noticed by the cheap poll and by a PC/SC service."""

from __future__ import annotations

import os
import shutil
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest

from app.kernel.clock import SystemClock
from signing.tokens.device import Device
from signing.tokens.presence import PcscService, Poll, Presence, Source, best_source
from signing.tokens.signer import TokenSigner
from tests.signing.conftest import MODULE, Office

SOON = 30.0


@pytest.fixture
def device(own_office: Office) -> Iterator[Device]:
    """A library with one token, whose helper runs."""
    made = Device(MODULE)
    made.call("slots")
    yield made
    made.close()


def tokens_folder() -> Path:
    return Path(os.environ["SOFTHSM2_CONF"]).parent / "tokens"


class Bell:
    """Ring when the watch calls; `heard` waits for it."""

    def __init__(self) -> None:
        self._rung = threading.Event()

    def __call__(self) -> None:
        self._rung.set()

    def heard(self) -> bool:
        try:
            return self._rung.wait(SOON)
        finally:
            self._rung.clear()


def test_the_poll_notices_a_token_that_goes_and_comes(device: Device, tmp_path: Path) -> None:
    looks = threading.Semaphore(0)

    class Counted(Poll):
        def wait(self, stopped: threading.Event) -> bool:
            found = super().wait(stopped)
            looks.release()
            return found

    bell = Bell()
    watch = Presence(lambda: Counted(lambda: (device,), 0.01, refresh_every=1), bell)
    [token] = tokens_folder().iterdir()
    with watch.watching():
        assert all(looks.acquire(timeout=SOON) for _ in range(3))
        assert not bell._rung.is_set(), "nothing has changed yet"
        shutil.move(token, tmp_path / "away")
        assert bell.heard()
        shutil.move(tmp_path / "away", token)
        assert bell.heard()
    assert "presence" not in {thread.name for thread in threading.enumerate()}


def test_the_poll_starts_no_helper_and_waits_for_no_act(office: Office) -> None:
    idle = Device(MODULE)
    assert not Poll(lambda: (idle,), 0.0).wait(threading.Event())
    assert idle.helper_pid is None
    idle.call("slots")
    try:
        with idle._lock:
            assert idle.call_if_idle("slots") is None
        assert idle.call_if_idle("slots") is not None
    finally:
        idle.close()


def test_the_poll_outlives_a_helper_that_dies(device: Device) -> None:
    poll, stopped = Poll(lambda: (device,), 0.0), threading.Event()
    assert not poll.wait(stopped)
    assert device.helper_pid
    os.kill(device.helper_pid, 9)
    assert not poll.wait(stopped)
    assert device.helper_pid is None


def test_a_watch_may_be_stopped_and_started_again(device: Device) -> None:
    bell, made = Bell(), []

    def source() -> Source:
        made.append(1)
        return Poll(lambda: (device,), 0.01, refresh_every=1)

    watch = Presence(source, bell)
    watch.stop()
    for _ in range(2):
        watch.start()
        watch.start()
        watch.stop()
    assert len(made) == 2


class Service(SimpleNamespace):
    """The functions of `smartcard.scard` over readers that a test fills; no service runs here."""

    SCARD_S_SUCCESS, SCARD_E_TIMEOUT, SCARD_E_NO_SERVICE = 0, 0x8010000A, 0x8010001D
    SCARD_SCOPE_USER, SCARD_STATE_UNAWARE, SCARD_STATE_PRESENT = 0, 0, 0x20

    def __init__(self) -> None:
        super().__init__(readers={}, answer=0)

    def SCardEstablishContext(self, _scope: int) -> tuple[int, int]:
        return self.answer, 1

    def SCardListReaders(self, _context: int, _groups: list[str]) -> tuple[int, list[str]]:
        return self.answer, list(self.readers)

    def SCardGetStatusChange(
        self, _context: int, _wait: int, asked: list[tuple[str, int]]
    ) -> tuple[int, list[tuple[str, int, bytes]]]:
        states = [(name, 0x20 if self.readers.get(name) else 0, b"") for name, _ in asked]
        return self.answer, states


def test_the_service_tells_of_cards_and_readers() -> None:
    service, stopped = Service(), threading.Event()
    watched = PcscService(service, 1)
    service.readers = {"A": False}
    assert not watched.wait(stopped), "the first look is no change"
    assert not watched.wait(stopped)
    service.readers = {"A": True}
    assert watched.wait(stopped)
    service.readers = {"A": True, "B": False}
    assert watched.wait(stopped)
    service.readers = {}
    assert watched.wait(stopped)
    assert not watched.wait(stopped)
    service.answer = Service.SCARD_E_TIMEOUT
    assert not watched.wait(stopped)


def test_without_a_service_the_libraries_are_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    assert isinstance(best_source(tuple), Poll), "the package is not installed here"
    service = Service()
    monkeypatch.setitem(sys.modules, "smartcard.scard", service)
    monkeypatch.setitem(sys.modules, "smartcard", SimpleNamespace(scard=service))
    assert isinstance(best_source(tuple), PcscService)
    service.answer = Service.SCARD_E_NO_SERVICE
    assert isinstance(best_source(tuple), Poll)


def test_the_signer_offers_the_watch(office: Office) -> None:
    with TokenSigner([MODULE], SystemClock(), office.trust) as signer:
        watch = signer.presence(Bell())
        with watch.watching():
            assert "presence" in {thread.name for thread in threading.enumerate()}
