"""A token bucket: so many bytes a second, with a second's worth at once."""

from __future__ import annotations

from collections.abc import Callable

from app.kernel.clock import Clock


class Pace:
    """Make whoever moves bytes wait; `rate` in bytes a second, 0 for as fast as it goes."""

    def __init__(
        self, clock: Clock, rate: Callable[[], int], wait: Callable[[float], object]
    ) -> None:
        self._clock = clock
        self._rate = rate
        self._wait = wait
        self._full_at = clock.monotonic()

    def took(self, size: int) -> None:
        """Count bytes that were moved, and wait until the bucket bears them."""
        rate = self._rate()
        if rate <= 0:
            return
        now = self._clock.monotonic()
        self._full_at = max(self._full_at, now - 1.0) + size / rate
        if self._full_at > now:
            self._wait(self._full_at - now)

    def piece(self, size: int) -> int:
        """Return how much of a piece to send at once, so that it is not a burst of minutes."""
        rate = self._rate()
        return size if rate <= 0 else min(size, max(rate * 2, 1))
