"""When to try again: full jitter, a cap, at once when the network changes."""

from __future__ import annotations

import random
from datetime import datetime, timedelta

from app.kernel.clock import Clock

BASE = 2.0
CAP = 300.0


class Backoff:
    """Count failures and answer the time of the next try."""

    def __init__(self, clock: Clock, chance: random.Random) -> None:
        self._clock = clock
        self._chance = chance
        self._failures = 0

    def failed(self, retry_at: datetime | None = None) -> float:
        """Return the seconds to wait after one more failure; the server may ask for more."""
        self._failures += 1
        delay = self._chance.uniform(0.0, min(CAP, BASE * 2.0 ** min(self._failures, 16)))
        asked = (retry_at - self._clock.now()).total_seconds() if retry_at is not None else 0.0
        return max(delay, min(asked, CAP))

    def succeeded(self) -> None:
        """Begin anew."""
        self._failures = 0

    def at(self, delay: float) -> datetime:
        """Return the time after a delay."""
        return self._clock.now() + timedelta(seconds=delay)
