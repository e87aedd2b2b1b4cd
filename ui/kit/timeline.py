"""The handling timeline: who did what, when, and what is still to come."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QLabel, QScrollArea, QSizePolicy, QWidget

from ui.kit.labels import Label, Pane
from ui.kit.layout import Column, Row
from ui.kit.theme import theme

_RAIL = 22.0


@dataclass(frozen=True, slots=True)
class TimelineItem:
    """One entry; `done` False is a step still to come, `pending` one not yet sent."""

    who: str
    what: str
    when: str
    done: bool = True
    note: str = ""
    pending: bool = False
    tone: str = ""

    def spoken(self) -> str:
        """Return the entry as a screen reader says it."""
        return ", ".join(part for part in (f"{self.who} {self.what}", self.when, self.note) if part)


class _Entry(QWidget):
    """An entry with its dot on the rail."""

    def __init__(self, item: TimelineItem, first: bool, last: bool) -> None:
        super().__init__()
        self._item, self._first, self._last = item, first, last
        self.setAccessibleName(item.spoken())
        head = _headline(item)
        tone = item.tone or ("warn" if item.pending else "secondary")
        when = Label(item.when, "faint" if tone == "secondary" else tone, wrap=True)
        # Showing what has no parent yet would open a window of its own for a moment
        if not item.when:
            when.hide()
        parts: list[QWidget] = [head, when]
        if item.note:
            parts.append(_note(item.note))
        self.setLayout(Column(*parts, gap=2, margins=(_RAIL, 0, 0, 14)))
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Minimum)

    def paintEvent(self, event: QPaintEvent) -> None:
        look = theme()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        x, y, radius = look.px(8), look.px(10), look.px(5.5)
        painter.setPen(QPen(look.color("line"), max(1, look.px(2))))
        top = y if self._first else 0
        bottom = y if self._last else self.height()
        painter.drawLine(QPointF(x, top), QPointF(x, bottom))
        accent = look.color("accent")
        painter.setPen(QPen(accent, max(1, look.px(2))))
        painter.setBrush(accent if self._item.done else look.color("panel"))
        painter.drawEllipse(QRectF(x - radius, y - radius, 2 * radius, 2 * radius))
        painter.end()


class Timeline(QScrollArea):
    """Entries from the oldest to what is to come, on one rail."""

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName(name)
        self.setWidgetResizable(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._items: tuple[TimelineItem, ...] = ()

    @property
    def items(self) -> tuple[TimelineItem, ...]:
        """Return the entries shown."""
        return self._items

    def set_items(self, items: Sequence[TimelineItem]) -> None:
        """Show these entries."""
        self._items = tuple(items)
        last = len(items) - 1
        entries = [_Entry(item, n == 0, n == last) for n, item in enumerate(items)]
        body = Pane("none")
        body.setLayout(Column(*entries, None, gap=0))
        self.setWidget(body)


def _headline(item: TimelineItem) -> QLabel:
    head = QLabel()
    head.setTextFormat(Qt.TextFormat.RichText)
    head.setText(f"<b>{_escaped(item.who)}</b> {_escaped(item.what)}")
    head.setWordWrap(True)
    return head


def _note(text: str) -> QWidget:
    well = Pane("well")
    well.setLayout(Row(Label(text, "secondary", wrap=True), margins=(8, 5, 8, 5)))
    return well


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
