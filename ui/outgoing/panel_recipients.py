"""Choose recipients: type a few letters, take a whole group, strike one out."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QAbstractItemView, QListWidget, QListWidgetItem, QWidget

from app.kernel.text import fold
from app.kernel.texts import Texts
from ui.kit.buttons import Button
from ui.kit.choice import Choice
from ui.kit.completer import Completer, Suggestion
from ui.kit.fields import LineEdit
from ui.kit.labels import Label
from ui.kit.layout import Column, Row
from ui.kit.theme import theme
from ui.outgoing.model_recipients import GROUPS, Directory

_ROLE = int(Qt.ItemDataRole.UserRole)


class _Chosen(QListWidget):
    struck = Signal()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Strike the current one out with Delete."""
        if event.key() == Qt.Key.Key_Delete:
            self.struck.emit()
        else:
            super().keyPressEvent(event)

    def keyboardSearch(self, search: str) -> None:
        """Leave letters alone: no bare letter is a key."""


class RecipientsPanel(QWidget):
    """Field with suggestions, groups, and the list of those chosen; `changed` on every change."""

    changed = Signal()

    def __init__(self, texts: Texts, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._texts = texts
        self._directory = Directory()
        self.field = LineEdit(texts("outpages.to.add"), placeholder=texts("outpages.to.hint"))
        self._completer = Completer(self.field, self._suggest)
        self._completer.chosen.connect(self._take)
        self.field.returnPressed.connect(self._take_typed)
        groups = {"": texts("outpages.to.group")}
        groups |= {name: texts(f"outpages.to.group.{name}") for name in GROUPS}
        self.groups = Choice(texts("outpages.to.group"), groups)
        self.groups.setSizeAdjustPolicy(
            Choice.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon
        )
        self.groups.setMinimumContentsLength(12)
        self.groups.changed.connect(self._take_group)
        self.list = _Chosen()
        self.list.setAccessibleName(texts("outpages.recipients"))
        self.list.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.list.struck.connect(self._strike)
        self.list.setFixedHeight(theme().px(96))
        self._count = Label("", "faint")
        self._remove = Button(texts("outpages.to.remove"), "link", shortcut="Delete")
        self._remove.clicked.connect(self._strike)
        top = Row(self.field, self.groups, gap=8)
        top.setStretch(0, 1)
        self.setLayout(Column(top, self.list, Row(self._count, None, self._remove), gap=5))
        self.setFocusProxy(self.field)
        self._tell()

    def set_directory(self, directory: Directory) -> None:
        """Choose from these agencies."""
        self._directory = directory

    @property
    def value(self) -> tuple[tuple[str, str], ...]:
        """Return (unit id or "", name) of those chosen, in order."""
        items = (self.list.item(place) for place in range(self.list.count()))
        return tuple((str(item.data(_ROLE) or ""), item.text()) for item in items)

    def set_value(self, chosen: Sequence[tuple[str, str]]) -> None:
        """Show those chosen, without a signal."""
        self.list.clear()
        for unit, name in chosen:
            self._put(unit, name)
        self._tell()

    def add(self, more: Sequence[tuple[str, str]]) -> None:
        """Add recipients that are not there yet."""
        known = {unit or fold(name) for unit, name in self.value}
        for unit, name in more:
            if (unit or fold(name)) not in known:
                known.add(unit or fold(name))
                self._put(unit, name)
        self._tell()
        self.changed.emit()

    def set_error(self, error: bool) -> None:
        """Mark the field as wrong, or not."""
        self.field.set_error(error)

    def _put(self, unit: str, name: str) -> None:
        item = QListWidgetItem(name)
        item.setData(_ROLE, unit)
        if not unit:
            item.setToolTip(self._texts("outpages.paper_only"))
        self.list.addItem(item)

    def _suggest(self, text: str) -> Sequence[Suggestion]:
        found = self._directory.find(text)
        return [Suggestion(row.name, row.abbr, (row.id, row.name)) for row in found]

    def _take(self, pair: tuple[str, str]) -> None:
        self.field.clear()
        self.add([pair])

    def _take_typed(self) -> None:
        """Take the only or the exact match, else the words as somebody who gets paper.

        While several match and their list is open, it waits to be chosen from.
        """
        typed = self.field.value
        found = self._directory.find(typed) if typed else ()
        exact = [row for row in found if fold(row.name) == fold(typed)]
        meant = exact or found
        if not typed or (len(meant) > 1 and self._completer.popup.isVisible()):
            return
        self._completer.popup.hide()
        self.field.clear()
        self.add([(meant[0].id, meant[0].name)] if len(meant) == 1 else [("", typed)])

    def _take_group(self, name: str) -> None:
        if name:
            self.add(self._directory.group(name))
            self.groups.set_value("")

    def _strike(self) -> None:
        place = self.list.currentRow()
        if place >= 0:
            self.list.takeItem(place)
            self._tell()
            self.changed.emit()

    def _tell(self) -> None:
        self._count.setText(self._texts("outpages.to.count", n=self.list.count()))
        self._remove.setEnabled(self.list.count() > 0)
