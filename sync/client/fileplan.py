"""Which files move now, in which order, and why the others wait; pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from app.kernel.clock import VIETNAM


class Why(StrEnum):
    """Why a file waits."""

    HOURS = "hours"
    METERED = "metered"
    QUOTA = "quota"
    DISK = "disk_full"
    THERE = "not_there"
    """The server does not have it yet: another desk is still sending it."""
    REFUSED = "refused"
    """The server took no such page, or it is damaged here and nowhere else."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What the person and the province have set.

    Rates in bytes a second, 0 for none; `large` is what counts as large; large files move only
    from `from_hour` to before `to_hour` of Vietnam, at any time where both are equal.
    """

    quota: int = 4 << 30
    up: int = 0
    down: int = 0
    large: int = 5 << 20
    from_hour: int = 0
    to_hour: int = 0
    spare_metered: bool = True

    def in_hours(self, now: datetime) -> bool:
        """Tell whether large files may move now."""
        if self.from_hour == self.to_hour:
            return True
        hour = now.astimezone(VIETNAM).hour
        if self.from_hour < self.to_hour:
            return self.from_hour <= hour < self.to_hour
        return hour >= self.from_hour or hour < self.to_hour


@dataclass(frozen=True, slots=True)
class Job:
    """A file to move; `size` 0 while only the server knows; `asked` by a person, now."""

    sha256: str
    up: bool
    size: int = 0
    media: str = "application/pdf"
    asked: bool = False


@dataclass(frozen=True, slots=True)
class Waiting:
    """A file that does not move, and why."""

    job: Job
    why: Why


def planned(
    jobs: Iterable[Job], limits: Limits, now: datetime, *, metered: bool
) -> tuple[tuple[Job, ...], tuple[Waiting, ...]]:
    """Return what goes, in the order given but what is asked for first, and what waits."""
    going: list[Job] = []
    waiting: list[Waiting] = []
    for job in jobs:
        why = None if job.asked else _held(job.size, limits, now, metered=metered)
        if why is None:
            going.append(job)
        else:
            waiting.append(Waiting(job, why))
    return tuple(sorted(going, key=lambda job: not job.asked)), tuple(waiting)


def _held(size: int, limits: Limits, now: datetime, *, metered: bool) -> Why | None:
    if size <= limits.large:
        return None
    if metered and limits.spare_metered:
        return Why.METERED
    return None if limits.in_hours(now) else Why.HOURS


def counted(waiting: Sequence[Waiting]) -> dict[Why, int]:
    """Return how many files wait for each reason."""
    found: dict[Why, int] = {}
    for one in waiting:
        found[one.why] = found.get(one.why, 0) + 1
    return found
