"""What lies over the pages: found places, selected text, frames, the box with its lines."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtGui import QPainter

from ui.kit.pdfview import paint
from ui.kit.pdfview.document import Rect
from ui.kit.pdfview.frames import Frame
from ui.kit.pdfview.placing import Placing
from ui.kit.pdfview.stack import PageStack


def marks(
    painter: QPainter,
    stack: PageStack,
    page: int,
    found: Sequence[tuple[Rect, bool]],
    marked: Sequence[Rect],
) -> None:
    """Draw what was found on a page, and what is selected there."""
    for strip, current in found:
        paint.hit(painter, stack.to_pixels(page, strip), current=current)
    for strip in marked:
        paint.selection(painter, stack.to_pixels(page, strip))


def frames(painter: QPainter, stack: PageStack, shown: Sequence[tuple[Frame, bool]]) -> None:
    """Draw the frames of a page."""
    for frame, current in shown:
        paint.frame(painter, stack.box_rect(frame.box), frame, current=current)


def placing(painter: QPainter, stack: PageStack, held: Placing, *, focus: bool) -> None:
    """Draw the box that a person places, and the lines that hold it."""
    box = held.box
    if box is None:
        return
    paint.box(painter, stack.box_rect(box), held.text, focus=focus)
    width, height = stack.sizes[box.page]
    for x in held.held.xs:
        paint.guide(painter, stack.to_pixels(box.page, (x, 0, x, height)))
    for y in held.held.ys:
        paint.guide(painter, stack.to_pixels(box.page, (0, y, width, y)))
