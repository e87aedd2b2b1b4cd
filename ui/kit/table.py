"""The dense table: a register's columns, one line per row."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QModelIndex, QPersistentModelIndex, QPointF, QRect, Qt
from PySide6.QtGui import QPainter
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHeaderView,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QWidget,
)

from ui.kit.badges import badge_width, draw_badge
from ui.kit.lists import RowsView
from ui.kit.rowmodel import ROW, TONE, RowModel
from ui.kit.theme import BODY, theme

_LINE = 34.0


class CellDelegate(QStyledItemDelegate):
    """Paint one line per cell; a cell with a tone is a badge."""

    def __init__(self, model: RowModel, view: QWidget) -> None:
        super().__init__(view)
        self._columns = model.columns

    def paint(  # noqa: D102
        self,
        painter: QPainter,
        option: QStyleOptionViewItem,
        index: QModelIndex | QPersistentModelIndex,
    ) -> None:
        look, area = theme(), option.rect
        chosen = bool(option.state & QStyle.StateFlag.State_Selected)
        painter.save()
        painter.fillRect(area, look.color("selected" if chosen else "panel"))
        line = QRect(area.x(), area.bottom(), area.width(), 1)
        painter.fillRect(line, look.color("line"))
        if chosen and index.column() == 0:
            painter.fillRect(
                QRect(area.x(), area.y(), look.px(3), area.height()), look.color("accent")
            )
        inner = area.adjusted(look.px(10), 0, -look.px(8), 0)
        text = index.data(Qt.ItemDataRole.DisplayRole) or ""
        tone = index.data(TONE)
        if tone and text:
            self._badge(painter, inner, text, tone)
        else:
            self._text(painter, inner, text, index)
        painter.restore()

    def _badge(self, painter: QPainter, inner: QRect, text: str, tone: str) -> None:
        look = theme()
        if badge_width(text) > inner.width():
            painter.setClipRect(inner)
        top = inner.y() + (inner.height() - look.px(18)) / 2
        draw_badge(painter, QPointF(inner.x(), top), text, tone)

    def _text(
        self, painter: QPainter, inner: QRect, text: str, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        column = self._columns[index.column()]
        bold = column.bold is not None and column.bold(index.data(ROW))
        painter.setFont(theme().font(BODY - 1, bold=bold))
        painter.setPen(theme().color("ink"))
        shown = painter.fontMetrics().elidedText(text, Qt.TextElideMode.ElideRight, inner.width())
        painter.drawText(inner, index.data(Qt.ItemDataRole.TextAlignmentRole), shown)


class Table(RowsView):
    """A dense table over a `RowModel` with columns; the last column takes what is left."""

    def __init__(self, model: RowModel, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName(name)
        self._delegate = CellDelegate(model, self)
        self.setItemDelegate(self._delegate)
        self.setShowGrid(False)
        self.setTabKeyNavigation(False)
        self.setWordWrap(False)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.verticalHeader().hide()
        header = self.horizontalHeader()
        header.setHighlightSections(False)
        header.setStretchLastSection(True)
        header.setSectionsMovable(True)
        header.setSectionResizeMode(QHeaderView.ResizeMode.Interactive)
        self.attach(model)
        self._columns = model.columns
        self._fit()

    def changeEvent(self, event: QEvent) -> None:  # noqa: D102
        super().changeEvent(event)
        if event.type() is QEvent.Type.StyleChange and hasattr(self, "_columns"):
            self._fit()

    def _fit(self) -> None:
        look = theme()
        self.verticalHeader().setMinimumSectionSize(8)
        self.verticalHeader().setDefaultSectionSize(look.px(_LINE))
        for place, column in enumerate(self._columns):
            self.setColumnWidth(place, look.px(column.width))
