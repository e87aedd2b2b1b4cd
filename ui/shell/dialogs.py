"""The shell's own dialogs: palette, map of keys, person menu, crash."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtCore import QAbstractListModel, QEvent, QModelIndex, QObject, Qt, QTimer
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import (
    QDialog,
    QLineEdit,
    QListView,
    QPlainTextEdit,
    QTableWidget,
    QTableWidgetItem,
    QWidget,
)

from app.kernel.text import normal
from app.kernel.texts import Texts
from ui.kit.actions import KeyRow, native
from ui.kit.buttons import Button
from ui.kit.labels import Label
from ui.kit.layout import Column, Row, put
from ui.kit.theme import theme
from ui.shell.palette_model import Entry

_DEBOUNCE_MS = 120
Source = Callable[[str, Callable[[Sequence[Entry]], None]], None]


class _Entries(QAbstractListModel):
    def __init__(self, texts: Texts, parent: QObject) -> None:
        super().__init__(parent)
        self._texts = texts
        self.entries: list[Entry] = []

    def show_entries(self, entries: Sequence[Entry]) -> None:
        """Replace what is listed."""
        self.beginResetModel()
        self.entries = list(entries)
        self.endResetModel()

    def rowCount(self, parent: QModelIndex = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else len(self.entries)

    def data(self, index: QModelIndex, role: int = 0) -> object:
        if not index.isValid():
            return None
        entry = self.entries[index.row()]
        tail = " · ".join(part for part in (entry.detail, native(entry.shortcut)) if part)
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.AccessibleTextRole):
            group = self._texts(entry.group_key)
            return f"{entry.text}   {tail}   ({group})" if tail else f"{entry.text}   ({group})"
        return None


class PaletteDialog(QDialog):
    """Find an act, a page, a document, a person or a unit, and go there."""

    def __init__(self, texts: Texts, source: Source, parent: QWidget) -> None:
        super().__init__(parent, Qt.WindowType.Dialog | Qt.WindowType.FramelessWindowHint)
        self._source = source
        self.setWindowTitle(texts("shell.palette"))
        self.setAccessibleName(texts("shell.palette"))
        self._field = QLineEdit()
        self._field.setPlaceholderText(texts("shell.find"))
        self._field.setAccessibleName(texts("shell.find"))
        self._field.installEventFilter(self)
        self._model = _Entries(texts, self)
        self._list = QListView()
        self._list.setModel(self._model)
        self._list.setAccessibleName(texts("shell.palette.found"))
        self._list.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._list.activated.connect(self._run)
        self._list.clicked.connect(self._run)
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(self._ask)
        self._field.textChanged.connect(lambda: self._timer.start(_DEBOUNCE_MS))
        put(self, Column(self._field, self._list, gap=8, margins=(12, 12, 12, 12)))
        self.resize(theme().px(640), theme().px(420))
        self._ask()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Let the arrows move in the list while the field keeps the focus."""
        if isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress:
            step = {Qt.Key.Key_Down: 1, Qt.Key.Key_Up: -1}.get(Qt.Key(event.key()))
            if step is not None:
                self._move(step)
                return True
            if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
                self._run(self._list.currentIndex())
                return True
        return super().eventFilter(watched, event)

    def _move(self, step: int) -> None:
        row = max(0, min(self._model.rowCount() - 1, self._list.currentIndex().row() + step))
        self._list.setCurrentIndex(self._model.index(row, 0))

    def _ask(self) -> None:
        self._source(normal(self._field.text()), self._show)

    def _show(self, entries: Sequence[Entry]) -> None:
        self._model.show_entries(entries)
        if entries:
            self._list.setCurrentIndex(self._model.index(0, 0))

    def _run(self, index: QModelIndex) -> None:
        if index.isValid():
            entry = self._model.entries[index.row()]
            self.accept()
            QTimer.singleShot(0, entry.run)


class KeysDialog(QDialog):
    """The map of all keys, by group."""

    def __init__(self, texts: Texts, rows: Sequence[KeyRow], parent: QWidget) -> None:
        super().__init__(parent)
        self.setWindowTitle(texts("shell.keys"))
        self.setAccessibleName(texts("shell.keys"))
        table = QTableWidget(len(rows), 3, self)
        table.setAccessibleName(texts("shell.keys"))
        headers = [texts(f"shell.keys.{name}") for name in ("key", "act", "group")]
        table.setHorizontalHeaderLabels(headers)
        table.verticalHeader().hide()
        table.setEditTriggers(QTableWidget.EditTrigger.NoEditTriggers)
        table.setSelectionBehavior(QTableWidget.SelectionBehavior.SelectRows)
        for line, row in enumerate(rows):
            for column, text in enumerate((row.shortcut, row.text, row.group)):
                table.setItem(line, column, QTableWidgetItem(text))
        table.resizeColumnsToContents()
        table.horizontalHeader().setStretchLastSection(True)
        close = Button(texts("shell.close"), "primary")
        close.clicked.connect(self.accept)
        put(self, Column(table, Row(None, close), gap=12, margins=(16, 16, 16, 16)))
        self.resize(theme().px(680), theme().px(560))


class CrashDialog(QDialog):
    """Say that the program erred, what to do, and what may be sent: no document content."""

    def __init__(self, texts: Texts, places: str, parent: QWidget | None) -> None:
        super().__init__(parent)
        self.setWindowTitle(texts("shell.crash"))
        self.setAccessibleName(texts("shell.crash"))
        shown = QPlainTextEdit(places)
        shown.setReadOnly(True)
        shown.setAccessibleName(texts("shell.crash.report"))
        close = Button(texts("shell.crash.go_on"), "primary")
        close.clicked.connect(self.accept)
        put(self, Column(
            Label(texts("shell.crash"), "title"),
            Label(texts("shell.crash.text"), wrap=True),
            shown, Row(None, close), gap=12, margins=(20, 20, 20, 20),
        ))  # fmt: skip
        self.resize(theme().px(560), theme().px(380))
