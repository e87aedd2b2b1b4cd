"""Badges: a short word on a soft ground; colour never speaks alone."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFontMetrics, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from ui.kit.icons import draw_icon
from ui.kit.theme import TINY, theme

TONES = ("neutral", "ok", "warn", "bad", "info", "accent")
_PAD = 6.0
_HEIGHT = 18.0


def tone_colors(tone: str) -> tuple[QColor, QColor]:
    """Return ink and ground of a tone."""
    look = theme()
    if tone == "neutral":
        return look.color("ink2"), look.color("bg")
    return look.color(tone), look.color(f"{tone}-soft")


def badge_width(text: str, icon: str = "") -> int:
    """Return the width that a badge takes."""
    look = theme()
    wide = QFontMetrics(look.font(TINY, bold=True)).horizontalAdvance(text)
    return wide + 2 * look.px(_PAD) + (look.px(16) if icon else 0)


def draw_badge(painter: QPainter, at: QPointF, text: str, tone: str, icon: str = "") -> float:
    """Draw a badge with its upper left corner at a point; return its width."""
    look = theme()
    ink, ground = tone_colors(tone)
    rect = QRectF(at.x(), at.y(), badge_width(text, icon), look.px(_HEIGHT))
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(ground)
    painter.drawRoundedRect(rect, look.px(5), look.px(5))
    inner = rect.adjusted(look.px(_PAD), 0, -look.px(_PAD) / 2, 0)
    if icon:
        side = look.px(12)
        top = rect.y() + (rect.height() - side) / 2
        draw_icon(painter, QRectF(inner.x(), top, side, side), icon, ink)
        inner.setLeft(inner.left() + look.px(16))
    painter.setPen(ink)
    painter.setFont(look.font(TINY, bold=True))
    painter.drawText(inner, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, text)
    painter.restore()
    return rect.width()


class Badge(QWidget):
    """A short word on a soft ground, in one of `TONES`."""

    def __init__(
        self, text: str, tone: str = "neutral", icon: str = "", parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._text = text
        self._tone = tone
        self._icon = icon
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.setAccessibleName(text)

    @property
    def text(self) -> str:
        """Return the word."""
        return self._text

    def show_text(self, text: str, tone: str | None = None, icon: str | None = None) -> None:
        """Change word, tone and icon; an empty word hides the badge."""
        self._text = text
        self._tone = tone or self._tone
        self._icon = self._icon if icon is None else icon
        self.setAccessibleName(text)
        self.setVisible(bool(text))
        self.updateGeometry()
        self.update()

    def sizeHint(self) -> QSize:  # noqa: D102
        return QSize(badge_width(self._text, self._icon), theme().px(_HEIGHT))

    def minimumSizeHint(self) -> QSize:  # noqa: D102
        return self.sizeHint()

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: D102
        painter = QPainter(self)
        draw_badge(painter, QPointF(0, 0), self._text, self._tone, self._icon)
        painter.end()
