"""Terms count working days; holidays come from data, and beyond it from the law's rules."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from functools import cache

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.catalogues.calendars import calendar_from
from app.catalogues.load import HOLIDAY, load_items
from app.kernel.calendar import (
    DayKind,
    HolidayRule,
    OfficeHours,
    SpecialDay,
    WorkingCalendar,
    computed_days,
)
from app.kernel.errors import RuleViolation
from app.kernel.lunar import solar_date

DAYS = st.dates(date(2019, 1, 1), date(2034, 12, 31))


@cache
def calendar() -> WorkingCalendar:
    return calendar_from(load_items())


@pytest.mark.parametrize(
    ("start", "n", "due"),
    [
        # BLDS 91/2015 Art 147: the term begins the day after the start.
        (date(2026, 11, 9), 1, date(2026, 11, 10)),
        (date(2026, 11, 13), 1, date(2026, 11, 16)),
        # NQ 28/2026/QH16: 24/11 is a day off from 2026, not before.
        (date(2026, 11, 23), 1, date(2026, 11, 25)),
        (date(2025, 11, 23), 1, date(2025, 11, 24)),
        # BLLĐ 45/2019 Art 112.1.b: five days of Tết (16-20/02/2026).
        (date(2026, 2, 13), 1, date(2026, 2, 23)),
        # Art 112.1.e with Art 111.3: 10/3 lunar fell on Sunday 26/04/2026, made up on Monday.
        (date(2026, 4, 24), 1, date(2026, 4, 28)),
        # Art 112.1.c, 112.1.d: 30/04 and 01/05/2026, then a weekend.
        (date(2026, 4, 29), 1, date(2026, 5, 4)),
        # Art 112.1.đ and the swap: Monday 31/08/2026 off for Saturday 22/08/2026 worked.
        (date(2026, 8, 28), 1, date(2026, 9, 3)),
        (date(2026, 8, 21), 1, date(2026, 8, 22)),
        # BLDS Art 148.5: a last day that is a day off moves to the next working day.
        (date(2026, 11, 24), 0, date(2026, 11, 25)),
        (date(2026, 11, 25), 0, date(2026, 11, 25)),
    ],
)
def test_terms_end_where_the_law_says(start: date, n: int, due: date) -> None:
    assert calendar().add_working_days(start, n) == due


@pytest.mark.parametrize(
    ("year", "tet"),
    [
        (1985, date(1985, 1, 21)),
        (2007, date(2007, 2, 17)),
        (2019, date(2019, 2, 5)),
        (2020, date(2020, 1, 25)),
        (2021, date(2021, 2, 12)),
        (2022, date(2022, 2, 1)),
        (2023, date(2023, 1, 22)),
        (2024, date(2024, 2, 10)),
        (2025, date(2025, 1, 29)),
        (2026, date(2026, 2, 17)),
        (2027, date(2027, 2, 6)),
        # The moon is new before midnight in Hà Nội and after it in Beijing.
        (2030, date(2030, 2, 2)),
        (2053, date(2053, 2, 18)),
    ],
)
def test_lunar_new_year_is_that_of_vietnam(year: int, tet: date) -> None:
    assert solar_date(year, 1, 1) == tet


@pytest.mark.parametrize("year", range(2019, 2028))
def test_computed_lunar_days_are_those_of_the_list(year: int) -> None:
    listed = {
        (item.label.split("(")[0].strip(), date.fromisoformat(item.code))
        for item in load_items()
        if item.list == HOLIDAY and item.data["kind"] == "holiday"
    }
    assert ("Giỗ Tổ Hùng Vương", solar_date(year, 3, 10)) in listed
    assert {("Tết Âm lịch", solar_date(year, 1, d)) for d in (1, 2, 3)} <= listed


@pytest.mark.parametrize("year", [2022, 2026, 2027])
def test_rules_alone_give_the_holidays_of_an_announced_year(year: int) -> None:
    listed = {
        date.fromisoformat(item.code)
        for item in load_items()
        if item.list == HOLIDAY
        and item.code.startswith(str(year))
        and item.data["kind"] in ("holiday", "compensatory")
    }
    assert set(computed_days(calendar().rules, year)) == listed


def test_a_term_into_a_computed_year_is_provisional() -> None:
    start = datetime(2027, 12, 30, 3, tzinfo=UTC)
    assert not calendar().deadline(start, 1).provisional
    late = calendar().deadline(start, 3)
    assert late.provisional
    # 01/01/2028 is a Saturday: Monday is off in its place (Art 111.3), so 31/12, 04/01, 05/01.
    assert late.at == datetime(2028, 1, 5, 10, tzinfo=UTC)


def test_a_deadline_is_the_end_of_office_hours_in_vietnam() -> None:
    after_midnight_here = datetime(2026, 11, 9, 18, tzinfo=UTC)
    assert calendar().deadline(after_midnight_here, 1).at == datetime(2026, 11, 11, 10, tzinfo=UTC)


def test_office_hours_follow_their_validity() -> None:
    def hours(end: int, start_day: date | None, end_day: date | None) -> OfficeHours:
        return OfficeHours(((time(7), time(end)),), start_day, end_day)

    winter_from = date(2026, 11, 1)
    changing = WorkingCalendar(
        (), (), (hours(17, None, date(2026, 10, 31)), hours(16, winter_from, None)), winter_from
    )
    assert changing.closing(date(2026, 10, 30)).hour == 10
    assert changing.closing(date(2026, 11, 2)).hour == 9


def test_an_explanation_names_each_day() -> None:
    told = calendar().explain(date(2026, 11, 20), 2)
    assert [(d.date.day, d.kind, d.number) for d in told] == [
        (21, DayKind.WEEKEND, 0),
        (22, DayKind.WEEKEND, 0),
        (23, DayKind.WORKING, 1),
        (24, DayKind.HOLIDAY, 0),
        (25, DayKind.WORKING, 2),
    ]
    assert told[3].name == "Ngày Văn hóa Việt Nam"
    assert "28/2026" in told[3].basis


def test_days_from_memory_are_said_to_be_unconfirmed() -> None:
    swap, holiday = (calendar().special(d) for d in (date(2026, 8, 31), date(2026, 4, 30)))
    assert swap is not None
    assert holiday is not None
    assert (swap.confirmed, holiday.confirmed) == (False, True)


@pytest.mark.parametrize("n", [-1, 2001])
def test_a_term_out_of_bounds_is_refused(n: int) -> None:
    with pytest.raises(RuleViolation, match=r"calendar\.term"):
        calendar().add_working_days(date(2026, 1, 1), n)


def test_a_day_worked_instead_counts_though_it_is_saturday() -> None:
    saturday = date(2026, 3, 7)
    worked = SpecialDay(saturday, DayKind.SWAP_WORK, "làm bù")
    own = WorkingCalendar((), (worked,), (), date(2026, 12, 31))
    assert own.is_working(saturday)
    assert not own.is_working(saturday + timedelta(days=1))


def test_a_rule_holds_within_its_validity_only() -> None:
    rule = HolidayRule("x", 11, 24, "", valid_from=date(2026, 7, 1), valid_to=date(2027, 12, 31))
    assert [bool(rule.days(year)) for year in (2025, 2026, 2027, 2028)] == [
        False,
        True,
        True,
        False,
    ]


@given(DAYS, st.integers(1, 60))
def test_between_takes_back_what_add_gave(start: date, n: int) -> None:
    due = calendar().add_working_days(start, n)
    assert calendar().is_working(due)
    assert calendar().working_days_between(start, due) == n
    assert calendar().working_days_between(due, start) == -n


@given(DAYS, st.integers(0, 30), st.integers(1, 30))
def test_terms_add_up_from_a_working_day(day: date, first: int, second: int) -> None:
    start = calendar().add_working_days(day, 0)
    middle = calendar().add_working_days(start, first)
    together = calendar().add_working_days(start, first + second)
    assert calendar().add_working_days(middle, second) == together


@given(st.integers(2028, 2090))
def test_every_computed_year_has_the_days_of_the_law(year: int) -> None:
    found = computed_days(calendar().rules, year)
    holidays = [d for d in found.values() if d.kind is DayKind.HOLIDAY]
    made_up = [d for d in found.values() if d.kind is DayKind.COMPENSATORY]
    # Eleven days of Art 112 and 24/11; two may coincide (10/3 lunar and 30/04).
    assert 11 <= len(holidays) <= 12
    assert len(made_up) == sum(d.date.weekday() >= 5 for d in holidays)
    assert all(d.date.weekday() < 5 for d in made_up)


@given(st.integers(1950, 2100), st.integers(1, 12))
def test_lunar_months_last_29_or_30_days(year: int, month: int) -> None:
    start = solar_date(year, month, 1)
    after = solar_date(year + month // 12, month % 12 + 1, 1)
    assert (after - start).days in (29, 30, 58, 59, 60)
