"""The desk's side of the helper process: start it, call it within a time limit, end it."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO

from app.kernel.errors import DeviceProblem
from signing.tokens.binary import check_library
from signing.tokens.frames import BrokenFrame, read_frame, wipe, write_frame

HELPER_SWITCH = "--token-helper"
"""What a frozen program is started with to become a helper; the entry point honours it."""

PIN_PAD_LIMIT = 90.0
"""Seconds in which a person finds the keys of a PIN pad."""

# Seconds for each kind of call: listing a slow card takes many (OpenSC is known to need eight),
# a signature seconds; the end of a session nothing that is worth waiting for.
_LIMITS = {"certificates": 60.0, "login": 30.0, "sign": 45.0, "logout": 5.0, "rest": 5.0}
_LIMIT = 20.0


def helper_command(module: str) -> list[str]:
    """Return the command line of a helper for a library."""
    if getattr(sys, "frozen", False):
        return [sys.executable, HELPER_SWITCH, module]
    return [sys.executable, "-m", "signing.tokens.helper", module]


def helper_environment() -> dict[str, str]:
    """Return an environment in which a helper finds this package from any working folder."""
    root = str(Path(__file__).resolve().parents[2])
    known = os.environ.get("PYTHONPATH", "")
    return os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, (root, known)))}


class Device:
    """One PKCS#11 library behind its helper process.

    Calls come from one thread at a time (the token lane). A call that hangs, or a helper that
    dies, ends the helper and raises `DeviceProblem`; the next call starts a fresh one. No call
    is ever repeated by itself, so no PIN is ever tried twice. `admit` looks at the file before
    each start and raises `DeviceProblem`; `limit` stands for the limits of all kinds of calls.
    `own_pins` names, by their public parts, the keys that were found to have a PIN of their own.
    """

    def __init__(
        self,
        module: str,
        limit: float = 0.0,
        admit: Callable[[str], None] = check_library,
    ) -> None:
        self.module = module
        self._limit = limit
        self._admit = admit
        self._process: subprocess.Popen[bytes] | None = None
        self._lock = threading.Lock()
        self.own_pins: set[str] = set()

    @property
    def helper_pid(self) -> int | None:
        """Return the process id of the helper while one runs."""
        return self._process.pid if self._process else None

    def call(
        self, name: str, blob: bytes | bytearray = b"", *, limit: float = 0.0, **head: Any
    ) -> tuple[dict[str, Any], bytes]:
        """Make one call; raises `DeviceProblem`."""
        with self._lock:
            process = self._process or self._start()
            within = limit or self._within(name)
            return self._exchange(process, {"call": name, **head}, blob, within)

    def call_if_idle(self, name: str, **head: Any) -> dict[str, Any] | None:
        """Make a call unless another is going on or no helper runs; raises `DeviceProblem`."""
        if not self._lock.acquire(blocking=False):
            return None
        try:
            process = self._process
            if process is None:
                return None
            return self._exchange(process, {"call": name, **head}, b"", self._within(name))[0]
        finally:
            self._lock.release()

    def login(self, head: dict[str, Any], pin: bytearray, *, pin_pad: bool = False) -> bool:
        """Log in for one key with a PIN, which is overwritten whatever comes.

        `head` names slot, serial, id and public part. Returns whether the key asks before
        every signature; raises `DeviceProblem`.
        """
        try:
            limit = PIN_PAD_LIMIT if pin_pad else 0.0
            return bool(self.call("login", pin, limit=limit, **head)[0]["always"])
        finally:
            wipe(pin)

    def own_pin(self, head: dict[str, Any], pin: bytearray) -> None:
        """Hand over the PIN of a key itself, which is overwritten here whatever comes."""
        try:
            self.call("own_pin", pin, **head)
        finally:
            wipe(pin)

    def close(self) -> None:
        """End the helper; the next call would start another."""
        process, self._process = self._process, None
        if process is not None:
            _end(process)

    def _within(self, name: str) -> float:
        return self._limit or _LIMITS.get(name, _LIMIT)

    def _start(self) -> subprocess.Popen[bytes]:
        self._admit(self.module)
        process = subprocess.Popen(
            helper_command(self.module),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            bufsize=0,  # a buffer would keep a copy of the PIN
            env=helper_environment(),
            creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
        )
        self._process = process
        self._exchange(process, None, b"", self._within("start"))
        return process

    def _exchange(
        self,
        process: subprocess.Popen[bytes],
        head: dict[str, Any] | None,
        blob: bytes | bytearray,
        limit: float,
    ) -> tuple[dict[str, Any], bytes]:
        late = threading.Event()
        timer = threading.Timer(limit, _kill_late, (process, late))
        timer.daemon = True
        timer.start()
        try:
            if head is not None:
                write_frame(_pipe(process.stdin), head, blob)
            reply, data = read_frame(_pipe(process.stdout))
        except (BrokenFrame, OSError) as problem:
            self.close()
            if late.is_set():
                raise DeviceProblem("token_hangs", "hang") from problem
            raise DeviceProblem("token_crashed", "crash") from problem
        finally:
            timer.cancel()
        if "error" in reply:
            if head is None:
                self.close()
            raise _device_problem(str(reply["error"]))
        return reply, bytes(data)


def _device_problem(kind: str) -> DeviceProblem:
    match kind:
        case "token_gone":
            problem = DeviceProblem("token_gone", kind)
        case "key_missing":
            problem = DeviceProblem("token_key_missing", kind)
        case "mechanism":
            problem = DeviceProblem("token_mechanism", kind)
        case "cancelled":
            problem = DeviceProblem("pin_pad_cancelled", kind)
        case "module":
            problem = DeviceProblem("token_module", kind)
        case _:
            problem = _pin_problem(kind) or DeviceProblem("token_failed", kind)
    return problem


def _pin_problem(kind: str) -> DeviceProblem | None:
    match kind:
        case "pin_incorrect":
            return DeviceProblem("pin_incorrect", kind)
        case "pin_locked":
            return DeviceProblem("pin_locked", kind)
        case "pin_not_set":
            return DeviceProblem("pin_not_set", kind)
        case "signing_pin_wanted":
            return DeviceProblem("signing_pin_wanted", kind)
        case "signing_pin_incorrect":
            return DeviceProblem("signing_pin_incorrect", kind)
        case _:
            return None


def _kill_late(process: subprocess.Popen[bytes], late: threading.Event) -> None:
    late.set()
    process.kill()


def _end(process: subprocess.Popen[bytes]) -> None:
    # No polite farewell: unloading is exactly where vendors' libraries hang.
    process.kill()
    process.wait()
    for pipe in (process.stdin, process.stdout):
        if pipe is not None:
            try:
                pipe.close()
            except OSError:
                continue  # bytes left for a dead reader


def _pipe(stream: Any) -> BinaryIO:
    if stream is None:
        raise BrokenFrame("pipe")
    return stream  # type: ignore[no-any-return]
