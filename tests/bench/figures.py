"""What a benchmark answers: figures with their budgets and what they were compared with."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Self


@dataclass(frozen=True, slots=True)
class Figure:
    """One measured value; `budget` None means that nobody promised one.

    `least` says that the budget is the least that will do, not the most.
    """

    what: str
    value: float
    unit: str
    budget: float | None = None
    compared_with: str = ""
    least: bool = False

    @property
    def ok(self) -> bool | None:
        """Tell whether the budget is kept; None without one."""
        if self.budget is None:
            return None
        return self.value >= self.budget if self.least else self.value <= self.budget

    def row(self) -> dict[str, Any]:
        """Return the figure in the form of the contract."""
        return {
            "what": self.what,
            "value": rounded(self.value),
            "unit": self.unit,
            "budget": self.budget,
            "ok": self.ok,
            "compared_with": self.compared_with,
        }


def rounded(value: float) -> float:
    """Return a value with four significant digits."""
    if not value:
        return 0.0
    places = 3 - math.floor(math.log10(abs(value)))
    return round(float(value), max(places, 0))


def percentile(samples: Iterable[float], share: float) -> float:
    """Return the sample below which a share of all lies."""
    ordered = sorted(samples)
    return ordered[min(len(ordered) - 1, math.ceil(share * len(ordered)) - 1)]


def median(samples: Iterable[float]) -> float:
    """Return the middle sample."""
    return percentile(samples, 0.5)


def p95(samples: Iterable[float]) -> float:
    """Return the sample that one in twenty exceeds."""
    return percentile(samples, 0.95)


class Took(float):
    """The milliseconds of one run; `cpu` those that its thread had the processor.

    On a machine that others use too, the second says what the first would be on a quiet one,
    save for waiting for the disk.
    """

    cpu: float

    def __new__(cls, wall: float, cpu: float) -> Self:
        """Keep both."""
        made = super().__new__(cls, wall)
        made.cpu = cpu
        return made


def timed(work: Callable[[], object], times: int = 1) -> list[Took]:
    """Run `work` so often and return what each run took."""
    took = []
    for _ in range(times):
        began, busy = time.perf_counter(), time.thread_time()
        work()
        cpu = (time.thread_time() - busy) * 1000
        took.append(Took((time.perf_counter() - began) * 1000, cpu))
    return took


def busy(samples: Iterable[Took]) -> list[float]:
    """Return the processor's milliseconds of runs."""
    return [took.cpu for took in samples]


def table(name: str, figures: Iterable[Figure]) -> str:
    """Return the figures as text for people, the missed ones first."""
    verdicts = {True: "ok", False: "MISSED", None: ""}
    lines = [f"{name}"]
    for figure in sorted(figures, key=lambda f: f.ok is not False):
        sign = "≥" if figure.least else "≤"
        budget = f"{sign} {figure.budget:g}" if figure.budget is not None else ""
        beside = f"   ({figure.compared_with})" if figure.compared_with else ""
        lines.append(
            f"  {verdicts[figure.ok]:6}  {figure.what:58} {rounded(figure.value):>12,g}"
            f" {figure.unit:10} {budget:12}{beside}"
        )
    return "\n".join(lines)
