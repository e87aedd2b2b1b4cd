"""One paper registered twice: found by the server, linked both ways, decided by people."""

from __future__ import annotations

import pytest

from app.documents import commands as c
from app.documents.model import State
from app.kernel.errors import Conflict, NotPermitted
from app.registers.model import EntryState, entry_id
from tests.app.documents.world import (
    COMMUNE,
    PARTICULARS,
    TODAY,
    World,
    actor,
    book,
    ref,
    registered,
    world,
)

CLERK = actor("clerk")
WHY = "Hủy số: trùng với số đến 1"


@pytest.fixture
def twice() -> World:
    """Give a commune that has registered one paper from two scans."""
    return registered(registered(world(server=True)), "d2")


def twins(made: World, entity: str) -> list[tuple[str, str, str]]:
    return [(t.id, t.why, t.verdict) for t in made.doc(entity).twins]


def test_both_are_linked_and_both_are_kept(twice: World) -> None:
    assert twins(twice, "d1") == [("d2", "symbol", "")]
    assert twins(twice, "d2") == [("d1", "symbol", "")]
    assert [twice.doc(d).arrival_number for d in ("d1", "d2")] == [1, 2]


def test_the_same_file_is_enough(twice: World) -> None:
    other = c.Receive("d3", COMMUNE, PARTICULARS.__class__(subject="Khác"), files=(ref("scan-d1"),))
    twice.run(CLERK, other, c.Register("d3", book("incoming"), TODAY))
    assert twins(twice, "d3") == [("d1", "file", "")]


def test_a_correction_finds_twins_too() -> None:
    made = registered(registered(world(server=True)), "d2", number="13")
    assert twins(made, "d1") == []
    made.run(CLERK, c.Edit("d2", {"number": "12"}))
    assert twins(made, "d1") == [("d2", "symbol", "")]
    made.run(CLERK, c.Edit("d2", {"pages": 2}))
    assert len(made.doc("d1").twins) == 1


def test_a_desk_alone_suspects_nobody() -> None:
    made = registered(registered(world()), "d2")
    assert twins(made, "d1") == []


def test_other_documents_are_not_suspected() -> None:
    made = registered(registered(world(server=True)), "d2", issuer="UBND huyện (mẫu)")
    assert twins(made, "d1") == []


def test_two_that_differ_are_parted_for_good(twice: World) -> None:
    twice.run(CLERK, c.PartTwins("d1", "d2"))
    assert twins(twice, "d1") == [("d2", "symbol", "parted")]
    assert twins(twice, "d2") == [("d1", "symbol", "parted")]
    twice.run(CLERK, c.Edit("d2", {"number": "14"}), c.Edit("d2", {"number": "12"}))
    assert twins(twice, "d2") == [("d1", "symbol", "parted")]
    with pytest.raises(Conflict, match="no_twin"):
        twice.run(CLERK, c.PartTwins("d2", "d1"))


def test_of_two_that_are_the_same_one_number_is_struck_through(twice: World) -> None:
    twice.run(CLERK, c.VoidTwin("d2", "d1", WHY))
    gone, kept = twice.doc("d2"), twice.doc("d1")
    assert (gone.state, gone.arrival_number, gone.reason) == (State.DISCARDED, 2, WHY)
    assert (kept.state, kept.arrival_number) == (State.WAITING, 1)
    entry = twice.get("register_entry", entry_id(book("incoming"), 2))
    assert (entry.state, entry.reason) == (EntryState.VOIDED, WHY)
    assert twins(twice, "d1") == [("d2", "symbol", "same")]
    registered(twice, "d4", number="99")
    assert twice.doc("d4").arrival_number == 3


def test_a_presented_twin_is_taken_back_but_not_one_that_was_worked_on(twice: World) -> None:
    twice.run(CLERK, c.Present("d2", "leader", "Mẫu leader"))
    with_leader = twice.doc("d2").items
    assert len(with_leader) == 1
    twice.run(CLERK, c.Present("d1", "leader", "Mẫu leader"))
    twice.run(actor("leader"), c.Instruct("d1", "Giao xử lý (mẫu)"))
    with pytest.raises(Conflict, match="acted_on"):
        twice.run(CLERK, c.VoidTwin("d1", "d2", WHY))
    twice.run(CLERK, c.VoidTwin("d2", "d1", WHY))
    assert twice.doc("d2").items == ()


def test_a_voided_twin_is_edited_no_more(twice: World) -> None:
    twice.run(CLERK, c.VoidTwin("d2", "d1", WHY))
    with pytest.raises(Conflict, match="state"):
        twice.run(CLERK, c.Edit("d2", {"pages": 3}))
    with pytest.raises(Conflict, match="state"):
        twice.run(CLERK, c.Present("d2", "leader", "Mẫu leader"))


def test_only_clerk_and_office_decide(twice: World) -> None:
    for who in ("anna", "leader"):
        with pytest.raises(NotPermitted):
            twice.run(actor(who), c.VoidTwin("d2", "d1", WHY))
        with pytest.raises(NotPermitted):
            twice.run(actor(who), c.PartTwins("d2", "d1"))
