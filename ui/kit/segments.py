"""A row of exclusive choices, such as the degrees of urgency."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QButtonGroup, QSizePolicy, QWidget

from ui.kit.buttons import Button
from ui.kit.layout import Row
from ui.kit.theme import theme


class Segment(Button):
    """One choice of a `Segmented`."""

    def __init__(self, text: str, end: str) -> None:
        super().__init__(text, "segment")
        self.setProperty("end", end)
        self.setCheckable(True)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)

    def sizeHint(self) -> QSize:  # noqa: D102
        return QSize(super().sizeHint().width(), theme().px(33))


class Segmented(QWidget):
    """Choose one of few; arrows move, `changed(str)` carries the key."""

    changed = Signal(str)

    def __init__(
        self, name: str, choices: Mapping[str, str], value: str = "", parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.setAccessibleName(name)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self._keys = list(choices)
        self._group = QButtonGroup(self)
        self._segments: dict[str, Segment] = {}
        last = len(self._keys) - 1
        for place, (key, text) in enumerate(choices.items()):
            end = "first" if place == 0 else "last" if place == last else ""
            segment = Segment(text, end)
            segment.clicked.connect(lambda _=False, key=key: self._choose(key))
            self._group.addButton(segment)
            self._segments[key] = segment
        self.setLayout(Row(*self._segments.values(), gap=0))
        self.set_value(value or self._keys[0])

    @property
    def value(self) -> str:
        """Return the key chosen."""
        return next(key for key, segment in self._segments.items() if segment.isChecked())

    def set_value(self, key: str) -> None:
        """Choose without a signal."""
        self._segments[key].setChecked(True)
        self.setAccessibleDescription(self._segments[key].label)
        self.update()

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: D102
        step = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1}.get(Qt.Key(event.key()), 0)
        if not step:
            super().keyPressEvent(event)
            return
        place = self._keys.index(self.value) + step
        if 0 <= place < len(self._keys):
            self._choose(self._keys[place])

    def _choose(self, key: str) -> None:
        self.set_value(key)
        self.changed.emit(key)
