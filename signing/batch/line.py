"""The line of a batch: workers prepare and finish documents while one thread serves the key.

As many documents are under way as there are workers: one stands before the key, one is being
prepared, one finished. The caller's thread alone calls the key. Nothing is ever repeated here.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from queue import SimpleQueue
from typing import Any

from app.kernel.batch import BatchControl, Outcome, Piece, PieceState
from app.kernel.clock import Clock
from app.kernel.errors import Cancelled, Damaged, DeviceProblem, HoaBanError, Unavailable
from app.kernel.ports import Http
from signing.batch.pace import Pace
from signing.openkey import OpenKey
from signing.work.signer import sign_in_worker
from signing.work.worker import Answer, Workers

WINDOW = 3
WINDOW_WITH_TIME = 6
"""A time stamp is a round trip per document: more are under way so that the key does not wait."""

# Before the key, and being prepared: what else is under way may have its signature unkept. A kill
# loses these signatures, and they are made again.
_NOT_SIGNED = 1

# What fails for one document for want of room fails for all that follow
_FOR_ALL = frozenset({"sign_no_room", "store.disk_full", "store.io_failed"})


class KeyEnded(Exception):
    """Say to a worker's thread that the key signs no more; never leaves `signing.batch`."""


class KeyDesk:
    """Let many threads have bytes signed by the one thread that serves the key."""

    def __init__(self, key: OpenKey, control: BatchControl, unkept: int) -> None:
        self._key = key
        self._control = control
        self._room = threading.Semaphore(unkept)
        self._mine = threading.local()
        self._asked: SimpleQueue[tuple[bytes, Future[bytes]] | None] = SimpleQueue()
        self._over = False

    @property
    def over(self) -> bool:
        """Tell whether nothing more will be signed."""
        return self._over or self._control.cancelled

    def answers(self) -> dict[str, Answer]:
        """Return what a worker may ask of the key."""
        return {"open": self._open, "key": self._sign}

    def kept(self) -> None:
        """Say that this thread's document is on the disk, or let go: another may be signed."""
        if getattr(self._mine, "signed", False):
            self._mine.signed = False
            self._room.release()

    def leave(self) -> None:
        """Say that one thread asks no more."""
        self._asked.put(None)

    def halt(self, error: HoaBanError) -> None:
        """Sign nothing more, for this reason."""
        self._over = True
        self._control.halted = self._control.halted or error

    def serve(self, threads: int) -> None:
        """Sign what is asked for until every thread has left; nobody is left without an answer."""
        try:
            while threads:
                asked = self._asked.get()
                if asked is None:
                    threads -= 1
                else:
                    self._answer(*asked)
        finally:
            self._over = True
            while threads:
                asked = self._asked.get()
                if asked is None:
                    threads -= 1
                else:
                    asked[1].set_exception(KeyEnded())

    def _answer(self, data: bytes, answer: Future[bytes]) -> None:
        try:
            answer.set_result(self._signed(data))
        except KeyEnded as ended:
            answer.set_exception(ended)
        finally:
            if not answer.done():
                answer.set_exception(KeyEnded())

    def _signed(self, data: bytes) -> bytes:
        if self._over:
            raise KeyEnded
        self._room.acquire()
        try:
            self._control.wait_turn()
            return self._key.sign(data)
        except Cancelled as error:
            self._control.cancel()
            raise KeyEnded from error
        except (DeviceProblem, Unavailable) as error:
            self.halt(error)
            raise KeyEnded from error

    def _open(self, _head: dict[str, Any], _blob: bytearray) -> tuple[dict[str, Any], bytes]:
        return {"pss": self._key.pss}, b""

    def _sign(self, _head: dict[str, Any], blob: bytearray) -> tuple[dict[str, Any], bytes]:
        if getattr(self._mine, "signed", False):
            # A worker that a file has taken over gets no second signature for it
            raise Damaged("sign_crashed")
        answer: Future[bytes] = Future()
        self._asked.put((bytes(blob), answer))
        self._mine.signed = True
        return {}, answer.result()


class Line:
    """Run one batch over workers; made for one run."""

    def __init__(
        self,
        pieces: Sequence[Piece],
        control: BatchControl,
        workers: Workers,
        clock: Clock,
        http: Http | None,
    ) -> None:
        self._waiting = iter(pieces)
        self._total = len(pieces)
        self._control = control
        self._workers = workers
        self._clock = clock
        self._http = http
        self._lock = threading.Lock()
        self._ended = 0

    def run(self, key: OpenKey) -> None:
        """Sign with an open key, on this thread; raises only what is a bug."""
        self._control.begin(self._total)
        self._pace = Pace(self._clock.monotonic())
        size = min(self._workers.size, self._total)
        desk = KeyDesk(key, self._control, max(1, size - _NOT_SIGNED))
        with ThreadPoolExecutor(max(size, 1), "batch") as threads:
            hands = [threads.submit(self._hand, desk) for _ in range(size)]
            desk.serve(size)
        for hand in hands:
            hand.result()

    def _hand(self, desk: KeyDesk) -> None:
        whole = False
        try:
            while (piece := self._next(desk)) is not None:
                self._one(piece, desk)
            whole = True
        finally:
            if not whole:
                desk.halt(Unavailable("batch_stopped"))
            desk.leave()

    def _next(self, desk: KeyDesk) -> Piece | None:
        with self._lock:
            return None if desk.over else next(self._waiting, None)

    def _one(self, piece: Piece, desk: KeyDesk) -> None:
        try:
            signed = sign_in_worker(self._workers, piece.open(), desk, self._clock, self._http)
            piece.keep(signed)
        except KeyEnded:
            piece.drop(None)
            self._note(Outcome(piece.id, PieceState.WAITING))
        except HoaBanError as error:
            if error.code in _FOR_ALL:
                desk.halt(error)
                piece.drop(None)
                self._note(Outcome(piece.id, PieceState.WAITING))
            else:
                piece.drop(error)
                self._note(Outcome(piece.id, PieceState.FAILED, error))
        else:
            self._note(Outcome(piece.id, PieceState.DONE, None, signed))
        finally:
            desk.kept()

    def _note(self, outcome: Outcome) -> None:
        with self._lock:
            self._ended += 1
            left = self._total - self._ended
            self._control.note(outcome, self._pace.step(self._clock.monotonic(), left))


def window(*, stamped: bool) -> int:
    """Return how many documents are under way at once."""
    return WINDOW_WITH_TIME if stamped else WINDOW
