"""Choices by key: a drop-down list, a box to tick."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import QRectF, Signal
from PySide6.QtGui import QPainter, QPaintEvent, QWheelEvent
from PySide6.QtWidgets import QCheckBox, QComboBox, QWidget

from ui.kit.icons import draw_icon
from ui.kit.labels import restyle
from ui.kit.theme import theme


class Choice(QComboBox):
    """Choose one of several; `changed(str)` carries the key when the person chooses."""

    changed = Signal(str)

    def __init__(
        self,
        name: str,
        choices: Mapping[str, str],
        value: str = "",
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.setAccessibleName(name)
        self.set_choices(choices, value)
        self.activated.connect(lambda _: self.changed.emit(self.value))

    @property
    def value(self) -> str:
        """Return the key chosen, "" if none."""
        return str(self.currentData() or "")

    def set_value(self, key: str) -> None:
        """Choose without a signal."""
        self.setCurrentIndex(self.findData(key))

    def set_choices(self, choices: Mapping[str, str], value: str = "") -> None:
        """Offer other choices, without a signal."""
        self.clear()
        for key, text in choices.items():
            self.addItem(text, key)
        if value:
            self.set_value(value)

    def set_error(self, error: bool) -> None:
        """Mark the field as wrong, or not."""
        self.setProperty("state", "error" if error else "")
        restyle(self)

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Let the page scroll; a choice never changes by the wheel."""
        event.ignore()

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: D102
        super().paintEvent(event)
        look = theme()
        side = look.px(15)
        spot = QRectF(self.width() - side - look.px(9), (self.height() - side) / 2, side, side)
        painter = QPainter(self)
        draw_icon(painter, spot, "chevron-down", look.color("ink2"))
        painter.end()


class Check(QCheckBox):
    """A box to tick, drawn in the theme's colours."""

    def __init__(self, text: str, checked: bool = False, parent: QWidget | None = None) -> None:
        super().__init__(text, parent)
        self.setChecked(checked)
        self.setAccessibleName(text)

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: D102
        super().paintEvent(event)
        look = theme()
        side = look.px(16)
        spot = QRectF(0.5, (self.height() - side) / 2 + 0.5, side - 1, side - 1)
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        edge = "accent" if self.isChecked() or self.hasFocus() else "edge"
        painter.setPen(look.color(edge))
        painter.setBrush(look.color("accent" if self.isChecked() else "panel"))
        painter.drawRoundedRect(spot, look.px(4), look.px(4))
        if self.isChecked():
            draw_icon(painter, spot.adjusted(1, 1, -1, -1), "check", look.color("on-accent"))
        painter.end()
