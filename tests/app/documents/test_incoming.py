"""Incoming documents, clause by clause of NĐ 30/2020 Chapter III, and the automatic states."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from app.documents import commands as c
from app.documents.model import (
    LIMITS,
    Channel,
    Direction,
    Role,
    Secrecy,
    State,
    reading_id,
)
from app.kernel.errors import HoaBanError
from tests.app.documents.world import (
    COMMUNE,
    DEPARTMENT,
    PARTICULARS,
    PROVINCE,
    TODAY,
    World,
    actor,
    book,
    instructed,
    receive,
    ref,
    registered,
    to,
    world,
)

LEAD, CO, INFO = Role.LEAD, Role.CO, Role.INFO
REASON = "Văn bản gửi nhầm nơi nhận"


def refused(made: World, who: Any, command: Any) -> str:
    """Return the code with which a command is refused; nothing may change."""
    before = dict(made.entities)
    with pytest.raises(HoaBanError) as caught:
        made.run(who, command)
    assert made.entities == before
    return caught.value.code


def test_a_paper_is_received_and_waits_for_the_book() -> None:
    document = receive(world()).doc()
    assert (document.state, document.direction) == (State.TO_REGISTER, Direction.INCOMING)
    assert document.particulars.paper
    assert document.channel is Channel.PAPER
    assert document.arrival_number is None


@pytest.mark.parametrize("secrecy", [s for s in Secrecy if s is not Secrecy.NONE])
def test_secret_documents_never_enter(secrecy: Secrecy) -> None:  # Luật 29/2018 Art 5.5
    particulars = replace(PARTICULARS, secrecy=secrecy)
    made = world()
    command = c.Receive("d1", COMMUNE, particulars)
    assert refused(made, actor("clerk"), command) == "document.secret"
    edit = c.Edit("d1", {"secrecy": secrecy.value})
    assert refused(receive(made), actor("clerk"), edit) == "document.secret"


@pytest.mark.parametrize(("field", "limit"), sorted(LIMITS.items()))
def test_annex_vi_lengths(field: str, limit: int) -> None:  # PL VI Part II
    value: Any = "ă" * limit if isinstance(getattr(PARTICULARS, field), str) else limit
    too_much: Any = value + "ă" if isinstance(value, str) else limit + 1
    made = world()
    longest = replace(PARTICULARS, **{field: value})
    made.run(actor("clerk"), c.Receive("d1", COMMUNE, longest))
    assert getattr(made.doc().particulars, field) == value
    beyond = replace(PARTICULARS, **{field: too_much})
    code = refused(made, actor("clerk"), c.Receive("d2", COMMUNE, beyond))
    assert code in ("document.too_long", "document.too_great")


def test_text_is_kept_in_one_normal_form() -> None:
    made = receive(world(), subject="Về việc")
    assert made.doc().particulars.subject == "Về việc"


def test_registering_draws_the_next_number_of_one_yearly_series() -> None:  # Art 22.2
    made = world()
    numbers = [registered(made, f"d{n}").doc(f"d{n}").arrival_number for n in range(1, 4)]
    assert numbers == [1, 2, 3]
    assert made.doc("d1").state is State.WAITING
    assert made.doc("d1").arrival_date == TODAY


def test_without_the_book_the_number_comes_from_the_server() -> None:
    made = registered(world(leased=False))
    assert made.doc().arrival_number is None
    assert made.doc().state is State.WAITING
    assert registered(world(leased=False, server=True)).doc().arrival_number == 1


def test_registering_corrects_the_form_in_the_same_act() -> None:
    made = receive(world())
    better = replace(PARTICULARS, subject="Trích yếu đúng (mẫu)")
    made.run(actor("clerk"), c.Register("d1", book("incoming"), TODAY, better))
    assert made.doc().particulars.subject == "Trích yếu đúng (mẫu)"


REFUSED_BEFORE = [
    ("clerk", c.Register("d1", book("incoming", PROVINCE), TODAY), "document.book"),
    ("clerk", c.Register("d1", book("outgoing"), TODAY), "document.book"),
    ("clerk", c.Register("d1", book("incoming"), TODAY + timedelta(1)), "document.date_future"),
    ("clerk", c.Present("d1", "leader"), "document.not_registered"),  # Art 22.1
    ("leader", c.Instruct("d1", "Xem"), "document.not_registered"),
    ("p-clerk", c.Register("d1", book("incoming"), TODAY), "document.agency"),
    ("p-clerk", c.Refuse("d1", REASON), "document.agency"),
    ("clerk", c.Refuse("d1", "nhầm"), "document.reason"),
    ("anna", c.Refuse("d1", REASON), "permission"),
    ("anna", c.Register("d1", book("incoming"), TODAY), "permission"),
    ("clerk", c.Receive("d1", COMMUNE, PARTICULARS), "document.exists"),
    ("clerk", c.Receive("d9", PROVINCE, PARTICULARS), "document.agency"),
    (
        "clerk",
        c.Receive("d9", COMMUNE, replace(PARTICULARS, subject=" ")),
        "document.subject_missing",
    ),
    (
        "clerk",
        c.Receive("d9", COMMUNE, replace(PARTICULARS, issued=TODAY + timedelta(1))),
        "document.date_future",
    ),
    (
        "clerk",
        c.Receive("d9", COMMUNE, PARTICULARS, files=(ref("a"), ref("a", "attachment"))),
        "document.file_twice",
    ),
    ("clerk", c.Submit("d1", "leader"), "document.direction"),
    ("clerk", c.AddNote("d7", "x"), "document.unknown"),
    ("clerk", c.Edit("d1", {"state": "done"}), "argument"),
    ("anna", c.Edit("d1", {"note": "x"}), "document.role"),
]


@pytest.mark.parametrize(("who", "command", "code"), REFUSED_BEFORE)
def test_refused_before_the_book(who: str, command: Any, code: str) -> None:
    assert refused(receive(world()), actor(who), command) == code


def test_a_misrouted_document_is_refused_with_a_reason() -> None:  # Art 21.2
    made = receive(world())
    made.run(actor("clerk"), c.Refuse("d1", REASON))
    assert (made.doc().state, made.doc().reason) == (State.RETURNED, REASON)
    assert refused(made, actor("clerk"), c.Register("d1", book("incoming"), TODAY)) == (
        "document.state"
    )


def test_presenting_and_taking_back() -> None:
    made = registered(world())
    made.run(actor("clerk"), c.Present("d1", "leader", "Mẫu"))
    assert made.doc().items[0].presented
    assert refused(made, actor("clerk"), c.Present("d1", "deputy")) == "document.presented"
    made.run(actor("clerk"), c.WithdrawPresent("d1"))
    assert made.doc().items == ()
    assert refused(made, actor("clerk"), c.WithdrawPresent("d1")) == "document.not_presented"


@pytest.mark.parametrize("person", ["anna", "nobody", "p-leader"])
def test_presenting_to_one_who_does_not_lead_here(person: str) -> None:
    assert refused(registered(world()), actor("clerk"), c.Present("d1", person)) == (
        "document.not_leader"
    )


def test_instruction_assigns_with_deadlines() -> None:  # Art 23.2, 23.4
    due = TODAY + timedelta(5)
    made = instructed(world(), to(LEAD, "anna", due=due), to(CO, "binh"), to(INFO, "head"))
    document = made.doc()
    assert document.state is State.PASSED
    assert document.items[0].state is State.PASSED
    assert [(i.role, i.person, i.due) for i in document.items[1:]] == [
        (LEAD, "anna", due),
        (CO, "binh", None),
        (INFO, "head", None),
    ]
    assert document.transferred_on == TODAY


WHOLE = TODAY + timedelta(4)
BAD_ASSIGNMENTS = [
    ((to(CO, "anna"),), "document.lead"),
    ((to(LEAD, "anna"), to(LEAD, "binh")), "document.lead"),
    ((to(LEAD),), "document.nobody"),
    ((to(LEAD, "anna"), to(INFO, "anna")), "document.twice"),
    ((to(LEAD, "anna", due=TODAY - timedelta(1)),), "document.due_past"),
    ((to(LEAD, "anna", due=WHOLE + timedelta(1)),), "document.due_beyond"),
    ((to(LEAD, "p-staff"),), "document.not_in_agency"),
    ((to(LEAD, "nobody"),), "document.not_in_agency"),
]


@pytest.mark.parametrize(("assignees", "code"), BAD_ASSIGNMENTS)
def test_bad_assignments(assignees: Any, code: str) -> None:
    made = registered(world(), due=WHOLE)
    made.run(actor("clerk"), c.Present("d1", "leader"))
    assert refused(made, actor("leader"), c.Instruct("d1", "Giao", assignees)) == code


def test_a_deadline_that_has_passed_binds_no_assignment() -> None:
    made = registered(world(), due=TODAY - timedelta(3))
    due = TODAY + timedelta(2)
    made.run(actor("leader"), c.Instruct("d1", "Giao", (to(LEAD, "anna", due=due),)))
    assert made.doc().items[-1].due == due


def test_an_instruction_on_paper_is_entered_with_its_slip() -> None:
    made = registered(world())
    made.run(actor("clerk"), c.Present("d1", "leader"))
    on_behalf = actor("clerk", acting_for="leader", authority="paper")
    bare = c.Instruct("d1", "Giao", (to(LEAD, "anna"),))
    assert refused(made, on_behalf, bare) == "document.slip_missing"
    assert refused(made, actor("clerk"), bare) == "document.role"
    (event, *_) = made.run(on_behalf, replace(bare, slip=ref("slip")))
    assert (event.person, event.acting_for, event.authority) == ("clerk", "leader", "paper")
    assert event.data["slip"]["role"] == "slip"
    assert [f.role for f in made.doc().files] == ["main", "slip"]


def test_the_leader_of_another_item_may_not_instruct() -> None:
    made = registered(world())
    made.run(actor("clerk"), c.Present("d1", "leader"))
    assert refused(made, actor("deputy"), c.Instruct("d1", "Giao")) == "document.not_yours"


def test_a_leader_passes_on_to_his_deputy_who_instructs() -> None:
    made = instructed(world(), to(LEAD, "deputy"))
    made.run(actor("deputy"), c.Instruct("d1", "Giao", (to(LEAD, "anna"),)))
    made.run(actor("anna"), c.Finish("d1", made.item_of("anna")))
    assert {i.state for i in made.doc().items} == {State.DONE}
    assert made.doc().state is State.DONE


def test_an_instruction_is_withdrawn_while_nobody_acted() -> None:
    made = instructed(world(), to(LEAD, "anna"), to(INFO, "binh"))
    before = made.doc().items[0].id
    made.run(actor("leader"), c.WithdrawInstruction("d1"))
    assert [(i.id, i.state) for i in made.doc().items] == [(before, State.WAITING)]
    assert made.doc().state is State.WAITING
    made.run(actor("leader"), c.Instruct("d1", "Giao", (to(LEAD, "anna"),)))
    made.run(actor("anna"), c.ReportProgress("d1", made.item_of("anna"), "Đã làm (mẫu)"))
    assert refused(made, actor("leader"), c.WithdrawInstruction("d1")) == "document.acted_on"


# --- the automatic rules (product.md 1.1, "Rules to copy") ----------------------------------


def test_opening_the_file_begins_the_work_and_ends_what_is_for_information() -> None:
    made = instructed(world(), to(LEAD, "anna"), to(INFO, "binh"))
    for person in ("anna", "binh"):
        made.run(actor(person), c.MarkRead(reading_id("d1", person), "d1"))
    states = {i.person: i.state for i in made.doc().items}
    assert states == {
        "leader": State.PASSED,
        "anna": State.IN_PROGRESS,
        "binh": State.DONE,
    }
    assert made.doc().state is State.IN_PROGRESS
    assert made.run(actor("anna"), c.MarkRead(reading_id("d1", "anna"), "d1")) == []


def test_opening_by_the_leader_leaves_his_instruction_owed() -> None:
    made = registered(world())
    made.run(actor("clerk"), c.Present("d1", "leader"))
    made.run(actor("leader"), c.MarkRead(reading_id("d1", "leader"), "d1"))
    assert made.doc().items[0].state is State.WAITING
    assert made.doc().state is State.WAITING


def test_nobody_reads_in_anothers_name_or_from_elsewhere() -> None:
    made = instructed(world(), to(LEAD, "anna"))
    other = c.MarkRead(reading_id("d1", "binh"), "d1")
    assert refused(made, actor("anna"), other) == "argument"
    stranger = c.MarkRead(reading_id("d1", "p-staff"), "d1")
    assert refused(made, actor("p-staff"), stranger) == "document.agency"


def test_the_last_lead_completes_giver_and_those_beside_him() -> None:
    made = instructed(world(), to(LEAD, unit=DEPARTMENT), to(CO, "office"), to(INFO, "deputy"))
    head = made.item_of(DEPARTMENT)
    made.run(actor("head"), c.Assign("d1", head, (to(LEAD, "anna"), to(CO, "binh"))))
    assert made.doc().item(head).state is State.PASSED  # type: ignore[union-attr]
    made.run(actor("binh"), c.Finish("d1", made.item_of("binh")))
    assert made.doc().state is not State.DONE
    made.run(actor("anna"), c.Finish("d1", made.item_of("anna"), "Xong (mẫu)"))
    assert {i.state for i in made.doc().items} == {State.DONE}
    assert made.doc().state is State.DONE


def test_passing_on_for_information_only_leaves_nothing_owed() -> None:
    made = instructed(world(), to(LEAD, "head"))
    made.run(actor("head"), c.HandOn("d1", made.item_of("head"), (to(INFO, "anna"),)))
    states = {i.person: i.state for i in made.doc().items}
    assert states["head"] is State.DONE
    assert states["anna"] is State.WAITING
    made.run(actor("head"), c.WithdrawAssign("d1", made.item_of("head")))
    assert made.doc().item(made.item_of("head")).state is State.WAITING  # type: ignore[union-attr]
    assert made.doc().state is State.PASSED


def test_a_required_reply_blocks_closing() -> None:
    made = instructed(world(), to(LEAD, "anna"), requires_reply=True)
    finish = c.Finish("d1", made.item_of("anna"))
    assert refused(made, actor("anna"), finish) == "document.reply_missing"
    given = c.HandOn("d1", made.item_of("anna"), (to(INFO, "binh"),))
    assert refused(made, actor("anna"), given) == "document.reply_missing"


def test_returning_gives_the_item_back_to_its_giver() -> None:
    made = instructed(world(), to(LEAD, "head"))
    made.run(actor("head"), c.Assign("d1", made.item_of("head"), (to(LEAD, "anna"),)))
    item = made.item_of("anna")
    assert refused(made, actor("anna"), c.ReturnItem("d1", item, "bận")) == "document.reason"
    made.run(actor("anna"), c.ReturnItem("d1", item, "Không thuộc lĩnh vực của tôi"))
    assert made.doc().item(made.item_of("head")).is_open  # type: ignore[union-attr]
    made.run(actor("anna"), c.WithdrawReturn("d1", item))
    assert made.doc().item(made.item_of("head")).state is State.PASSED  # type: ignore[union-attr]


def test_the_leader_returns_to_the_clerk_who_presents_to_another() -> None:
    made = registered(world())
    made.run(actor("clerk"), c.Present("d1", "leader"))
    made.run(actor("leader"), c.ReturnItem("d1", made.item_of("leader"), "Chuyển Phó Chủ tịch xem"))
    assert made.doc().state is State.RETURNED
    made.run(actor("clerk"), c.Present("d1", "deputy"))
    assert made.doc().state is State.WAITING


def test_reopening_undoes_finishing_with_all_that_followed() -> None:
    made = instructed(world(), to(LEAD, "anna"), to(CO, "binh"))
    before = {i.id: i.state for i in made.doc().items}
    made.run(actor("anna"), c.Finish("d1", made.item_of("anna")))
    made.run(actor("anna"), c.Reopen("d1", made.item_of("anna")))
    assert {i.id: i.state for i in made.doc().items} == before
    assert refused(made, actor("anna"), c.Reopen("d1", made.item_of("anna"))) == (
        "document.item_open"
    )


def test_taking_as_information() -> None:
    made = instructed(world(), to(LEAD, "anna"), to(CO, "binh"))
    sole = c.TakeAsInfo("d1", made.item_of("anna"))
    assert refused(made, actor("anna"), sole) == "document.sole_lead"
    made.run(actor("binh"), c.TakeAsInfo("d1", made.item_of("binh")))
    assert made.doc().item(made.item_of("binh")).role is INFO  # type: ignore[union-attr]
    made.run(actor("binh"), c.RestoreRole("d1", made.item_of("binh"), CO))
    assert made.doc().item(made.item_of("binh")).role is CO  # type: ignore[union-attr]


def test_only_the_holder_acts_on_an_item() -> None:
    made = instructed(world(), to(LEAD, "anna"))
    item = made.item_of("anna")
    assert refused(made, actor("binh"), c.Finish("d1", item)) == "document.not_yours"
    assert refused(made, actor("anna"), c.Finish("d1", "other")) == "document.no_item"
    made.run(actor("anna"), c.ReportResult("d1", item, "Kết quả (mẫu)", (ref("kq"),)))
    assert made.doc().state is State.IN_PROGRESS
    made.run(actor("anna"), c.Finish("d1", item))
    assert refused(made, actor("anna"), c.ReportProgress("d1", item, "x")) == (
        "document.item_closed"
    )


def test_edit_keeps_what_stood_there() -> None:
    made = receive(world())
    (event,) = made.run(actor("clerk"), c.Edit("d1", {"urgency": "express", "issued": None}))
    assert event.data["before"] == {"urgency": "normal", "issued": "2026-11-20"}
    assert made.doc().particulars.issued is None
    assert made.run(actor("clerk"), c.Edit("d1", {"urgency": "express"})) == []
