"""What the server promises a desk; every test runs on SQLite and on PostgreSQL."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace

import pytest

from app.kernel.errors import RuleViolation
from sync.protocol.messages import End, Forked, Frame, GoneFrame, Mark, Need, ReceiptFrame, RowFrame
from sync.server.push import Push
from sync.server.service import Service
from tests.doubles.toy import (
    AddNote,
    CloseNote,
    CountUp,
    HoldBuckets,
    MakeCopy,
    MoveNote,
    NumberNote,
    ShareNote,
    ToyPeople,
    registry,
)
from tests.sync.desk import Desk

Desks = Callable[..., Desk]
X = ("agency:x",)


def test_command_takes_effect_and_comes_back_in_the_same_reply(desk: Desks) -> None:
    an = desk()
    (receipt,) = an.sync(AddNote("n1", "một", X))
    assert (receipt.code, receipt.ver) == ("accepted", 1)
    assert an.rows["note", "n1"].buckets == X
    assert json.loads(an.rows["note", "n1"].raw)["text"] == "một"
    assert any(kind == "event" for kind, _ in an.rows)


def test_duplicate_is_answered_from_memory_and_applied_once(desk: Desks) -> None:
    an = desk()
    an.sync(AddNote("n1", "một", X))
    envelope = an.envelope(CountUp("n1"))
    first = [f for f in an.ask(envelope) if isinstance(f, ReceiptFrame) and f.n == 2]
    again = [f for f in an.ask(envelope) if isinstance(f, ReceiptFrame) and f.n == 2]
    assert first == again and len(first) == 1
    an.sync()
    assert json.loads(an.rows["note", "n1"].raw)["count"] == 1


def test_refusal_is_kept_and_blocks_no_sibling(desk: Desks) -> None:
    an = desk()
    receipts = an.sync(
        AddNote("n1", "một", X), CloseNote("n1"), CountUp("n1"), AddNote("n2", "", X)
    )
    assert [r.code for r in receipts] == ["accepted", "accepted", "toy.closed", "accepted"]
    later = [f for f in an.ask(receipts_seen=0) if isinstance(f, ReceiptFrame)]
    assert [r.code for r in later] == [r.code for r in receipts]


def test_half_of_a_refused_command_leaves_nothing(desk: Desks) -> None:
    an = desk()
    (receipt,) = an.sync(ShareNote("none", "agency:y"))
    assert receipt.code == "toy.none"
    assert an.ids("copy") == set()


def test_gap_in_the_numbers_asks_for_what_is_missing(desk: Desks) -> None:
    an = desk()
    first, second = an.envelope(AddNote("n1", "", X)), an.envelope(AddNote("n2", "", X))
    frames = an.ask(second)
    assert Need(1) in frames
    assert not [f for f in frames if isinstance(f, ReceiptFrame)]
    assert {f.code for f in an.ask(first, second) if isinstance(f, ReceiptFrame)} == {"accepted"}


def test_same_number_with_other_content_is_a_fork(desk: Desks) -> None:
    an = desk()
    an.sync(AddNote("n1", "một", X))
    frames = an.ask(an.envelope(AddNote("n9", "khác", X), n=1))
    assert Forked(1) in frames
    an.sync()
    assert "n9" not in an.ids("note")


def test_clone_that_takes_a_new_identity_repeats_nothing(desk: Desks) -> None:
    an, clone = desk(), desk(device="clone")
    add = an.envelope(AddNote("n1", "một", X))
    count = an.envelope(CountUp("n1"))
    an.take(an.ask(add, count))
    again = clone.ask(replace(add, n=1, device="clone"), replace(count, n=2, device="clone"))
    assert [f.code for f in again if isinstance(f, ReceiptFrame)] == ["accepted", "accepted"]
    an.sync()
    assert json.loads(an.rows["note", "n1"].raw)["count"] == 1


def test_identity_of_another_person_is_a_fork(desk: Desks) -> None:
    desk().sync(AddNote("n1", "", X))
    assert Forked(0) in desk("binh", "desk-an").ask()


def test_nobody_sends_in_another_name(desk: Desks) -> None:
    an = desk()
    frames = an.ask(an.envelope(AddNote("n1", "", X), person="binh"))
    assert [f.code for f in frames if isinstance(f, ReceiptFrame)] == ["sync.not_yours"]


def test_permission_is_asked_on_the_server(desk: Desks) -> None:
    (receipt,) = desk().sync(MakeCopy("c", "n", "agency:x"))
    assert receipt.code == "permission"


def test_reaction_runs_as_the_system_in_the_same_transaction(desk: Desks) -> None:
    an = desk()
    an.sync(AddNote("n1", "", X), ShareNote("n1", "agency:x"))
    assert an.ids("copy") == {"n1/agency:x"}
    (event,) = [
        json.loads(r.raw)
        for (k, _), r in an.rows.items()
        if k == "event" and json.loads(r.raw)["kind"] == "copy"
    ]
    assert event["person"] == "system" and event["server_at"]


def test_grant_fills_the_bucket_and_revoke_empties_it(desk: Desks, service: Service) -> None:
    an = desk()
    desk("binh").sync(*(AddNote(f"n{i}", "", ("agency:y",)) for i in range(3)))
    an.sync()
    assert an.ids("note") == set()
    service.run_as_system(HoldBuckets("an", ("all", "agency:y")))
    an.sync()
    assert an.ids("note") == {"n0", "n1", "n2"} and set(an.scope) == {"all", "agency:y"}
    assert len([1 for k, _ in an.rows if k == "event"]) == 3 + 3
    service.run_as_system(HoldBuckets("an", ("all",)))
    an.sync()
    assert an.ids("note") == set() and an.scope == ["all"]


def test_entity_that_leaves_a_bucket_takes_its_events_along(desk: Desks, service: Service) -> None:
    an, binh = desk(), desk("binh")
    binh.sync(AddNote("n1", "", ("agency:x", "person:an")), CountUp("n1"))
    an.sync()
    before = set(an.rows)
    binh.sync(MoveNote("n1", ("agency:x",)))
    an.sync()
    assert an.rows["note", "n1"].buckets == X and before <= set(an.rows)
    binh.sync(MoveNote("n1", ("person:binh",)))
    an.sync()
    assert ("note", "n1") not in an.rows
    assert not [r for r in an.rows.values() if '"entity":"n1"' in r.raw]
    binh.sync(MoveNote("n1", X))
    an.sync()
    mine = [r for r in an.rows.values() if '"entity":"n1"' in r.raw]
    assert sorted(r.ver for r in mine) == [1, 2, 3, 4, 5]


def test_marks_resume_a_cut_pull(desk: Desks) -> None:
    binh = desk("binh")
    binh.sync(*(AddNote(f"n{i}", "", X) for i in range(700)))
    an, sent, cuts = desk(), 0, 0
    while an.take(_cut(frames := an.ask())) is None:
        cuts += 1
        sent += len([f for f in _cut(frames) if isinstance(f, RowFrame)])
    assert cuts == 2
    assert len(an.ids("note")) == 700
    assert sent <= 1400 + cuts * 500 + 2


def _cut(frames: list[Frame]) -> list[Frame]:
    """Break the line three frames after the second of many marks."""
    marks = [place for place, frame in enumerate(frames) if isinstance(frame, Mark)]
    return frames[: marks[1] + 3] if len(marks) > 2 else frames


def test_change_during_a_backfill_arrives(desk: Desks) -> None:
    binh, an = desk("binh"), desk()
    binh.sync(*(AddNote(f"n{i}", "", X) for i in range(300)))
    frames = an.ask(want=100)
    an.take(frames[: [i for i, f in enumerate(frames) if isinstance(f, Mark)][1] + 1])
    binh.sync(CountUp("n0"), CloseNote("n299"))
    an.sync()
    assert json.loads(an.rows["note", "n0"].raw)["count"] == 1
    assert json.loads(an.rows["note", "n299"].raw)["closed"]


def test_want_bounds_a_reply(desk: Desks) -> None:
    binh, an = desk("binh"), desk()
    binh.sync(*(AddNote(f"n{i}", "", X) for i in range(900)))
    frames = an.ask(want=500)
    assert 500 <= len([f for f in frames if isinstance(f, RowFrame)]) < 1100
    assert isinstance(frames[-1], End) and frames[-1].more and not frames[-1].caught_up


def test_quiet_desk_gets_hello_and_end_only(desk: Desks) -> None:
    an = desk()
    an.sync()
    assert an.lag == {}
    assert len(an.ask()) == 2


def test_numbers_of_a_book_have_no_gap(desk: Desks) -> None:
    an = desk()
    an.sync(*(AddNote(f"n{i}", "", X) for i in range(5)), CloseNote("n2"))
    an.sync(*(NumberNote(f"n{i}") for i in range(5)))
    drawn = [json.loads(an.rows["note", f"n{i}"].raw).get("number", 0) for i in range(5)]
    assert drawn == [1, 2, 0, 3, 4]


def test_another_history_is_told_before_anything_is_decided(desk: Desks) -> None:
    an = desk()
    frames = an.ask(an.envelope(AddNote("n1", "", X)), history="another")
    assert len(frames) == 2 and isinstance(frames[-1], End) and frames[-1].more
    assert desk().ask(cursor=10**6)[-1] == End(10**6, more=True)
    an.sync()
    assert an.ids("note") == set()


def test_desk_older_than_the_oldest_tombstone_is_filled_anew(desk: Desks, service: Service) -> None:
    an = desk()
    an.sync(AddNote("n1", "", X))
    with service.store.write() as connection:
        service.store.set_meta(connection, "floor", str(an.cursor + 1))
    an.rows["note", "ghost"] = an.rows["note", "n1"]
    an.take(an.ask())
    assert an.ids("note") == {"n1"}


def test_older_command_is_raised_to_todays_rules(desk: Desks, service: Service) -> None:
    raised = {("note.count", 1): lambda args: {"id": args["id"], "by": args["times"]}}
    service.push = Push(service.store, registry(), ToyPeople(), raised)
    an = desk()
    an.sync(AddNote("n1", "", X))
    an.take(an.ask(an.envelope(CountUp("n1"), version=1, args={"id": "n1", "times": 7})))
    assert json.loads(an.rows["note", "n1"].raw)["count"] == 7
    an.take(an.ask(an.envelope(CloseNote("n1"), version=9)))
    assert an.receipts[3].code == "sync.command_new"


def test_same_id_with_other_content_is_refused(desk: Desks) -> None:
    an = desk()
    first = an.envelope(AddNote("n1", "một", X))
    an.take(an.ask(first))
    an.take(an.ask(an.envelope(AddNote("n2", "hai", X), id=first.id)))
    assert an.receipts[2].code == "sync.command_reused"


@pytest.mark.parametrize(
    "changes",
    [
        {"proto": 2},
        {"device": ""},
        {"want": -1},
        {"want": 10**9},
    ],
)
def test_wrong_request_is_refused_whole(desk: Desks, changes: dict[str, object]) -> None:
    with pytest.raises(RuleViolation):
        desk().ask(**changes)


def test_gone_is_not_said_of_what_is_still_held(desk: Desks) -> None:
    an, binh = desk(), desk("binh")
    binh.sync(AddNote("n1", "", ("agency:x", "person:an")))
    an.sync()
    binh.sync(MoveNote("n1", X))
    frames = an.ask()
    assert not [f for f in frames if isinstance(f, GoneFrame)]
