"""Journeys through the pages with the keyboard, on real lanes and a real store."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import QCoreApplication, QEvent, QMimeData, QPointF, Qt, QUrl
from PySide6.QtGui import QColor, QDropEvent, QImage
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel, QWidget

from app.documents import commands as c
from app.documents.model import Role, State
from app.forms.compose import compose
from tests.ui.conftest import wait_until
from tests.ui.documents.commune import ECONOMY, LETTER, TODAY, Commune, sample, to
from tests.ui.documents.conftest import Sessions
from ui.bridge.session import Session
from ui.documents.dialog_text import TextDialog
from ui.documents.page_incoming import IncomingPage
from ui.documents.page_register import RegisterPage
from ui.documents.page_work import WorkPage
from ui.documents.panel_instruct import InstructPanel
from ui.documents.panel_verify import VerifyPanel
from ui.kit.actions import Actions
from ui.kit.page import Page
from ui.kit.theme import install, theme

# What the window leaves to a page beside its navigation
SIZE = (1154, 664)
CTRL, ALT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.AltModifier
Open = Callable[[type[Page], str], Any]


@pytest.fixture
def opened(lanes: Sessions, qapp: QApplication) -> Iterator[Open]:
    """Open a page of somebody as the shell does, with its keys."""
    pages: list[Page] = []

    def show(kind: type[Page], who: str) -> Page:
        session: Session = lanes(who)
        page = kind(session)
        pages.append(page)
        keys = Actions(page)
        acts = tuple(page.acts())
        keys.add(*acts)
        keys.enter(next(a.scope for a in acts))
        page.resize(*SIZE)
        page.show()
        page.activateWindow()
        wait_until(page.isActiveWindow)
        page.activate()
        QCoreApplication.processEvents()
        return page

    yield show
    for page in pages:
        page.close_page()
        page.hide()
        page.deleteLater()
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)


def press(
    widget: QWidget, key: Qt.Key, modifiers: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier
) -> None:
    """Press a key where the focus is."""
    target = QApplication.focusWidget() or widget
    QTest.keyClick(target, key, modifiers)


def dark(image: QImage) -> int:
    """Count dark pixels, every third of each direction."""
    return sum(
        QColor(image.pixel(x, y)).lightness() < 90
        for x in range(0, image.width(), 3)
        for y in range(0, image.height(), 3)
    )


# --- reading and instructing -------------------------------------------------------------


def test_the_reader_shows_the_page_itself(commune: Commune, opened: Open) -> None:
    entity = commune.presented()
    page = opened(IncomingPage, "leader")
    wait_until(lambda: page.reader.pdf.sharp)
    assert dark(page.reader.pdf.viewport().grab().toImage()) > 400
    assert page.reader.head.title == LETTER.subject
    wait_until(lambda: page.reader.head.verdict.startswith("Chưa ký số"))
    wait_until(lambda: page.reader.model.detail.readings)
    assert commune.document(entity).items[0].opened_at is not None


def test_a_leader_instructs_without_the_mouse(commune: Commune, opened: Open) -> None:
    second = commune.presented("Văn bản thứ hai (mẫu)", 2)
    first = commune.presented(due=TODAY + timedelta(days=20))
    page = opened(IncomingPage, "leader")
    wait_until(lambda: page.reader.model.offers)
    press(page, Qt.Key.Key_B, CTRL)
    panel = page.reader.side.panel
    assert isinstance(panel, InstructPanel)
    wait_until(lambda: panel.model.candidates and panel.area.hasFocus())
    panel.area.insertPlainText("Giao Phòng Kinh tế xử lý")
    panel.search.setFocus()
    panel.search.setText("kinh te")
    press(page, Qt.Key.Key_Return)
    wait_until(lambda: panel.search.value == "kinh te")
    press(page, Qt.Key.Key_1, ALT)
    assert [(p.id, p.role) for p in panel.model.chosen] == [(ECONOMY, Role.LEAD)]
    menu = panel.due_menu(ECONOMY)
    menu.actions()[0].trigger()
    assert panel.model.chosen[0].due == panel.model.due_in(3)
    told: list[Any] = []
    page.session.undoable.connect(lambda key, inverse: told.append((key, inverse)))
    press(page, Qt.Key.Key_Return, CTRL)
    wait_until(lambda: told)
    document = commune.document(first)
    assert document.instruction == "Giao Phòng Kinh tế xử lý" and document.state is State.PASSED
    assert told[0][0] == "pages.did.instruct"
    wait_until(lambda: page.reader.model.document and page.reader.model.document.id == second)
    page.session.act(*told[0][1])
    wait_until(lambda: commune.document(first).instruction == "")


def test_alt_1_2_3_give_roles_and_enter_does_not_reach_the_list(
    commune: Commune, opened: Open
) -> None:
    commune.presented()
    page = opened(IncomingPage, "leader")
    wait_until(lambda: page.reader.model.offers)
    press(page, Qt.Key.Key_1, ALT)
    panel = page.reader.side.panel
    wait_until(lambda: panel.model.candidates)
    for key, role in (
        (Qt.Key.Key_1, Role.LEAD),
        (Qt.Key.Key_2, Role.CO),
        (Qt.Key.Key_3, Role.INFO),
    ):
        panel._focus(ECONOMY)
        press(page, key, ALT)
        assert {p.role for p in panel.model.candidates if p.id == ECONOMY} == {role}
    press(page, Qt.Key.Key_Escape)
    assert page.reader.side.panel is None


def test_a_return_needs_its_reason(commune: Commune, opened: Open) -> None:
    given = commune.instructed(to("hoa"))
    page = opened(IncomingPage, "hoa")
    wait_until(lambda: "return" in page.reader.bar.names)
    press(page, Qt.Key.Key_R, CTRL)
    wait_until(lambda: page.findChildren(TextDialog))
    dialog = page.findChildren(TextDialog)[0]
    dialog.area.setPlainText("ngắn")
    dialog.submit()
    assert dialog.isVisible() and dialog._field.error
    dialog.area.setPlainText("Không thuộc phần việc của phòng")
    dialog.submit()
    wait_until(lambda: commune.document(given).items[1].state is State.RETURNED)


def test_what_has_no_room_goes_into_the_menu(commune: Commune, opened: Open) -> None:
    commune.instructed(to("hoa"))
    page = opened(IncomingPage, "hoa")
    wait_until(lambda: page.reader.bar.names)
    bar = page.reader.bar
    bar._fit()
    hidden = [name for name in bar.names if bar.button(name).isHidden()]
    assert hidden and not bar._more.isHidden() and bar.names[0] not in hidden


def test_f8_f9_and_the_verification_panel(commune: Commune, opened: Open) -> None:
    commune.presented()
    page = opened(IncomingPage, "leader")
    wait_until(lambda: page.reader.model.report and page.reader.pdf.page_count)
    press(page, Qt.Key.Key_F9)
    assert not page.reader.side.isVisible()
    press(page, Qt.Key.Key_F9)
    assert page.reader.side.isVisible()
    press(page, Qt.Key.Key_I, CTRL)
    assert isinstance(page.reader.side.panel, VerifyPanel)
    press(page, Qt.Key.Key_Escape)
    assert page.reader.side.panel is None
    press(page, Qt.Key.Key_F8)
    full = page.reader._full
    assert full is not None and page.reader.pdf.window() is full
    wait_until(full.isActiveWindow)
    press(full, Qt.Key.Key_F8)
    wait_until(lambda: page.reader._full is None)
    assert page.reader.pdf.window() is page and page.reader.pdf.isVisible()


def test_a_missing_file_is_said_in_its_place(commune: Commune, opened: Open) -> None:
    entity = commune.presented()
    commune.desk.store.vault.remove(commune.document(entity).main_file.sha256)
    page = opened(IncomingPage, "leader")
    wait_until(lambda: page.reader.page_states.state == "empty")
    assert "Tệp đang được tải về" in page.reader.page_states.notice.accessibleName()


def test_list_and_reader_take_turns_where_it_is_narrow(commune: Commune, opened: Open) -> None:
    commune.presented()
    page = opened(IncomingPage, "leader")
    wait_until(lambda: page.model.rows.total)
    page.resize(900, 690)
    QCoreApplication.processEvents()
    assert page.list.isVisible() and not page.reader.isVisible()
    page.list.current.setFocus()
    press(page, Qt.Key.Key_Return)
    assert page.reader.isVisible() and not page.list.isVisible()
    press(page, Qt.Key.Key_Escape)
    assert page.list.isVisible() and not page.reader.isVisible()


def test_table_and_cards_keep_the_row(commune: Commune, opened: Open) -> None:
    sample(commune)
    page = opened(IncomingPage, "leader")
    wait_until(page.list.cards.current_row)
    page.list.cards.select_key(commune.ids["plain"])
    page.list.set_dense(True)
    wait_until(page.list.table.current_row)
    assert page.list.table.current_row().id == commune.ids["plain"]
    assert page.list.table.isVisible() and not page.reader.isVisible()


# --- registering -------------------------------------------------------------------------


def test_the_clerk_registers_and_presents_with_keys(commune: Commune, opened: Open) -> None:
    entity = commune.received()
    page = opened(RegisterPage, "clerk")
    wait_until(lambda: page.model.entry and page.model.lists.leaders)
    wait_until(lambda: page.form.number.text() == "1019")
    page.form.fields["dossier"].editor.setFocus()
    press(page, Qt.Key.Key_Return, CTRL)
    wait_until(lambda: commune.document(entity).items)
    document = commune.document(entity)
    assert document.arrival_number == 1019 and document.items[0].person == "leader"
    assert document.particulars.due is not None
    wait_until(lambda: page._states.state == "empty")


def test_a_dropped_scan_fills_the_form_and_is_kept_while_typing(
    commune: Commune, opened: Open, tmp_path: Path
) -> None:
    scan = tmp_path / "quet.pdf"
    scan.write_bytes(compose(LETTER))
    page = opened(RegisterPage, "clerk")
    wait_until(lambda: page.model.lists.types)
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(scan))])
    page.dropEvent(QDropEvent(QPointF(5, 5), Qt.DropAction.CopyAction, data,
                              Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier))  # fmt: skip
    wait_until(lambda: page.pdf.page_count)
    assert page.form.values()["symbol"] == "4512/UBND-TH"
    assert page.form.lines["symbol"].accessibleDescription() == "đọc được"
    entity = page.model.entry.id
    QTest.keyClicks(page.form.lines["dossier"], "05")
    assert page._journal.isActive() and page._journal.interval() < 2000
    wait_until(
        lambda: '"dossier": "05"' in commune.desk.store.meta(f"pages.register.draft:{entity}")
    )


def test_a_form_without_subject_is_not_sent(commune: Commune, opened: Open) -> None:
    page = opened(RegisterPage, "clerk")
    wait_until(lambda: page.model.lists.types)
    press(page, Qt.Key.Key_N, CTRL)
    wait_until(lambda: page.model.entry)
    press(page, Qt.Key.Key_S, CTRL)
    assert page.form.fields["issuer"].error
    page.form.lines["issuer"].setText("Công dân")
    press(page, Qt.Key.Key_S, CTRL)
    assert page.form.fields["subject"].error
    page.form.dates["issued"].setText("99/99/2026")
    press(page, Qt.Key.Key_S, CTRL)
    assert page.form.fields["issued"].error


def test_a_secret_document_is_refused_in_words(commune: Commune, opened: Open) -> None:
    entity = commune.received()
    page = opened(RegisterPage, "clerk")
    wait_until(lambda: page.model.entry)
    page.form.secrecy.set_value("mat")
    page.register(present=False)
    wait_until(lambda: page.form.fields["secrecy"].error)
    assert commune.document(entity).state is State.TO_REGISTER


def test_a_twin_is_told_and_shown_beside(commune: Commune, opened: Open) -> None:
    commune.registered()
    commune.received()
    page = opened(RegisterPage, "clerk")
    wait_until(lambda: page._twins)
    assert "số 1019" in page.form.twins.text and page.form.twins.isVisible()
    page.compare()
    from ui.documents.dialog_twins import TwinsDialog

    wait_until(lambda: page.findChildren(TwinsDialog))
    dialog = page.findChildren(TwinsDialog)[0]
    wait_until(lambda: all(side.view.page_count for side in dialog._sides))
    dialog.accept()


# --- my work -----------------------------------------------------------------------------


def test_my_work_is_sorted_by_deadline_and_opens(commune: Commune, opened: Open) -> None:
    sample(commune)
    page = opened(WorkPage, "leader")
    wait_until(lambda: page.model.total == 3)
    went: list[tuple[str, str, str]] = []
    page.navigate.connect(lambda *where: went.append(where))
    dues = [page.model.row(n).due for n in range(3)]
    assert dues == sorted(dues)
    press(page, Qt.Key.Key_Return)
    assert went == [("incoming", "document", commune.ids["express"])]
    commune.run("leader", c.Instruct(commune.ids["express"], "Giao xử lý", (to("hoa"),)))
    wait_until(lambda: page.model.total == 2)


# --- every page --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "who"), [(IncomingPage, "leader"), (RegisterPage, "clerk"), (WorkPage, "leader")]
)
@pytest.mark.parametrize("scale", [100, 200])
def test_every_page_names_what_takes_the_focus_and_cuts_nothing(
    commune: Commune, opened: Open, kind: type[Page], who: str, scale: int
) -> None:
    sample(commune)
    install(QApplication.instance(), "light", scale)
    page = opened(kind, who)
    wait_until(lambda: _settled(page))
    nameless = [
        type(w).__name__
        for w in page.findChildren(QWidget)
        if w.isVisible() and w.focusPolicy() & Qt.FocusPolicy.TabFocus and not w.accessibleName()
    ]
    assert not nameless
    wait_until(lambda: not _cut(page))


def _cut(page: Page) -> list[str]:
    """Return the labels that have less room than their words, as last laid out."""
    return [
        label.text()
        for label in page.findChildren(QLabel)
        if label.isVisible()
        and not label.wordWrap()
        and label.text()
        and label.fontMetrics().horizontalAdvance(label.text()) > label.width() + theme().px(2)
        and label.textFormat() is Qt.TextFormat.PlainText
    ]


def _settled(page: Any) -> bool:
    if isinstance(page, IncomingPage):
        return bool(page.model.rows.total and page.reader.model.detail)
    if isinstance(page, RegisterPage):
        return bool(page.model.entry and page.model.lists.types)
    return bool(page.model.total)
