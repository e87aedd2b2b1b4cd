"""The working calendar that the lists of holidays, rules and office hours describe."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, time

from app.catalogues.load import HOLIDAY, HOLIDAY_RULE, OFFICE_HOURS
from app.catalogues.model import Item
from app.kernel.calendar import (
    DayKind,
    HolidayRule,
    OfficeHours,
    SpecialDay,
    WorkingCalendar,
)

# What the lists write beside days that follow from the law itself, not from a notice.
_SURE = ("rule", "computed", "NQ ")


def calendar_from(items: Iterable[Item]) -> WorkingCalendar:
    """Build the working calendar; years after the last one in the list are computed."""
    held = tuple(items)
    days = [_special(item) for item in held if item.list == HOLIDAY]
    last = max((day.date.year for day in days), default=date.min.year)
    return WorkingCalendar(
        days_off=(day for day in days if not day.kind.worked),
        worked_days=(day for day in days if day.kind.worked),
        office_hours=(_hours(item) for item in held if item.list == OFFICE_HOURS),
        known_until=date(last, 12, 31),
        rules=tuple(_rule(item) for item in held if item.list == HOLIDAY_RULE),
    )


def _special(item: Item) -> SpecialDay:
    return SpecialDay(
        date=date.fromisoformat(item.code),
        kind=DayKind(item.data["kind"]),
        name=item.label,
        basis=item.data.get("basis", ""),
        confirmed=item.data.get("confidence", "").startswith(_SURE),
    )


def _rule(item: Item) -> HolidayRule:
    data = item.data
    return HolidayRule(
        name=item.label,
        month=int(data["month"]),
        day=int(data["day"]),
        basis=data["basis"],
        lunar=data["lunar"] == "yes",
        offsets=tuple(int(offset) for offset in data["offsets"].split()),
        floating=data["floating"] == "yes",
        valid_from=item.valid_from,
        valid_to=item.valid_to,
    )


def _hours(item: Item) -> OfficeHours:
    spans = tuple(
        (time.fromisoformat(start), time.fromisoformat(end))
        for start, end in (span.split("-") for span in item.data["spans"].split())
    )
    confirmed = not item.data.get("confidence", "").startswith("unconfirmed")
    return OfficeHours(spans, item.valid_from, item.valid_to, confirmed=confirmed)
