"""The list of places: icon, text and count, in sections."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QKeyEvent, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import (
    QPushButton,
    QScrollArea,
    QSizePolicy,
    QStyle,
    QStyleOptionButton,
    QWidget,
)

from ui.kit.buttons import grouped
from ui.kit.icons import draw_icon
from ui.kit.labels import Label, Pane
from ui.kit.layout import Column, Row
from ui.kit.theme import BODY, TINY, theme


@dataclass(frozen=True, slots=True)
class NavItem:
    """A place; items of one section stand together under its title ("" first, untitled)."""

    key: str
    icon: str
    text: str
    count: int = 0
    section: str = ""


class _Entry(QPushButton):
    """One place in the list."""

    def __init__(self, item: NavItem) -> None:
        super().__init__()
        self.item = item
        self.count = item.count
        self._compact = False
        self.setCheckable(True)
        self.setAutoExclusive(True)
        self.setProperty("kind", "nav")
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.set_count(item.count)

    def set_count(self, count: int) -> None:
        """Show a count; 0 shows none."""
        self.count = count
        self.setAccessibleName(f"{self.item.text} {count}" if count else self.item.text)
        self.set_compact(self._compact)

    def set_compact(self, compact: bool) -> None:
        """Show the icon alone, with the name as a tooltip."""
        self._compact = compact
        self.setToolTip(self.accessibleName() if compact else "")
        self.update()

    def sizeHint(self) -> QSize:
        wide = self.fontMetrics().horizontalAdvance(self.item.text)
        return QSize(wide + theme().px(72), theme().px(30))

    def minimumSizeHint(self) -> QSize:
        return QSize(theme().px(34), theme().px(30))

    def paintEvent(self, event: QPaintEvent) -> None:
        look = theme()
        option = QStyleOptionButton()
        self.initStyleOption(option)
        painter = QPainter(self)
        bevel = QStyle.ControlElement.CE_PushButtonBevel
        self.style().drawControl(bevel, option, painter, self)
        on = self.isChecked()
        ink = look.color("accent" if on else "ink2")
        side = look.px(17)
        left = (self.width() - side) / 2 if self._compact else look.px(9)
        spot = QRectF(left, (self.height() - side) / 2, side, side)
        draw_icon(painter, spot, self.item.icon, ink)
        if self._compact:
            self._draw_dot(painter, spot)
        else:
            self._draw_words(painter, ink, bold=on)
        painter.end()

    def _draw_dot(self, painter: QPainter, spot: QRectF) -> None:
        """Say by a dot that something waits there; the tooltip says how many."""
        if not self.count:
            return
        side = theme().px(7)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(theme().color("accent"))
        painter.drawEllipse(QRectF(spot.right() - side / 2, spot.top() - side / 2, side, side))

    def _draw_words(self, painter: QPainter, ink: QColor, *, bold: bool) -> None:
        look = theme()
        count = grouped(self.count) if self.count else ""
        area = self.rect().adjusted(look.px(35), 0, -look.px(9), 0)
        painter.setPen(ink)
        painter.setFont(look.font(TINY, bold=True))
        right = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        painter.drawText(area, right, count)
        if count:
            area.adjust(0, 0, -painter.fontMetrics().horizontalAdvance(count) - look.px(4), 0)
        painter.setFont(look.font(BODY, bold=bold))
        left = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
        elide = Qt.TextElideMode.ElideRight
        shown = painter.fontMetrics().elidedText(self.item.text, elide, area.width())
        painter.drawText(area, left, shown)


class Navigation(QScrollArea):
    """Choose a place; `chosen(str)` carries its key. Up and Down move."""

    chosen = Signal(str)

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName(name)
        self.setWidgetResizable(True)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._entries: dict[str, _Entry] = {}
        self._sections: list[QWidget] = []
        self._compact = False

    def set_items(self, items: Sequence[NavItem]) -> None:
        """Show these places."""
        kept = self.current
        body, column = Pane("none"), Column(gap=1.5)
        self._entries, self._sections = {}, []
        for section in dict.fromkeys(item.section for item in items):
            if section:
                self._sections.append(_section(section))
                column.extend(6, self._sections[-1])
            for item in (item for item in items if item.section == section):
                entry = _Entry(item)
                entry.clicked.connect(lambda _=False, key=item.key: self.chosen.emit(key))
                self._entries[item.key] = entry
                column.extend(entry)
        column.extend(None)
        body.setLayout(column)
        self.setWidget(body)
        self.select(kept)
        self.set_compact(self._compact)

    def set_compact(self, compact: bool) -> None:
        """Show icons alone, or icons with names and sections."""
        self._compact = compact
        bars = Qt.ScrollBarPolicy
        self.setVerticalScrollBarPolicy(
            bars.ScrollBarAlwaysOff if compact else bars.ScrollBarAsNeeded
        )
        for section in self._sections:
            section.setVisible(not compact)
        for entry in self._entries.values():
            entry.set_compact(compact)

    @property
    def current(self) -> str:
        """Return the key of the place chosen, "" if none."""
        return next((key for key, entry in self._entries.items() if entry.isChecked()), "")

    def select(self, key: str) -> None:
        """Mark a place without a signal."""
        if key in self._entries:
            self._entries[key].setChecked(True)
            self._show_chosen()

    def _show_chosen(self) -> None:
        chosen = self._entries.get(self.current)
        if chosen is not None:
            self.ensureWidgetVisible(chosen, 0, chosen.height())

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: D102
        super().resizeEvent(event)
        self._show_chosen()

    def set_count(self, key: str, count: int) -> None:
        """Show a count at a place."""
        if key in self._entries:
            self._entries[key].set_count(count)

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: D102
        step = {Qt.Key.Key_Up: -1, Qt.Key.Key_Down: 1}.get(Qt.Key(event.key()), 0)
        keys = list(self._entries)
        if not step or self.current not in keys:
            super().keyPressEvent(event)
            return
        place = keys.index(self.current) + step
        if 0 <= place < len(keys):
            self._entries[keys[place]].setFocus(Qt.FocusReason.OtherFocusReason)
            self._entries[keys[place]].click()


def _section(text: str) -> QWidget:
    holder = Pane("none")
    holder.setLayout(Row(Label(text, "secondary"), margins=(9, 2, 0, 2)))
    return holder
