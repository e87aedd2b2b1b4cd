"""Layouts on the 8 px grid that follow the scale of the theme."""

from __future__ import annotations

from PySide6.QtWidgets import QBoxLayout, QGridLayout, QLayout, QWidget

from ui.kit.theme import theme

Item = QWidget | QLayout | int | None


class _Box(QBoxLayout):
    """A box whose gap and margins are given for 100 %."""

    def __init__(
        self,
        direction: QBoxLayout.Direction,
        items: tuple[Item, ...],
        gap: float,
        margins: tuple[float, float, float, float],
    ) -> None:
        super().__init__(direction)
        self._gap = gap
        self._margins = margins
        self._rescale()
        theme().changed.connect(self._rescale)
        self.extend(*items)

    def extend(self, *items: Item) -> None:
        """Add widgets, layouts, gaps (int pixels at 100 %) or a stretch (None)."""
        for item in items:
            if item is None:
                self.addStretch(1)
            elif isinstance(item, int):
                self.addSpacing(theme().px(item))
            elif isinstance(item, QWidget):
                self.addWidget(item)
            else:
                self.addLayout(item)

    def set_margins(self, margins: tuple[float, float, float, float]) -> None:
        """Give other margins, for 100 %: left, top, right, bottom."""
        self._margins = margins
        self._rescale()

    def _rescale(self) -> None:
        look = theme()
        self.setSpacing(look.px(self._gap))
        self.setContentsMargins(*(look.px(m) for m in self._margins))


class Row(_Box):
    """Lay items side by side."""

    def __init__(
        self,
        *items: Item,
        gap: float = 8,
        margins: tuple[float, float, float, float] = (0, 0, 0, 0),
    ) -> None:
        super().__init__(QBoxLayout.Direction.LeftToRight, items, gap, margins)


class Column(_Box):
    """Lay items one below the other."""

    def __init__(
        self,
        *items: Item,
        gap: float = 8,
        margins: tuple[float, float, float, float] = (0, 0, 0, 0),
    ) -> None:
        super().__init__(QBoxLayout.Direction.TopToBottom, items, gap, margins)


class Grid(QGridLayout):
    """Lay items in a grid."""

    def __init__(
        self,
        gap: float = 8,
        column_gap: float = 12,
        margins: tuple[float, float, float, float] = (0, 0, 0, 0),
    ) -> None:
        super().__init__()
        self._gaps = (gap, column_gap)
        self._margins = margins
        self._rescale()
        theme().changed.connect(self._rescale)

    def _rescale(self) -> None:
        look = theme()
        self.setVerticalSpacing(look.px(self._gaps[0]))
        self.setHorizontalSpacing(look.px(self._gaps[1]))
        self.setContentsMargins(*(look.px(m) for m in self._margins))


def put(widget: QWidget, layout: QLayout) -> QWidget:
    """Give a widget its layout and return the widget."""
    widget.setLayout(layout)
    return widget
