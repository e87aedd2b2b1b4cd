"""From the start of a process to the login, and from the password to a usable list."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

from app.kernel.clock import FixedClock
from app.store.desk import DeskStore
from app.store.keys import KdfParams
from app.store.profile import Profile
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
    bare: list[float] = []
    login: list[float] = []
    usable: list[float] = []
    for _ in range(plan.times(_ROUNDS)):
        bare += _started("bare")
        shown, listed = _started("desk", str(profiles))
        login.append(shown)
        usable.append(listed)
    beside = f"a bare PySide6 window: {median(bare):.0f} ms"
    return [
        Figure("process start to login on screen, against a bare window",
               _ratio(login, bare), "×", 2, beside),
        Figure(f"unlock to a usable list of {size:,}, against a bare window",
               _ratio(usable, bare), "×", 1.5, beside),
        Figure("process start to login on screen", median(login), "ms"),
        Figure(f"unlock to a usable list of {size:,}, argon2 apart", median(usable), "ms"),
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


def _started(*arguments: str) -> list[float]:
    """Start a window in a process of its own; return the milliseconds of each line it says.

    The first counts from the start of the process, a later one from the line before it.
    """
    began = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.bench.windows", *arguments],
        cwd=Path(__file__).resolve().parents[2],
        stdout=subprocess.PIPE,
        text=True,
        env=os.environ | {"PYTHONDONTWRITEBYTECODE": "1"},
    )
    took: list[float] = []
    assert process.stdout is not None
    for line in process.stdout:
        if line.startswith(windows.MARK):
            now = time.perf_counter()
            took.append((now - began) * 1000)
            began = now
    if process.wait(120) != 0:
        raise RuntimeError("a window did not come up")
    return took
