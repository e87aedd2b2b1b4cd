"""The palette: find an act, a page, a document, a person or a unit, and go there."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import groupby

from PySide6.QtCore import (
    QAbstractListModel,
    QEvent,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    QPoint,
    QRect,
    QRectF,
    QSize,
    Qt,
    QTimer,
)
from PySide6.QtGui import QKeyEvent, QPainter
from PySide6.QtWidgets import (
    QDialog,
    QListView,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QWidget,
)

from app.kernel.texts import Texts
from ui.kit.actions import native
from ui.kit.fields import SearchField
from ui.kit.icons import draw_icon
from ui.kit.labels import Label, Pane
from ui.kit.layout import Column, put
from ui.kit.theme import BODY, SMALL, TINY, theme
from ui.shell.palette_model import Entry

Source = Callable[[str, Callable[[Sequence[Entry]], None]], None]
_ENTRY = int(Qt.ItemDataRole.UserRole) + 1
_LINE, _TITLE = 34.0, 26.0
_WIDTH, _HEIGHT, _TOP = 640.0, 440.0, 64.0
Index = QModelIndex | QPersistentModelIndex
_ROOT = QModelIndex()


class _Entries(QAbstractListModel):
    """Entries under the titles of their groups; titles cannot be chosen."""

    def __init__(self, texts: Texts, parent: QObject) -> None:
        super().__init__(parent)
        self._texts = texts
        self.lines: list[Entry | str] = []

    def show_entries(self, entries: Sequence[Entry]) -> None:
        """Replace what is listed; groups stand in the order of their best entry."""
        order = {
            key: place for place, key in enumerate(dict.fromkeys(e.group_key for e in entries))
        }
        ordered = sorted(entries, key=lambda e: order[e.group_key])
        self.beginResetModel()
        self.lines = []
        for key, group in groupby(ordered, key=lambda e: e.group_key):
            self.lines += [self._texts(key), *group]
        self.endResetModel()

    def entry(self, row: int) -> Entry | None:
        """Return the entry of a line, None for a title."""
        line = self.lines[row] if 0 <= row < len(self.lines) else None
        return line if isinstance(line, Entry) else None

    def rowCount(self, parent: Index = _ROOT) -> int:
        return 0 if parent.isValid() else len(self.lines)

    def flags(self, index: Index) -> Qt.ItemFlag:
        if self.entry(index.row()) is None:
            return Qt.ItemFlag.NoItemFlags
        return Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable

    def data(self, index: Index, role: int = 0) -> object:
        entry = self.entry(index.row())
        if role == _ENTRY:
            return entry
        if role not in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.AccessibleTextRole):
            return None
        if entry is None:
            return self.lines[index.row()]
        group = self._texts(entry.group_key)
        parts = (entry.text, entry.detail, native(entry.shortcut), group)
        return ", ".join(part for part in parts if part)


class _Lines(QStyledItemDelegate):
    """Paint an entry with icon, detail and key, or the title of a group."""

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        high = _TITLE if index.data(_ENTRY) is None else _LINE
        return QSize(0, theme().px(high))

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        entry, look = index.data(_ENTRY), theme()
        painter.save()
        painter.fillRect(option.rect, look.color("panel"))
        if entry is None:
            painter.setFont(look.font(SMALL, bold=True))
            painter.setPen(look.color("ink2"))
            area = option.rect.adjusted(look.px(10), 0, 0, 0)
            painter.drawText(area, Qt.AlignmentFlag.AlignVCenter, index.data())
        else:
            self._entry(painter, option, entry)
        painter.restore()

    def _entry(self, painter: QPainter, option: QStyleOptionViewItem, entry: Entry) -> None:
        look, area = theme(), option.rect
        if option.state & QStyle.StateFlag.State_Selected:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(look.color("selected"))
            painter.drawRoundedRect(QRectF(area), look.px(6), look.px(6))
        side = look.px(17)
        top = area.y() + (area.height() - side) / 2
        name = entry.icon or "arrow-right"
        draw_icon(
            painter, QRectF(area.x() + look.px(10), top, side, side), name, look.color("ink2")
        )
        inner = area.adjusted(look.px(37), 0, -look.px(10), 0)
        inner = _right(painter, inner, native(entry.shortcut), TINY)
        inner = _right(painter, inner, entry.detail, SMALL)
        painter.setFont(look.font(BODY))
        painter.setPen(look.color("ink"))
        elide = Qt.TextElideMode.ElideRight
        shown = painter.fontMetrics().elidedText(entry.text, elide, inner.width())
        painter.drawText(inner, Qt.AlignmentFlag.AlignVCenter, shown)


def _right(painter: QPainter, area: QRect, text: str, size: float) -> QRect:
    """Write at the right, in at most half of the room; return the room that is left."""
    if not text:
        return area
    painter.setFont(theme().font(size))
    painter.setPen(theme().color("ink2"))
    shown = painter.fontMetrics().elidedText(text, Qt.TextElideMode.ElideRight, area.width() // 2)
    painter.drawText(area, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight, shown)
    return area.adjusted(0, 0, -painter.fontMetrics().horizontalAdvance(shown) - theme().px(10), 0)


class PaletteDialog(QDialog):
    """A field and what it finds; arrows move, Enter runs, Esc leaves."""

    def __init__(self, texts: Texts, source: Source, parent: QWidget) -> None:
        super().__init__(parent, Qt.WindowType.Dialog | Qt.WindowType.FramelessWindowHint)
        self._source = source
        self.setWindowTitle(texts("shell.palette"))
        self.setAccessibleName(texts("shell.palette"))
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.field = SearchField(texts("shell.palette"), texts("shell.find"), icon="search")
        self.field.installEventFilter(self)
        self.field.searched.connect(self._ask)
        self._model = _Entries(texts, self)
        self.list = QListView()
        self.list.setModel(self._model)
        self.list.setItemDelegate(_Lines(self))
        self.list.setAccessibleName(texts("shell.palette.found"))
        self.list.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.list.clicked.connect(self._run)
        self._none = Label(texts("shell.palette.none"), "secondary", wrap=True)
        self._none.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._none.hide()
        ground = Pane("toast")
        whole = Column(self.field, self.list, self._none, gap=8, margins=(12, 12, 12, 12))
        put(ground, whole)
        put(self, Column(ground, gap=0))
        self._place(parent.window())
        self._ask("")

    def _place(self, window: QWidget) -> None:
        look = theme()
        width = min(look.px(_WIDTH), window.width() - look.px(32))
        height = min(look.px(_HEIGHT), window.height() - look.px(_TOP + 24))
        self.resize(width, height)
        top = min(look.px(_TOP), window.height() // 8)
        self.move(window.mapToGlobal(QPoint((window.width() - width) // 2, top)))

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Let the arrows move in the list while the field keeps the keyboard."""
        if isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress:
            step = {Qt.Key.Key_Down: 1, Qt.Key.Key_Up: -1}.get(Qt.Key(event.key()))
            if step is not None:
                self._move(step)
                return True
            if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
                # What was typed within the last blink has not been asked for yet
                self.field.returnPressed.emit()
                self._run(self.list.currentIndex())
                return True
        return super().eventFilter(watched, event)

    def _move(self, step: int) -> None:
        row = self.list.currentIndex().row() + step
        while 0 <= row < self._model.rowCount() and self._model.entry(row) is None:
            row += step
        if self._model.entry(row) is not None:
            self.list.setCurrentIndex(self._model.index(row, 0))
        elif row < 0:
            self.list.scrollToTop()

    def _ask(self, text: str) -> None:
        self._source(text, self._show)

    def _show(self, entries: Sequence[Entry]) -> None:
        kept = self._model.entry(self.list.currentIndex().row())
        self._model.show_entries(entries)
        self._none.setVisible(not entries)
        self.list.setVisible(bool(entries))
        rows = [row for row, line in enumerate(self._model.lines) if isinstance(line, Entry)]
        again = (r for r in rows if kept is not None and self._same(r, kept))
        chosen = next(again, None) if self.field.value else None
        if rows:
            self.list.setCurrentIndex(self._model.index(rows[0] if chosen is None else chosen, 0))
            self.list.scrollToTop()

    def _same(self, row: int, kept: Entry) -> bool:
        entry = self._model.entry(row)
        return entry is not None and (entry.text, entry.detail) == (kept.text, kept.detail)

    def _run(self, index: QModelIndex) -> None:
        entry = self._model.entry(index.row())
        if entry is not None:
            run = entry.run
            self.accept()
            QTimer.singleShot(0, run)
