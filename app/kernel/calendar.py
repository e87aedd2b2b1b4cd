"""The working calendar: which days are worked, and when a term of working days ends.

Days off, days worked instead and office hours are data. After the last year that the data
knows, holidays are computed from rules (which are data too) and results are provisional: the
government may still move days, as it does every year.
Terms count from the day after the start (Bộ luật Dân sự 2015 Art 147); a holiday on the weekly
day off is made up on the next working day (Bộ luật Lao động 45/2019 Art 111.3).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum

from app.kernel.clock import VIETNAM, local_date
from app.kernel.errors import RuleViolation
from app.kernel.lunar import solar_date

_DAY = timedelta(days=1)
_SATURDAY = 5
_LONGEST_TERM = 2000


class DayKind(StrEnum):
    """What a calendar day is."""

    WORKING = "working"
    WEEKEND = "weekend"
    HOLIDAY = "holiday"
    COMPENSATORY = "compensatory"
    SWAP_OFF = "swap_off"
    SWAP_WORK = "swap_work"

    @property
    def worked(self) -> bool:
        """Tell whether offices work on such a day."""
        return self in (DayKind.WORKING, DayKind.SWAP_WORK)


@dataclass(frozen=True, slots=True)
class SpecialDay:
    """A day that differs from its weekday; `confirmed` False until a notice was read."""

    date: date
    kind: DayKind
    name: str
    basis: str = ""
    confirmed: bool = True


@dataclass(frozen=True, slots=True)
class HolidayRule:
    """A holiday that comes back: solar or lunar date, and its days as offsets from it.

    `floating` adds the one adjacent day that makes the longest rest, as the Prime Minister
    chooses each year for National Day (Art 112.1.đ and 112.3).
    """

    name: str
    month: int
    day: int
    basis: str
    lunar: bool = False
    offsets: tuple[int, ...] = (0,)
    floating: bool = False
    valid_from: date | None = None
    valid_to: date | None = None

    def days(self, year: int) -> tuple[date, ...]:
        """Return the days off of a year before any is made up."""
        anchor = (
            solar_date(year, self.month, self.day)
            if self.lunar
            else date(year, self.month, self.day)
        )
        if self.valid_from and anchor < self.valid_from:
            return ()
        if self.valid_to and anchor > self.valid_to:
            return ()
        days = [anchor + offset * _DAY for offset in self.offsets]
        if self.floating:
            days.append(_adjacent(anchor))
        return tuple(sorted(days))


def _adjacent(anchor: date) -> date:
    """Return the neighbour that joins the weekend: after Monday, Thursday, Sunday; else before."""
    return anchor + _DAY if anchor.isoweekday() in (1, 4, 7) else anchor - _DAY


@dataclass(frozen=True, slots=True)
class OfficeHours:
    """The hours of an office day, in order, in Vietnam's time, within a period."""

    spans: tuple[tuple[time, time], ...]
    valid_from: date | None = None
    valid_to: date | None = None
    confirmed: bool = True

    def covers(self, day: date) -> bool:
        """Tell whether these hours hold on a day."""
        after = self.valid_from is None or self.valid_from <= day
        return after and (self.valid_to is None or day <= self.valid_to)


@dataclass(frozen=True, slots=True)
class Deadline:
    """The last instant of a term (aware UTC); provisional when a computed year has a part."""

    at: datetime
    provisional: bool = False


@dataclass(frozen=True, slots=True)
class CountedDay:
    """One day of an explanation: `number` in the term, 0 when the day is not counted."""

    date: date
    kind: DayKind
    number: int
    name: str = ""
    basis: str = ""
    confirmed: bool = True
    provisional: bool = False


class WorkingCalendar:
    """Answer for every day whether it is worked, and count terms."""

    def __init__(
        self,
        days_off: Iterable[SpecialDay],
        worked_days: Iterable[SpecialDay],
        office_hours: Iterable[OfficeHours],
        known_until: date,
        rules: Iterable[HolidayRule] = (),
    ) -> None:
        self._known = {day.date: day for day in (*days_off, *worked_days)}
        self.office_hours = tuple(office_hours)
        self.known_until = known_until
        self.rules = tuple(rules)
        self._computed: dict[int, dict[date, SpecialDay]] = {}

    def special(self, day: date) -> SpecialDay | None:
        """Return what makes a day differ from its weekday, or None."""
        if day <= self.known_until:
            return self._known.get(day)
        return self._known.get(day) or self._computed_year(day.year).get(day)

    def kind(self, day: date) -> DayKind:
        """Return what a day is."""
        special = self.special(day)
        if special is not None:
            return special.kind
        return DayKind.WEEKEND if day.weekday() >= _SATURDAY else DayKind.WORKING

    def is_working(self, day: date) -> bool:
        """Tell whether offices work on a day."""
        return self.kind(day).worked

    def is_provisional(self, day: date) -> bool:
        """Tell whether a day lies beyond what notices have fixed."""
        return day > self.known_until

    def add_working_days(self, start: date, n: int) -> date:
        """Return the n-th working day after `start`; for 0, `start` or the next worked day.

        Raises `RuleViolation("calendar.term")` unless 0 ≤ n ≤ 2000.
        """
        return list(self.explain(start, n))[-1].date

    def working_days_between(self, start: date, end: date) -> int:
        """Return how many working days lie after `start` up to `end`; negative backwards."""
        if end < start:
            return -self.working_days_between(end, start)
        return sum(self.is_working(start + i * _DAY) for i in range(1, (end - start).days + 1))

    def deadline(self, start_at: datetime, days: int) -> Deadline:
        """Return the end of office hours on the last of `days` working days after a start."""
        due = self.add_working_days(local_date(start_at), days)
        return Deadline(self.closing(due), self.is_provisional(due))

    def closing(self, day: date) -> datetime:
        """Return the instant (aware UTC) at which offices close on a day."""
        hours = next((h for h in self.office_hours if h.covers(day)), None)
        end = hours.spans[-1][1] if hours else time(23, 59, 59)
        return datetime.combine(day, end, VIETNAM).astimezone(UTC)

    def explain(self, start: date, n: int) -> tuple[CountedDay, ...]:
        """Return every day of a term with what it is and which number it got."""
        if not 0 <= n <= _LONGEST_TERM:
            raise RuleViolation("calendar.term", field="days", longest=_LONGEST_TERM)
        return tuple(self._count(start, n))

    def _count(self, start: date, n: int) -> Iterator[CountedDay]:
        first, wanted = (start, 1) if n == 0 else (start + _DAY, n)
        number = 0
        day = first
        while number < wanted:
            worked = self.is_working(day)
            number += worked
            yield self._counted(day, number if worked and n else 0)
            day += _DAY

    def _counted(self, day: date, number: int) -> CountedDay:
        counted = CountedDay(day, self.kind(day), number, provisional=self.is_provisional(day))
        special = self.special(day)
        if special is None:
            return counted
        return replace(counted, name=special.name, basis=special.basis, confirmed=special.confirmed)

    def _computed_year(self, year: int) -> dict[date, SpecialDay]:
        if year not in self._computed:
            self._computed[year] = computed_days(self.rules, year)
        return self._computed[year]


def computed_days(rules: Iterable[HolidayRule], year: int) -> dict[date, SpecialDay]:
    """Return the holidays of a year by the rules, and the days that make up for them."""
    found: dict[date, SpecialDay] = {}
    for rule in rules:
        for day in rule.days(year):
            special = SpecialDay(day, DayKind.HOLIDAY, rule.name, rule.basis, confirmed=False)
            found.setdefault(day, special)
    for day in sorted(d for d in found if d.weekday() >= _SATURDAY):
        made_up = _next_free(day, found)
        found[made_up] = replace(found[day], date=made_up, kind=DayKind.COMPENSATORY)
    return found


def _next_free(day: date, taken: dict[date, SpecialDay]) -> date:
    while day in taken or day.weekday() >= _SATURDAY:
        day += _DAY
    return day
