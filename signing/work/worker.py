"""The parent's side of a worker process: start it, give it tasks, answer it, end it."""

from __future__ import annotations

import contextlib
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from queue import LifoQueue
from typing import Any, BinaryIO, cast

from app.kernel import errors
from app.kernel.errors import HoaBanError
from signing.tokens.device import helper_environment
from signing.tokens.frames import BrokenFrame, read_frame, write_frame
from signing.trust.anchors import Source, spell

WORKER_SWITCH = "--pdf-worker"
"""What a frozen program is started with to become a worker; the entry point honours it."""

Answer = Callable[[dict[str, Any], bytearray], tuple[dict[str, Any], bytes]]
SILENCE = 60.0
"""Seconds that a worker may be at work without a word; no honest file takes as long."""

MEMORY = 1 << 30


class WorkerEnded(Exception):
    """Say that a worker died or was ended over a task; never leaves `signing`."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Worker:
    """One worker process; tasks come from one thread at a time.

    A task that says nothing for too long, or takes too much memory, ends the process and raises
    `WorkerEnded`; the next task starts a fresh one.
    """

    def __init__(
        self, trust: Sequence[Source], silence: float = SILENCE, memory: int = MEMORY
    ) -> None:
        self._arguments = [str(memory), *map(spell, trust)]
        self._silence = silence
        self._process: subprocess.Popen[bytes] | None = None
        self._idle = True
        self._ready = False

    @property
    def pid(self) -> int | None:
        """Return the id of the process while one runs."""
        return self._process.pid if self._process is not None else None

    def warm(self) -> None:
        """Start the process, so that the first task does not wait for it."""
        self.start()
        if not self._ready:
            self._read()
            self._ready = True

    def start(self) -> None:
        """Start the process without waiting until it is ready."""
        if self._process is None:
            self._spawn()

    def run(
        self, task: str, answers: Mapping[str, Answer], blob: bytes = b"", **head: Any
    ) -> dict[str, Any]:
        """Have one task done; `answers` serve what it asks for.

        Raises `WorkerEnded`, the typed error that the task met, and what an answer raises: then
        the process is ended, since its task stands half done.
        """
        self.warm()
        try:
            self._write({"task": task, **head}, blob)
            return self._serve(answers)
        finally:
            if self._process is not None and not self._idle:
                self.close()

    def close(self) -> None:
        """End the process."""
        process, self._process = self._process, None
        if process is None:
            return
        process.kill()
        process.wait()
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                with contextlib.suppress(OSError):
                    pipe.close()

    def _spawn(self) -> None:
        if getattr(sys, "frozen", False):
            command = [sys.executable, WORKER_SWITCH]
        else:
            command = [sys.executable, "-m", "signing.work.child"]
        self._process = subprocess.Popen(
            [*command, *self._arguments],
            bufsize=0,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=helper_environment(),
            creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
        )
        self._idle = True
        self._ready = False

    def _serve(self, answers: Mapping[str, Answer]) -> dict[str, Any]:
        while True:
            head, blob = self._read()
            if "ask" in head:
                self._write(*answers[head["ask"]](head, blob))
                continue
            self._idle = True
            if "failed" in head:
                raise _typed(head["failed"])
            done: dict[str, Any] = head["done"]
            return done

    def _ends(self) -> tuple[BinaryIO, BinaryIO]:
        """Return the pipes to and from the process."""
        process = self._process
        if process is None or process.stdin is None or process.stdout is None:
            raise WorkerEnded("check_crashed")
        return cast("BinaryIO", process.stdin), cast("BinaryIO", process.stdout)

    def _write(self, head: dict[str, Any], blob: bytes | bytearray = b"") -> None:
        self._idle = False
        try:
            write_frame(self._ends()[0], head, blob)
        except OSError as problem:
            self.close()
            raise WorkerEnded("check_crashed") from problem

    def _read(self) -> tuple[dict[str, Any], bytearray]:
        _, stdout = self._ends()
        late = threading.Event()
        watch = threading.Timer(self._silence, _kill_late, (self._process, late))
        watch.daemon = True
        watch.start()
        try:
            return read_frame(stdout)
        except (BrokenFrame, OSError) as problem:
            self.close()
            raise WorkerEnded("check_limits" if late.is_set() else "check_crashed") from problem
        finally:
            watch.cancel()


class Workers:
    """A few workers, each for one task at a time; whoever comes when all are busy waits."""

    def __init__(
        self,
        trust: Sequence[Source],
        size: int = 1,
        silence: float = SILENCE,
        memory: int = MEMORY,
    ) -> None:
        self._limits = (trust, silence, memory)
        self._all = [Worker(trust, silence, memory) for _ in range(size)]
        # The one that worked last is warm, and the others need not start at all.
        self._free: LifoQueue[Worker] = LifoQueue()
        for worker in reversed(self._all):
            self._free.put(worker)

    @property
    def size(self) -> int:
        """Return how many tasks can be done at once."""
        return len(self._all)

    @contextlib.contextmanager
    def one(self) -> Iterator[Worker]:
        """Lend a worker."""
        worker = self._free.get()
        try:
            yield worker
        finally:
            self._free.put(worker)

    def more(self, size: int) -> Workers:
        """Return other workers of the same kind, for a batch."""
        trust, silence, memory = self._limits
        return Workers(trust, size, silence, memory)

    def start(self) -> None:
        """Start every process without waiting."""
        for worker in self._all:
            worker.start()

    def close(self) -> None:
        """End every process; nobody may be at work."""
        for worker in self._all:
            worker.close()


def _kill_late(process: subprocess.Popen[bytes] | None, late: threading.Event) -> None:
    late.set()
    if process is not None:
        process.kill()


def _typed(spelled: dict[str, Any]) -> HoaBanError:
    """Return the error that a worker met; a class that is not one of ours is a damaged file."""
    known = getattr(errors, str(spelled["class"]), None)
    kind = known if isinstance(known, type) and issubclass(known, HoaBanError) else errors.Damaged
    if kind is errors.Cancelled:
        return errors.Cancelled()
    params = {str(k): v for k, v in spelled["params"].items() if isinstance(v, str | int)}
    if kind in (errors.RuleViolation, errors.DeviceProblem):
        return kind(str(spelled["code"]), str(spelled["extra"]), **params)
    return kind(str(spelled["code"]), **params)
