"""How long a batch will still take, from the median of its last documents."""

from __future__ import annotations

from collections import deque
from statistics import median

_LAST = 15
_ENOUGH = 3


class Pace:
    """Measure the time from one document's end to the next; a pause is one odd value only."""

    def __init__(self, begun: float) -> None:
        self._before = begun
        self._steps: deque[float] = deque(maxlen=_LAST)

    def step(self, now: float, left: int) -> float | None:
        """Note a document's end; return the seconds for those left, None while too few ended."""
        self._steps.append(now - self._before)
        self._before = now
        if len(self._steps) < _ENOUGH:
            return None
        return median(self._steps) * left
