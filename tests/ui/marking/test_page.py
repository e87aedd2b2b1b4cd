"""Signing on a document through the widgets, with real tokens and the real rules."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from app.documents import commands as c
from app.documents.model import Channel, CopyForm
from app.forms.compose import compose
from app.kernel.ports import Verdict
from app.kernel.texts import Texts
from tests.ui.conftest import wait_until
from tests.ui.marking.papers import FROM, held, in_review, letter, received
from tests.ui.outgoing.conftest import Sessions, Show
from tests.ui.outgoing.keys import AGENCY_PIN, PERSON_PIN
from tests.ui.outgoing.office import Office
from tests.ui.outgoing.test_journey import LONG, answer
from tests.ui.walk import walk
from ui.documents.page_incoming import IncomingPage
from ui.features import PAGES
from ui.kit.actions import Actions
from ui.kit.navigation import Navigation
from ui.marking.page_marking import PAGE, MarkPage
from ui.outgoing.page_outgoing import OutgoingPage
from ui.outgoing.page_signing import SigningPage
from ui.shell.sidebar import SideBar

CTRL_SHIFT = Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier
SIZE = (1154, 664)
OPINION = "Nhất trí nội dung, đề nghị ký (mẫu)"


def opened(
    office: Office, begin: Sessions, show: Show, who: str, purpose: str, entity: str
) -> MarkPage:
    """Open the page on a document and wait for key and paper."""
    page = show(MarkPage(begin(office, who)))
    assert isinstance(page, MarkPage)
    page.open_entity(purpose, entity)
    wait_until(lambda: page.model.key is not None, LONG)
    return page


def sign(page: MarkPage, pin: str) -> None:
    """Sign what is shown with the keyboard."""
    wait_until(lambda: page.sign.enabled, LONG)
    page.sign.trigger()
    answer(page, pin)  # type: ignore[arg-type]
    wait_until(lambda: page.model.made is not None and not page.model.running, LONG)


def test_a_leader_signs_his_opinion_on_the_draft_in_review(
    keyed: Office, begin: Sessions, show: Show
) -> None:
    entity = in_review(keyed)
    before = keyed.document(entity).main_file
    page = opened(keyed, begin, show, "leader", "comment", entity)
    wait_until(lambda: page.paper.pdf.page_count)
    assert not page.sign.enabled, "an opinion without words is none"
    assert page.paper.pdf.box is None, "an opinion is not seen on the page"
    QTest.keyClicks(page.words.opinion, "x")
    page.words.opinion.setPlainText(OPINION)
    sign(page, PERSON_PIN)
    document = keyed.document(entity)
    [mark] = document.signatures
    assert (mark.purpose, mark.person, mark.field) == ("comment", "leader", "Sig_YKien")
    assert document.versions[-1].note == OPINION
    assert before is not None and document.main_file is not None
    assert held(keyed, document.main_file).startswith(held(keyed, before))
    wait_until(lambda: page.paper.strip.text)
    assert not page.sign.enabled and not page.words.body.isEnabled()
    gone: list[tuple[str, ...]] = []
    page.navigate.connect(lambda *where: gone.append(where))
    page.back.trigger()
    assert gone == [("outgoing", "document", entity)]


def test_the_mark_of_arrival_says_the_book_and_leaves_signatures_intact(
    keyed: Office, begin: Sessions, show: Show
) -> None:
    entity = received(keyed, Channel.SCAN, letter(keyed))
    page = opened(keyed, begin, show, "clerk", "incoming", entity)
    wait_until(lambda: page.paper.pdf.box is not None, LONG)
    first, agency, time = page.words.lines.text().splitlines()
    assert first == "Số đến: 1024 · Ngày đến: 20/11/2026"
    assert agency == "Ủy ban nhân dân xã Mường Phăng" and time.endswith("+07:00")
    page.paper.pdf.setFocus()
    QTest.keyClick(page.paper.pdf, Qt.Key.Key_Left)
    moved = page.paper.pdf.box
    sign(page, AGENCY_PIN)
    document = keyed.document(entity)
    assert document.main_file is not None and moved is not None
    with keyed.desk.store.vault.open(document.main_file.sha256) as stream:
        report = keyed.desk.verifier.verify(stream)
    assert [s.field for s in report.signatures] == ["Sig_NguoiKy", "Sig_CoQuan_Den"]
    assert all(s.verdict is not Verdict.INVALID for s in report.signatures)
    assert report.signatures[0].changes != "forbidden"
    assert held(keyed, document.main_file).startswith(letter_of(keyed, entity))


def letter_of(office: Office, entity: str) -> bytes:
    source = office.document(entity).signatures[0].source
    with office.desk.store.vault.open(source) as stream:
        return bytes(stream.read())


def test_a_copy_of_paper_and_an_extract_of_what_is_not(
    keyed: Office, begin: Sessions, show: Show, tmp_path: Path
) -> None:
    paper = received(keyed, Channel.PAPER, compose(FROM))
    page = opened(keyed, begin, show, "clerk", "copy", paper)
    wait_until(lambda: page.sign.enabled, LONG)
    assert page.words.form.count() == 3 and page.words.form.value == CopyForm.TRUE.value
    assert page.words.lines.text().splitlines()[0] == "Sao y"
    main = keyed.document(paper).main_file
    sign(page, AGENCY_PIN)
    document = keyed.document(paper)
    assert document.main_file == main and document.files[-1].role == "copy"
    scan = received(keyed, Channel.SCAN, letter(keyed))
    page.open_entity("copy", scan)
    wait_until(lambda: page.model.page is not None and page.model.page.document.id == scan, LONG)
    assert [page.words.form.itemData(n) for n in range(page.words.form.count())] == ["trich_sao"]
    assert not page.sign.enabled and page.choose.enabled
    extract = tmp_path / "trich.pdf"
    extract.write_bytes(compose(replace(FROM, paragraphs=("2. Trích (mẫu)",))))
    page.take_extract(extract)
    sign(page, AGENCY_PIN)
    made = keyed.document(scan)
    assert made.signatures[-1].form == "trich_sao"
    assert held(keyed, made.files[-1]).startswith(extract.read_bytes())


@pytest.mark.parametrize(
    ("who", "purpose", "book", "code"),
    [
        ("clerk", "incoming", False, "document.not_registered"),
        ("clerk", "comment", True, "document.direction"),
        ("leader", "incoming", True, "document.role"),
    ],
)
def test_what_the_rules_refuse_is_said_before_any_pin(
    keyed: Office, begin: Sessions, show: Show, who: str, purpose: str, book: bool, code: str
) -> None:
    entity = received(keyed, Channel.PAPER, compose(FROM), book=book)
    page = show(MarkPage(begin(keyed, who)))
    assert isinstance(page, MarkPage)
    told: list[str] = []
    page.model.blind.connect(lambda error: told.append(error.code))
    page.open_entity(purpose, entity)
    wait_until(lambda: told, LONG)
    wait_until(lambda: page.model.keys is not None, LONG)
    assert told == [code] and not page.sign.enabled
    page.start()
    assert page.pins.dialog is None and not keyed.document(entity).signatures


def test_other_bytes_than_those_shown_are_not_signed(
    keyed: Office, begin: Sessions, show: Show
) -> None:
    entity = received(keyed, Channel.PAPER, compose(FROM))
    page = opened(keyed, begin, show, "clerk", "incoming", entity)
    wait_until(lambda: page.sign.enabled, LONG)
    assert page.model.page is not None
    page.model.page = replace(page.model.page, sha256="0" * 64)
    page.sign.trigger()
    wait_until(lambda: page.result.text, LONG)
    assert "bản vừa hiển thị" in page.result.text
    assert not keyed.document(entity).signatures


def test_a_page_that_changes_under_review_is_shown_anew(
    keyed: Office, begin: Sessions, show: Show
) -> None:
    entity = in_review(keyed)
    page = opened(keyed, begin, show, "leader", "comment", entity)
    wait_until(lambda: page.paper.pdf.page_count)
    told: list[str] = []
    page.model.blind.connect(lambda error: told.append(error.code))
    keyed.run("deputy", c.Decline(entity, "Bổ sung số liệu (mẫu)"))
    wait_until(lambda: told, LONG)
    assert told == ["document.state"] and not page.sign.enabled


def test_nothing_is_cut_off_in_any_look(keyed: Office, begin: Sessions, show: Show) -> None:
    draft, scan = in_review(keyed), received(keyed, Channel.SCAN, letter(keyed))
    page = show(MarkPage(begin(keyed, "clerk")))
    assert isinstance(page, MarkPage)
    assert walk(page, SIZE) == []
    for purpose, entity in (("incoming", scan), ("copy", scan), ("comment", draft)):
        page.open_entity(purpose, entity)
        wait_until(lambda: page.model.page is not None, LONG)
        page.result.show_text(page.session.texts(f"marking.done.{purpose}"), "ok")
        assert walk(page, SIZE) == []


# --- how people come here ----------------------------------------------------------------


def test_the_documents_own_pages_lead_here_by_key_and_button(
    keyed: Office, begin: Sessions, show: Show
) -> None:
    entity = received(keyed, Channel.PAPER, compose(FROM))
    page = show(IncomingPage(begin(keyed, "clerk")))
    assert isinstance(page, IncomingPage)
    keys, gone = Actions(page), []
    page.navigate.connect(lambda *where: gone.append(where))
    keys.add(*page.acts())
    keys.enter("incoming")
    page.activateWindow()
    wait_until(page.isActiveWindow)
    page.open_entity("document", entity)
    wait_until(lambda: {"arrive", "copy"} <= set(page.reader.bar.names), LONG)
    assert page.reader.bar.names[0] == "present", "signing pushes no act of the way aside"
    QTest.keyClick(page, Qt.Key.Key_D, CTRL_SHIFT)
    QTest.keyClick(page, Qt.Key.Key_S, CTRL_SHIFT)
    assert gone == [("marking", "incoming", entity), ("marking", "copy", entity)]
    assert {"incoming.act.arrive", "incoming.act.copy"} <= {a.name for a in keys.available()}
    leader = show(IncomingPage(begin(keyed, "leader")))
    assert isinstance(leader, IncomingPage)
    leader.open_entity("document", entity)
    wait_until(lambda: leader.reader.bar.names, LONG)
    assert not {"arrive", "copy"} & set(leader.reader.bar.names)


def test_a_draft_in_review_offers_the_opinion_and_nothing_issued_does(
    keyed: Office, begin: Sessions, show: Show
) -> None:
    entity = in_review(keyed, "leader")
    page = show(OutgoingPage(begin(keyed, "leader")))
    assert isinstance(page, OutgoingPage)
    gone: list[tuple[str, ...]] = []
    page.navigate.connect(lambda *where: gone.append(where))
    page.open_entity("document", entity)
    wait_until(lambda: page.opine.enabled, LONG)
    assert not page.copy.enabled
    page.opine.trigger()
    box = show(SigningPage(begin(keyed, "leader")))
    assert isinstance(box, SigningPage)
    box.navigate.connect(lambda *where: gone.append(where))
    wait_until(lambda: box.comment.enabled, LONG)
    box.comment.trigger()
    assert gone == [("marking", "comment", entity)] * 2
    draft = keyed.draft("Dự thảo chưa trình (mẫu)")
    page.open_entity("document", draft)
    wait_until(lambda: page._reader.document is not None and page._reader.document.id == draft)
    assert not page.opine.enabled


def test_the_page_has_no_line_in_the_navigation(keyed: Office, begin: Sessions) -> None:
    assert PAGE in PAGES and not PAGE.listed
    side = SideBar(Texts())
    side.show_pages(PAGES, "work")
    places = side.findChild(Navigation)
    assert places is not None
    places.select("work")
    places.select(PAGE.name)
    assert places.current == "work"
    side.deleteLater()
