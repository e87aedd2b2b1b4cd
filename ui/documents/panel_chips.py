"""Chips that go on to a second line where one has no room."""

from __future__ import annotations

from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QWidget

from ui.kit.buttons import ChipRow
from ui.kit.theme import theme

_GAP = 6


class FlowChips(ChipRow):
    """A `ChipRow` that places its chips by itself and grows by lines."""

    def __init__(self, chips: dict[str, str], parent: QWidget | None = None) -> None:
        super().__init__(chips, parent=parent)
        self._keys = tuple(chips)
        row = self.layout()
        while row is not None and row.takeAt(0) is not None:
            continue
        theme().changed.connect(self.flow)
        self.flow()

    def flow(self) -> None:
        """Place the chips in as many lines as they need."""
        gap, x, y, line = theme().px(_GAP), 0, 0, 0
        for key in self._keys:
            chip = self.chip(key)
            size = chip.sizeHint()
            if x and x + size.width() > self.width():
                x, y = 0, y + line + gap
            chip.setGeometry(x, y, size.width(), size.height())
            x, line = x + size.width() + gap, size.height()
        self.setFixedHeight(y + line)

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: D102
        super().resizeEvent(event)
        self.flow()
