"""An area of pages one below the other: zoom, scrolling, and which page is in sight."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QResizeEvent, QWheelEvent
from PySide6.QtWidgets import QAbstractScrollArea, QWidget

from ui.kit.pdfview.stack import PageStack, fit_width
from ui.kit.theme import theme

ZOOM_MIN, ZOOM_MAX, ZOOM_STEP = 25, 400, 1.2
_EMPTY = PageStack((), 1.0, 0)


class PageArea(QAbstractScrollArea):
    """Lay pages of given sizes out; `page_changed(int)`, `zoom_changed(int percent)`."""

    page_changed = Signal(int)
    zoom_changed = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._stack = _EMPTY
        self._fit, self._zoom, self._page = True, 1.0, 0
        self.verticalScrollBar().valueChanged.connect(self._scrolled)
        theme().changed.connect(self._relayout)

    @property
    def page_count(self) -> int:
        """Return the number of pages, 0 without a file."""
        return len(self._stack.sizes)

    def page_size(self, page: int) -> tuple[float, float]:
        """Return width and height of a page in points."""
        return self._stack.sizes[page]

    @property
    def page(self) -> int:
        """Return the page in sight, from 0."""
        return self._page

    @property
    def zoom(self) -> int:
        """Return the zoom in percent of the paper's size."""
        return round(self._zoom * 72 / 96 * 100)

    @property
    def fits(self) -> bool:
        """Tell whether the zoom follows the width."""
        return self._fit

    def go_to(self, page: int) -> None:
        """Bring a page to the top."""
        if 0 <= page < self.page_count:
            self.verticalScrollBar().setValue(round(self._stack.rect(page).top()) - 4)

    def fit_width(self) -> None:
        """Let the pages fill the width from now on."""
        self._fit = True
        self._relayout()

    def set_zoom(self, percent: int) -> None:
        """Show at a percentage of the paper's size."""
        self._fit = False
        self._zoom = max(ZOOM_MIN, min(ZOOM_MAX, percent)) / 100 * 96 / 72
        self._relayout()

    def zoom_in(self) -> None:
        """Show larger."""
        self.set_zoom(round(self.zoom * ZOOM_STEP))

    def zoom_out(self) -> None:
        """Show smaller."""
        self.set_zoom(round(self.zoom / ZOOM_STEP))

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: D102
        super().resizeEvent(event)
        self._relayout()

    def wheelEvent(self, event: QWheelEvent) -> None:  # noqa: D102
        if event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            (self.zoom_in if event.angleDelta().y() > 0 else self.zoom_out)()
            event.accept()
            return
        super().wheelEvent(event)

    def _set_sizes(self, sizes: tuple[tuple[float, float], ...]) -> None:
        """Lay out other pages, the first one at the top; none for no file."""
        self._stack = PageStack(sizes, 1.0, 0) if sizes else _EMPTY
        self._page = 0
        self._relayout()
        self.verticalScrollBar().setValue(0)

    def _relayout(self) -> None:
        before, sizes = self._stack, self._stack.sizes
        width, height = self.viewport().width(), self.viewport().height()
        if self._fit:
            self._zoom = fit_width(sizes, width)
        bar = self.verticalScrollBar()
        share = bar.value() / before.height if before.height else 0.0
        self._stack = PageStack(sizes, self._zoom, width)
        across = self.horizontalScrollBar()
        across.setRange(0, max(0, self._stack.width - width) if sizes else 0)
        across.setPageStep(width)
        bar.setRange(0, max(0, self._stack.height - height) if sizes else 0)
        bar.setPageStep(height)
        bar.setSingleStep(theme().px(40))
        bar.setValue(round(share * self._stack.height))
        self.zoom_changed.emit(self.zoom)
        self.viewport().update()

    def _offset(self) -> QPointF:
        return QPointF(self.horizontalScrollBar().value(), self.verticalScrollBar().value())

    def _visible(self) -> range:
        top = self.verticalScrollBar().value()
        return self._stack.pages(top, top + self.viewport().height())

    def _scrolled(self) -> None:
        if not self.page_count:
            return
        middle = self.verticalScrollBar().value() + self.viewport().height() / 3
        page = self._stack.page_at(middle)
        if page != self._page:
            self._page = page
            self.page_changed.emit(page)
        self.viewport().update()

    def _place(self, position: QPointF) -> tuple[int, tuple[float, float], QPointF]:
        spot = position + self._offset()
        page = self._stack.page_at(spot.y())
        return page, self._stack.to_points(page, spot), spot

    def _bring(self, rect: QRectF) -> None:
        """Scroll so that a place stands in the middle."""
        middle = rect.center() - self.viewport().rect().center()
        self.verticalScrollBar().setValue(round(middle.y()))
        self.horizontalScrollBar().setValue(round(middle.x()))
