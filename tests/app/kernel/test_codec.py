"""The one form of commands, events and rows on the wire."""

from __future__ import annotations

import enum
import json
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.kernel.codec import fields_of, from_json, to_json
from app.kernel.errors import RuleViolation


class Mark(enum.Enum):
    PLAIN = "plain"
    URGENT = "urgent"


@dataclass(frozen=True)
class Inner:
    name: str
    count: int = 0


@dataclass(frozen=True)
class Outer:
    title: str
    on: date
    at: datetime
    mark: Mark = Mark.PLAIN
    inner: Inner | None = None
    rows: tuple[Inner, ...] = ()
    words: frozenset[str] = frozenset()
    share: float = 0.0
    open: bool = False
    notes: dict[str, int] = field(default_factory=dict)


INNERS = st.builds(Inner, st.text(max_size=20), st.integers())
ZONES = st.sampled_from([UTC, timezone(timedelta(hours=7))])
OUTERS = st.builds(
    Outer,
    title=st.text(max_size=40),
    on=st.dates(),
    at=st.datetimes(min_value=datetime(1900, 1, 1), timezones=ZONES),  # noqa: DTZ001 - a bound
    mark=st.sampled_from(Mark),
    inner=st.none() | INNERS,
    rows=st.lists(INNERS, max_size=3).map(tuple),
    words=st.frozensets(st.text(max_size=5), max_size=4),
    share=st.floats(allow_nan=False, allow_infinity=False),
    open=st.booleans(),
    notes=st.dictionaries(st.text(max_size=5), st.integers(), max_size=3),
)
PLAIN: dict[str, Any] = {"title": "a", "on": "2026-01-05", "at": "2026-01-05T07:30:00+00:00"}


@given(OUTERS)
def test_what_goes_out_comes_back(value):
    assert from_json(Outer, json.loads(json.dumps(to_json(value)))) == value


@given(OUTERS)
def test_fields_at_their_default_stay_at_home(value):
    wire = to_json(value)
    assert ("mark" in wire) == (value.mark is not Mark.PLAIN)
    assert ("rows" in wire) == bool(value.rows)


def test_equal_times_of_two_zones_are_spelled_as_they_are():
    here = datetime(2026, 1, 5, 14, 30, tzinfo=timezone(timedelta(hours=7)))
    for at in (here, here.astimezone(UTC), here):
        assert to_json(Outer("a", date(2026, 1, 5), at))["at"] == at.isoformat()


def test_equal_sets_have_one_form():
    one, other = (
        Outer("a", date(2026, 1, 5), datetime(2026, 1, 5, tzinfo=UTC), words=frozenset(words))
        for words in (["b", "a", "c"], ["c", "b", "a"])
    )
    assert json.dumps(to_json(one)) == json.dumps(to_json(other))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("title", 5),
        ("title", None),
        ("on", "05/01/2026"),
        ("at", 1_700_000_000),
        ("mark", "unknown"),
        ("inner", "text"),
        ("rows", {"name": "a"}),
        ("open", "yes"),
        ("share", "much"),
        ("notes", []),
    ],
)
def test_a_wrong_type_names_its_field(name, value):
    with pytest.raises(RuleViolation) as caught:
        from_json(Outer, PLAIN | {name: value})
    assert (caught.value.code, caught.value.field) == ("argument", name)


def test_a_wrong_type_inside_names_the_inner_field():
    with pytest.raises(RuleViolation) as caught:
        from_json(Outer, PLAIN | {"inner": {"name": "a", "count": True}})
    assert caught.value.field == "count"


def test_a_missing_field_is_named_and_an_unknown_one_ignored():
    with pytest.raises(RuleViolation) as caught:
        from_json(Outer, {"title": "a", "on": "2026-01-05"})
    assert caught.value.field == "at"
    assert from_json(Outer, PLAIN | {"newer": 1}) == from_json(Outer, PLAIN)


@pytest.mark.parametrize("data", [None, [], "text", 3])
def test_only_an_object_is_a_value(data):
    with pytest.raises(RuleViolation):
        from_json(Inner, data)


def test_types_are_named_for_the_schema():
    named = fields_of(Outer)
    assert (named["inner"], named["rows"], named["notes"]) == ("Inner|null", "[Inner]", "{int}")
