"""The box of a signature on the page: dragged, resized, moved by keys, kept on its page."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QWidget

from app.kernel.ports import Box
from tests.ui import pdfs
from tests.ui.kit.pdfspots import spot_of
from tests.ui.typing import press
from ui.kit.pdfview.overlay import dragged, grip, inside
from ui.kit.pdfview.stack import PageStack
from ui.kit.pdfview.view import PdfView

Until = Callable[[Callable[[], object]], None]
Shown = Callable[..., QWidget]
A4 = (595.0, 842.0)
SHIFT, CTRL = Qt.KeyboardModifier.ShiftModifier, Qt.KeyboardModifier.ControlModifier


@pytest.fixture
def placed(view: PdfView) -> PdfView:
    view.open(pdfs.signed_look())
    view.place_box(Box(0, 100, 300, 150, 60))
    return view


def test_the_box_is_dragged_in_points_from_the_lower_left(placed: PdfView) -> None:
    heard: list[Box] = []
    placed.box_moved.connect(heard.append)
    port = placed.viewport()
    start, end = spot_of(placed, 0, 150, 330), spot_of(placed, 0, 190, 300)
    QTest.mousePress(port, Qt.MouseButton.LeftButton, pos=start)
    QTest.mouseMove(port, end)
    QTest.mouseRelease(port, Qt.MouseButton.LeftButton, pos=end)
    box = placed.box
    assert box is not None
    assert heard[-1] == box
    assert (box.x, box.y) == (pytest.approx(140, abs=1.5), pytest.approx(270, abs=1.5))
    assert (box.width, box.height) == (150, 60)


def test_the_corner_resizes_and_the_upper_left_stays(placed: PdfView) -> None:
    port = placed.viewport()
    start, end = spot_of(placed, 0, 250, 300), spot_of(placed, 0, 300, 260)
    QTest.mousePress(port, Qt.MouseButton.LeftButton, pos=start)
    QTest.mouseMove(port, end)
    QTest.mouseRelease(port, Qt.MouseButton.LeftButton, pos=end)
    box = placed.box
    assert box is not None
    assert box.x == 100
    assert box.y + box.height == pytest.approx(360)
    assert (box.width, box.height) == (pytest.approx(200, abs=2), pytest.approx(100, abs=2))


@pytest.mark.parametrize(
    ("key", "modifiers", "wanted"),
    [
        (Qt.Key.Key_Left, Qt.KeyboardModifier.NoModifier, Box(0, 98, 300, 150, 60)),
        (Qt.Key.Key_Up, Qt.KeyboardModifier.NoModifier, Box(0, 100, 302, 150, 60)),
        (Qt.Key.Key_Right, CTRL, Box(0, 100.5, 300, 150, 60)),
        (Qt.Key.Key_Right, SHIFT, Box(0, 100, 300, 152, 60)),
        (Qt.Key.Key_Down, SHIFT, Box(0, 100, 298, 150, 62)),
    ],
)
def test_arrow_keys_move_and_resize(
    placed: PdfView, key: Qt.Key, modifiers: Qt.KeyboardModifier, wanted: Box
) -> None:
    press(placed, key, modifiers)
    assert placed.box == wanted


def test_without_a_box_arrow_keys_scroll(placed: PdfView) -> None:
    placed.clear_box()
    placed.resize(640, 400)
    placed.verticalScrollBar().setValue(60)
    before = placed.verticalScrollBar().value()
    press(placed, Qt.Key.Key_Up)
    assert placed.box is None
    assert placed.verticalScrollBar().value() < before


boxes = st.builds(
    Box,
    st.just(0),
    *(st.floats(-2000, 2000) for _ in range(2)),
    *(st.floats(0, 2000) for _ in range(2)),
)


@given(boxes)
def test_a_box_stays_on_its_page(box: Box) -> None:
    kept = inside(box, A4)
    assert kept.x >= 0
    assert kept.y >= 0
    assert kept.x + kept.width <= A4[0] + 1e-6
    assert kept.y + kept.height <= A4[1] + 1e-6


@given(st.floats(-900, 900), st.floats(-900, 900))
def test_dragging_there_and_back_changes_nothing_within_the_page(dx: float, dy: float) -> None:
    box, stack = Box(0, 100, 300, 150, 60), PageStack((A4,), 1.0, 700)
    rect = stack.to_pixels(0, (100, 300, 250, 360))
    hold = grip(rect, rect.center(), box, stack.to_points(0, rect.center()))
    assert hold is not None
    away = (hold.start[0] + dx, hold.start[1] + dy)
    dragged(hold, away, A4)
    assert dragged(hold, hold.start, A4) == box
