"""Lanes of work off the GUI thread; results come back by one queued signal.

Callbacks stay on the GUI side under a ticket number, so that a worker never holds a QObject
and can never be the last to let one go. `work` itself must hold plain objects only.
"""

from __future__ import annotations

import itertools
import queue
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from PySide6.QtCore import QObject, Qt, Signal, Slot

from app.kernel.errors import Cancelled
from app.kernel.ports import Runner

T = TypeVar("T")
# Checking signatures takes seconds: a lane of its own, so that no list and no menu waits for it
LANES: Mapping[str, int] = {
    "store": 1,
    "query": 2,
    "check": 2,
    "network": 1,
    "token": 1,
    "pdf": 1,
}
# What a person did is written, even when the window is closed right behind it
KEPT = frozenset({"store"})


@dataclass(frozen=True, slots=True)
class _Callbacks:
    done: Callable[[Any], None]
    failed: Callable[[BaseException], None]


@dataclass(frozen=True, slots=True)
class _Letter:
    """What a worker sends back; `error` None means success."""

    ticket: int
    value: Any = None
    error: BaseException | None = None


class Cancellation:
    """Let the GUI stop a worker: a kernel `CancelToken`."""

    def __init__(self) -> None:
        self._event = threading.Event()

    def cancel(self) -> None:
        """Ask the worker to stop."""
        self._event.set()

    @property
    def asked(self) -> bool:
        """Tell whether a stop was asked for."""
        return self._event.is_set()

    def raise_if_cancelled(self) -> None:
        """Raise `Cancelled` once a stop was asked for."""
        if self._event.is_set():
            raise Cancelled


class _Mailbox(QObject):
    """Carry letters of workers to the GUI thread, many to one signal."""

    arrived = Signal()

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._letters: queue.SimpleQueue[_Letter] = queue.SimpleQueue()

    def send(self, letter: _Letter) -> None:
        """Post a letter from any thread."""
        self._letters.put(letter)
        self.arrived.emit()

    def letters(self) -> Iterator[_Letter]:
        """Take out the letters that have come, one by one: an error loses none behind it."""
        while not self._letters.empty():
            yield self._letters.get_nowait()


class QtRunner(QObject):
    """Run work on named lanes; the kernel's `Runner` for the window."""

    def __init__(self, parent: QObject | None = None, lanes: Mapping[str, int] = LANES) -> None:
        super().__init__(parent)
        self._mailbox = _Mailbox(self)
        self._mailbox.arrived.connect(self._deliver, Qt.ConnectionType.QueuedConnection)
        self._tickets = itertools.count(1)
        self._waiting: dict[int, _Callbacks] = {}
        self._relays: dict[int, Callable[[int, int], None]] = {}
        self._queues: dict[str, queue.SimpleQueue[tuple[int, Callable[[], Any]] | None]] = {}
        self._threads: list[threading.Thread] = []
        self._closed = False
        self._lanes = lanes

    def submit(
        self,
        lane: str,
        work: Callable[[], T],
        done: Callable[[T], None],
        failed: Callable[[BaseException], None],
    ) -> None:
        """Queue `work`; `done` or `failed` runs on the GUI thread, neither after `close`."""
        if self._closed:
            return
        if lane not in self._queues:
            # Starting threads takes longer than showing a login: each lane opens when needed
            self._open_lane(lane, self._lanes[lane])
        ticket = next(self._tickets)
        self._waiting[ticket] = _Callbacks(done, failed)
        self._queues[lane].put((ticket, work))

    def relay(self, progress: Callable[[int, int], None]) -> Callable[[int, int], None]:
        """Return a `Progress` that workers may call; it reaches `progress` on the GUI thread."""
        ticket = next(self._tickets)
        self._relays[ticket] = progress
        send = self._mailbox.send

        def tell(done: int, total: int) -> None:
            send(_Letter(ticket, (done, total)))

        return tell

    @property
    def busy(self) -> bool:
        """Tell whether any work is waiting or running."""
        return bool(self._waiting)

    def close(self) -> None:
        """Write what people did, drop what else waits, join every thread; safe to call twice."""
        self._closed = True
        self._waiting.clear()
        self._relays.clear()
        for thread in self._threads:
            self._queues[thread.name.split(".")[1]].put(None)
        for thread in self._threads:
            thread.join()
        self._threads.clear()

    def _open_lane(self, lane: str, workers: int) -> None:
        tasks: queue.SimpleQueue[tuple[int, Callable[[], Any]] | None] = queue.SimpleQueue()
        self._queues[lane] = tasks
        for number in range(workers):
            thread = threading.Thread(
                target=_work,
                args=(tasks, self._mailbox.send, _always if lane in KEPT else self._still_wanted),
                name=f"lane.{lane}.{number}",
            )
            thread.start()
            self._threads.append(thread)

    def _still_wanted(self, ticket: int) -> bool:
        return ticket in self._waiting

    @Slot()
    def _deliver(self) -> None:
        for letter in self._mailbox.letters():
            if letter.ticket in self._relays:
                self._relays[letter.ticket](*letter.value)
                continue
            callbacks = self._waiting.pop(letter.ticket, None)
            if callbacks is None:
                continue
            if letter.error is None:
                callbacks.done(letter.value)
            else:
                callbacks.failed(letter.error)


def _always(_: int) -> bool:
    return True


def _work(
    tasks: queue.SimpleQueue[tuple[int, Callable[[], Any]] | None],
    send: Callable[[_Letter], None],
    wanted: Callable[[int], bool],
) -> None:
    while (task := tasks.get()) is not None:
        ticket, work = task
        if wanted(ticket):
            send(_run(ticket, work))
        del task, work


def _run(ticket: int, work: Callable[[], Any]) -> _Letter:
    try:
        return _Letter(ticket, work())
    # Whatever a worker raises is handed to `failed`, which tells bugs from typed errors.
    except BaseException as error:  # noqa: BLE001
        return _Letter(ticket, error=error)


class Lifetime:
    """A runner for something that may be gone before its answers come: pages, a window.

    After `close` nothing of it is called back: what it asked to know is dropped, and an error
    goes to `orphaned`, so that an act which was refused meanwhile is still told.
    """

    def __init__(self, runner: Runner, orphaned: Callable[[BaseException], None]) -> None:
        self._runner = runner
        self._orphaned = orphaned
        self.closed = False

    def submit(
        self,
        lane: str,
        work: Callable[[], T],
        done: Callable[[T], None],
        failed: Callable[[BaseException], None],
    ) -> None:
        """Queue `work`; it is done in any case, but nobody hears of it once this is closed."""

        def answer(value: T) -> None:
            if not self.closed:
                done(value)

        def refuse(error: BaseException) -> None:
            (self._orphaned if self.closed else failed)(error)

        self._runner.submit(lane, work, answer, refuse)

    def close(self) -> None:
        """Call nobody back from now on."""
        self.closed = True


class Latest:
    """Ask one question at a time on a lane and hear the answer to the newest only."""

    def __init__(self, runner: Any, lane: str = "query") -> None:
        self._runner = runner
        self._lane = lane
        self._asked = 0
        self._running = False
        self._next: Callable[[], None] | None = None

    def ask(
        self,
        work: Callable[[], T],
        done: Callable[[T], None],
        failed: Callable[[BaseException], None],
    ) -> None:
        """Ask; questions that a newer one overtakes are never answered."""
        self._asked += 1
        mine = self._asked

        def start() -> None:
            self._running = True
            self._runner.submit(
                self._lane,
                work,
                lambda value: self._answer(mine, lambda: done(value)),
                lambda error: self._answer(mine, lambda: failed(error)),
            )

        if self._running:
            self._next = start
        else:
            start()

    def forget(self) -> None:
        """Drop every answer that is still to come."""
        self._asked += 1
        self._next = None

    def _answer(self, mine: int, tell: Callable[[], None]) -> None:
        self._running = False
        following, self._next = self._next, None
        if following is not None:
            following()
        if mine == self._asked:
            tell()
