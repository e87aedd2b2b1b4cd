"""The pages of outgoing documents on real lanes, without a token."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from app.documents import commands as c
from app.documents.model import State
from app.documents.rows import View
from tests.ui.conftest import wait_until
from tests.ui.outgoing.conftest import Sessions, Show
from tests.ui.outgoing.office import Office
from ui.outgoing import journal
from ui.outgoing.page_drafts import DraftsPage
from ui.outgoing.page_outgoing import OutgoingPage
from ui.outgoing.page_signing import SigningPage
from ui.outgoing.page_verify import VerifyPage


def fill(page: DraftsPage, subject: str = "đẩy nhanh giải ngân (mẫu)") -> None:
    """Write a whole draft by the form's own editors."""
    wait_until(lambda: page.model.around is not None and page.model.id)
    page.form.areas["subject"].setFocus()
    page.form.areas["subject"].insertPlainText(subject)
    page.form.areas["body"].insertPlainText("Một.\nHai.")
    page.form.signer.set_value("leader")
    page.form.signer.activated.emit(page.form.signer.currentIndex())
    page.form.recipients.groups.set_value("departments")
    page.form.recipients.groups.activated.emit(page.form.recipients.groups.currentIndex())


def test_list_by_view_and_words(office: Office, begin: Sessions, show: Show) -> None:
    office.draft("Kế hoạch tuyên truyền (mẫu)")
    office.submitted("Báo cáo tháng (mẫu)")
    page = show(OutgoingPage(begin(office, "leader")))
    assert isinstance(page, OutgoingPage)
    wait_until(lambda: page._model.total == 2)
    wait_until(lambda: page.chips.chip("to_sign").label.endswith(" 1"))
    page.chips.chip(View.DRAFTS.value).click()
    wait_until(lambda: page._model.total == 1)
    page.chips.chip(View.ALL.value).click()
    page.search.setText("bao cao thang")

    def subject() -> str:
        row = page.cards.current_row()
        return row.row.subject if row is not None else ""

    wait_until(lambda: page._model.total == 1 and "Báo cáo tháng" in subject())
    wait_until(lambda: page.paper.pdf.page_count == 1)
    assert len(page.follow.deliveries.items) == 2


def test_go_on_leads_to_the_page_of_the_state(office: Office, begin: Sessions, show: Show) -> None:
    entity = office.submitted()
    page = show(OutgoingPage(begin(office, "leader")))
    assert isinstance(page, OutgoingPage)
    gone: list[tuple[str, str, str]] = []
    page.navigate.connect(lambda *to: gone.append(to))
    wait_until(lambda: page.go_on.enabled)
    page.go_on.trigger()
    assert gone == [("signing", "document", entity)]


def test_a_draft_is_written_shown_and_submitted(
    office: Office, begin: Sessions, show: Show
) -> None:
    page = show(DraftsPage(begin(office, "anna")))
    assert isinstance(page, DraftsPage)
    fill(page)
    wait_until(lambda: page.paper.pdf.page_count == 1)
    assert page.form.notation.placeholderText() == "UBND-KT"
    draft = page.model.id
    page.submit.trigger()
    wait_until(lambda: page.model.document is not None)
    document = office.document(draft)
    assert document.state is State.SUBMITTED
    assert document.approval is not None and document.approval.person == "leader"
    assert {d.unit for d in document.deliveries} == {"stc", "snv"}
    assert document.particulars.signer_title == "Chủ tịch"
    wait_until(lambda: journal.read(office.desk) == {})


def test_what_is_missing_is_marked_and_nothing_is_submitted(
    office: Office, begin: Sessions, show: Show
) -> None:
    page = show(DraftsPage(begin(office, "anna")))
    assert isinstance(page, DraftsPage)
    wait_until(lambda: page.submit.enabled and page.model.around is not None)
    page.submit.trigger()
    marked = {name for name, field in page.form.fields.items() if field.error}
    assert marked == {"subject", "body", "signer", "recipients"}
    assert office.desk.store.entities("document") == []


def test_what_is_typed_outlives_the_window(office: Office, begin: Sessions, show: Show) -> None:
    session = begin(office, "anna")
    page = show(DraftsPage(session))
    assert isinstance(page, DraftsPage)
    wait_until(lambda: page.model.around is not None and page.model.id)
    QTest.keyClicks(page.form.areas["subject"], "cong van mau")
    draft = page.model.id
    wait_until(lambda: draft in journal.read(office.desk))
    again = show(DraftsPage(begin(office, "anna")))
    assert isinstance(again, DraftsPage)
    wait_until(lambda: again.form.areas["subject"].value == "cong van mau")
    assert again.model.id == draft


def test_a_declined_draft_says_why_and_gets_a_second_version(
    office: Office, begin: Sessions, show: Show
) -> None:
    entity = office.submitted()
    office.run("leader", c.Decline(entity, "Bổ sung số liệu."))
    page = show(DraftsPage(begin(office, "anna")))
    assert isinstance(page, DraftsPage)
    wait_until(lambda: page.model.id == entity and page.model.around is not None)
    assert "Bổ sung số liệu." in page.result.text
    page.form.areas["body"].setPlainText("Số liệu mới.")
    page.save.trigger()
    wait_until(lambda: len(office.document(entity).versions) == 2)


def test_reply_begins_from_the_incoming_document(
    office: Office, begin: Sessions, show: Show
) -> None:
    answered = office.draft()
    page = show(DraftsPage(begin(office, "anna")))
    assert isinstance(page, DraftsPage)
    wait_until(lambda: page.model.around is not None)
    page.open_entity("reply", answered)
    wait_until(lambda: page.model.values.reply_to == answered)
    assert page.form.reply.text


def test_nothing_can_be_typed_into_a_draft_that_is_being_left(
    office: Office, begin: Sessions, show: Show
) -> None:
    answered = office.draft()
    page = show(DraftsPage(begin(office, "anna")))
    assert isinstance(page, DraftsPage)
    wait_until(lambda: page.model.around is not None and page.model.id)
    left = page.model.id
    subject = page.form.areas["subject"]
    subject.setFocus()
    page.open_entity("reply", answered)
    assert not subject.isEnabled()
    QTest.keyClicks(subject, "go nham")
    wait_until(lambda: page.model.values.reply_to == answered)
    assert page.model.id != left
    assert subject.isEnabled()
    assert page.focusWidget() is subject
    QTest.keyClicks(subject, "x")
    assert page.model.values.subject.count("x") == 1
    assert "go nham" not in page.model.unsaved.get(left, page.model.values).subject


def test_of_two_drafts_asked_for_the_newest_is_opened(
    office: Office, begin: Sessions, show: Show
) -> None:
    first, second = office.draft("Một (mẫu)"), office.draft("Hai (mẫu)")
    page = show(DraftsPage(begin(office, "anna")))
    assert isinstance(page, DraftsPage)
    wait_until(lambda: page.model.around is not None and page.model.id)
    opened: list[str] = []
    page.model.opened.connect(lambda: opened.append(page.model.id))
    page.model.open(first)
    page.model.open(second)
    wait_until(lambda: not page.session.runner.busy)
    assert opened == [second]


def test_recipients_by_keyboard_alone(office: Office, begin: Sessions, show: Show) -> None:
    page = show(DraftsPage(begin(office, "anna")))
    assert isinstance(page, DraftsPage)
    wait_until(lambda: page.model.around is not None and page.model.id)
    picker = page.form.recipients
    page.activateWindow()
    wait_until(page.isActiveWindow)
    picker.field.setFocus()
    wait_until(picker.field.hasFocus)
    QTest.keyClicks(picker.field, "so tai chinh")
    wait_until(picker._completer.popup.isVisible)
    QTest.keyClick(picker.field, Qt.Key.Key_Return)
    assert picker.value == (("stc", "Sở Tài chính"),)
    QTest.keyClicks(picker.field, "so ")
    wait_until(picker._completer.popup.isVisible)
    QTest.keyClick(picker.field, Qt.Key.Key_Return)
    assert picker.value == (("stc", "Sở Tài chính"),), "several match: the list waits"
    picker.field.clear()
    picker.list.setCurrentRow(0)
    QTest.keyClick(picker.list, Qt.Key.Key_Delete)
    assert picker.value == ()


def test_without_a_key_nothing_can_be_signed(office: Office, begin: Sessions, show: Show) -> None:
    entity = office.submitted()
    page = show(SigningPage(begin(office, "leader")))
    assert isinstance(page, SigningPage)
    wait_until(lambda: page.paper.pdf.page_count == 1 and page.model.keys is not None)
    assert page.rows.current == entity
    assert not page.sign.enabled
    assert page.paper.pdf.box is not None
    QTest.keyClick(page.rows, Qt.Key.Key_Space)
    assert page.model.checked == {entity}


def test_returned_with_a_reason(office: Office, begin: Sessions, show: Show) -> None:
    entity = office.submitted()
    page = show(SigningPage(begin(office, "leader")))
    assert isinstance(page, SigningPage)
    wait_until(lambda: page.give_back.enabled)
    page.give_back.trigger()
    assert page.dialog is not None
    page.dialog.ok.click()
    assert page.dialog.isVisible(), "a reason is needed"
    page.dialog.field.setPlainText("Sai thể thức.")
    page.dialog.ok.click()
    wait_until(lambda: office.document(entity).state is State.DECLINED)
    wait_until(lambda: page.rows.current == "" and not page.sign.enabled)


def test_any_file_can_be_checked(
    office: Office, begin: Sessions, show: Show, tmp_path: Path
) -> None:
    page = show(VerifyPage(begin(office, "clerk")))
    assert isinstance(page, VerifyPage)
    path = tmp_path / "khong-phai.pdf"
    path.write_bytes(b"not a pdf")
    page.take(path)
    wait_until(lambda: page.checked is not None)
    assert page.checked is not None and page.checked.report.verdict.value == "unreadable"
    page.take(tmp_path / "khong-co.pdf")
    wait_until(lambda: page.paper.strip.text)
    assert page.checked is None


def test_words_are_thrown_away_only_after_a_question(
    office: Office, begin: Sessions, show: Show
) -> None:
    page = show(DraftsPage(begin(office, "anna")))
    assert isinstance(page, DraftsPage)
    fill(page)
    draft = page.model.id
    page.discard.trigger()
    assert page.dialog is not None and page.model.id == draft
    page.dialog.reject()
    assert page.model.values.subject
    page.discard.trigger()
    page.dialog.accept()
    wait_until(lambda: draft not in journal.read(office.desk) and page.model.id != draft)
