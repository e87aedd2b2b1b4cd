"""Buttons: primary, secondary, ghost, danger and link; chips with counts."""

from __future__ import annotations

from PySide6.QtCore import QRect, QRectF, QSignalBlocker, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFont, QFontMetrics, QPainter, QPaintEvent
from PySide6.QtWidgets import (
    QPushButton,
    QSizePolicy,
    QStyle,
    QStyleOptionButton,
    QWidget,
)

from ui.kit.actions import Action, native
from ui.kit.icons import draw_icon
from ui.kit.layout import Row
from ui.kit.theme import SMALL, TINY, theme

_GAP = 6.0
_ICON = 16.0
_PADDING = {"link": 0.0, "chip": 10.0, "icon": 0.0}
_HEIGHTS = {"link": 20.0, "chip": 24.0}
_CHOICES = ("chip", "segment")
_INKS = {"primary": "on-accent", "danger": "bad", "link": "info", "ghost": "ink2"}


class Button(QPushButton):
    """A push button with an icon, a text and the hint of its key inside.

    `kind`: primary (one on a screen), secondary, ghost, danger or link; `tint` the colour of
    its text.
    """

    def __init__(
        self,
        text: str,
        kind: str = "secondary",
        *,
        shortcut: str = "",
        icon: str = "",
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._label = text
        self._hint = native(shortcut)
        self._icon_name = icon
        self.kind = kind
        self.tint = _INKS.get(kind, "ink")
        self.setProperty("kind", kind)
        self.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Fixed)
        self.setAutoDefault(False)
        self._name_it()

    @classmethod
    def of(cls, action: Action, kind: str = "secondary", parent: QWidget | None = None) -> Button:
        """Build the button of an action; it follows the action's state."""
        button = cls(action.text, kind, shortcut=action.shortcut, icon=action.icon, parent=parent)
        button.setEnabled(action.enabled)
        button.clicked.connect(action.trigger)
        action.changed.connect(lambda: button.setEnabled(action.enabled), Qt.AutoConnection)
        return button

    @property
    def label(self) -> str:
        """Return the text without the hint."""
        return self._label

    def set_label(self, text: str) -> None:
        """Change the text."""
        self._label = text
        self._name_it()
        self.updateGeometry()
        self.update()

    def sizeHint(self) -> QSize:  # noqa: D102
        look = theme()
        width = 2 * look.px(_PADDING.get(self.kind, 12.0)) + sum(w for w, _ in self._parts())
        width += look.px(_GAP) * (len(self._parts()) - 1)
        return QSize(width + 2, look.px(_HEIGHTS.get(self.kind, 33.0)))

    def minimumSizeHint(self) -> QSize:  # noqa: D102
        return self.sizeHint()

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: D102
        option = QStyleOptionButton()
        self.initStyleOption(option)
        option.text = ""
        painter = QPainter(self)
        style = self.style()
        style.drawControl(QStyle.ControlElement.CE_PushButtonBevel, option, painter, self)
        look = theme()
        widths = self._parts()
        total = sum(w for w, _ in widths) + look.px(_GAP) * (len(widths) - 1)
        x = max(look.px(_PADDING.get(self.kind, 12.0)), (self.width() - total) // 2)
        for width, part in widths:
            self._draw_part(painter, QRect(x, 0, width, self.height()), part)
            x += width + look.px(_GAP)
        painter.end()

    def _name_it(self) -> None:
        self.setAccessibleName(self._label)
        self.setAccessibleDescription(self._hint)
        if not self._label or self.kind == "icon":
            self.setToolTip(f"{self._label}  {self._hint}".strip())

    def _text_font(self) -> QFont:
        size = SMALL if self.kind in ("chip", "link") else 14.0
        strong = self.kind == "primary" or (self.kind in _CHOICES and self.isChecked())
        font = theme().font(size, bold=strong)
        font.setUnderline(self.kind == "link")
        return font

    def _ink(self) -> QColor:
        if not self.isEnabled():
            return theme().color("ink3")
        if self.kind in _CHOICES:
            return theme().color("accent" if self.isChecked() else "ink2")
        return theme().color(self.tint)

    def _parts(self) -> list[tuple[int, str]]:
        parts: list[tuple[int, str]] = []
        if self._icon_name:
            parts.append((theme().px(_ICON), "icon"))
        if self._label and self.kind != "icon":
            wide = QFontMetrics(self._text_font()).horizontalAdvance(self._label)
            parts.append((wide, "text"))
        if self._hint and self.kind != "icon":
            wide = QFontMetrics(theme().font(TINY)).horizontalAdvance(self._hint)
            parts.append((wide, "hint"))
        return parts

    def _draw_part(self, painter: QPainter, rect: QRect, part: str) -> None:
        ink = self._ink()
        if part == "icon":
            side = rect.width()
            top = (rect.height() - side) / 2
            draw_icon(painter, QRectF(rect.x(), top, side, side), self._icon_name, ink)
            return
        hint = part == "hint"
        painter.setFont(theme().font(TINY) if hint else self._text_font())
        faint = hint and self.kind != "primary"
        painter.setPen(theme().color("ink3") if faint else ink)
        flags = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft
        painter.drawText(rect, flags, self._label if part == "text" else self._hint)


class IconButton(Button):
    """A square button with an icon alone; its text is its name and tooltip."""

    def __init__(
        self, icon: str, text: str, *, shortcut: str = "", parent: QWidget | None = None
    ) -> None:
        super().__init__(text, "icon", shortcut=shortcut, icon=icon, parent=parent)

    def sizeHint(self) -> QSize:  # noqa: D102
        side = theme().px(30)
        return QSize(side, side)


class Chip(Button):
    """A filter that is on or off, with a count: `toggled(bool)`."""

    def __init__(
        self, text: str, count: int | None = None, *, parent: QWidget | None = None
    ) -> None:
        super().__init__(text, "chip", parent=parent)
        self._base = text
        self.setCheckable(True)
        self.set_count(count)

    def set_count(self, count: int | None) -> None:
        """Show a count, or none; thousands carry a dot."""
        counted = "" if count is None else f" {grouped(count)}"
        self.set_label(f"{self._base}{counted}")

    def sizeHint(self) -> QSize:  # noqa: D102
        bold = theme().font(SMALL, bold=True)
        wide = QFontMetrics(bold).horizontalAdvance(self.label)
        return QSize(wide + 2 * theme().px(_PADDING["chip"]) + 2, theme().px(_HEIGHTS["chip"]))


class ChipRow(QWidget):
    """Chips by key; `changed` carries the frozenset of keys that are on."""

    changed = Signal(frozenset)

    def __init__(
        self,
        chips: dict[str, str],
        *,
        exclusive: bool = False,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._exclusive = exclusive
        self._chips = {key: Chip(text) for key, text in chips.items()}
        self.setLayout(Row(*self._chips.values(), None, gap=6))
        for key, chip in self._chips.items():
            chip.toggled.connect(lambda on, key=key: self._toggled(key, on))

    def chip(self, key: str) -> Chip:
        """Return one chip."""
        return self._chips[key]

    def set_counts(self, counts: dict[str, int | None]) -> None:
        """Show counts by key."""
        for key, count in counts.items():
            self._chips[key].set_count(count)

    def on(self) -> frozenset[str]:
        """Return the keys that are on."""
        return frozenset(key for key, chip in self._chips.items() if chip.isChecked())

    def set_on(self, keys: frozenset[str]) -> None:
        """Switch chips without a signal."""
        for key, chip in self._chips.items():
            with QSignalBlocker(chip):
                chip.setChecked(key in keys)

    def _toggled(self, key: str, on: bool) -> None:
        if on and self._exclusive:
            self.set_on(frozenset({key}))
        self.changed.emit(self.on())


def grouped(number: int) -> str:
    """Return a quantity with Vietnamese dots: 1.024."""
    return f"{number:,}".replace(",", ".")
