"""The PDF view: what is drawn, found, selected, placed; what cannot be opened."""

from __future__ import annotations

import io
import threading
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QColor, QGuiApplication, QImage
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget

from app.kernel.errors import Damaged, HoaBanError
from tests.doubles.runner import InlineRunner
from tests.ui import pdfs
from tests.ui.kit.pdfspots import colour_at, spot_of
from tests.ui.typing import press
from ui.bridge.runner import QtRunner
from ui.kit.pdfview.document import MAX_PIXELS, PdfFile, Picture
from ui.kit.pdfview.pane import PdfPane
from ui.kit.pdfview.pictures import Pictures
from ui.kit.pdfview.stack import PageStack, fit_width
from ui.kit.pdfview.textsearch import find, strips, word_at
from ui.kit.pdfview.view import PdfView

Until = Callable[[Callable[[], object]], None]
Shown = Callable[..., QWidget]
A4 = (595.0, 842.0)
SHIFT, CTRL = Qt.KeyboardModifier.ShiftModifier, Qt.KeyboardModifier.ControlModifier


# -- what is drawn


def test_seal_and_ink_stand_in_the_windows_own_pixels(view: PdfView) -> None:
    view.open(pdfs.signed_look())
    view.go_to(0)
    view.verticalScrollBar().setValue(200)
    view.viewport().grab()
    assert view.sharp
    seal, ink = colour_at(view, 0, 350, 250), colour_at(view, 0, 350, 140)
    assert seal.red() > 180
    assert seal.blue() < 80
    assert ink.blue() > 180
    assert ink.red() < 80
    assert colour_at(view, 0, 100, 400) == QColor("#ffffff")


def test_pages_are_drawn_off_the_gui_thread(qapp: QApplication, shown: Shown, until: Until) -> None:
    threads: set[str] = set()

    def source() -> io.BytesIO:
        threads.add(threading.current_thread().name)
        return io.BytesIO(pdfs.signed_look())

    view = PdfView()
    shown(view, 600, 800)
    view.open(source)
    until(lambda: view.sharp)
    assert threads == {"lane.pdf.0"}
    view.shutdown()


def test_two_views_may_draw_at_the_same_time(
    qapp: QApplication, shown: Shown, until: Until
) -> None:
    views = [PdfView(), PdfView()]
    for view in views:
        shown(view, 500, 600)
        view.open(pdfs.pages(40))
    for place in range(0, 40, 3):
        for view in views:
            view.go_to(place)
        QTest.qWait(5)
    until(lambda: all(view.sharp for view in views))
    for view in views:
        view.shutdown()


@pytest.mark.parametrize("rotate", [0, 90, 180, 270])
def test_text_lies_where_it_is_drawn_on_turned_pages(rotate: int) -> None:
    file = PdfFile(pdfs.signed_look(rotate))
    text = file.text(0)
    start = text.text.index("4512")
    left, bottom, right, top = strips(text, start, start + 4)[0]
    picture = file.render(0, 1.0)
    image = QImage(
        picture.data, picture.width, picture.height, picture.stride, QImage.Format.Format_RGB32
    )
    dark = [
        (x, y)
        for x in range(round(left), round(right))
        for y in range(round(top), round(bottom), -1)
        if image.pixelColor(x, picture.height - 1 - y).lightness() < 100
    ]
    file.close()
    assert len(dark) > 30


def test_a_page_is_never_drawn_beyond_its_bound() -> None:
    file = PdfFile(pdfs.pages(1))
    picture = file.render(0, 1000.0)
    file.close()
    assert picture.width * picture.height <= MAX_PIXELS * 1.01


def test_pictures_are_kept_up_to_a_number_of_pixels() -> None:
    kept = Pictures(limit=100 * 100 * 3)
    for page in range(10):
        kept.put(page, 1000, Picture(100, 100, 400, bytes(40_000)))
    assert kept.pixels == 30_000
    assert kept.get(6, 1000) is None
    assert kept.get(9, 1000) is not None
    assert kept.any_of(9) is not None
    kept.put(9, 1000, Picture(100, 100, 400, bytes(40_000)))
    assert kept.pixels == 30_000


def test_a_long_file_is_drawn_where_it_is_looked_at(view: PdfView) -> None:
    view.open(pdfs.pages(300))
    seen: list[int] = []
    view.drawn.connect(seen.append)
    pages: list[int] = []
    view.page_changed.connect(pages.append)
    view.go_to(250)
    view.viewport().grab()
    assert view.page == 250
    assert pages == [250]
    assert 250 in seen
    assert len(set(seen)) < 8
    press(view, Qt.Key.Key_Home)
    assert view.page == 0


def test_zoom_and_width(view: PdfView, qapp: QApplication) -> None:
    view.open(pdfs.pages(2))
    assert view.fits
    view.set_zoom(100)
    assert view.zoom == 100
    assert view._stack.rect(0).width() == pytest.approx(400)
    view.zoom_in()
    assert view.zoom == 120
    view.zoom_out()
    view.set_zoom(9999)
    assert view.zoom == 400
    view.fit_width()
    before = view.zoom
    view.resize(900, 900)
    qapp.processEvents()
    assert view.zoom > before


# -- what cannot be opened


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "kit.pdf_damaged"),
        (b"<html>not a pdf</html>", "kit.pdf_damaged"),
        (pdfs.pages(1)[:60], "kit.pdf_damaged"),
        (pdfs.locked(), "kit.pdf_encrypted"),
    ],
)
def test_bad_files_are_typed_errors_with_words(
    qapp: QApplication, shown: Shown, data: bytes, code: str
) -> None:
    pane = PdfPane(InlineRunner())
    shown(pane, 500, 500)
    failures: list[HoaBanError] = []
    pane.view.failed.connect(failures.append)
    pane.open(data)
    assert [error.code for error in failures] == [code]
    assert isinstance(failures[0], Damaged)
    assert pane.states.state == "error"
    assert len(pane.states.notice.accessibleName()) > 40
    pane.open(pdfs.pages(1))
    assert pane.states.state == "content"
    pane.show_none()
    assert pane.states.state == "empty"


def test_readers_are_closed_with_their_file_or_when_it_is_bad() -> None:
    good, bad = io.BytesIO(pdfs.pages(1)), io.BytesIO(b"nothing")
    file = PdfFile(lambda: good)
    assert not good.closed
    file.close()
    with pytest.raises(Damaged):
        PdfFile(lambda: bad)
    assert good.closed
    assert bad.closed


def test_a_file_overtaken_by_another_is_closed_and_not_shown(
    qapp: QApplication, shown: Shown
) -> None:
    runner, readers = InlineRunner(), [io.BytesIO(pdfs.pages(1)), io.BytesIO(pdfs.pages(3))]
    view = PdfView(runner)
    shown(view, 400, 400)
    runner.hold()
    for reader in readers:
        view.open(lambda reader=reader: reader)
    runner.release()
    assert view.page_count == 3
    assert readers[0].closed
    assert not readers[1].closed
    view.shutdown()
    assert readers[1].closed
    assert view.page_count == 0


def test_a_bug_is_not_dressed_up_as_a_bad_file(qapp: QApplication) -> None:
    view = PdfView(InlineRunner())

    def broken() -> io.BytesIO:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        view.open(broken)


# -- text


TEXT = "Số: 4512/UBND-TH\r\nV/v đẩy nhanh tiến độ\r\ngiải ngân vốn đầu tư"


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("tien do giai ngan", ["tiến độ\r\ngiải ngân"]),
        ("TIẾN ĐỘ", ["tiến độ"]),
        ("tiên độ", []),
        ("dau", ["đầu"]),
        ("đ", ["đ", "đ", "đ"]),
        ("4512/ubnd", ["4512/UBND"]),
        ("  ", []),
        ("khong co", []),
    ],
)
def test_a_text_is_found_with_or_without_tones(query: str, found: list[str]) -> None:
    assert [TEXT[hit.start : hit.end] for hit in find(0, TEXT, query)] == found


def test_decomposed_text_is_found_whole() -> None:
    text = "tie\u0302\u0301n d\u0111o\u0302\u0323"
    assert [(h.start, h.end) for h in find(0, text, "tiến")] == [(0, 6)]


@given(st.text(max_size=60), st.text(max_size=5))
def test_what_is_found_lies_within_the_text(text: str, query: str) -> None:
    for hit in find(0, text, query):
        assert 0 <= hit.start < hit.end <= len(text)


def test_words() -> None:
    assert word_at("trang so 12", 7) == (6, 8)


def test_found_places_are_counted_shown_and_walked_through(view: PdfView) -> None:
    heard: list[tuple[int, int]] = []
    view.found.connect(lambda current, total: heard.append((current, total)))
    view.open(pdfs.pages(30))
    view.find_text("trang so 2")
    assert heard[-1] == (1, 11)
    assert view.page in {0, 1}
    for _ in range(3):
        view.find_next()
    assert heard[-1] == (4, 11)
    assert view.page in {20, 21, 22}
    for _ in range(4):
        view.find_previous()
    assert heard[-1] == (11, 11)
    view.find_text("khong co")
    assert heard[-1] == (0, 0)


def test_a_found_place_is_marked_on_the_page(view: PdfView) -> None:
    view.open(pdfs.signed_look())
    blank = colour_at(view, 0, 101, 703)
    view.find_text("4512")
    marked = view._finder.strips(0)[0][0]
    before = view.viewport().grab().toImage()
    view.find_text("")
    after = view.viewport().grab().toImage()
    middle = spot_of(view, 0, (marked[0] + marked[2]) / 2, marked[1] + 1)
    assert before.pixelColor(middle) != after.pixelColor(middle)
    assert blank.isValid()


def test_text_is_selected_and_copied(view: PdfView) -> None:
    view.open(pdfs.signed_look())
    start, end = spot_of(view, 0, 74, 668), spot_of(view, 0, 250, 668)
    port = view.viewport()
    QTest.mousePress(port, Qt.MouseButton.LeftButton, pos=start)
    QTest.mouseMove(port, end)
    QTest.mouseRelease(port, Qt.MouseButton.LeftButton, pos=end)
    assert view.selected_text == "Kinh gui cac xa"
    press(view, Qt.Key.Key_C, CTRL)
    assert QGuiApplication.clipboard().text() == "Kinh gui cac xa"
    QTest.mouseClick(port, Qt.MouseButton.LeftButton, pos=start)
    assert view.selected_text == ""
    QTest.mouseDClick(port, Qt.MouseButton.LeftButton, pos=start)
    assert view.selected_text == "Kinh"


def test_a_file_without_text_has_nothing_to_select(view: PdfView) -> None:
    view.open(
        pdfs.build(
            [
                b"<< /Type /Catalog /Pages 2 0 R >>",
                b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
                b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 300 400] >>",
            ]
        )
    )
    QTest.mouseDClick(view.viewport(), Qt.MouseButton.LeftButton, pos=QPoint(100, 100))
    view.copy()
    assert view.selected_text == ""


# -- places of pages


@given(
    st.lists(st.tuples(st.floats(50, 2000), st.floats(50, 2000)), min_size=1, max_size=20),
    st.floats(0.1, 4),
    st.integers(100, 2000),
)
def test_points_and_pixels_are_each_others_inverse(
    sizes: list[tuple[float, float]], zoom: float, width: int
) -> None:
    stack = PageStack(sizes, zoom, width)
    for page in range(len(sizes)):
        middle = stack.rect(page).center()
        assert stack.page_at(middle.y()) == page
        x, y = stack.to_points(page, middle)
        back = stack.to_pixels(page, (x, y, x, y)).topLeft()
        assert (back - middle).manhattanLength() < 0.01
        assert stack.rect(page).left() >= 0
        assert stack.rect(page).bottom() <= stack.height


def test_the_widest_page_fits() -> None:
    assert fit_width(((300.0, 400.0), (600.0, 400.0)), 624) == 1.0
    assert PageStack((), 1.0, 100).pages(0, 10) == range(0)
    assert PageStack((A4,), 1.0, 100).to_points(0, QPointF(12, 12)) == (0, 842)


def test_the_pane_tells_page_zoom_and_places(qapp: QApplication, shown: Shown) -> None:
    pane = PdfPane(InlineRunner())
    shown(pane, 700, 600)
    pane.open(pdfs.pages(12))
    assert pane._where.text() == "Trang 1/12 · vừa khung"
    pane.search.searched.emit("trang so 1")
    pane.search.setText("trang so 1")
    assert pane._found.text() == "1/4"
    pane.view.set_zoom(100)
    pane.view.go_to(5)
    assert pane._where.text() == "Trang 6/12 · 100 %"
    press(pane.search, Qt.Key.Key_Escape)


def test_a_runner_of_the_window_serves_the_view(
    qapp: QApplication, shown: Shown, until: Until
) -> None:
    runner = QtRunner()
    view = PdfView(runner)
    shown(view, 500, 500)
    view.open(pdfs.pages(3))
    until(lambda: view.sharp)
    view.shutdown()
    runner.close()
