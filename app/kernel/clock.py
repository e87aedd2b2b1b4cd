"""The only source of time. ruff bans `datetime.now` everywhere else."""

from __future__ import annotations

import time
from datetime import UTC, date, datetime, timedelta
from typing import Protocol
from zoneinfo import ZoneInfo

VIETNAM = ZoneInfo("Asia/Ho_Chi_Minh")


class Clock(Protocol):
    """Tell the time of this device."""

    def now(self) -> datetime:
        """Return the aware UTC time."""

    def monotonic(self) -> float:
        """Return seconds that never run back."""


class SystemClock:
    """Read the operating system's clock."""

    def now(self) -> datetime:
        """Return the aware UTC time."""
        return datetime.now(UTC)

    def monotonic(self) -> float:
        """Return seconds that never run back."""
        return time.monotonic()


class FixedClock:
    """Stand still, and move only when told; for demonstrations and tests."""

    def __init__(self, at: datetime) -> None:
        self._at = at.astimezone(UTC)
        self._ticks = 0.0

    def now(self) -> datetime:
        """Return the time it was set to."""
        return self._at

    def monotonic(self) -> float:
        """Return the seconds it was moved by."""
        return self._ticks

    def advance(self, step: timedelta) -> None:
        """Move by `step`."""
        self._at += step
        self._ticks += max(step.total_seconds(), 0.0)


class ServerTime:
    """How far this device's clock is off the server's, as heard at the last reply.

    It is known until the clock jumps (somebody sets it, or the machine sleeps); then the next
    reply says it again. Within the tolerance nothing is off.
    """

    def __init__(self, clock: Clock, tolerance: timedelta = timedelta(minutes=5)) -> None:
        self.tolerance = tolerance
        self._clock = clock
        self._ahead = timedelta()
        self._base = self._pace()

    def heard(self, server_now: datetime) -> None:
        """Note the server's time, which it told just now."""
        self._ahead = server_now - self._clock.now()
        self._base = self._pace()

    @property
    def ahead(self) -> timedelta:
        """Return what to add to this device's time; zero within the tolerance or if unknown."""
        jumped = abs(self._pace() - self._base) > self.tolerance
        return timedelta() if jumped or abs(self._ahead) <= self.tolerance else self._ahead

    def _pace(self) -> timedelta:
        return self._clock.now() - _EPOCH - timedelta(seconds=self._clock.monotonic())


_EPOCH = datetime(2020, 1, 1, tzinfo=UTC)


def local_date(at: datetime) -> date:
    """Return the calendar day in Vietnam of an aware time."""
    return at.astimezone(VIETNAM).date()
