"""Toasts, states, strips, dialogs, suggestions, navigation, timeline, Qt's own words."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QKeySequence
from PySide6.QtWidgets import QApplication, QLineEdit, QWidget

from app.kernel.errors import Damaged
from app.kernel.texts import Texts
from tests.ui.typing import commit, compose, letters, press
from ui.kit import qttexts, texts
from ui.kit.avatar import initials
from ui.kit.banner import Banner
from ui.kit.buttons import ChipRow, grouped
from ui.kit.completer import Completer, Suggestion, fold_match
from ui.kit.dialog import Confirm, Dialog
from ui.kit.fields import LineEdit
from ui.kit.labels import ElidedLabel
from ui.kit.navigation import Navigation, NavItem
from ui.kit.progress import ProgressStrip
from ui.kit.states import StateStack
from ui.kit.timeline import Timeline, TimelineItem
from ui.kit.toast import ToastHost

Until = Callable[[Callable[[], object]], None]
Shown = Callable[..., QWidget]
UNITS = ["Ủy ban nhân dân tỉnh Điện Biên", "Sở Nội vụ", "Sở Tài chính", "Xã Mường Phăng"]


def test_a_toast_takes_an_act_back(qapp: QApplication, shown: Shown) -> None:
    host, undone = ToastHost(shown(QWidget(), 600, 400)), []
    toast = host.show_toast("Đã bút phê", undo=lambda: undone.append(1), tone="ok")
    assert toast.isVisible()
    toast.undo_button.click()
    assert undone == [1]
    assert not toast.isVisible()


def test_a_toast_goes_by_itself_and_a_new_one_takes_its_place(
    qapp: QApplication, shown: Shown, until: Until
) -> None:
    window = shown(LineEdit("Lọc"), 600, 400)
    window.setFocus()
    host = ToastHost(window)
    first = host.show_toast("một")
    second = host.show_toast("hai", seconds=0.05)
    assert not first.isVisible()
    assert second.isVisible()
    until(lambda: host.toast is None)


def test_a_toast_stays_within_its_window(qapp: QApplication, shown: Shown) -> None:
    window = shown(QWidget(), 320, 200)
    toast = ToastHost(window).show_toast("Đã vào sổ văn bản số 1025 và trình Chủ tịch xem xét")
    window.resize(280, 200)
    qapp.processEvents()
    assert window.rect().contains(toast.geometry())


def test_states_follow_one_another(qapp: QApplication, shown: Shown, until: Until) -> None:
    states = StateStack(QWidget())
    shown(states, 400, 300)
    retried, asked = [], []
    states.retried.connect(lambda: retried.append(1))
    states.asked.connect(lambda: asked.append(1))
    states.show_loading()
    assert states.state == "content", "no flicker for quick answers"
    until(lambda: states.state == "loading")
    states.show_empty("Không có văn bản", button="Vào sổ")
    states.notice.button.click()
    assert (states.state, asked, retried) == ("empty", [1], [])
    states.show_error(Damaged("kit.pdf_damaged"))
    states.notice.button.click()
    assert (states.state, asked, retried) == ("error", [1], [1])
    assert "hỏng" in states.notice.accessibleName()
    states.show_content()
    assert states.state == "content"


def test_a_banner_hides_without_words_and_escapes_markup(qapp: QApplication, shown: Shown) -> None:
    holder = shown(QWidget())
    banner = Banner(parent=holder)
    assert banner.isHidden()
    used = []
    banner.linked.connect(lambda: used.append(1))
    banner.show_text("<b>đỏ</b> & xanh", "bad", "Chi tiết", strong="Không hợp lệ")
    assert banner.accessibleName() == "Không hợp lệ · <b>đỏ</b> & xanh"
    assert "&lt;b&gt;" in banner._words.text()
    banner.link.click()
    assert used == [1]


def test_long_work_can_be_stopped_once(qapp: QApplication) -> None:
    strip, stopped = ProgressStrip("Đang ký"), []
    strip.cancelled.connect(lambda: stopped.append(1))
    strip.cancel_button.click()
    strip.cancel_button.click()
    assert stopped == [1]
    strip.restart()
    assert strip.cancel_button.isEnabled()


def test_escape_leaves_a_dialog_and_errors_stay_inside(qapp: QApplication, shown: Shown) -> None:
    window = shown(QWidget())
    dialog = Dialog("Bút phê", window)
    results: list[int] = []
    dialog.finished.connect(results.append)
    dialog.add_button("Gửi", "primary", "none")
    dialog.open()
    dialog.show_error("Chưa chọn người nhận.")
    press(dialog, Qt.Key.Key_Escape)
    assert results == [Dialog.DialogCode.Rejected.value]


def test_a_question_starts_on_no(qapp: QApplication, shown: Shown) -> None:
    ask = Confirm("Hủy số 1024?", "Số đã hủy không dùng lại được.", "Hủy số", danger=True)
    shown(ask)
    said = []
    ask.accepted.connect(lambda: said.append("yes"))
    ask.rejected.connect(lambda: said.append("no"))
    assert ask.focusWidget() is ask.cancel_button
    ask.accept_button.click()
    assert said == ["yes"]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("dien bien", [UNITS[0]]),
        ("Điện", [UNITS[0]]),
        ("so", UNITS[1:3]),
        ("noi so", [UNITS[1]]),
        ("mương", [UNITS[3]]),
        ("xyz", []),
    ],
)
def test_suggestions_fold_vietnamese(query: str, found: list[str]) -> None:
    assert fold_match(query, UNITS) == found


def test_a_toned_query_puts_exact_forms_first() -> None:
    assert fold_match("má", ["ma", "mà", "má"]) == ["má", "ma", "mà"]


@pytest.fixture
def field(qapp: QApplication, shown: Shown) -> LineEdit:
    edit = LineEdit("Cơ quan")
    shown(edit, 300, 40)
    edit.setFocus()
    return edit


def test_suggestions_never_touch_what_is_typed(field: LineEdit, until: Until) -> None:
    completer = Completer(field, lambda query: fold_match(query, UNITS))
    letters(field, "so")
    until(completer.popup.isVisible)
    assert field.text() == "so"
    press(field, Qt.Key.Key_Return)
    assert field.text() == "so", "nothing is taken unless it was chosen"


def test_a_suggestion_is_taken_with_the_keyboard(field: LineEdit, until: Until) -> None:
    offers = [Suggestion("Sở Nội vụ", "SNV", 7), Suggestion("Sở Tài chính", "STC", 8)]
    completer, taken = Completer(field, lambda _: offers), []
    completer.chosen.connect(taken.append)
    letters(field, "s")
    until(completer.popup.isVisible)
    press(field, Qt.Key.Key_Down)
    press(field, Qt.Key.Key_Down)
    press(field, Qt.Key.Key_Return)
    assert field.text() == "Sở Tài chính"
    assert taken == [8]
    assert not completer.popup.isVisible()


def test_suggestions_wait_for_the_input_method(field: LineEdit, until: Until) -> None:
    asked: list[str] = []
    completer = Completer(field, lambda query: asked.append(query) or ["Sở Nội vụ"])
    compose(field, "sơ")
    completer.offer()
    assert asked == []
    commit(field, "sở")
    until(completer.popup.isVisible)
    assert asked == ["sở"]
    press(field, Qt.Key.Key_Escape)
    assert not completer.popup.isVisible()


def test_navigation_moves_counts_and_speaks(qapp: QApplication, shown: Shown) -> None:
    nav, chosen = Navigation("Nơi làm việc"), []
    nav.chosen.connect(chosen.append)
    nav.set_items([NavItem("in", "inbox", "Văn bản đến", 7), NavItem("out", "send", "Văn bản đi")])
    shown(nav, 212, 300)
    nav.select("in")
    press(nav, Qt.Key.Key_Down)
    assert (nav.current, chosen) == ("out", ["out"])
    nav.set_count("out", 1024)
    assert nav._entries["out"].accessibleName() == "Văn bản đi 1024"
    nav.set_items([NavItem("out", "send", "Văn bản đi"), NavItem("one", "house", "Một cửa")])
    assert nav.current == "out"


def test_a_timeline_escapes_names_and_speaks(qapp: QApplication, shown: Shown) -> None:
    line = Timeline("Luồng xử lý")
    item = TimelineItem("<Mẫu>", "bút phê", "08:20", note="Giao Phòng Kinh tế", pending=True)
    line.set_items([item])
    shown(line, 240, 300)
    assert item.spoken() == "<Mẫu> bút phê, 08:20, Giao Phòng Kinh tế"
    assert line.items == (item,)
    line.set_items([])
    assert line.items == ()


def test_chips_by_key(qapp: QApplication) -> None:
    chips, heard = ChipRow({"a": "Chưa đọc", "b": "Quá hạn"}, exclusive=True), []
    chips.changed.connect(heard.append)
    chips.chip("a").click()
    chips.chip("b").click()
    assert heard == [frozenset({"a"}), frozenset({"b"})]
    chips.set_counts({"a": 1234})
    assert chips.chip("a").label == "Chưa đọc 1.234"
    assert grouped(1_000_000) == "1.000.000"


def test_an_elided_label_keeps_its_whole_text(qapp: QApplication, shown: Shown) -> None:
    label = ElidedLabel("Đẩy nhanh tiến độ giải ngân vốn đầu tư công")
    shown(label, 90, 20)
    assert label.text().endswith("…")
    assert label.accessibleName() == label.toolTip() == label.whole


@pytest.mark.parametrize(
    ("name", "letters_of"),
    [("Quàng Văn Mẫu", "QM"), ("Mẫu", "M"), ("đinh thị mẫu", "ĐM"), ("", "")],
)
def test_initials(name: str, letters_of: str) -> None:
    assert initials(name) == letters_of


@pytest.fixture
def english() -> Iterator[None]:
    texts.use(Texts("en"))
    yield
    texts.use(Texts("vi"))


def menu_words(app: QApplication) -> list[str]:
    field = QLineEdit("a")
    menu = field.createStandardContextMenu()
    words = [action.text().split("\t")[0].replace("&", "") for action in menu.actions()]
    menu.deleteLater()
    return [word for word in words if word]


def test_qt_speaks_vietnamese(qapp: QApplication) -> None:
    qttexts.install(qapp)
    assert menu_words(qapp) == [
        "Hoàn tác",
        "Làm lại",
        "Cắt",
        "Sao chép",
        "Dán",
        "Xóa",
        "Chọn tất cả",
    ]


def test_words_that_we_do_not_know_stay_as_they_are(qapp: QApplication) -> None:
    qttexts.install(qapp)
    assert qapp.translate("QShortcut", "Ctrl") == "Ctrl"
    assert QKeySequence("Ctrl+Z").toString(QKeySequence.SequenceFormat.NativeText) == "Ctrl+Z"


def test_qt_speaks_english_when_the_window_does(qapp: QApplication, english: None) -> None:
    qttexts.install(qapp)
    assert menu_words(qapp)[:3] == ["Undo", "Redo", "Cut"]
