"""The kernel's `Verifier` over worker processes."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import BinaryIO

from app.kernel.clock import Clock
from app.kernel.codec import from_json
from app.kernel.errors import HoaBanError, RuleViolation
from app.kernel.ports import CancelToken, FileReport, Http, Progress, Verdict
from signing.trust.cache import KeepingHttp, StatusCache
from signing.work.answers import file_answers, kept_answers, line_answers
from signing.work.worker import Answer, WorkerEnded, Workers

_AHEAD = 2


class WorkerVerifier:
    """Check files in processes of their own: what a file does to its checker hurts nobody.

    `cache` keeps what authorities answer, for when there is no line.
    """

    def __init__(
        self,
        workers: Workers,
        clock: Clock,
        http: Http | None = None,
        cache: StatusCache | None = None,
    ) -> None:
        self._workers = workers
        self._clock = clock
        self._http = KeepingHttp(http, cache) if http is not None and cache is not None else http
        self._cache = cache

    def verify(
        self,
        source: Path | BinaryIO,
        at: datetime | None = None,
        *,
        offline: bool = False,
        password: str = "",
    ) -> FileReport:
        """Verify; a file that breaks or outstays its checker is unreadable, with the reason."""
        now = self._clock.now()
        answers: dict[str, Answer] = {
            **line_answers(None if offline else self._http),
            **kept_answers(self._cache),
        }
        if not isinstance(source, Path):
            answers |= file_answers(source)
        try:
            with self._workers.one() as worker:
                found = worker.run(
                    "verify",
                    answers,
                    now=now.isoformat(),
                    at=at.isoformat() if at is not None else "",
                    path=str(source.absolute()) if isinstance(source, Path) else "",
                    offline=offline or self._http is None,
                    password=password,
                )
            return from_json(FileReport, found)
        except WorkerEnded as ended:
            reason = ended.reason
        except OSError:
            reason = "file_missing"
        except RuleViolation:
            reason = "check_crashed"  # a report that is none: the worker was taken over
        except HoaBanError as error:
            reason = error.code
        return FileReport(Verdict.UNREADABLE, reasons=(reason,), checked_at=now)

    def verify_many(
        self,
        files: Iterable[Path],
        progress: Progress | None = None,
        cancel: CancelToken | None = None,
        *,
        at: datetime | None = None,
        offline: bool = False,
        password: str = "",
    ) -> Iterator[tuple[Path, FileReport]]:
        """Yield every file with its report, in order, checking on all workers at once.

        `progress` hears the number of files that are done; raises `Cancelled`.
        """
        check = partial(self.verify, at=at, offline=offline, password=password)
        waiting: deque[tuple[Path, Future[FileReport]]] = deque()
        done = 0
        with ThreadPoolExecutor(self._workers.size, "verify") as threads:
            try:
                for path in files:
                    waiting.append((path, threads.submit(check, path)))
                    if len(waiting) < self._workers.size * _AHEAD:
                        continue
                    done += 1
                    yield _next(waiting, cancel, progress, done)
                while waiting:
                    done += 1
                    yield _next(waiting, cancel, progress, done)
            finally:
                for _, future in waiting:
                    future.cancel()

    def warm(self) -> None:
        """Start a worker, so that the first check does not wait for it."""
        with self._workers.one() as worker:
            worker.warm()

    def close(self) -> None:
        """End the workers."""
        self._workers.close()


def _next(
    waiting: deque[tuple[Path, Future[FileReport]]],
    cancel: CancelToken | None,
    progress: Progress | None,
    done: int,
) -> tuple[Path, FileReport]:
    path, future = waiting.popleft()
    report = future.result()
    if cancel is not None:
        cancel.raise_if_cancelled()
    if progress is not None:
        progress(done, 0)
    return path, report
