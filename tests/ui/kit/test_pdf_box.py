"""The box of a signature on the page: dragged, resized, moved by keys, kept on its page."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PySide6.QtCore import QCoreApplication, QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QMouseEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QWidget

from app.kernel.ports import Box
from tests.ui import pdfs
from tests.ui.kit.pdfspots import spot_of
from tests.ui.typing import press
from ui.kit.pdfview.overlay import Guides, dragged, grip, inside, snapped
from ui.kit.pdfview.placebar import PlaceBar
from ui.kit.pdfview.stack import PageStack
from ui.kit.pdfview.view import PdfView

Until = Callable[[Callable[[], object]], None]
Shown = Callable[..., QWidget]
A4 = (595.0, 842.0)
NONE, SHIFT = Qt.KeyboardModifier.NoModifier, Qt.KeyboardModifier.ShiftModifier
CTRL, ALT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.AltModifier


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
        (Qt.Key.Key_Left, NONE, Box(0, 99, 300, 150, 60)),
        (Qt.Key.Key_Up, NONE, Box(0, 100, 301, 150, 60)),
        (Qt.Key.Key_Right, SHIFT, Box(0, 110, 300, 150, 60)),
        (Qt.Key.Key_Down, SHIFT, Box(0, 100, 290, 150, 60)),
        (Qt.Key.Key_Right, CTRL, Box(0, 100, 300, 151, 60)),
        (Qt.Key.Key_Down, CTRL, Box(0, 100, 299, 150, 61)),
        (Qt.Key.Key_Left, CTRL | SHIFT, Box(0, 100, 300, 140, 60)),
    ],
)
def test_arrow_keys_move_and_resize(
    placed: PdfView, key: Qt.Key, modifiers: Qt.KeyboardModifier, wanted: Box
) -> None:
    press(placed, key, modifiers)
    assert placed.box == wanted


def drag(view: PdfView, start: QPoint, end: QPoint, held: Qt.KeyboardModifier = NONE) -> None:
    """Press, move and let go, with a key held: `QTest.mouseMove` knows no keys."""
    port, left, none = view.viewport(), Qt.MouseButton.LeftButton, Qt.MouseButton.NoButton
    steps = (
        (QEvent.Type.MouseButtonPress, start, left),
        (QEvent.Type.MouseMove, end, none),
        (QEvent.Type.MouseButtonRelease, end, left),
    )
    for kind, spot, button in steps:
        at = QPointF(spot)
        event = QMouseEvent(kind, at, port.mapToGlobal(at), button, left, held)
        QCoreApplication.sendEvent(port, event)


def test_a_line_of_the_page_holds_the_box(placed: PdfView) -> None:
    placed.set_guides(Guides(xs=(215.0,), ys=(280.0,)))
    start, end = spot_of(placed, 0, 150, 330), spot_of(placed, 0, 187, 312)
    drag(placed, start, end)
    box = placed.box
    assert box is not None
    # The middle clings to the upright line, the lower edge to the level one
    assert (box.x, box.y) == (pytest.approx(140), pytest.approx(280))
    drag(placed, spot_of(placed, 0, 190, 310), spot_of(placed, 0, 194, 314), ALT)
    assert placed.box is not None and placed.box.x != pytest.approx(140)


def test_numbers_say_and_move_the_box(placed: PdfView, shown: Shown) -> None:
    bar = PlaceBar(placed)
    shown(bar)
    placed.place_box(Box(0, 72, 842 - 72 - 36, 144, 36))
    told = [bar.fields[name].value() for name in ("left", "top", "width", "height")]
    assert told == [pytest.approx(v, abs=0.05) for v in (25.4, 25.4, 50.8, 12.7)]
    assert "25,4" in placed.accessibleDescription()
    for field in bar.fields.values():
        edit = field.lineEdit()
        needed = edit.fontMetrics().horizontalAdvance("297,5 mm")
        assert edit.width() - edit.textMargins().left() >= needed, "the number is seen"
    bar.fields["top"].setValue(50.8)
    bar.fields["width"].setValue(25.4)
    assert placed.box is not None
    box = placed.box
    assert (box.y + box.height, box.width) == (pytest.approx(842 - 144), pytest.approx(72))
    press(placed, Qt.Key.Key_Right, SHIFT)
    assert bar.fields["left"].value() == pytest.approx(25.4 + 3.5, abs=0.05)
    placed.clear_box()
    assert not bar.isVisible()
    assert placed.accessibleDescription() == ""


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


lines = st.lists(st.floats(0, 900), max_size=6).map(tuple)


@given(boxes, lines, lines)
def test_a_box_clings_to_lines_within_reach_only(
    box: Box, xs: tuple[float, ...], ys: tuple[float, ...]
) -> None:
    drawn, held = snapped(box, Guides(xs, ys), 4.0)
    assert abs(drawn.x - box.x) <= 4.0 + 1e-6 and abs(drawn.y - box.y) <= 4.0 + 1e-6
    edges = (drawn.x, drawn.x + box.width / 2, drawn.x + box.width)
    assert all(any(abs(line - edge) < 1e-6 for edge in edges) for line in held.xs)
    assert bool(held.xs) == any(
        abs(line - edge) <= 4.0
        for line in xs
        for edge in (box.x, box.x + box.width / 2, box.x + box.width)
    )


@given(st.floats(-900, 900), st.floats(-900, 900))
def test_dragging_there_and_back_changes_nothing_within_the_page(dx: float, dy: float) -> None:
    box, stack = Box(0, 100, 300, 150, 60), PageStack((A4,), 1.0, 700)
    rect = stack.to_pixels(0, (100, 300, 250, 360))
    hold = grip(rect, rect.center(), box, stack.to_points(0, rect.center()))
    assert hold is not None
    away = (hold.start[0] + dx, hold.start[1] + dy)
    dragged(hold, away, A4)
    assert dragged(hold, hold.start, A4) == box
