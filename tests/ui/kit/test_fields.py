"""Fields take Vietnamese from every input method, come out in NFC, and filter at rest."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget

from tests.ui.typing import commit, compose, letters, press, unikey
from ui.kit.choice import Check, Choice
from ui.kit.fields import LineEdit, SearchField, TextArea
from ui.kit.form import FormField
from ui.kit.segments import Segmented

Until = Callable[[Callable[[], object]], None]
Shown = Callable[..., QWidget]


@pytest.fixture
def search(qapp: QApplication, shown: Shown) -> SearchField:
    field = SearchField("Lọc", "Lọc theo số…", shortcut="Ctrl+F")
    shown(field)
    return field


@pytest.mark.parametrize("make", [LineEdit, TextArea])
def test_unikey_types_with_backspaces(qapp: QApplication, make: type[LineEdit]) -> None:
    field = make("Trích yếu")
    unikey(field, "d<đie<ên<<ện")
    assert unicodedata.is_normalized("NFC", field.value)
    assert field.value == "điện"


@pytest.mark.parametrize("make", [LineEdit, TextArea])
def test_an_input_method_composes_and_commits(qapp: QApplication, make: type[LineEdit]) -> None:
    field = make("Trích yếu")
    compose(field, "Điê")
    compose(field, "Điện")
    assert field.value == ""
    commit(field, "Điện ")
    commit(field, "Biên")
    assert field.value == "Điện Biên"


def test_decomposed_text_comes_out_composed(qapp: QApplication) -> None:
    pasted = unicodedata.normalize("NFD", "  Mường   Phăng ")
    assert LineEdit("Đơn vị", pasted).value == "Mường Phăng"
    assert TextArea("Ý kiến", f"{pasted}\n{pasted}").value == "Mường Phăng\nMường Phăng"


def test_a_search_waits_for_rest_and_tells_once(search: SearchField, until: Until) -> None:
    heard: list[str] = []
    search.searched.connect(heard.append)
    letters(search, "giải ngân")
    assert heard == []
    until(lambda: heard)
    assert heard == ["giải ngân"]


def test_a_search_is_silent_while_composing(search: SearchField, until: Until) -> None:
    heard: list[str] = []
    search.searched.connect(heard.append)
    letters(search, "a")
    compose(search, "bê")
    search.returnPressed.emit()
    QTest.qWait(200)
    assert heard == []
    commit(search, "bể")
    until(lambda: heard)
    assert heard == ["abể"]


def test_enter_searches_at_once_and_never_the_same_twice(search: SearchField) -> None:
    heard: list[str] = []
    search.searched.connect(heard.append)
    letters(search, "1024")
    press(search, Qt.Key.Key_Return)
    press(search, Qt.Key.Key_Return)
    QTest.qWait(180)
    assert heard == ["1024"]


def test_clearing_searches_for_nothing(search: SearchField, until: Until) -> None:
    heard: list[str] = []
    search.searched.connect(heard.append)
    letters(search, "x")
    until(lambda: heard)
    search.clear()
    until(lambda: len(heard) == 2)
    assert heard == ["x", ""]


def test_a_form_field_names_its_editor_and_shows_its_error(
    qapp: QApplication, shown: Shown
) -> None:
    editor = LineEdit("?")
    field = FormField("Số, ký hiệu", editor, required=True)
    shown(field)
    assert editor.accessibleName() == "Số, ký hiệu, bắt buộc"
    field.set_error("Thiếu ký hiệu.")
    assert field.error == "Thiếu ký hiệu."
    assert editor.property("state") == "error"
    assert editor.accessibleDescription() == "Thiếu ký hiệu."
    field.set_error("")
    assert editor.property("state") == ""


def test_a_badge_inside_never_covers_the_text(qapp: QApplication, shown: Shown) -> None:
    field = LineEdit("Cơ quan", "Ủy ban nhân dân tỉnh Điện Biên")
    shown(field, 400, 40)
    field.set_badge("đọc được")
    qapp.processEvents()
    free = field.width() - field.textMargins().right()
    assert field.textMargins().right() > 0
    badge = field.layout().itemAt(1).widget()
    assert badge.isVisible()
    assert badge.x() >= free - 12
    field.set_badge("")
    assert field.textMargins().right() == 0


def test_segments_move_with_arrows(qapp: QApplication) -> None:
    row = Segmented("Độ khẩn", {"normal": "Thường", "urgent": "Khẩn", "flash": "Hỏa tốc"})
    heard: list[str] = []
    row.changed.connect(heard.append)
    press(row, Qt.Key.Key_Left)
    press(row, Qt.Key.Key_Right)
    press(row, Qt.Key.Key_Right)
    press(row, Qt.Key.Key_Right)
    assert heard == ["urgent", "flash"]
    assert row.value == "flash"
    assert row.accessibleDescription() == "Hỏa tốc"
    row.set_value("normal")
    assert heard == ["urgent", "flash"]


def test_a_choice_answers_keys(qapp: QApplication) -> None:
    box = Choice("Loại", {"cv": "Công văn", "qd": "Quyết định"}, "qd")
    assert box.value == "qd"
    box.set_value("cv")
    assert box.value == "cv"
    box.set_choices({"tb": "Thông báo"})
    assert box.value == "tb"


def test_a_box_is_ticked_with_the_space_bar(qapp: QApplication, shown: Shown) -> None:
    box = Check("Bản giấy")
    shown(box)
    press(box, Qt.Key.Key_Space, text=" ")
    assert box.isChecked()
    box.grab()
