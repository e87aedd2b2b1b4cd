"""What card lists and tables share: choosing rows by key, opening, going on to the next."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QModelIndex, QTimer, Signal
from PySide6.QtGui import QKeyEvent, Qt
from PySide6.QtWidgets import QTableView

from ui.kit.rowmodel import ROW, RowModel


class RowsView(QTableView):
    """Choose rows of a `RowModel` and keep the choice when the rows are asked again.

    `chosen(row)` when another row is current, `opened(row)` on Enter or double click.
    """

    chosen = Signal(object)
    opened = Signal(object)

    def attach(self, model: RowModel) -> None:
        """Show a model."""
        self._rows = model
        self._key: object | None = None
        self._place = 0
        self.setModel(model)
        self.selectionModel().currentRowChanged.connect(self._current_changed)
        self.activated.connect(self._activated)
        model.loaded.connect(self._restore)
        model.dataChanged.connect(self._arrived)

    def current_row(self) -> Any | None:
        """Return the row that is chosen."""
        index = self.currentIndex()
        return self._rows.row(index.row()) if index.isValid() else None

    def select(self, place: int) -> None:
        """Choose a row by its place."""
        if 0 <= place < self._rows.total:
            self.setCurrentIndex(self._rows.index(place, 0))
            self.scrollTo(self.currentIndex())

    def select_key(self, key: object) -> bool:
        """Choose a row by its key, if it is among those fetched."""
        place = self._rows.place_of(key)
        if place is not None:
            self.select(place)
        return place is not None

    def select_next(self) -> None:
        """Choose the row after this one, or the last."""
        self.select(min(self.currentIndex().row() + 1, self._rows.total - 1))

    def selected_rows(self) -> list[Any]:
        """Return every selected row that is fetched."""
        places = sorted({index.row() for index in self.selectedIndexes()})
        rows = [self._rows.row(place) for place in places]
        return [row for row in rows if row is not None]

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: D102
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and not event.modifiers():
            self._activated(self.currentIndex())
            return
        super().keyPressEvent(event)

    def keyboardSearch(self, search: str) -> None:
        """Leave letters alone: input methods send them, and no bare letter is a key."""

    def _activated(self, index: QModelIndex) -> None:
        row = index.data(ROW) if index.isValid() else None
        if row is not None:
            self.opened.emit(row)

    def _current_changed(self, current: QModelIndex, _before: QModelIndex) -> None:
        if not current.isValid():
            return
        self._place = current.row()
        key = self._rows.key_of(current.row())
        if key is not None and key != self._key:
            self._key = key
            self.chosen.emit(self._rows.row(current.row()))

    def _arrived(self) -> None:
        index = self.currentIndex()
        if index.isValid():
            QTimer.singleShot(0, self, lambda: self._current_changed(self.currentIndex(), index))

    def _restore(self, total: int) -> None:
        if not total:
            self._key = None
            return
        if self._key is None:
            return
        place = self._rows.place_of(self._key)
        if place is None and self._rows.fresh:
            self._key = None
            return
        self.select(min(self._place if place is None else place, total - 1))
        self._current_changed(self.currentIndex(), QModelIndex())
