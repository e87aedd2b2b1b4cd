"""From the draft to every recipient through the widgets, with real tokens and real forgeries."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QImage
from PySide6.QtTest import QTest

from app.documents.model import DeliveryStatus, State
from app.kernel.ports import Box, Verdict
from tests.ui.conftest import wait_until
from tests.ui.outgoing.conftest import Sessions, Show
from tests.ui.outgoing.keys import AGENCY_PIN, PERSON_PIN
from tests.ui.outgoing.office import Office
from tests.ui.outgoing.test_pages import fill
from ui.bridge.prompts import PinQuestion
from ui.outgoing.dialog_issue import IssueDialog
from ui.outgoing.model_preview import Preview
from ui.outgoing.page_drafts import DraftsPage
from ui.outgoing.page_issue import IssuePage
from ui.outgoing.page_outgoing import OutgoingPage
from ui.outgoing.page_signing import SigningPage

LONG = 120_000


def answer(page: SigningPage | IssuePage, pin: str) -> None:
    """Type the PIN and press Enter, when it is asked for."""
    wait_until(lambda: page.pins.dialog is not None, LONG)
    assert page.pins.dialog is not None
    field = page.pins.dialog.field
    QTest.keyClicks(field, pin)
    QTest.keyClick(field, Qt.Key.Key_Return)


def signing(office: Office, begin: Sessions, show: Show) -> SigningPage:
    """Open the signing box and wait for page and key."""
    page = show(SigningPage(begin(office, "leader")))
    assert isinstance(page, SigningPage)
    wait_until(lambda: page.sign.enabled and page.paper.pdf.page_count, LONG)
    return page


def pixels(image: QImage, like: str) -> int:
    """Count pixels that are clearly red or clearly blue."""
    found = 0
    for y in range(image.height()):
        for x in range(image.width()):
            color = QColor(image.pixel(x, y))
            red, green, blue = color.red(), color.green(), color.blue()
            if like == "red":
                found += red > 150 and green < 90 and blue < 90
            else:
                found += blue > 130 and red < 90 and green < 120
    return found


def sign_it(office: Office, entity: str, begin: Sessions, show: Show) -> None:
    """Let the chairman sign."""
    page = signing(office, begin, show)
    assert page.rows.current == entity
    page.sign.trigger()
    answer(page, PERSON_PIN)
    wait_until(lambda: office.document(entity).state is State.SIGNED, LONG)
    wait_until(lambda: page.model.run is None)


def sealing(office: Office, begin: Sessions, show: Show) -> IssuePage:
    """Open the clerk's page and wait for page and key."""
    page = show(IssuePage(begin(office, "clerk")))
    assert isinstance(page, IssuePage)
    wait_until(lambda: page.seal.enabled and page.paper.pdf.sharp, LONG)
    return page


def seen(page: IssuePage, like: str) -> int:
    """Count the coloured pixels of the page of paper in the window."""
    return pixels(page.paper.pdf.grab().toImage(), like)


def test_draft_sign_seal_issue_follow(keyed: Office, begin: Sessions, show: Show) -> None:
    drafts = show(DraftsPage(begin(keyed, "anna")))
    assert isinstance(drafts, DraftsPage)
    fill(drafts)
    entity = drafts.model.id
    drafts.submit.trigger()
    wait_until(lambda: drafts.model.document is not None)
    sign_it(keyed, entity, begin, show)
    clerk = sealing(keyed, begin, show)
    assert not clerk.issue.enabled, "nothing is issued without its seal"
    clerk.seal.trigger()
    answer(clerk, AGENCY_PIN)
    wait_until(lambda: clerk.issue.enabled, LONG)
    clerk.issue.trigger()
    assert isinstance(clerk.dialog, IssueDialog) and clerk.dialog.list.count() == 2
    clerk.dialog.no.click()
    assert keyed.document(entity).state is State.SEALED, "issuing asks first"
    clerk.issue.trigger()
    assert isinstance(clerk.dialog, IssueDialog)
    clerk.dialog.yes.click()
    wait_until(lambda: keyed.document(entity).state is State.ISSUED)
    follow = show(OutgoingPage(begin(keyed, "clerk")))
    assert isinstance(follow, OutgoingPage)
    follow.open_entity("document", entity)
    wait_until(lambda: len(follow.follow.deliveries.items) == 2)
    check_issued(keyed, entity)


def check_issued(office: Office, entity: str) -> None:
    """Check number, order of signatures, verdict, and that nothing plain lies on the disk."""
    issued = office.document(entity)
    assert (issued.reserved, issued.particulars.number) == (157, "157")
    assert [m.purpose for m in issued.signatures] == ["approve", "issue"]
    assert {d.status for d in issued.deliveries} == {DeliveryStatus.SENT}
    assert issued.main_file is not None
    with office.desk.store.vault.open(issued.main_file.sha256) as stream:
        report = office.desk.verifier.verify(stream)
    assert report.verdict is not Verdict.INVALID and len(report.signatures) == 2
    held = (p.read_bytes() for p in office.desk.store.folder.rglob("*") if p.is_file())
    assert not any(b"%PDF-" in data for data in held)


def test_blue_signature_and_red_seal_are_seen(keyed: Office, begin: Sessions, show: Show) -> None:
    sign_it(keyed, keyed.submitted(), begin, show)
    clerk = sealing(keyed, begin, show)
    assert seen(clerk, "blue") > 50
    assert seen(clerk, "red") == 0
    clerk.seal.trigger()
    answer(clerk, AGENCY_PIN)
    wait_until(
        lambda: clerk.issue.enabled and clerk.paper.pdf.sharp and seen(clerk, "red") > 200, LONG
    )
    assert seen(clerk, "blue") > 50


def test_a_wrong_pin_may_be_typed_again_and_the_number_stays(
    keyed: Office, begin: Sessions, show: Show
) -> None:
    entity = keyed.submitted()
    page = signing(keyed, begin, show)
    asked: list[PinQuestion] = []
    page.session.prompts.pin_asked.connect(asked.append)
    page.sign.trigger()
    answer(page, "0000")
    wait_until(lambda: len(asked) == 2 and page.pins.dialog is not None, LONG)
    assert page.pins.dialog is not None
    assert "PIN" in page.pins.dialog._error.text, "the dialog says what was wrong"
    document = keyed.document(entity)
    assert document.reserved == 157 and not document.signatures
    answer(page, PERSON_PIN)
    wait_until(lambda: keyed.document(entity).state is State.SIGNED, LONG)
    assert len(asked) == 2, "no PIN is tried twice"


def test_stopping_after_a_wrong_pin_gives_the_number_back(
    keyed: Office, begin: Sessions, show: Show
) -> None:
    entity = keyed.submitted()
    page = signing(keyed, begin, show)
    page.sign.trigger()
    answer(page, "0000")
    wait_until(lambda: page.pins.dialog is not None and page.pins.dialog._error.text, LONG)
    assert page.pins.dialog is not None
    QTest.keyClick(page.pins.dialog, Qt.Key.Key_Escape)
    wait_until(lambda: page.model.run is None)
    document = keyed.document(entity)
    assert document.reserved is None and not document.signatures


def test_stopping_at_the_pin_leaves_the_document_as_it_was(
    keyed: Office, begin: Sessions, show: Show
) -> None:
    entity = keyed.submitted()
    before = keyed.document(entity)
    page = signing(keyed, begin, show)
    page.sign.trigger()
    wait_until(lambda: page.pins.dialog is not None, LONG)
    assert keyed.document(entity).reserved == 157
    assert page.pins.dialog is not None
    QTest.keyClick(page.pins.dialog, Qt.Key.Key_Escape)
    wait_until(lambda: page.model.run is None)
    after = keyed.document(entity)
    assert (after.state, after.reserved, after.files) == (before.state, None, before.files)


def test_several_with_one_pin(keyed: Office, begin: Sessions, show: Show) -> None:
    entities = [keyed.submitted("Báo cáo một (mẫu)"), keyed.submitted("Báo cáo hai (mẫu)")]
    page = signing(keyed, begin, show)
    asked: list[object] = []
    page.session.prompts.pin_asked.connect(asked.append)
    for _ in entities:
        QTest.keyClick(page.rows, Qt.Key.Key_Space)
        QTest.keyClick(page.rows, Qt.Key.Key_Down)
    page.sign.trigger()
    answer(page, PERSON_PIN)
    wait_until(lambda: all(keyed.document(e).state is State.SIGNED for e in entities), LONG)
    wait_until(lambda: page.model.run is None)
    assert len(asked) == 1
    assert {keyed.document(e).reserved for e in entities} == {157, 158}


def test_nothing_is_signed_without_its_number(lined: Office, begin: Sessions, show: Show) -> None:
    entity = lined.submitted()
    page = signing(lined, begin, show)
    page.sign.trigger()
    wait_until(lambda: page.model.run is None and page._result.text, LONG)
    document = lined.document(entity)
    assert document.state is State.AWAITING_NUMBER and not document.signatures
    assert page.pins.dialog is None, "no PIN is asked"
    wait_until(lambda: not page.sign.enabled)


def test_the_box_goes_where_it_was_moved_to(keyed: Office, begin: Sessions, show: Show) -> None:
    entity = keyed.submitted()
    page = signing(keyed, begin, show)
    wait_until(lambda: page.paper.pdf.box is not None)
    found = page.paper.pdf.box
    assert found is not None
    page.paper.pdf.setFocus()
    QTest.keyClick(page.paper.pdf, Qt.Key.Key_Left)
    moved = page.paper.pdf.box
    assert isinstance(moved, Box) and moved.x < found.x
    page.sign.trigger()
    answer(page, PERSON_PIN)
    wait_until(lambda: keyed.document(entity).state is State.SIGNED, LONG)


def test_other_bytes_than_those_shown_are_refused(
    keyed: Office, begin: Sessions, show: Show
) -> None:
    entity = keyed.submitted()
    page = signing(keyed, begin, show)
    show_page = page.model._numbered

    def swapped(found: Preview) -> None:
        other = keyed.document(entity).versions[0].file.sha256
        show_page(replace(found, sha256=other))

    page.model._numbered = swapped  # type: ignore[method-assign]
    page.sign.trigger()
    wait_until(lambda: page.model.run is None and page._result.text, LONG)
    assert not keyed.document(entity).signatures
    assert keyed.document(entity).reserved is None
    assert "bản vừa hiển thị" in page._result.text


def test_an_expired_key_signs_nothing(keyed: Office, begin: Sessions, show: Show) -> None:
    keyed.submitted()
    keyed.clock.advance(timedelta(days=365 * 5))
    page = show(SigningPage(begin(keyed, "leader")))
    assert isinstance(page, SigningPage)
    wait_until(lambda: page.model.key is not None and page.paper.pdf.page_count, LONG)
    assert page.key._badge.text and not page.sign.enabled
