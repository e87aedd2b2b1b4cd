"""Where a point of a page stands in the view, and its colour there."""

from __future__ import annotations

from PySide6.QtCore import QPoint
from PySide6.QtGui import QColor

from ui.kit.pdfview.view import PdfView


def colour_at(view: PdfView, page: int, x: float, y: float) -> QColor:
    spot = view._stack.to_pixels(page, (x, y, x, y)).center() - view._offset()
    return view.viewport().grab().toImage().pixelColor(spot.toPoint())


def spot_of(view: PdfView, page: int, x: float, y: float) -> QPoint:
    spot = view._stack.to_pixels(page, (x, y, x, y)).center() - view._offset()
    return spot.toPoint()
