"""The kernel's `Signer`: tokens behind their helpers, files behind a worker, the key in between."""

from __future__ import annotations

import pickle
from collections.abc import Sequence
from contextlib import AbstractContextManager, ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any, Protocol

from app.kernel.clock import Clock
from app.kernel.codec import from_json
from app.kernel.errors import Damaged, Unavailable
from app.kernel.ports import (
    CancelToken,
    CertificateInfo,
    Http,
    Prompts,
    SignedFile,
    SignJob,
    TokenInfo,
)
from signing.closing import Closing
from signing.kinds import is_other
from signing.openkey import OpenKey, Unlock
from signing.streams import working_copy
from signing.tokens.key import UnlockedKey
from signing.tokens.signer import TokenSigner
from signing.work.answers import file_answers, line_answers, target_answers
from signing.work.worker import Answer, WorkerEnded, Workers


class WorkerSigner(Closing):
    """Sign files in a process of their own with keys of tokens; calls belong on the token lane."""

    def __init__(
        self, tokens: TokenSigner, workers: Workers, clock: Clock, http: Http | None = None
    ) -> None:
        self.keys = tokens
        self._workers = workers
        self._clock = clock
        self._http = http

    def close(self) -> None:
        """End the helpers and the workers."""
        self.keys.close()
        self._workers.close()

    def tokens(self) -> Sequence[TokenInfo]:
        """List the tokens that are plugged in now, without any PIN."""
        return self.keys.tokens()

    def certificates(self) -> Sequence[CertificateInfo]:
        """List the certificates of all tokens that may sign, without any PIN."""
        return self.keys.certificates()

    def one_pin(self) -> AbstractContextManager[None]:
        """Ask once for the PIN of a key that makes several signatures within the context."""
        return self.keys.one_pin()

    def forget(self) -> None:
        """End every login that is kept between acts."""
        self.keys.forget()

    def sign(self, job: SignJob, prompts: Prompts, cancel: CancelToken | None = None) -> SignedFile:
        """Check and sign one document; the PIN is asked when nothing is left to refuse.

        Raises `DeviceProblem`, `RuleViolation`, `Damaged`, `Unavailable` and `Cancelled`; then
        the target has not been written.
        """
        self.keys.check(job.certificate)
        with ExitStack() as opened:

            def unlock() -> UnlockedKey:
                _go_on(cancel)
                key = opened.enter_context(
                    self.keys.unlocked(job.certificate, prompts, job.purpose.value)
                )
                _go_on(cancel)
                return key

            return sign_in_worker(self._workers, job, KeyAnswers(unlock), self._clock, self._http)


class KeyAnswers:
    """Serve a worker with a key that is opened when it is first wanted."""

    def __init__(self, unlock: Unlock) -> None:
        self._unlock = unlock
        self._key: OpenKey | None = None
        self._signed = False

    def answers(self) -> dict[str, Answer]:
        """Return the answers to `open` and `key`."""
        return {"open": self._open, "key": self._sign}

    def _open(self, _head: dict[str, Any], _blob: bytearray) -> tuple[dict[str, Any], bytes]:
        self._key = self._unlock()
        return {"pss": self._key.pss}, b""

    def _sign(self, _head: dict[str, Any], blob: bytearray) -> tuple[dict[str, Any], bytes]:
        # One file, one signature: a worker that a file has taken over gets no other.
        key, self._key = self._key, None
        if key is None or self._signed:
            raise Damaged("sign_crashed")
        self._signed = True
        return {}, key.sign(bytes(blob))


class Answering(Protocol):
    """Whoever serves a worker with a key."""

    def answers(self) -> dict[str, Answer]:
        """Return the answers to `open` and `key`."""


def sign_in_worker(
    workers: Workers, job: SignJob, key: Answering, clock: Clock, http: Http | None
) -> SignedFile:
    """Have one document signed by a worker, with a key of this process.

    The worker writes into a file of ours, which gets its name here: however the worker ends,
    nothing of it is left.
    """
    answers: dict[str, Answer] = {**line_answers(http), **key.answers()}
    if not isinstance(job.source, Path):
        answers |= file_answers(job.source)
    try:
        with working_copy(job.target) as copy:
            if copy.part is None:
                answers |= target_answers(copy.stream)
            found = _signed(workers, job, answers, clock, line=http is not None, part=copy.part)
            return replace(from_json(SignedFile, found), path=copy.keep())
    except OSError as problem:
        raise Unavailable("sign_no_room") from problem


def _signed(
    workers: Workers,
    job: SignJob,
    answers: dict[str, Answer],
    clock: Clock,
    *,
    line: bool,
    part: Path | None,
) -> dict[str, Any]:
    source = job.source if isinstance(job.source, Path) else None
    sent = pickle.dumps(replace(job, source=source, target=part))  # type: ignore[arg-type]
    try:
        with workers.one() as worker:
            return worker.run(
                "sign", answers, sent, now=clock.now().isoformat(), line=line, other=is_other(job)
            )
    except WorkerEnded as ended:
        if ended.reason == "check_limits":
            raise Damaged("sign_limits") from ended
        raise Damaged("sign_crashed") from ended


def _go_on(cancel: CancelToken | None) -> None:
    if cancel is not None:
        cancel.raise_if_cancelled()
