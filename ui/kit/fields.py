"""Input fields: one line, many lines, search; text comes out in NFC."""

from __future__ import annotations

from PySide6.QtCore import QRectF, Qt, QTimer, Signal
from PySide6.QtGui import QFontMetrics, QInputMethodEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QLineEdit, QPlainTextEdit, QWidget

from app.kernel.text import normal
from ui.kit.actions import native
from ui.kit.badges import Badge
from ui.kit.icons import draw_icon
from ui.kit.labels import restyle
from ui.kit.layout import Row
from ui.kit.theme import TINY, theme

DEBOUNCE_MS = 120


class LineEdit(QLineEdit):
    """One line of text; an optional badge inside tells where a value comes from."""

    def __init__(
        self,
        name: str,
        text: str = "",
        placeholder: str = "",
        *,
        read_only: bool = False,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(text, parent)
        self.setAccessibleName(name)
        self.setPlaceholderText(placeholder)
        self.setReadOnly(read_only)
        self._badge = Badge("", parent=self)
        self._badge.hide()
        self.setLayout(Row(None, self._badge, margins=(0, 0, 9, 0)))

    @property
    def value(self) -> str:
        """Return the text in NFC without outer or doubled blanks."""
        return normal(self.text())

    def set_badge(self, text: str, tone: str = "info") -> None:
        """Show a hint inside at the right; "" takes it away."""
        self._badge.show_text(text, tone)
        right = self._badge.sizeHint().width() + theme().px(6) if text else 0
        self.setTextMargins(0, 0, right, 0)
        self.setAccessibleDescription(text)

    def set_error(self, error: bool) -> None:
        """Mark the field as wrong, or not."""
        self.setProperty("state", "error" if error else "")
        restyle(self)


class TextArea(QPlainTextEdit):
    """Many lines of text; Tab moves on."""

    def __init__(
        self,
        name: str,
        text: str = "",
        placeholder: str = "",
        *,
        lines: int = 4,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(text, parent)
        self._lines = lines
        self.setAccessibleName(name)
        self.setPlaceholderText(placeholder)
        self.setTabChangesFocus(True)
        self._fit()
        theme().changed.connect(self._fit)

    @property
    def value(self) -> str:
        """Return the text in NFC, line by line without outer blanks."""
        lines = [normal(line) for line in self.toPlainText().splitlines()]
        return "\n".join(lines).strip()

    def set_error(self, error: bool) -> None:
        """Mark the field as wrong, or not."""
        self.setProperty("state", "error" if error else "")
        restyle(self)

    def _fit(self) -> None:
        line = QFontMetrics(theme().font()).lineSpacing()
        self.setMinimumHeight(line * self._lines + theme().px(18))


class SearchField(QLineEdit):
    """A filter field with the hint of its key.

    `searched(str)` carries the NFC text 120 ms after the last change, at once on Enter;
    never while an input method is still composing, and never twice the same.
    """

    searched = Signal(str)

    def __init__(
        self,
        name: str,
        placeholder: str,
        *,
        shortcut: str = "",
        icon: str = "",
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._hint = native(shortcut)
        self._icon_name = icon
        self._composing = False
        self._told = ""
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(DEBOUNCE_MS)
        self._timer.timeout.connect(self._tell)
        self.setAccessibleName(name)
        self.setAccessibleDescription(self._hint)
        self.setPlaceholderText(placeholder)
        self.setProperty("look", "search")
        self.setClearButtonEnabled(False)
        self.textChanged.connect(self._changed)
        self.returnPressed.connect(self._tell)
        self._fit()
        theme().changed.connect(self._fit)

    @property
    def value(self) -> str:
        """Return the text in NFC without outer or doubled blanks."""
        return normal(self.text())

    def inputMethodEvent(self, event: QInputMethodEvent) -> None:  # noqa: D102
        self._composing = bool(event.preeditString())
        super().inputMethodEvent(event)
        self._wait()

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: D102
        super().paintEvent(event)
        look = theme()
        painter = QPainter(self)
        if self._icon_name:
            side = look.px(16)
            spot = QRectF(look.px(10), (self.height() - side) / 2, side, side)
            draw_icon(painter, spot, self._icon_name, look.color("ink3"))
        if self._hint and not self.text():
            self._draw_hint(painter)
        painter.end()

    def _draw_hint(self, painter: QPainter) -> None:
        look = theme()
        font = look.font(TINY)
        wide = self._hint_width()
        high = look.px(20)
        spot = QRectF(self.width() - wide - look.px(8), (self.height() - high) / 2, wide, high)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(look.color("line"))
        painter.setBrush(look.color("panel"))
        painter.drawRoundedRect(spot, look.px(5), look.px(5))
        painter.setPen(look.color("ink3"))
        painter.setFont(font)
        painter.drawText(spot, Qt.AlignmentFlag.AlignCenter, self._hint)

    def _fit(self) -> None:
        look = theme()
        left = look.px(22) if self._icon_name else 0
        right = self._hint_width() + look.px(2) if self._hint and not self.text() else 0
        self.setTextMargins(left, 0, right, 0)

    def _changed(self) -> None:
        self._fit()
        self._wait()

    def _hint_width(self) -> int:
        look = theme()
        return QFontMetrics(look.font(TINY)).horizontalAdvance(self._hint) + look.px(12)

    def _wait(self) -> None:
        if self._composing:
            self._timer.stop()
        else:
            self._timer.start()

    def _tell(self) -> None:
        self._timer.stop()
        value = self.value
        if not self._composing and value != self._told:
            self._told = value
            self.searched.emit(value)
