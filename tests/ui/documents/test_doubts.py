"""What people see of edits that met and of suspected twins, and how they decide."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QWidget

from app.documents import commands as c
from app.documents import lists
from app.documents.model import Direction, State
from app.documents.rows import Ask, Chip, View
from app.kernel.texts import Texts
from tests.ui.conftest import wait_until
from tests.ui.documents.commune import TODAY, Commune, actor
from tests.ui.documents.conftest import Sessions
from tests.ui.documents.doubtful import CLERK_SUBJECT, OFFICE_SUBJECT, proposed, twice
from tests.ui.walk import walk
from ui.documents import doubt_words
from ui.documents.dialog_edit import EditDialog
from ui.documents.dialog_proposals import ProposalsDialog
from ui.documents.dialog_same import SameDialog, sides
from ui.documents.page_incoming import IncomingPage
from ui.documents.words import row_badges, steps
from ui.kit.dialog import Dialog

Shown = Callable[..., QWidget]
TEXTS = Texts()
SIZE = (640, 520)


def test_differing_words_are_told_without_colours(qapp: object) -> None:
    pieces = doubt_words.compare("trước ngày 24/11", "trước ngày 26/11, gấp")
    assert doubt_words.spoken(TEXTS, pieces) == "trước ngày bỏ: 24/11; thêm: 26/11, gấp;"
    rich = doubt_words.marked(pieces)
    assert "<s " in rich and "<u " in rich


def test_the_list_marks_what_is_to_be_decided(commune: Commune) -> None:
    entity = proposed(commune)
    one, two = twice(commune)
    plain = commune.registered("Khác", 99)
    ask = Ask(Direction.INCOMING, View.OPEN, today=TODAY)
    rows = {r.id: r for r in commune.desk.query(lists.rows, actor("clerk"), ask)}
    said = {i: [text for text, _ in row_badges(TEXTS, r, TODAY)] for i, r in rows.items()}
    assert "2 đề xuất sửa" in said[entity]
    assert "nghi trùng" in said[one] and "nghi trùng" in said[two]
    assert not {"nghi trùng", "2 đề xuất sửa"} & set(said[plain])
    chosen = Ask(Direction.INCOMING, View.OPEN, (Chip.TO_DECIDE,), today=TODAY)
    found = {r.id for r in commune.desk.query(lists.rows, actor("clerk"), chosen)}
    assert found == {entity, one, two}


@pytest.fixture
def reader(
    commune: Commune, session: Sessions, shown: Shown
) -> Iterator[Callable[[str, str], IncomingPage]]:
    pages: list[IncomingPage] = []

    def open_page(who: str, entity: str) -> IncomingPage:
        page = IncomingPage(session(who))
        pages.append(page)
        shown(page, 1154, 664)
        page.activate()
        page.open_entity("document", entity)
        model = page.reader.model
        wait_until(lambda: model.document is not None and model.document.id == entity)
        return page

    yield open_page
    for page in pages:
        page.close_page()


def dialog_of(page: IncomingPage, kind: type[Dialog]) -> Dialog:
    return next(d for d in page.findChildren(kind) if d.isVisible())


def test_one_key_takes_a_proposal_and_one_leaves_it(
    commune: Commune, reader: Callable[[str, str], IncomingPage]
) -> None:
    entity = proposed(commune)
    page = reader("office", entity)
    strip = page.reader.doubts.proposals
    assert strip.isVisible()
    assert strip.text.startswith("2 đề xuất sửa của Lò Thị Mẫu")
    page.decide()
    dialog = dialog_of(page, ProposalsDialog)
    assert isinstance(dialog, ProposalsDialog)
    assert {card.proposal.field for card in dialog.cards} == {"note", "subject"}
    first = dialog.cards[0]
    assert first.accessibleName().count("bỏ:")
    QTest.keyClick(first, Qt.Key.Key_N)
    wait_until(lambda: len(dialog.cards) == 1)
    (second,) = dialog.cards
    QTest.keyClick(second, Qt.Key.Key_G)
    document = commune.document(entity)
    assert document.proposals == ()
    assert "26/11" in document.particulars.note
    assert document.particulars.subject == OFFICE_SUBJECT
    wait_until(lambda: not page.findChildren(ProposalsDialog))
    wait_until(lambda: not page.reader.doubts.isVisible())
    wait_until(lambda: page.reader.model.detail is not None)
    assert page.reader.model.detail is not None
    told = [s.what for s in steps(TEXTS, page.reader.model.detail, "office", TODAY)]
    assert "giữ nguyên trích yếu, không nhận đề xuất của Lò Thị Mẫu" in told
    assert "nhận đề xuất sửa ghi chú của Lò Thị Mẫu" in told


def test_who_may_not_edit_sees_the_proposal_but_cannot_take_it(
    commune: Commune, session: Sessions, shown: Shown
) -> None:
    entity = proposed(commune)
    dialog = ProposalsDialog(session("leader"), entity)
    shown(dialog, *SIZE)
    assert not any(card.take.isEnabled() or card.leave.isEnabled() for card in dialog.cards)
    QTest.keyClick(dialog.cards[0], Qt.Key.Key_N)
    assert len(commune.document(entity).proposals) == 2


def test_an_edit_made_on_an_older_page_is_a_proposal(
    commune: Commune, session: Sessions, shown: Shown
) -> None:
    entity = commune.registered()
    dialog = EditDialog(session("clerk"), commune.document(entity))
    shown(dialog, *SIZE)
    commune.run("office", c.Edit(entity, {"subject": OFFICE_SUBJECT, "pages": 4}))
    subject = dialog.editors["subject"]
    subject.setPlainText(CLERK_SUBJECT)
    dialog.editors["copies"].setText("2")
    dialog.submit()
    document = commune.document(entity)
    assert (document.particulars.subject, document.particulars.pages) == (OFFICE_SUBJECT, 4)
    assert document.particulars.copies == 2
    assert document.proposals[0].value == CLERK_SUBJECT
    assert not dialog.isVisible()


def test_a_wrong_day_is_told_at_its_field(
    commune: Commune, session: Sessions, shown: Shown
) -> None:
    entity = commune.registered()
    dialog = EditDialog(session("clerk"), commune.document(entity))
    shown(dialog, *SIZE)
    dialog.editors["due"].setText("31/02")
    dialog.submit()
    assert dialog.isVisible()
    assert dialog._fields["due"].error


def test_suspected_twins_stand_side_by_side_and_one_is_voided(
    commune: Commune, reader: Callable[[str, str], IncomingPage]
) -> None:
    one, two = twice(commune)
    page = reader("clerk", two)
    assert page.reader.doubts.twins.isVisible()
    page.decide()
    dialog = dialog_of(page, SameDialog)
    assert isinstance(dialog, SameDialog)
    assert {"Trích yếu", "Số trang", "Vào sổ lúc"} == set(dialog.fields.differing)
    dialog.reason.setText("x")
    dialog.void.click()
    assert dialog.isVisible()
    dialog.reason.setText("Hủy số: trùng với số đến 1019")
    dialog.void.click()
    assert not dialog.isVisible()
    gone, kept = commune.document(two), commune.document(one)
    assert (gone.state, kept.state) == (State.DISCARDED, State.WAITING)
    wait_until(lambda: not page.reader.doubts.isVisible())


def test_two_that_differ_are_parted(commune: Commune, session: Sessions, shown: Shown) -> None:
    one, two = twice(commune)
    begun = session("clerk")
    pair = sides(begun.desk, one)
    assert pair is not None
    assert [side.document.id for side in pair] == [one, two]
    dialog = SameDialog(begun, pair)
    shown(dialog, 900, 640)
    dialog.part.click()
    assert [t.verdict for t in commune.document(two).twins] == ["parted"]
    assert sides(begun.desk, one) is None


def test_the_dialogs_are_whole_in_every_look(
    commune: Commune, session: Sessions, shown: Shown
) -> None:
    begun = session("clerk")
    dialog = ProposalsDialog(begun, proposed(commune))
    shown(dialog, *SIZE)
    assert walk(dialog, (1280, 920)) == []
    one, _ = twice(commune)
    pair = sides(begun.desk, one)
    assert pair is not None
    editing = EditDialog(begun, commune.document(one))
    shown(editing, 560, 600)
    assert walk(editing, (1120, 1000)) == []
    editing.reject()
    same = SameDialog(begun, pair)
    shown(same, 900, 640)
    assert walk(same, (1280, 1000)) == []
    same.reject()
