"""From the start of a process to the login, and from the password to a usable list."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from app.kernel.clock import FixedClock
from app.store.desk import DeskStore
from app.store.profile import Profile
from app.store.profile_file import KdfParams
from tests.bench import corpus, desks, windows
from tests.bench.__main__ import Plan
from tests.bench.figures import Figure, median

SIZE = 100_000
_ROUNDS = 7
_PASSWORD = windows.PASSWORD
# The least that argon2 takes: its cost is chosen, not suffered, and stands apart.
_CHEAP = KdfParams(rounds=1, memory=8, lanes=1)


def measure(plan: Plan) -> list[Figure]:
    """Start bare windows and desks in turns."""
    profiles = plan.folder / "profiles"
    size = plan.rows(SIZE)
    if not profiles.exists():
        _profile(profiles / "clerk", size)
    compiled = plan.folder / "compiled"
    _started(compiled, "desk", str(profiles))  # As installed: with its modules compiled
    bare: list[float] = []
    ours: list[dict[str, _Said]] = []
    for _ in range(plan.times(_ROUNDS)):
        bare.append(_started(compiled, "bare")["bare"].ms)
        ours.append(_started(compiled, "desk", str(profiles)))
    login = [run["login"].ms for run in ours]
    usable = [run["list"].ms for run in ours]
    beside = f"a bare PySide6 window: {median(bare):.0f} ms"
    return [
        Figure("process start to login on screen, against a bare window",
               _ratio(login, bare), "×", 2, beside),
        Figure(f"unlock to a usable list of {size:,}, against a bare window",
               _ratio(usable, bare), "×", 1.5, beside),
        Figure("process start to login on screen", median(login), "ms"),
        Figure(f"unlock to a usable list of {size:,}, argon2 apart", median(usable), "ms", None,
               "once loaded, two seconds after the login came at the earliest"),
        Figure("still loading when a password of two seconds was typed",
               median(run["loaded"].ms for run in ours), "ms"),
        Figure(f"memory, idle, {size:,} documents",
               median(run["idle"].mb for run in ours), "MB", 250),
        Figure("memory, every page visited",
               median(run["worked"].mb for run in ours), "MB", 500),
    ]  # fmt: skip


def _ratio(ours: list[float], bare: list[float]) -> float:
    return median(a / b for a, b in zip(ours, bare, strict=True))


def _profile(folder: Path, count: int) -> None:
    """Make a profile of the clerk that has pulled so many documents."""
    clock = FixedClock(corpus.NOW)
    profile = Profile.create(folder, _PASSWORD, clock, user="clerk", kdf=_CHEAP)
    with profile.opened(profile.unlock(_PASSWORD), windows.known()) as store:
        _write(store, count)


def _write(store: DeskStore, count: int) -> None:
    store.set_meta("person", "clerk")
    desks.fill(store, count)


@dataclass(frozen=True, slots=True)
class _Said:
    """One line of a window: how long after the one before it, and with how much memory."""

    ms: float
    mb: float


def _started(compiled: Path, *arguments: str) -> dict[str, _Said]:
    """Start a window in a process of its own; return the lines that it says by name.

    The first counts from the start of the process, a later one from the line before it.
    """
    began = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.bench.windows", *arguments],
        cwd=Path(__file__).resolve().parents[2],
        stdout=subprocess.PIPE,
        text=True,
        env=os.environ | {"PYTHONDONTWRITEBYTECODE": "", "PYTHONPYCACHEPREFIX": str(compiled)},
    )
    took: dict[str, _Said] = {}
    assert process.stdout is not None
    for line in process.stdout:
        if line.startswith(windows.MARK):
            now = time.perf_counter()
            name, memory = line.removeprefix(windows.MARK).split()
            took[name] = _Said((now - began) * 1000, int(memory) / 1024)
            began = now
    if process.wait(120) != 0:
        raise RuntimeError("a window did not come up")
    return took
