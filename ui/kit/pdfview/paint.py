"""How pages, found places, selections and the box look."""

from __future__ import annotations

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QColor, QImage, QPainter, QPen

from ui.kit.pdfview.frames import Frame
from ui.kit.pdfview.overlay import HANDLE
from ui.kit.theme import TINY, theme

# Paper is white and its marks are seen on white, in the light and the dark theme alike.
_PAPER = QColor("#ffffff")
_EDGE = QColor(0, 0, 0, 40)
_HIT = QColor(255, 200, 40, 90)
_CURRENT_HIT = QColor(255, 140, 0, 130)
_SELECTION = QColor(26, 85, 150, 70)
_BOX = QColor("#7b2d74")
_BOX_GROUND = QColor(123, 45, 116, 18)
_GUIDE = QColor("#1a5596")
_FRAMES = {"bad": QColor("#a8211a"), "warn": QColor("#8a4800"), "info": QColor("#1a5596")}


def page(painter: QPainter, rect: QRectF, image: QImage | None) -> None:
    """Draw a page, or white paper while it is on its way."""
    painter.fillRect(rect.adjusted(-1, -1, 1, 2), _EDGE)
    if image is None:
        painter.fillRect(rect, _PAPER)
        return
    painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
    painter.drawImage(rect, image)


def hit(painter: QPainter, rect: QRectF, *, current: bool) -> None:
    """Draw a place that was found."""
    painter.fillRect(rect.adjusted(-1, -1, 1, 1), _CURRENT_HIT if current else _HIT)


def selection(painter: QPainter, rect: QRectF) -> None:
    """Draw selected text."""
    painter.fillRect(rect, _SELECTION)


def box(painter: QPainter, rect: QRectF, text: str, *, focus: bool) -> None:
    """Draw the box that a person places."""
    look = theme()
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    pen = QPen(_BOX, 2 if focus else 1.3, Qt.PenStyle.DashLine)
    painter.setPen(pen)
    painter.setBrush(_BOX_GROUND)
    painter.drawRoundedRect(rect, 5, 5)
    painter.setFont(look.font(TINY + 1))
    words = Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap
    painter.drawText(rect.adjusted(4, 2, -4, -2), words, text)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(_BOX)
    side = HANDLE - 1
    painter.drawRect(QRectF(rect.right() - side / 2, rect.bottom() - side / 2, side, side))
    painter.restore()


def guide(painter: QPainter, line: QRectF) -> None:
    """Draw a line that holds the box: a rectangle without width or height."""
    painter.setPen(QPen(_GUIDE, 1, Qt.PenStyle.DotLine))
    painter.drawLine(line.topLeft(), line.bottomRight())


def frame(painter: QPainter, rect: QRectF, what: Frame, *, current: bool) -> None:
    """Draw a frame; the current one says its word on a flag, which covers no more than it must."""
    colour = _FRAMES[what.tone]
    around = rect.adjusted(-3, -3, 3, 3)
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(QPen(colour, 3 if current else 1.5))
    ground = QColor(colour)
    ground.setAlpha(36 if current else 14)
    painter.setBrush(ground)
    painter.drawRect(around)
    if current:
        _flag(painter, around, what.text, colour)
    painter.restore()


def _flag(painter: QPainter, around: QRectF, text: str, colour: QColor) -> None:
    look = theme()
    painter.setFont(look.font(TINY, bold=True))
    metrics = painter.fontMetrics()
    wide, high = metrics.horizontalAdvance(text) + 10, metrics.height() + 2
    above = around.top() - high
    flag = QRectF(around.left(), above if above > 0 else around.bottom(), wide, high)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(colour)
    painter.drawRect(flag)
    painter.setPen(_PAPER)
    painter.drawText(flag, Qt.AlignmentFlag.AlignCenter, text)
