"""The kernel's `Completer` over a worker process: a received PDF is never opened at home."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

from app.kernel.clock import Clock
from app.kernel.codec import from_json
from app.kernel.errors import Damaged, Unavailable
from app.kernel.ports import Completion, Http
from signing.streams import reading, working_copy
from signing.work.answers import file_answers, line_answers, target_answers
from signing.work.worker import WorkerEnded, Workers


class WorkerCompleter:
    """Complete signatures in a process of its own; `tsa` names the authority in force then."""

    def __init__(
        self,
        workers: Workers,
        clock: Clock,
        http: Http | None = None,
        tsa: Callable[[], str] = lambda: "",
    ) -> None:
        self._workers = workers
        self._clock = clock
        self._http = http
        self._tsa = tsa

    def complete(
        self, source: Path | BinaryIO, target: Path | BinaryIO, level: str, *, renew: bool = False
    ) -> Completion:
        """Complete a copy of a signed PDF; the target is written only if something was added.

        Raises what `PdfCompleter.complete` raises, `Damaged("completion_limits")` for a file
        that takes too much, and `Unavailable("completion_crashed")` for a process that ended,
        as it does when the system ends: that is tried again.
        """
        with working_copy(target) as copy, reading(source) as original:
            done = self._completed(original, copy.stream, level, renew=renew)
            if done.changed:
                copy.keep()
        return done

    def _completed(
        self, source: BinaryIO, target: BinaryIO, level: str, *, renew: bool
    ) -> Completion:
        answers = {
            **line_answers(self._http),
            **file_answers(source),
            **target_answers(target),
        }
        try:
            with self._workers.one() as worker:
                found = worker.run(
                    "complete",
                    answers,
                    now=self._clock.now().isoformat(),
                    line=self._http is not None,
                    tsa=self._tsa(),
                    level=level,
                    renew=renew,
                )
        except WorkerEnded as ended:
            if ended.reason == "check_limits":
                raise Damaged("completion_limits") from ended
            raise Unavailable("completion_crashed") from ended
        return from_json(Completion, found)

    def close(self) -> None:
        """End the worker."""
        self._workers.close()
