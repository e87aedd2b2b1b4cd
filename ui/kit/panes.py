"""Panes side by side; where the window is narrow, the list and the reader take turns."""

from __future__ import annotations

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QSplitter, QWidget

from ui.kit.layout import Column
from ui.kit.theme import theme

NARROW = 880
"""Below this width, in pixels at 100 %, one pane is shown at a time."""


class Panes(QWidget):
    """A list at the left and what belongs to its choice at the right.

    `narrowed(bool)` when the panes begin or end to take turns, and at their first size.
    """

    narrowed = Signal(bool)

    def __init__(
        self, first: QWidget, second: QWidget, share: float = 370, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._first, self._second, self._share = first, second, share
        self._narrow = self._told = False
        self._detail = False
        self.first_shown = True
        self._splitter = QSplitter(Qt.Orientation.Horizontal)
        self._splitter.setChildrenCollapsible(False)
        self._splitter.setHandleWidth(1)
        for pane in (first, second):
            self._splitter.addWidget(pane)
        self._splitter.setStretchFactor(1, 1)
        self.setLayout(Column(self._splitter, gap=0))
        self._fit()
        theme().changed.connect(self._fit)

    @property
    def narrow(self) -> bool:
        """Tell whether the panes take turns."""
        return self._narrow

    def show_detail(self, *, detail: bool) -> None:
        """Show the second pane, or the first, where there is no room for both."""
        self._detail = detail
        self._turn()

    def show_first(self, *, first: bool) -> None:
        """Show the first pane, or leave all the room to the second."""
        self.first_shown = first
        self._turn()
        QTimer.singleShot(0, self, self._divide)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Share the new width."""
        super().resizeEvent(event)
        self._fit()
        if not self._told:
            # Whoever listens came after the panes were made, which begin without any width
            self._told = True
            self.narrowed.emit(self._narrow)

    def _fit(self) -> None:
        narrow = self.width() < theme().px(NARROW)
        if narrow != self._narrow:
            self._narrow = narrow
            self.narrowed.emit(narrow)
        self._turn()
        # The splitter itself takes the new width only after this event
        QTimer.singleShot(0, self, self._divide)

    def _divide(self) -> None:
        if not self._narrow:
            first = min(theme().px(self._share), round(self.width() * 0.55))
            self._splitter.setSizes([first, max(1, self.width() - first)])

    def _turn(self) -> None:
        turns = self._narrow and self.first_shown
        self._first.setVisible(self.first_shown and not (turns and self._detail))
        self._second.setVisible(not turns or self._detail)
