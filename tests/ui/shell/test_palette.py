"""The palette finds people and units without tones, and goes to what concerns them."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from PySide6.QtCore import Qt

from tests.ui.conftest import wait_until
from tests.ui.shell.test_journey import Start, dialog, listed, palette
from tests.ui.stage import Opening
from tests.ui.typing import letters, press
from ui.search.page_search import SearchPage
from ui.shell.palette_dialog import PaletteDialog
from ui.shell.window import DeskWindow


def search_of(window: DeskWindow) -> SearchPage:
    page = window.page("search")
    assert isinstance(page, SearchPage)
    return page


def run(desk: Opening, found: PaletteDialog, line: str) -> None:
    """Go down to a line with the arrows and press Enter."""
    wait_until(lambda: line in listed(found))
    while listed(found)[found.list.currentIndex().row()] != line:
        press(found.field, Qt.Key.Key_Down)
    press(found.field, Qt.Key.Key_Return)
    wait_until(lambda: dialog(desk, PaletteDialog) is None)


@pytest.mark.parametrize(
    ("typed", "line", "named", "lines"),
    [
        ("quang van mau", "Quàng Văn Mẫu, Chủ tịch UBND xã · Ủy ban nhân dân xã Mường Phăng, Người",
         "Quàng Văn Mẫu", ("Chủ tịch UBND xã · UBND xã Mường Phăng",)),
        ("mau quang", "Quàng Văn Mẫu, Chủ tịch UBND xã · Ủy ban nhân dân xã Mường Phăng, Người",
         "Quàng Văn Mẫu", ("Chủ tịch UBND xã · UBND xã Mường Phăng",)),
        ("hdnd muong", "Hội đồng nhân dân xã Mường Phăng, HĐND, Đơn vị",
         "Hội đồng nhân dân xã Mường Phăng", ("UBND tỉnh Điện Biên",)),
    ],
)  # fmt: skip
def test_a_person_or_unit_typed_without_tones_is_shown_with_what_concerns_it(
    opening: Start, typed: str, line: str, named: str, lines: tuple[str, ...]
) -> None:
    desk = opening()
    window = desk.unlock("mai")
    found = palette(desk)
    letters(found.field, typed)
    run(desk, found, line)
    wait_until(lambda: window.current == "search" and search_of(window).model.subject is not None)
    subject = search_of(window).model.subject
    assert subject is not None
    assert (subject.name, subject.lines) == (named, lines)


def test_a_person_with_two_posts_stands_once(opening: Start) -> None:
    desk = opening()
    desk.unlock("mai")
    found = palette(desk)
    letters(found.field, "lò thị mai")
    wait_until(lambda: "Người" in listed(found))
    people = [line for line in listed(found) if line.endswith(", Người")]
    assert people == ["Lò Thị Mai, Văn thư · Ủy ban nhân dân xã Mường Phăng, Người"]


def test_words_go_on_to_the_search_of_everything(opening: Start) -> None:
    desk = opening()
    window = desk.unlock("mai")
    row = {"id": "d1", "direction": "incoming", "arrival_number": 1024, "number": "4512",
           "notation": "UBND-TH", "issuer": "UBND tỉnh", "subject": "Giải ngân"}  # fmt: skip
    documents: Callable[..., list[object]] = lambda *_: [row]
    window.session.desk.registry.lists["document"] = documents  # type: ignore[index]
    found = palette(desk)
    letters(found.field, "giải ngân")
    run(desk, found, "Tìm “giải ngân” trong mọi văn bản, Tìm kiếm")
    wait_until(lambda: window.current == "search")
    wait_until(lambda: search_of(window).results.field.text() == "giải ngân")
    assert search_of(window).model.wanted.text == "giải ngân"


def test_without_the_page_of_search_nobody_is_offered(opening: Start) -> None:
    desk = opening()
    window = desk.unlock("mai")
    window._specs = tuple(s for s in window._specs if s.name != "search")
    found = palette(desk)
    letters(found.field, "quang van mau")
    wait_until(lambda: not listed(found))


def test_a_page_that_is_come_to_from_others_alone_is_not_offered(opening: Start) -> None:
    desk = opening()
    window = desk.unlock("mai")
    found = palette(desk)
    letters(found.field, "ký")
    wait_until(lambda: any(line.startswith("Ký tệp") for line in listed(found)))
    assert not any(line.startswith("Ký trên văn bản") for line in listed(found))
    found.reject()
    window.go("marking", "comment", "none")
    assert window.current == "marking"
