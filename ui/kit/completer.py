"""Suggestions under a field: a popup only, never text put into what is being typed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from PySide6.QtCore import QEvent, QObject, QPoint, QStringListModel, Qt, QTimer, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QAbstractItemView, QLineEdit, QListView

from app.kernel.text import fold, is_folded, normal
from ui.kit.fields import DEBOUNCE_MS
from ui.kit.theme import theme

SHOWN = 8


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A text to take over; `value` is what `chosen` carries, the suggestion itself if None."""

    text: str
    detail: str = ""
    value: object = None


def fold_match(query: str, texts: Iterable[str], limit: int = SHOWN) -> list[str]:
    """Return the texts that hold every word of a query.

    A query without tones matches every form; one with tones puts exact forms first. Texts
    that begin with the query come before others.
    """
    wanted = fold(normal(query)).split()
    exact = normal(query).lower()

    def rank(text: str) -> tuple[bool, bool]:
        toned = not is_folded(query) and exact not in normal(text).lower()
        return toned, not fold(text).startswith(" ".join(wanted))

    hits = [text for text in texts if all(word in fold(text) for word in wanted)]
    return sorted(hits, key=rank)[:limit]


class Completer(QObject):
    """Offer suggestions for a field; `chosen(object)` when one is taken with Enter or a click.

    `suggest` is called on the GUI thread and answers at once, from what is in memory.
    """

    chosen = Signal(object)

    def __init__(
        self, field: QLineEdit, suggest: Callable[[str], Sequence[str | Suggestion]]
    ) -> None:
        super().__init__(field)
        self._field = field
        self._suggest = suggest
        self._offers: list[Suggestion] = []
        self._composing = False
        self._model = QStringListModel(self)
        self._popup = _popup(field, self._model)
        self._popup.clicked.connect(lambda index: self._take(index.row()))
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(DEBOUNCE_MS)
        self._timer.timeout.connect(self.offer)
        field.textEdited.connect(lambda _: self._timer.start())
        field.installEventFilter(self)

    @property
    def popup(self) -> QListView:
        """Return the list that pops up."""
        return self._popup

    def offer(self) -> None:
        """Show what fits the text of now."""
        if self._composing or not self._field.hasFocus():
            return
        found = self._suggest(normal(self._field.text()))[:SHOWN]
        self._offers = [o if isinstance(o, Suggestion) else Suggestion(o) for o in found]
        lines = [" — ".join(part for part in (o.text, o.detail) if part) for o in self._offers]
        self._model.setStringList(lines)
        if not lines:
            self._popup.hide()
            return
        row = max(self._popup.sizeHintForRow(0), theme().px(30))
        height = row * len(lines) + theme().px(12)
        self._popup.setGeometry(0, 0, max(self._field.width(), theme().px(200)), height)
        self._popup.move(self._field.mapToGlobal(QPoint(0, self._field.height() + 2)))
        self._popup.setCurrentIndex(self._model.index(-1))
        self._popup.show()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: D102
        kind = event.type()
        if kind is QEvent.Type.InputMethod:
            self._composing = bool(event.preeditString())  # type: ignore[attr-defined]
            self._timer.start()
        elif kind is QEvent.Type.FocusOut:
            self._popup.hide()
        elif kind is QEvent.Type.KeyPress and isinstance(event, QKeyEvent):
            return self._key(event) or super().eventFilter(watched, event)
        return super().eventFilter(watched, event)

    def _key(self, event: QKeyEvent) -> bool:
        if not self._popup.isVisible():
            if event.key() == Qt.Key.Key_Down and not event.modifiers():
                self.offer()
                return True
            return False
        place = self._popup.currentIndex().row()
        if event.key() in (Qt.Key.Key_Down, Qt.Key.Key_Up):
            step = 1 if event.key() == Qt.Key.Key_Down else -1
            self._popup.setCurrentIndex(self._model.index((place + step) % len(self._offers)))
            return True
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and place >= 0:
            self._take(place)
            return True
        if event.key() == Qt.Key.Key_Escape:
            self._popup.hide()
            return True
        return False

    def _take(self, place: int) -> None:
        offer = self._offers[place]
        self._popup.hide()
        self._field.setText(offer.text)
        self.chosen.emit(offer if offer.value is None else offer.value)


def _popup(field: QLineEdit, model: QStringListModel) -> QListView:
    popup = QListView(field)
    flags = Qt.WindowType.ToolTip | Qt.WindowType.FramelessWindowHint
    popup.setWindowFlags(flags)
    popup.setAttribute(Qt.WidgetAttribute.WA_ShowWithoutActivating)
    popup.setFocusPolicy(Qt.FocusPolicy.NoFocus)
    popup.setProperty("look", "popup")
    popup.setAccessibleName(field.accessibleName())
    popup.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
    popup.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    popup.setModel(model)
    popup.hide()
    return popup
