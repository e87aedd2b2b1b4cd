"""Outgoing documents (NĐ 30/2020 Chapter II): number, signature, seal, issue, delivery."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from app.documents import commands as c
from app.documents.model import DeliveryStatus, Particulars, Recipient, Role, State
from app.documents.rules.issuing import delivery_id, symbol_of
from app.kernel.errors import HoaBanError
from app.registers.model import entry_id
from tests.app.documents.world import (
    COMMUNE,
    PROVINCE,
    TODAY,
    World,
    actor,
    book,
    drafted,
    issued,
    numbered,
    ref,
    registered,
    sealed,
    sign,
    submitted,
    to,
    world,
)

REASON = "Cần sửa lại căn cứ pháp lý"


def refused(made: World, who: str, command: Any) -> str:
    before = dict(made.entities)
    with pytest.raises(HoaBanError) as caught:
        made.run(actor(who), command)
    assert made.entities == before
    return caught.value.code


def main_of(made: World, entity: str = "o1") -> str:
    main = made.doc(entity).main_file
    assert main is not None
    return main.sha256


def test_the_way_of_a_document_from_draft_to_recipients() -> None:
    made = issued(world())
    document = made.doc("o1")
    assert document.state is State.ISSUED
    assert symbol_of(document) == "01/UBND-VX"  # PL I.II.3: numbers below ten with a 0
    assert document.particulars.issued == TODAY
    assert [s.purpose for s in document.signatures] == ["approve", "issue"]
    assert made.names("o1") == [
        "drafted", "submitted", "number_reserved", "signed", "sealed", "issued",
    ]  # fmt: skip
    assert made.get("register_entry", entry_id(book("outgoing"), 1)).state.value == "given"


def test_versions_are_kept() -> None:  # Art 3: bản thảo
    made = drafted(world())
    made.run(actor("anna"), c.Revise("o1", ref("second"), "Sửa căn cứ"))
    versions = made.doc("o1").versions
    assert [v.n for v in versions] == [1, 2]
    assert main_of(made) == versions[-1].file.sha256
    assert refused(made, "anna", c.Revise("o1", ref("draft-o1"))) == "document.same_version"


def test_declining_returns_to_the_drafter_who_revises() -> None:
    made = submitted(world())
    assert refused(made, "leader", c.Decline("o1", "sửa")) == "document.reason"
    made.run(actor("leader"), c.Decline("o1", REASON))
    assert (made.doc("o1").state, made.doc("o1").reason) == (State.DECLINED, REASON)
    made.run(actor("leader"), c.WithdrawDecline("o1"))
    assert made.doc("o1").state is State.SUBMITTED
    made.run(actor("leader"), c.Decline("o1", REASON))
    made.run(actor("anna"), c.Revise("o1", ref("second")))
    made.run(actor("anna"), c.Submit("o1", "leader"))
    made.run(actor("leader"), c.Approve("o1"))
    assert made.doc("o1").state is State.APPROVED
    assert refused(made, "anna", c.Revise("o1", ref("third"))) == "document.state"


OUT_OF_ORDER = [
    (drafted, "binh", c.Submit("o1", "leader"), "document.not_yours"),
    (drafted, "anna", c.Submit("o1", "anna"), "document.not_leader"),
    (drafted, "leader", c.Approve("o1"), "document.not_yours"),
    (drafted, "anna", c.Edit("o1", {"number": "7"}), "document.locked"),
    (submitted, "deputy", c.Approve("o1"), "document.not_yours"),
    (submitted, "anna", c.Approve("o1"), "permission"),
    (submitted, "leader", c.ReserveNumber("o1", book("incoming"), TODAY), "document.book"),
    (
        submitted,
        "leader",
        c.ReserveNumber("o1", book("outgoing"), TODAY - timedelta(1)),
        "document.issued_today",
    ),
    (
        submitted,
        "leader",
        c.AttachSignature("o1", ref("s", "signed"), ref("draft-o1").sha256, "approve", "Mẫu"),
        "document.number_waiting",  # nothing is signed without its number
    ),
    (
        numbered,
        "leader",
        c.AttachSignature("o1", ref("s", "signed"), ref("other").sha256, "approve", "Mẫu"),
        "document.wrong_source",
    ),
    (
        numbered,
        "clerk",  # the clerk holds no leader's key
        c.AttachSignature("o1", ref("s", "signed"), ref("draft-o1").sha256, "approve", "Mẫu"),
        "document.not_yours",
    ),
    (
        numbered,
        "clerk",  # Art 32: person first, then the seal
        c.Seal("o1", ref("s", "signed"), ref("draft-o1").sha256, "UBND xã (mẫu)"),
        "document.not_signed",
    ),
    (
        numbered,
        "leader",
        c.Seal("o1", ref("s", "signed"), ref("draft-o1").sha256, "UBND xã (mẫu)"),
        "permission",
    ),
    (numbered, "clerk", c.Issue("o1"), "document.not_signed"),
    (submitted, "clerk", c.Issue("o1"), "document.number_missing"),
    (numbered, "leader", c.ReleaseNumber("o1", "thôi"), "document.reason"),
    (sealed, "clerk", c.Issue("o1", (Recipient(COMMUNE, "Mình"),)), "document.to_itself"),
    (
        sealed,
        "clerk",
        c.Issue("o1", (Recipient(PROVINCE, "A"), Recipient(PROVINCE, "B"))),
        "document.recipient_twice",
    ),
    (sealed, "leader", c.ReleaseNumber("o1", REASON), "document.state"),
    (issued, "clerk", c.Issue("o1"), "document.state"),
    (issued, "anna", c.Revise("o1", ref("x")), "document.state"),
]


@pytest.mark.parametrize(("stage", "who", "command", "code"), OUT_OF_ORDER)
def test_out_of_order(stage: Any, who: str, command: Any, code: str) -> None:
    assert refused(stage(world()), who, command) == code


def test_signed_but_unsealed_is_not_issued() -> None:
    made = sign(numbered(world()))
    assert refused(made, "clerk", c.Issue("o1")) == "document.not_sealed"


def test_without_a_recipient_nothing_is_issued() -> None:
    assert refused(sealed(world(), recipients=()), "clerk", c.Issue("o1")) == (
        "document.no_recipient"
    )


def test_separate_attachments_are_signed_by_the_agency() -> None:  # PL I.III.1
    files = (ref("draft-o1"), ref("phu-luc", "attachment"))
    made = sealed(world(), files=files)
    assert refused(made, "clerk", c.Issue("o1")) == "document.attachment_unsigned"
    source = ref("phu-luc").sha256
    signed = c.AttachSignature("o1", ref("pl-ky", "attachment"), source, "attachment", "UBND")
    made.run(actor("clerk"), signed, c.Issue("o1"))
    assert made.doc("o1").state is State.ISSUED


def test_a_released_number_is_the_next_one_given() -> None:
    made = numbered(world())
    made.run(actor("leader"), c.ReleaseNumber("o1", "Chưa thống nhất nội dung"))
    assert made.doc("o1").state is State.SUBMITTED
    assert made.doc("o1").particulars == replace(made.doc("o1").particulars, number="", issued=None)
    assert numbered(made, "o2").doc("o2").reserved == 1


def test_without_book_or_line_the_act_waits_for_its_number() -> None:
    made = numbered(world(leased=False))
    assert made.doc("o1").state is State.AWAITING_NUMBER
    attach = c.AttachSignature("o1", ref("s", "signed"), main_of(made), "approve", "Mẫu")
    assert refused(made, "leader", attach) == "document.number_waiting"


# --- delivery, on the server ------------------------------------------------------------------


def test_issuing_delivers_exactly_once() -> None:
    made = issued(world(server=True))
    arrived = delivery_id("o1", PROVINCE)
    document = made.doc(arrived)
    assert (document.state, document.agency) == (State.TO_RECEIVE, PROVINCE)
    assert document.particulars.number == "01"
    assert document.source_agency == COMMUNE
    again = c.Deliver(arrived, "o1", COMMUNE, PROVINCE, Particulars(subject="Khác"))
    from app.kernel.actor import SYSTEM_ACTOR

    assert made.run(SYSTEM_ACTOR, again) == []
    assert made.doc(arrived) == document
    assert made.doc("o1").deliveries[0].status is DeliveryStatus.ARRIVED


def test_paper_recipients_get_nothing_through_the_system() -> None:
    made = issued(world(server=True), recipients=(Recipient("", "Hộ dân (mẫu)"),))
    assert [k for k in made.entities if k[0] == "document"] == [("document", "o1")]


def test_states_flow_back_with_their_times() -> None:
    made = issued(world(server=True))
    arrived = delivery_id("o1", PROVINCE)
    who = actor("p-leader")
    made.run(actor("p-clerk"), c.Register(arrived, book("incoming", PROVINCE), TODAY))
    made.run(actor("p-clerk"), c.Present(arrived, "p-leader"))
    made.run(who, c.Instruct(arrived, "Giao (mẫu)", (to(Role.LEAD, "p-staff"),)))
    item = made.item_of("p-staff", arrived)
    made.run(actor("p-staff"), c.ReportProgress(arrived, item, "Đang làm (mẫu)"))
    made.run(actor("p-staff"), c.Finish(arrived, item))
    steps = made.doc("o1").deliveries[0].steps
    assert [s.status.value for s in steps] == ["01", "03", "04", "05", "06"]
    assert [s.at for s in steps] == sorted(s.at for s in steps)
    assert steps[1].number == 1


def test_a_refusal_flows_back_with_its_reason() -> None:
    made = issued(world(server=True))
    arrived = delivery_id("o1", PROVINCE)
    made.run(actor("p-clerk"), c.Refuse(arrived, "Gửi nhầm nơi nhận (mẫu)"))
    step = made.doc("o1").deliveries[0].steps[-1]
    assert (step.status, step.reason) == (DeliveryStatus.REFUSED, "Gửi nhầm nơi nhận (mẫu)")


def test_a_delivered_original_is_locked() -> None:
    made = issued(world(server=True))
    arrived = delivery_id("o1", PROVINCE)
    assert refused(made, "p-clerk", c.Edit(arrived, {"subject": "Khác"})) == "document.locked"
    made.run(actor("p-clerk"), c.Edit(arrived, {"note": "Ghi chú (mẫu)"}))
    assert refused(made, "p-clerk", c.Attach(arrived, ref("x"))) == "document.locked"


def test_people_cannot_act_as_the_system() -> None:
    command = c.Deliver("x", "o1", COMMUNE, PROVINCE, Particulars(subject="x"))
    assert refused(issued(world()), "clerk", command) == "permission"


def test_a_reply_is_noted_at_both_ends_and_lets_the_question_close() -> None:
    made = registered(world(server=True), requires_reply=True)
    made.run(actor("clerk"), c.Present("d1", "leader"))
    made.run(actor("leader"), c.Instruct("d1", "Giao", (to(Role.LEAD, "anna"),)))
    finish = c.Finish("d1", made.item_of("anna"))
    assert refused(made, "anna", finish) == "document.reply_missing"
    issued(made, reply_to="d1")
    assert made.doc("d1").replies == ("o1",)
    assert made.doc("d1").reply_numbers == ("01/UBND-VX",)
    made.run(actor("anna"), finish)
    assert made.doc("d1").state is State.DONE


def test_the_issuer_sees_the_reply_to_its_own_document() -> None:
    made = issued(world(server=True))
    arrived = delivery_id("o1", PROVINCE)
    made.run(actor("p-clerk"), c.Register(arrived, book("incoming", PROVINCE), TODAY))
    words = Particulars(subject="Trả lời (mẫu)", notation="UBND-VX")
    made.run(
        actor("p-staff"),
        c.Draft("r1", PROVINCE, words, (ref("r1"),), arrived, (Recipient(COMMUNE, "Xã"),)),
        c.Submit("r1", "p-leader"),
    )
    made.run(actor("p-leader"), c.ReserveNumber("r1", book("outgoing", PROVINCE), TODAY))
    signature = c.AttachSignature("r1", ref("r1s", "signed"), ref("r1").sha256, "approve", "Mẫu")
    made.run(actor("p-leader"), signature)
    seal = c.Seal("r1", ref("r1d", "signed"), ref("r1s").sha256, "UBND tỉnh (mẫu)")
    made.run(actor("p-clerk"), seal, c.Issue("r1"))
    assert made.doc("o1").replies == (delivery_id("r1", COMMUNE),)
    assert made.doc(delivery_id("r1", COMMUNE)).related == ("o1",)
