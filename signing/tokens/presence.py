"""Notice that a token was plugged in or pulled out, while somebody wants to know.

Where a PC/SC service runs and `pyscard` is installed, the service wakes us. Else the libraries
are asked which slots hold a token, and nothing more: asking tokens for information again and
again jams or blinks some of them. Neither disturbs an act that is going on.
"""

from __future__ import annotations

import importlib
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Protocol

from app.kernel.errors import DeviceProblem
from signing.tokens.device import Device

_PLUG_AND_PLAY = "\\\\?PnP?\\Notification"
_WAIT_MILLISECONDS = 500
INTERVAL = 2.0
"""Seconds between two questions to the libraries."""

_REFRESH_EVERY = 15
"""So many questions before a library is started anew: some see a new reader only then."""

View = frozenset[tuple[str, int]]


class Source(Protocol):
    """Where changes come from."""

    def wait(self, stopped: threading.Event) -> bool:
        """Wait for a while; tell whether something changed."""


class Presence:
    """Watch in a thread of its own from `start` to `stop`; `changed` is called in that thread."""

    def __init__(self, source: Callable[[], Source], changed: Callable[[], None]) -> None:
        self._source = source
        self._changed = changed
        self._stopped = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Begin to watch; nothing happens when this goes on already."""
        if self._thread is None:
            self._stopped.clear()
            self._thread = threading.Thread(target=self._watch, name="presence", daemon=True)
            self._thread.start()

    def stop(self) -> None:
        """Watch no more; returns when the thread has ended."""
        thread, self._thread = self._thread, None
        if thread is not None:
            self._stopped.set()
            thread.join()

    @contextmanager
    def watching(self) -> Iterator[None]:
        """Watch while a block lasts."""
        self.start()
        try:
            yield
        finally:
            self.stop()

    def _watch(self) -> None:
        source = self._source()
        while not self._stopped.is_set():
            if source.wait(self._stopped) and not self._stopped.is_set():
                self._changed()


class Poll:
    """Ask the libraries which slots hold a token; a busy or broken library is passed over.

    `refresh_every` counts the questions between two fresh starts of a library, 0 for never.
    """

    def __init__(
        self,
        devices: Callable[[], tuple[Device, ...]],
        interval: float = INTERVAL,
        refresh_every: int = _REFRESH_EVERY,
    ) -> None:
        self._devices = devices
        self._interval = interval
        self._refresh_every = refresh_every
        self._asked = 0
        self._known: dict[str, View] = {}

    def wait(self, stopped: threading.Event) -> bool:
        """Wait for the interval, then look."""
        stopped.wait(self._interval)
        return not stopped.is_set() and self._look()

    def _look(self) -> bool:
        self._asked += 1
        refresh = self._refresh_every > 0 and self._asked % self._refresh_every == 0
        changed = False
        for device in self._devices():
            try:
                reply = device.call_if_idle("slots", refresh=refresh)
            except DeviceProblem:
                continue  # the next listing names the fault
            if reply is None:
                continue
            now = frozenset((device.module, slot) for slot in reply["present"])
            changed |= self._known.get(device.module, now) != now
            self._known[device.module] = now
        return changed


class PcscService:
    """Let the PC/SC service tell of readers and cards; `scard` is `smartcard.scard`."""

    def __init__(self, scard: Any, context: Any) -> None:
        self._scard = scard
        self._context = context
        self._states: dict[str, int] = {}
        self._begun = False

    def wait(self, stopped: threading.Event) -> bool:
        """Wait for the service for a while; a service that fails is as one that is silent."""
        watched = [_PLUG_AND_PLAY, *self._readers()]
        asked = [
            (name, self._states.get(name, self._scard.SCARD_STATE_UNAWARE)) for name in watched
        ]
        answer, states = self._scard.SCardGetStatusChange(self._context, _WAIT_MILLISECONDS, asked)
        if answer != self._scard.SCARD_S_SUCCESS:
            if answer != self._scard.SCARD_E_TIMEOUT:
                stopped.wait(INTERVAL)
            return False
        seen = {name: state for name, state, _ in states}
        before, self._states = self._states, seen
        first, self._begun = not self._begun, True
        return not first and self._cards(before) != self._cards(seen)

    def _readers(self) -> list[str]:
        answer, names = self._scard.SCardListReaders(self._context, [])
        return list(names) if answer == self._scard.SCARD_S_SUCCESS else []

    def _cards(self, states: dict[str, int]) -> dict[str, bool]:
        present = self._scard.SCARD_STATE_PRESENT
        return {n: bool(s & present) for n, s in states.items() if n != _PLUG_AND_PLAY}


def best_source(devices: Callable[[], tuple[Device, ...]]) -> Source:
    """Return the PC/SC service where it can be asked, else the libraries."""
    try:
        scard = importlib.import_module("smartcard.scard")
    except ImportError:
        return Poll(devices)
    answer, context = scard.SCardEstablishContext(scard.SCARD_SCOPE_USER)
    return PcscService(scard, context) if answer == scard.SCARD_S_SUCCESS else Poll(devices)
