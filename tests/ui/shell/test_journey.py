"""Login, window, palette, map of keys, lock and unlock, as a person does them."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from PySide6.QtCore import QCoreApplication, QEvent, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QDialog, QWidget
from shiboken6 import isValid

from app.identity import audit
from app.kernel.clock import FixedClock, SystemClock
from app.kernel.errors import Unavailable
from tests.ui.conftest import wait_until
from tests.ui.stage import PASSWORD, NoTokens, Opening, Stage
from tests.ui.typing import commit, letters, press, unikey
from tests.ui.walk import cut_off, faint, nameless, overlapping, settle
from ui.kit.badges import Badge
from ui.kit.theme import theme
from ui.shell.dialogs import CrashDialog, KeysDialog
from ui.shell.palette_dialog import PaletteDialog

Start = Callable[[], Opening]
CTRL = Qt.KeyboardModifier.ControlModifier
SHIFT = Qt.KeyboardModifier.ShiftModifier


def key(opening: Opening, code: Qt.Key, modifiers: Qt.KeyboardModifier | None = None) -> None:
    """Press a key in the window."""
    frame = opening.made.frame
    frame.activateWindow()
    wait_until(lambda: QApplication.activeWindow() is not None)
    target = QApplication.focusWidget() or frame
    QTest.keyClick(target, code, modifiers or Qt.KeyboardModifier.NoModifier)


def dialog(opening: Opening, kind: type[QDialog]) -> QDialog | None:
    """Return the dialog of a kind that is open."""
    shown = opening.made.frame.findChildren(kind)
    return next((d for d in shown if d.isVisible()), None)


def palette(opening: Opening) -> PaletteDialog:
    """Open the palette by its key."""
    key(opening, Qt.Key.Key_K, CTRL)
    wait_until(lambda: dialog(opening, PaletteDialog) is not None)
    found = dialog(opening, PaletteDialog)
    assert isinstance(found, PaletteDialog)
    return found


def listed(found: PaletteDialog) -> list[str]:
    model = found.list.model()
    return [str(model.index(row, 0).data()) for row in range(model.rowCount())]


def walked(root: QWidget) -> list[str]:
    settle()
    return [*cut_off(root), *overlapping(root), *faint(root), *nameless(root)]


def test_the_first_keys_after_the_login_belong_to_the_page(opening: Start) -> None:
    desk = opening()
    window = desk.unlock("mai")
    page = window.page(window.current)
    desk.made.frame.activateWindow()
    wait_until(desk.made.frame.isActiveWindow)
    settle()
    held = QApplication.focusWidget()
    assert page is not None
    assert held is not None
    assert page.isAncestorOf(held)


def test_the_palette_goes_to_a_page_typed_without_tones(opening: Start) -> None:
    desk = opening()
    desk.unlock("mai")
    found = palette(desk)
    letters(found.field, "cai dat")
    press(found.field, Qt.Key.Key_Return)
    wait_until(lambda: desk.window.current == "settings")
    assert dialog(desk, PaletteDialog) is None


def test_the_palette_takes_what_unikey_sends_and_keeps_groups_apart(opening: Start) -> None:
    desk = opening()
    desk.unlock("mai")
    found = palette(desk)
    unikey(found.field, "d<đo<ô<ồng bô<ộ")
    wait_until(lambda: len(listed(found)) <= 4)
    assert found.field.text() == "đồng bộ"
    assert listed(found) == ["Việc", "Đồng bộ ngay, F5, Việc"]
    letters(found.field, "zzz")
    wait_until(lambda: not listed(found))
    press(found.field, Qt.Key.Key_Return)
    assert dialog(desk, PaletteDialog) is found, "nothing was found, so nothing is run"


def test_arrows_step_over_the_titles_of_groups(opening: Start) -> None:
    desk = opening()
    desk.unlock("mai")
    found = palette(desk)
    rows = []
    for _ in range(found.list.model().rowCount()):
        rows.append(found.list.currentIndex().row())
        press(found.field, Qt.Key.Key_Down)
    titles = {listed(found).index(group) for group in ("Trang", "Việc")}
    assert rows[0] == 1
    assert not titles & set(rows)
    assert len(set(rows)) == found.list.model().rowCount() - len(titles)


def test_the_palette_finds_documents_that_a_page_can_show(opening: Start) -> None:
    desk = opening()
    window = desk.unlock("mai")
    row = {"id": "d1", "direction": "incoming", "arrival_number": 1024, "number": "4512",
           "notation": "4512/UBND-TH", "issuer": "UBND tỉnh", "subject": "Giải ngân"}  # fmt: skip
    asked: list[str] = []

    def documents(_connection: object, _actor: object, text: str, _limit: int) -> list[object]:
        asked.append(text)
        return [row, {**row, "direction": "nowhere", "subject": "Không trang nào"}]

    window.session.desk.registry.lists["document"] = documents  # type: ignore[index]
    found = palette(desk)
    letters(found.field, "giải ngân")
    wait_until(lambda: len(listed(found)) == 4)
    assert listed(found)[:2] == ["Văn bản", "Giải ngân, 1024 · 4512/UBND-TH · UBND tỉnh, Văn bản"]
    assert asked == ["giải ngân"]


def test_f1_shows_the_keys_of_every_page(opening: Start) -> None:
    desk = opening()
    desk.unlock("mai")
    key(desk, Qt.Key.Key_F1)
    wait_until(lambda: dialog(desk, KeysDialog) is not None)
    shown = dialog(desk, KeysDialog)
    assert shown is not None
    keys = {badge.text for badge in shown.findChildren(Badge)}
    assert {"Ctrl K", "F1", "F5", "F6", "Shift F6", "Ctrl Z", "Ctrl N", "Ctrl F"} <= keys
    assert walked(shown) == []


def test_f6_walks_the_panes_round_about_and_back(opening: Start) -> None:
    desk = opening()
    window = desk.unlock("mai")
    window.go("settings")
    page = window.page("settings")
    assert page is not None
    where = lambda: [pane.isAncestorOf(QApplication.focusWidget()) for pane in (window.side, page)]
    assert where() == [False, True]
    key(desk, Qt.Key.Key_F6)
    assert where() == [True, False]
    key(desk, Qt.Key.Key_F6)
    assert where() == [False, True]
    key(desk, Qt.Key.Key_F6, SHIFT)
    assert where() == [True, False]


def test_the_lock_keeps_what_is_typed_and_where(opening: Start) -> None:
    desk = opening()
    window = desk.unlock("mai")
    window.go("bulletins")
    field = window.page("bulletins").finder  # type: ignore[union-attr]
    field.setFocus()
    letters(field, "giao ban")
    key(desk, Qt.Key.Key_L, CTRL | SHIFT)
    assert desk.made.window is None
    assert not window.isVisible()
    desk.unlock("mai")
    assert desk.window is window
    assert field.text() == "giao ban"
    assert QApplication.focusWidget() is field


def test_the_lock_forgets_the_login_on_a_token(opening: Start) -> None:
    desk = opening()
    signer = desk.unlock("mai").session.desk.signer
    assert isinstance(signer, NoTokens) and signer.forgotten == 0
    desk.made.lock()
    wait_until(lambda: signer.forgotten == 1)


def test_the_lock_hides_a_dialog_and_brings_it_back(opening: Start) -> None:
    desk = opening()
    window = desk.unlock("mai")
    shown = CrashDialog(window.session.texts, "một chỗ", window)
    shown.open()
    desk.made.lock()
    assert not shown.isVisible()
    desk.unlock("mai")
    assert shown.isVisible()


def test_two_people_share_a_window_and_neither_loses_his_place(
    stage: Stage, opening: Start
) -> None:
    stage.seed("mau")
    desk = opening()
    first = desk.unlock("mai")
    first.go("settings")
    desk.made.lock()
    second = desk.unlock("mau")
    assert second is not first
    assert second.session.actor.title == "Chủ tịch UBND xã"
    desk.made.lock()
    assert desk.unlock("mai") is first
    assert first.current == "settings"


def test_another_post_of_the_same_person_is_two_steps_away(opening: Start) -> None:
    desk = opening()
    window = desk.unlock("mai")
    window.open_person_menu()
    wait_until(lambda: window._menu.menu is not None)
    offered = {a.text(): a for a in window._menu.menu.actions()}  # type: ignore[union-attr]
    assert offered["Văn thư · UBND xã Mường Phăng"].isChecked()
    offered["Văn thư HĐND · HĐND xã Mường Phăng"].trigger()
    wait_until(lambda: window.side._agency.whole == "HĐND xã Mường Phăng")
    window.leave_asked.emit()
    desk.unlock("mai")
    desk.made._idle.idle.emit()
    wait_until(lambda: not desk.made.runner.busy)
    store = window.session.desk.store
    with store.reader() as connection:
        noted = [(e.action, e.detail, e.person) for e in audit.entries(connection)]
    assert noted == [("switch", "post", "mai"), ("switch", "", "mai"), ("lock", "idle", "mai")]
    assert window.session.actor.agency == "hdnd"


def test_answers_on_their_way_to_pages_that_are_gone_reach_nobody(opening: Start) -> None:
    desk = opening()
    window = desk.unlock("mai")
    held, answered = threading.Event(), threading.Event()
    store = window.session.desk.store
    read = store.reader

    def slowly() -> AbstractContextManager[Any]:
        held.wait(5)
        answered.set()
        return read()

    store.reader = slowly  # type: ignore[method-assign]
    gone = window.page(window.current)
    assert gone is not None
    gone.activate()
    mine = window.session.actor
    window.session.take_post(replace(mine, post="q.mai.hdnd", agency="hdnd"))
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    assert not isValid(gone)
    held.set()
    wait_until(lambda: answered.is_set() and not desk.made.runner.busy)


def test_a_wrong_password_is_said_and_haste_is_slowed(stage: Stage, qapp: object) -> None:
    stage.clock = FixedClock(SystemClock().now())
    desk = Opening(stage)
    login = desk.made.login
    for _ in range(3):
        stage.clock.advance(timedelta(seconds=1))
        letters(login.password, "sai")
        press(login.password, Qt.Key.Key_Return)
        wait_until(lambda: "chưa đúng" in login.message.text and login._open.isEnabled())
        login.message.show_text("")
    letters(login.password, PASSWORD)
    press(login.password, Qt.Key.Key_Return)
    wait_until(lambda: "5 giây" in login.message.text)
    assert not login._open.isEnabled()
    login._waiting = 1
    login._count_down()
    assert login._open.isEnabled()
    stage.clock.advance(timedelta(seconds=6))
    desk.unlock("mai")
    desk.close()


def test_a_profile_in_use_names_the_other_process(stage: Stage, opening: Start) -> None:
    desk = opening()
    held = stage.open(stage.folder / "mai", PASSWORD)
    letters(desk.made.login.password, PASSWORD)
    press(desk.made.login.password, Qt.Key.Key_Return)
    wait_until(lambda: "đang được mở ở tiến trình" in desk.made.login.message.text)
    held.close()
    desk.unlock("mai")


def test_the_first_run_makes_a_profile(tmp_path: object, qapp: object) -> None:
    from pathlib import Path

    stage = Stage(Path(str(tmp_path)) / "none")
    desk = Opening(stage)
    login = desk.made.login
    assert login.asks_first
    press(login.password, Qt.Key.Key_Return)
    assert "nhập đủ" in login.message.text
    stage.trouble = Unavailable("keyring.unavailable")
    letters(login._server, "https://mau.example")
    letters(login._user, "mau")
    letters(login.password, PASSWORD)
    press(login.password, Qt.Key.Key_Return)
    wait_until(lambda: "Kho khóa" in login.message.text)
    assert login.password.text() == PASSWORD
    stage.trouble = None
    press(login.password, Qt.Key.Key_Return)
    wait_until(lambda: desk.made.window is not None)
    assert desk.window.session.actor.name == "Quàng Văn Mẫu"
    desk.close()


def test_a_stopped_first_sync_comes_back_to_the_login(stage: Stage, opening: Start) -> None:
    desk = opening()
    made = desk.made
    made.unlock(stage.folder / "mai", PASSWORD)
    made.login.stopped.emit()
    wait_until(lambda: "Đã dừng" in made.login.message.text)
    wait_until(lambda: not made.runner.busy)
    assert made.window is None
    desk.unlock("mai")


@pytest.mark.logs("hoaban.crash")
def test_a_bug_is_told_without_any_content(opening: Start) -> None:
    desk = opening()
    window = desk.unlock("mai")

    def fail() -> None:
        raise KeyError("nội dung mật của một người")

    window.session.work("query", fail, lambda _: None)
    wait_until(lambda: dialog(desk, CrashDialog) is not None)
    shown = dialog(desk, CrashDialog)
    assert shown is not None
    said = shown.findChild(QWidget, "qt_scrollarea_viewport").parent().toPlainText()
    assert said.startswith("KeyError")
    assert "test_journey.py" in said
    assert "mật" not in said


def test_idle_locks_and_typing_holds_it_off(opening: Start) -> None:
    desk = opening()
    window = desk.unlock("mai")
    window.go("bulletins")
    field = window.page("bulletins").finder  # type: ignore[union-attr]
    field.setFocus()
    idle = desk.made._idle
    assert idle.minutes == 10
    for _ in range(58):
        idle._check()
    idle._check()
    assert desk.made.window is window
    key(desk, Qt.Key.Key_Shift)
    for _ in range(59):
        idle._check()
    commit(field, "ộ")
    idle._check()
    assert desk.made.window is window, "input methods do not always send keys"
    for _ in range(60):
        idle._check()
    assert desk.made.window is None


@pytest.mark.parametrize(("mode", "scale"), [("light", 100), ("dark", 100), ("light", 200)])
def test_login_and_navigation_are_whole_in_every_look(
    opening: Start, mode: str, scale: int
) -> None:
    desk = opening()
    frame = desk.made.frame
    theme().apply(mode, scale)
    frame.resize(1366, 690)
    assert walked(frame) == []
    window = desk.unlock("mai")
    theme().apply(mode, scale)
    for part in (window.side, window.status):
        assert walked(part) == []
    assert (window.side.width() < theme().px(100)) == (scale == 200)
