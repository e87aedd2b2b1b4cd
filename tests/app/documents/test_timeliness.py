"""What counts as handled in time: by the agency, by the department that led, and what does not."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest

from app.documents import commands as c
from app.documents.commands.measuring import MeasureTimeliness
from app.documents.model import Document, Role, State
from app.documents.rules import timeliness as t
from app.kernel.actor import SYSTEM_ACTOR
from app.kernel.clock import local_date
from app.kernel.errors import NotPermitted
from tests.app.documents import world
from tests.app.documents.world import COMMUNE, DEPARTMENT, PROVINCE, TODAY

DUE = TODAY + timedelta(days=3)
OURS, THEIRS = t.figure_id(COMMUNE, 2026), t.figure_id(DEPARTMENT, 2026)


def instructed() -> Document:
    lead = world.to(Role.LEAD, unit=DEPARTMENT, due=DUE)
    return world.instructed(world.world(), lead, due=DUE).doc("d1")


def finished(on: date) -> Document:
    made = world.world()
    world.instructed(made, world.to(Role.LEAD, unit=DEPARTMENT, due=DUE), due=DUE)
    made.run(world.actor("head"), c.Finish("d1", made.item_of(DEPARTMENT)))
    document = made.doc("d1")
    assert document.state is State.DONE
    days = on - local_date(made.now)
    later = tuple(
        i if i.done_at is None else replace(i, done_at=i.done_at + days) for i in document.items
    )
    return replace(document, items=later)


def test_what_is_not_owed_yet_counts_for_nobody() -> None:
    assert t.parts(instructed(), DUE) == {OURS: (0, 0), THEIRS: (0, 0)}
    assert t.turns(instructed(), DUE) == DUE + timedelta(days=1)


def test_what_is_late_counts_against_both() -> None:
    late = DUE + timedelta(days=1)
    assert t.parts(instructed(), late) == {OURS: (0, 1), THEIRS: (0, 1)}
    assert t.turns(instructed(), late) is None


@pytest.mark.parametrize(("after", "share"), [(0, (1, 1)), (1, (0, 1))])
def test_the_day_of_the_deadline_is_in_time(after: int, share: tuple[int, int]) -> None:
    done = finished(DUE + timedelta(days=after))
    assert t.parts(done, DUE) == {OURS: share, THEIRS: share}
    assert t.turns(done, DUE) is None


def test_without_a_deadline_nothing_is_owed() -> None:
    document = world.registered(world.world()).doc("d1")
    assert (
        t.parts(replace(document, particulars=replace(document.particulars, due=None)), DUE) == {}
    )


def test_what_was_not_taken_in_or_came_back_is_not_counted() -> None:
    new = world.receive(world.world(), due=DUE).doc("d1")
    assert t.parts(new, DUE) == {}
    for state in (State.RETURNED, State.DISCARDED):
        assert t.parts(replace(instructed(), state=state), DUE) == {}


def test_outgoing_documents_are_not_counted() -> None:
    made = world.issued(world.world(), "o1")
    assert t.parts(made.doc("o1"), DUE) == {}


def test_the_agency_above_sees_it() -> None:
    made = world.world(server=True)
    made.put("unit", COMMUNE, replace(made.get("unit", COMMUNE), parent=PROVINCE))
    made.put(
        "unit", DEPARTMENT, replace(made.get("unit", DEPARTMENT), parent=COMMUNE, is_agency=False)
    )
    made.run(SYSTEM_ACTOR, MeasureTimeliness(THEIRS, 4, 5, TODAY))
    figure = made.get("timeliness", THEIRS)
    assert (figure.unit, figure.year, figure.numerator, figure.denominator, figure.on) == (
        DEPARTMENT,
        2026,
        4,
        5,
        TODAY,
    )
    assert t.buckets(figure) == {f"unit:{DEPARTMENT}", f"agency:{COMMUNE}", f"agency:{PROVINCE}"}
    # The same figure for the same day is no event.
    assert made.run(SYSTEM_ACTOR, MeasureTimeliness(THEIRS, 4, 5, TODAY)) == []


def test_no_person_writes_a_figure() -> None:
    with pytest.raises(NotPermitted, match=r"kind\.derived"):
        world.world().run(world.actor("leader"), MeasureTimeliness(OURS, 1, 1, TODAY))
