"""What drafting, recipients, deliveries and keys decide without a window."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from app.catalogues.lists import DocumentType
from app.documents.model import Delivery, DeliveryStatus, Step
from app.identity.queries import UnitRow
from app.kernel.errors import DeviceProblem, RuleViolation
from app.kernel.texts import Texts
from tests.ui.outgoing.office import TO, UNITS, Office, report, synced
from ui.outgoing import journal, model_draft, model_keys, model_list
from ui.outgoing.model_draft import DraftValues
from ui.outgoing.model_draft import Office as Issuer
from ui.outgoing.model_issue import checks_of, may_issue
from ui.outgoing.model_keys import AskedPin
from ui.outgoing.model_recipients import Directory

ISSUER = Issuer(
    UNITS[1],
    drafting="KT",
    types=(DocumentType("CV", "Công văn"), DocumentType("BC", "Báo cáo", "BC")),
)
FULL = DraftValues(
    type="BC", subject="Kết quả (mẫu)", body="Một.\n\n  Hai. ", signer="leader",
    signer_name="Quàng Văn Mẫu", signer_title="Chủ tịch", authority="TM.",
    recipients=(("stc", "Sở Tài chính"), ("", "Ông Mẫu")),
)  # fmt: skip
ROWS = tuple(
    UnitRow(u.id, u.parent or "", u.name, u.abbr, u.is_agency) for u in UNITS if u.is_agency
)


def test_values_survive_the_journal() -> None:
    assert model_draft.from_json(model_draft.to_json(FULL)) == FULL


@pytest.mark.parametrize("text", ["", "[]", '{"subject": 5, "recipients": "x"}', '{"later": 1}'])
def test_a_journal_of_another_form_counts_as_not_typed(text: str) -> None:
    assert model_draft.from_json(text) == DraftValues()


def test_notation_follows_the_type() -> None:
    assert model_draft.suggested_notation(FULL, ISSUER) == "BC-UBND"
    assert model_draft.suggested_notation(replace(FULL, type="CV"), ISSUER) == "UBND-KT"


def test_form_has_heading_authority_and_places() -> None:
    form = model_draft.form_of(FULL, ISSUER, {})
    assert form["agency"] == "Ủy ban nhân dân\nxã Mường Phăng"
    assert form["authority"] == ["TM. Ủy ban nhân dân"]
    assert form["paragraphs"] == ["Một.", "Hai."]
    assert form["recipients"] == ["Sở Tài chính;", "Ông Mẫu;", "Lưu: VT."]
    deputy = replace(FULL, authority="KT.")
    assert model_draft.form_of(deputy, ISSUER, {})["authority"] == ["KT. CHỦ TỊCH"]
    assert model_draft.usual_authority("Phó Chủ tịch", ISSUER) == "KT."
    urgent = replace(FULL, urgency="express")
    assert model_draft.form_of(urgent, ISSUER, {"express": "HỎA TỐC"})["urgency"] == "HỎA TỐC"


def test_what_is_missing_is_named_by_field() -> None:
    assert set(model_draft.problems(DraftValues(), ISSUER)) == {
        "subject",
        "body",
        "signer",
        "recipients",
    }
    assert model_draft.problems(FULL, ISSUER) == {}


def test_without_a_unit_only_paper_can_go() -> None:
    assert [(r.unit, r.paper) for r in model_draft.recipients_of(FULL)] == [
        ("stc", False),
        ("", True),
    ]


def test_recipients_are_found_without_tones_and_by_short_names() -> None:
    found = Directory(ROWS, "xa-mp")
    assert [r.id for r in found.find("so tai")] == ["stc"]
    assert [r.id for r in found.find("ubnd nhe")] == ["xa-mn"]
    assert found.find("mường phăng") == []
    assert {unit for unit, _ in found.group("communes")} == {"xa-mn", "xa-tg", "p-mt"}
    assert {unit for unit, _ in found.group("wards")} == {"p-mt"}
    assert {unit for unit, _ in found.group("departments")} == {"stc", "snv"}


def test_a_reply_is_prefilled_from_what_it_answers(office: Office) -> None:
    answered = office.document(office.draft())
    known = replace(
        answered,
        particulars=replace(
            answered.particulars, number="4512", notation="UBND-TH", issuer="UBND tỉnh"
        ),
        source_agency="tinh",
    )
    values = model_draft.reply_values(known)
    assert "4512/UBND-TH" in values.subject and "4512/UBND-TH" in values.body
    assert values.recipients == (("tinh", "UBND tỉnh"),)
    assert values.reply_to == answered.id


def test_a_saved_draft_comes_back_as_typed(office: Office) -> None:
    values = model_draft.values_of(office.document(office.draft()))
    assert values.type == "BC" and values.signer_name == "Quàng Văn Mẫu"
    assert values.recipients == tuple((r.unit, r.name) for r in TO)


def test_journal_keeps_and_strikes_out(office: Office) -> None:
    journal.write(office.desk, "d1", model_draft.to_json(FULL))
    journal.write(office.desk, "d2", model_draft.to_json(DraftValues(subject="Hai")))
    assert journal.read(office.desk)["d1"] == FULL
    journal.write(office.desk, "d1", "")
    assert list(journal.read(office.desk)) == ["d2"]


def test_a_delivery_is_stuck_after_two_days_or_when_refused(office: Office) -> None:
    document = replace(office.document(office.draft()), issued_at=office.clock.now())
    sent = Delivery("stc", "Sở Tài chính")
    later = office.clock.now() + timedelta(days=2, seconds=1)
    assert not model_list.is_stuck(document, sent, office.clock.now() + timedelta(days=2))
    assert model_list.is_stuck(document, sent, later)
    assert not model_list.is_stuck(document, replace(sent, paper=True), later)
    known = replace(sent, status=DeliveryStatus.REGISTERED)
    assert not model_list.is_stuck(document, known, later)
    step = Step(DeliveryStatus.REFUSED, office.clock.now())
    refused = replace(sent, status=DeliveryStatus.REFUSED, steps=(step,))
    assert model_list.is_stuck(document, refused, office.clock.now())


def test_checklist_of_a_draft_has_everything_to_do(office: Office) -> None:
    document = office.document(office.draft())
    states = {c.name: c.state for c in checks_of(document, None)}
    assert states["number"] == states["signature"] == states["seal"] == "todo"
    assert states["recipients"] == states["attachments"] == "ok"
    assert not may_issue(document)


def test_recipients_states_come_with_their_times(office: Office) -> None:
    entity = office.draft()
    synced(office)
    report(office, entity, "stc", "03", 1024)
    delivery = next(d for d in office.document(entity).deliveries if d.unit == "stc")
    assert "1024" in model_list.status_text(Texts(), delivery)
    assert model_list.waiting_ids(office.desk) == frozenset()


def test_only_small_pngs_become_pictures(office: Office) -> None:
    with pytest.raises(RuleViolation, match=r"outpages\.image"):
        model_keys.keep_image(office.desk, b"GIF89a", seal=False)
    with pytest.raises(RuleViolation, match=r"outpages\.image"):
        model_keys.keep_image(office.desk, b"\x89PNG\r\n\x1a\n" + bytes(1 << 20), seal=True)
    model_keys.keep_image(office.desk, b"\x89PNG\r\n\x1a\nxx", seal=False)
    assert office.desk.store.meta("signing.image")


def test_a_wrong_pin_is_told_once_when_it_is_asked_again() -> None:
    told: list[object] = []

    class Asks:
        def pin(self, _token: object, _key: object, _purpose: str, problem: object) -> bytearray:
            told.append(problem)
            return bytearray(b"4711")

    asked, wrong = AskedPin(Asks()), DeviceProblem("pin_incorrect", "pin_incorrect")  # type: ignore[arg-type]
    for problem in (None, wrong, None):
        if problem is not None:
            asked.was_wrong(problem)
        asked.pin(None, None, "approve")  # type: ignore[arg-type]
    assert told == [None, wrong, None], "the person is asked each time: no PIN is kept here"
