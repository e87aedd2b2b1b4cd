"""Signing many documents with one key: what a document of a batch is, and how a batch stands."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from app.kernel.errors import Cancelled, HoaBanError, Unavailable
from app.kernel.ports import CertificateInfo, Prompts, Purpose, SignedFile, Signer, SignJob
from app.kernel.second import Proof

PAUSE_LIMIT = 300.0
"""Seconds that a key stays open while nobody signs; after them the PIN is asked again."""


class Piece(Protocol):
    """One document of a batch; its methods are called on worker threads, once each."""

    @property
    def id(self) -> str:
        """Return the name of the document within the batch."""

    def open(self) -> SignJob:
        """Return the job, made only now; raises what stands against it."""

    def keep(self, signed: SignedFile) -> None:
        """Make the result lasting; only then is the document done."""

    def drop(self, error: HoaBanError | None) -> None:
        """Let go of what `open` took: the document failed, or (None) it waits again."""


class PieceState(StrEnum):
    """What became of a document."""

    DONE = "done"
    FAILED = "failed"
    WAITING = "waiting"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one document, and why if it failed."""

    id: str
    state: PieceState
    error: HoaBanError | None = None
    signed: SignedFile | None = None


@dataclass(frozen=True, slots=True)
class Tally:
    """How far a batch is; `seconds_left` is None until enough documents are done to tell."""

    total: int = 0
    done: int = 0
    failed: int = 0
    seconds_left: float | None = None
    paused: bool = False


class BatchControl:
    """Steer a batch from any thread and hear how it stands."""

    def __init__(self) -> None:
        self._lock = threading.Condition()
        self._paused = False
        self._cancelled = False
        self._tally = Tally()
        self._outcomes: list[Outcome] = []
        self.halted: HoaBanError | None = None

    def pause(self) -> None:
        """Sign nothing more until `go_on`; what the key signs now is finished."""
        with self._lock:
            self._paused = True

    def go_on(self) -> None:
        """Sign again."""
        with self._lock:
            self._paused = False
            self._lock.notify_all()

    def cancel(self) -> None:
        """Stop between two documents; those that were not signed wait."""
        with self._lock:
            self._cancelled = True
            self._lock.notify_all()

    @property
    def cancelled(self) -> bool:
        """Tell whether a stop was asked for."""
        return self._cancelled

    @property
    def tally(self) -> Tally:
        """Return how far the batch is."""
        with self._lock:
            now = self._tally
            return Tally(now.total, now.done, now.failed, now.seconds_left, self._paused)

    def outcomes(self, since: int = 0) -> Sequence[Outcome]:
        """Return what became of documents, in the order of their ends, from a place on."""
        with self._lock:
            return tuple(self._outcomes[since:])

    def begin(self, total: int) -> None:
        """Take note of the length of the batch."""
        with self._lock:
            self._tally = Tally(total)

    def note(self, outcome: Outcome, seconds_left: float | None) -> None:
        """Take note of a document's end."""
        with self._lock:
            self._outcomes.append(outcome)
            now = self._tally
            done = now.done + (outcome.state is PieceState.DONE)
            failed = now.failed + (outcome.state is PieceState.FAILED)
            self._tally = Tally(now.total, done, failed, seconds_left)

    def wait_turn(self, limit: float = PAUSE_LIMIT) -> None:
        """Wait while paused; raises `Cancelled`, and `Unavailable` after too long a pause."""
        with self._lock:
            in_time = self._lock.wait_for(lambda: not self._paused or self._cancelled, limit)
            if self._cancelled:
                raise Cancelled
            if not in_time:
                raise Unavailable("batch_pause_over")


class BatchSigner(Protocol):
    """Sign many documents with one key and one PIN."""

    def sign_batch(
        self,
        pieces: Sequence[Piece],
        certificate: CertificateInfo,
        prompts: Prompts,
        purpose: Purpose,
        control: BatchControl,
    ) -> None:
        """Sign; what became of each document is in `control`.

        Raises what opening the key raises: then no document was touched. A key that ends on the
        way leaves its error in `control.halted` and the rest waiting.
        """


class DeskSigner(Signer, BatchSigner, Protocol):
    """The signer of a desk: one document or many, and the login that is kept between acts."""

    def one_pin(self) -> AbstractContextManager[None]:
        """Ask once for the PIN of a key that makes several signatures within the context."""

    def prove(self, certificate: CertificateInfo, prompts: Prompts, data: bytes) -> Proof:
        """Sign a text that says itself that it is no document: who signs in."""

    def forget(self) -> None:
        """End every login that is kept between acts; never waits for a signature."""
