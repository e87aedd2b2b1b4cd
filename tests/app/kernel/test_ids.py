"""Identifiers: ordered in time, derived alike on both sides."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from app.kernel.ids import derived_id, event_id, new_id

AT = datetime(2026, 1, 5, 7, 30, tzinfo=UTC)


def test_new_ids_are_uuid7_of_their_time():
    made = uuid.UUID(new_id(AT))
    assert (made.version, made.variant) == (7, uuid.RFC_4122)
    assert made.int >> 80 == int(AT.timestamp() * 1000)


def test_new_ids_differ_and_follow_time():
    made = [new_id(AT + timedelta(milliseconds=n)) for n in range(50)]
    assert made == sorted(made)
    assert len({new_id(AT) for _ in range(500)}) == 500


@given(st.lists(st.text(max_size=10), min_size=1, max_size=4))
def test_derived_ids_are_uuid8_and_the_same_each_time(parts):
    made = uuid.UUID(derived_id(*parts))
    assert (made.version, made.variant) == (8, uuid.RFC_4122)
    assert derived_id(*parts) == str(made)


def test_derived_ids_are_for_ever():
    assert derived_id("event", "c1", "0") == "98e8e31f-2f2f-8a8f-9a9d-46bb2bbfa50f"


def test_derived_ids_keep_the_parts_apart():
    assert derived_id("ab", "c") != derived_id("a", "bc")


def test_events_of_one_command_have_ids_of_their_own():
    made = [event_id(command, place) for command in ("c1", "c2") for place in range(3)]
    assert len(set(made)) == 6


def test_the_wire_knows_this_event_id():
    # Written down once: both sides, and every later version, must name the event so.
    assert event_id("0190a5b0-0000-7000-8000-000000000001", 0) == (
        "c162d0bc-6bd2-8d0a-ae9c-5f3ef705f208"
    )
