"""The rows of the signing box: tick, document, purpose and place, state."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPointF, QRect, QRectF, Qt, Signal
from PySide6.QtGui import QKeyEvent, QKeySequence, QMouseEvent, QPainter
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHeaderView,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTableView,
    QWidget,
)

from app.kernel.texts import Texts
from ui.kit.badges import draw_badge
from ui.kit.icons import draw_icon
from ui.kit.theme import BODY, SMALL, theme
from ui.outgoing import model_list
from ui.outgoing.model_box import SignItem

_WIDTHS = (42.0, 236.0, 166.0, 150.0)
_HEIGHT = 51.0
_ROOT = QModelIndex()


def badge_of(texts: Texts, item: SignItem) -> tuple[str, str]:
    """Return the words and tone of a row's state."""
    if item.phase == "failed":
        return texts("outpages.phase.failed"), "bad"
    if item.phase == "done":
        return texts("outpages.phase.done"), "ok"
    if item.phase == "wait":
        return texts("outpages.phase.wait"), "info"
    if item.phase in ("number", "show", "sign"):
        return texts("outpages.phase.busy"), "info"
    if not item.row.has_file:
        return texts("outpages.phase.no_file"), "warn"
    state = item.row.state
    return model_list.state_text(texts, state), model_list.TONES.get(state, "neutral")


class _Items(QAbstractTableModel):
    def __init__(self, texts: Texts, parent: QWidget) -> None:
        super().__init__(parent)
        self.texts = texts
        self.items: list[SignItem] = []
        self.checked: frozenset[str] = frozenset()

    def show_items(self, items: Sequence[SignItem], checked: frozenset[str]) -> None:
        """Show these rows; the same rows only change their looks."""
        same = [i.row.id for i in items] == [i.row.id for i in self.items]
        if not same:
            self.beginResetModel()
        self.items, self.checked = list(items), checked
        if not same:
            self.endResetModel()
        elif items:
            self.dataChanged.emit(self.index(0, 0), self.index(len(items) - 1, 3))

    def rowCount(self, parent: Any = _ROOT) -> int:
        return 0 if parent.isValid() else len(self.items)

    def columnCount(self, parent: Any = _ROOT) -> int:
        return 0 if parent.isValid() else len(_WIDTHS)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = 0) -> Any:
        keys = ("", "outpages.column.document", "outpages.column.place", "outpages.column.state")
        if orientation is Qt.Orientation.Horizontal and role == Qt.ItemDataRole.DisplayRole:
            return self.texts(keys[section]) if keys[section] else ""
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
        return None

    def data(self, index: Any, role: int = 0) -> Any:
        if not index.isValid():
            return None
        item = self.items[index.row()]
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.AccessibleTextRole):
            return " ".join(part for part in self.lines(item, index.column()) if part)
        if role == Qt.ItemDataRole.ToolTipRole:
            return item.error or item.row.subject
        return None

    def lines(self, item: SignItem, column: int) -> tuple[str, str]:
        """Return the two lines of a cell."""
        texts, row = self.texts, item.row
        if column == 0:
            ticked = row.id in self.checked
            return texts("outpages.ticked" if ticked else "outpages.not_ticked"), ""
        if column == 1:
            symbol = row.symbol if row.number else f"{row.type_name} · {row.drafter_name}"
            seen = texts("outpages.sign.seen") if item.seen else ""
            below = item.error or " · ".join(part for part in (seen, symbol) if part)
            return row.subject or texts("outpages.no_subject"), below
        if column == 2:
            return texts("outpages.purpose.approve"), texts("outpages.place.approve")
        return badge_of(texts, item)[0], ""


class _Cells(QStyledItemDelegate):
    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Any) -> None:
        look, area, model = theme(), option.rect, index.model()
        chosen = bool(option.state & QStyle.StateFlag.State_Selected)
        painter.save()
        painter.fillRect(area, look.color("selected" if chosen else "panel"))
        line = QRect(area.x(), area.bottom(), area.width(), 1)
        painter.fillRect(line, look.color("line"))
        item = model.items[index.row()]
        if index.column() == 0:
            self._tick(painter, area, item.row.id in model.checked, item.ready)
        elif index.column() == 3:
            text, tone = badge_of(model.texts, item)
            top = area.y() + (area.height() - look.px(18)) / 2
            painter.setClipRect(area)
            draw_badge(painter, QPointF(area.x() + look.px(9), top), text, tone)
        else:
            self._two_lines(painter, area, model.lines(item, index.column()), index.column() == 1)
        painter.restore()

    def _two_lines(
        self, painter: QPainter, area: QRect, lines: tuple[str, str], strong: bool
    ) -> None:
        look = theme()
        inner = area.adjusted(look.px(9), look.px(6), -look.px(6), -look.px(6))
        half = inner.height() // 2
        for place, text in enumerate(lines):
            size = BODY - 1 if place == 0 else SMALL
            painter.setFont(look.font(size, bold=strong and place == 0))
            painter.setPen(look.color("ink" if place == 0 else "ink2"))
            spot = QRect(inner.x(), inner.y() + place * half, inner.width(), half)
            elide = Qt.TextElideMode.ElideRight
            shown = painter.fontMetrics().elidedText(text, elide, inner.width())
            painter.drawText(spot, Qt.AlignmentFlag.AlignVCenter, shown)

    def _tick(self, painter: QPainter, area: QRect, on: bool, ready: bool) -> None:
        look = theme()
        side = look.px(15)
        spot = QRectF(area.x() + look.px(18), area.y() + (area.height() - side) / 2, side, side)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(look.color("accent" if on else "edge" if ready else "line"))
        painter.setBrush(look.color("accent" if on else "panel" if ready else "bg"))
        painter.drawRoundedRect(spot, look.px(4), look.px(4))
        if on:
            draw_icon(painter, spot.adjusted(1, 1, -1, -1), "check", look.color("on-accent"))


class SignRows(QTableView):
    """Rows to tick with Space or a click; `chosen(str)` the document that is current.

    `ticked(str, bool)` when a tick is asked for, `all_ticked` on Ctrl+A, `opened(str)` on Enter.
    """

    chosen = Signal(str)
    ticked = Signal(str, bool)
    all_ticked = Signal()
    opened = Signal(str)

    def __init__(self, texts: Texts, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName(texts("outpages.sign.list"))
        self._items = _Items(texts, self)
        self._cells = _Cells(self)
        self.setModel(self._items)
        self.setItemDelegate(self._cells)
        self.setShowGrid(False)
        self.setTabKeyNavigation(False)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.verticalHeader().hide()
        header = self.horizontalHeader()
        header.setHighlightSections(False)
        header.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        header.setSectionResizeMode(1, QHeaderView.ResizeMode.Stretch)
        self.selectionModel().currentRowChanged.connect(self._moved)
        theme().changed.connect(self._fit)
        self._fit()

    def show_items(self, items: Sequence[SignItem], checked: frozenset[str]) -> None:
        """Show rows; the current one stays."""
        before = self.current
        self._items.show_items(items, checked)
        if (items and self.current != before) or not self.currentIndex().isValid():
            self.select(before or (items[0].row.id if items else ""))

    @property
    def current(self) -> str:
        """Return the current document, "" if none."""
        place = self.currentIndex().row()
        return self._items.items[place].row.id if 0 <= place < len(self._items.items) else ""

    def select(self, document: str) -> None:
        """Make a document current, or the one in its place when it is gone."""
        ids = [item.row.id for item in self._items.items]
        if ids:
            place = ids.index(document) if document in ids else 0
            self.setCurrentIndex(self._items.index(place, 1))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Tick with Space, all with Ctrl+A, open with Enter."""
        if event.matches(QKeySequence.StandardKey.SelectAll):
            self.all_ticked.emit()
        elif event.key() == Qt.Key.Key_Space and self.current:
            self.ticked.emit(self.current, self.current not in self._items.checked)
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and not event.modifiers():
            self.opened.emit(self.current)
        else:
            super().keyPressEvent(event)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Tick with a click on the box."""
        super().mousePressEvent(event)
        index = self.indexAt(event.position().toPoint())
        if index.isValid() and index.column() == 0:
            document = self._items.items[index.row()].row.id
            self.ticked.emit(document, document not in self._items.checked)

    def keyboardSearch(self, search: str) -> None:
        """Leave letters alone: no bare letter is a key."""

    def _moved(self, current: Any, _before: Any) -> None:
        if current.isValid():
            self.chosen.emit(self._items.items[current.row()].row.id)

    def _fit(self) -> None:
        look = theme()
        self.verticalHeader().setMinimumSectionSize(8)
        self.verticalHeader().setDefaultSectionSize(look.px(_HEIGHT))
        for column, width in enumerate(_WIDTHS):
            self.setColumnWidth(column, look.px(width))
