"""The view of a PDF: pages one below the other, drawn off the GUI thread.

The lane "pdf" of the runner opens, draws and reads; this widget keeps pictures up to a bound,
asks for what is in sight, and shows a page that is on its way in a coarser picture.
"""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, Qt, Signal
from PySide6.QtGui import (
    QContextMenuEvent,
    QGuiApplication,
    QKeyEvent,
    QKeySequence,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QResizeEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QAbstractScrollArea, QMenu, QWidget

from app.kernel.errors import HoaBanError
from app.kernel.ports import Box
from ui.bridge.runner import QtRunner
from ui.kit.pdfview import overlay, paint
from ui.kit.pdfview.document import PdfFile, Source
from ui.kit.pdfview.drawer import Drawer
from ui.kit.pdfview.finder import Finder
from ui.kit.pdfview.marks import Marks
from ui.kit.pdfview.stack import PageStack, fit_width
from ui.kit.rowmodel import Runs
from ui.kit.texts import tr
from ui.kit.theme import theme

LANE = "pdf"
ZOOM_MIN, ZOOM_MAX, ZOOM_STEP = 25, 400, 1.2
_EMPTY = PageStack((), 1.0, 0)


class PdfView(QAbstractScrollArea):
    """Show a PDF, find and select its text, place a box.

    Signals: `opened(int pages)`, `failed(HoaBanError)`, `page_changed(int)`,
    `zoom_changed(int percent)`, `found(int current, int total)` (current from 1, 0 for none),
    `box_moved(Box)`, `drawn(int page)` when a page stands in its full sharpness.
    """

    opened = Signal(int)
    failed = Signal(object)
    page_changed = Signal(int)
    zoom_changed = Signal(int)
    found = Signal(int, int)
    box_moved = Signal(object)
    drawn = Signal(int)

    def __init__(self, runner: Runs | None = None, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._own = QtRunner(self, {LANE: 1}) if runner is None else None
        self._submit = (self._own or runner).submit  # type: ignore[union-attr]
        self._file: PdfFile | None = None
        self._generation = 0
        self._stack = _EMPTY
        self._drawer = Drawer(self._submit, LANE)
        self._drawer.drawn.connect(self._drawn)
        self._drawer.failed.connect(self._broken)
        self._fit, self._zoom, self._page = True, 1.0, 0
        self._box: Box | None = None
        self._box_text = ""
        self._grip: overlay.Grip | None = None
        self._marks = Marks(self._submit, LANE)
        self._marks.changed.connect(self.viewport().update)
        self._finder = Finder(self._submit, LANE)
        self._finder.changed.connect(self._show_hit)
        self._selecting = False
        self.setAccessibleName(tr("kit.pdf.view"))
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.viewport().setMouseTracking(True)
        self.verticalScrollBar().valueChanged.connect(self._scrolled)
        theme().changed.connect(self._relayout)

    # -- files

    def open(self, source: Source) -> None:
        """Open bytes, or what a callable opens on the lane; `opened` or `failed` tells."""
        self.close_file()
        generation = self._generation
        self._submit(
            LANE,
            lambda: PdfFile(source),
            lambda file: self._take(generation, file),
            lambda error: self._fail(generation, error),
        )

    def close_file(self) -> None:
        """Show nothing and let the file go."""
        self._generation += 1
        self._drawer.clear()
        self._marks.close()
        self._finder.close()
        self._box = None
        self._page = 0
        if self._file is not None:
            self._submit(LANE, self._file.close, _nothing, _nothing)
        self._file = None
        self._stack = _EMPTY
        self._relayout()

    def shutdown(self) -> None:
        """Close the file; join the thread if the view has one of its own."""
        self.close_file()
        if self._own is not None:
            self._own.close()

    # -- pages and zoom

    @property
    def page_count(self) -> int:
        """Return the number of pages, 0 without a file."""
        return len(self._stack.sizes)

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

    @property
    def sharp(self) -> bool:
        """Tell whether every page in sight stands in its full sharpness."""
        missing = self._drawer.missing(self._visible(), self._scale())
        return self._file is not None and not missing

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

    # -- text

    def find_text(self, text: str) -> None:
        """Look for a text on all pages; `found` tells, the first place is shown."""
        if self._file is not None:
            self._finder.find(self._file, self.page_count, text, self._page)

    def find_next(self) -> None:
        """Go to the next place."""
        self._finder.step(1)

    def find_previous(self) -> None:
        """Go to the place before."""
        self._finder.step(-1)

    @property
    def selected_text(self) -> str:
        """Return the text selected."""
        return self._marks.selected_text

    def copy(self) -> None:
        """Put the selected text on the clipboard."""
        if self.selected_text:
            QGuiApplication.clipboard().setText(self.selected_text)

    # -- the box

    @property
    def box(self) -> Box | None:
        """Return the box that the person places."""
        return self._box

    def place_box(self, box: Box, text: str = "") -> None:
        """Show a box to drag, resize (lower right corner) or move with the arrow keys."""
        self._box = overlay.inside(box, self._stack.sizes[box.page])
        self._box_text = text or tr("kit.pdf.box")
        rect = self._box_rect(self._box)
        middle = round(rect.center().y() - self.viewport().height() / 2)
        self.verticalScrollBar().setValue(middle)
        self.viewport().update()

    def clear_box(self) -> None:
        """Take the box away."""
        self._box = None
        self.viewport().update()

    # -- Qt

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: D102
        super().resizeEvent(event)
        self._relayout()

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: D102
        painter = QPainter(self.viewport())
        painter.fillRect(self.viewport().rect(), theme().color("bg"))
        painter.translate(-self._offset())
        for page in self._visible():
            rect = self._stack.rect(page)
            paint.page(painter, rect, self._drawer.picture(page, self._scale()))
            self._paint_marks(painter, page)
        if self._box is not None:
            paint.box(painter, self._box_rect(self._box), self._box_text, focus=self.hasFocus())
        painter.end()
        if self._file is not None:
            self._drawer.want(self._file, self._visible(), self._scale())

    def wheelEvent(self, event: QWheelEvent) -> None:  # noqa: D102
        if event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            (self.zoom_in if event.angleDelta().y() > 0 else self.zoom_out)()
            event.accept()
            return
        super().wheelEvent(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: D102
        if self._box is not None:
            size = self._stack.sizes[self._box.page]
            moved = overlay.nudged(self._box, event.key(), event.modifiers(), size)
            if moved is not None:
                self._move_box(moved)
                return
        if event.matches(QKeySequence.StandardKey.Copy):
            self.copy()
        elif event.key() in (Qt.Key.Key_Home, Qt.Key.Key_End):
            self.go_to(0 if event.key() == Qt.Key.Key_Home else self.page_count - 1)
        else:
            super().keyPressEvent(event)

    def mousePressEvent(self, event: QMouseEvent) -> None:  # noqa: D102
        if event.button() is not Qt.MouseButton.LeftButton or not self.page_count:
            return
        page, point, spot = self._place(event.position())
        if self._box is not None and self._box.page == page:
            rect = self._box_rect(self._box)
            self._grip = overlay.grip(rect, spot, self._box, point)
        if self._grip is None and self._file is not None:
            self._selecting = True
            self._marks.begin(self._file, page, point)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:  # noqa: D102
        if not self.page_count:
            return
        page, point, spot = self._place(event.position())
        if self._grip is not None and self._box is not None:
            page = self._box.page
            point = self._stack.to_points(page, spot)
            self._move_box(overlay.dragged(self._grip, point, self._stack.sizes[page]))
        elif self._selecting:
            self._marks.extend(page, point)
        else:
            self._show_cursor(page, point, spot)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:  # noqa: D102
        self._grip = None
        self._selecting = False

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:  # noqa: D102
        if self._file is not None and self.page_count:
            page, point, _ = self._place(event.position())
            self._marks.word(self._file, page, point)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:  # noqa: D102
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        copy = menu.addAction(tr("kit.qt.copy"), self.copy)
        copy.setEnabled(bool(self.selected_text))
        menu.popup(event.globalPos())

    def _take(self, generation: int, file: PdfFile) -> None:
        if generation != self._generation:
            self._submit(LANE, file.close, _nothing, _nothing)
            return
        self._file = file
        self._stack = PageStack(file.sizes, 1.0, 0)
        self._relayout()
        self.verticalScrollBar().setValue(0)
        self.opened.emit(len(file.sizes))
        self.page_changed.emit(0)

    def _fail(self, generation: int, error: BaseException) -> None:
        if generation == self._generation:
            self._broken(error)

    def _broken(self, error: BaseException) -> None:
        if not isinstance(error, HoaBanError):
            raise error
        self.failed.emit(error)

    def _drawn(self, page: int) -> None:
        self.viewport().update()
        self.drawn.emit(page)

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

    def _scale(self) -> int:
        """Return the pixels per 1,000 points in which pages are drawn now."""
        return round(self._zoom * self.devicePixelRatioF() * 1000)

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

    def _box_rect(self, box: Box) -> QRectF:
        corners = (box.x, box.y, box.x + box.width, box.y + box.height)
        return self._stack.to_pixels(box.page, corners)

    def _move_box(self, box: Box) -> None:
        self._box = box
        self.viewport().update()
        self.box_moved.emit(box)

    def _paint_marks(self, painter: QPainter, page: int) -> None:
        for strip, current in self._finder.strips(page):
            paint.hit(painter, self._stack.to_pixels(page, strip), current=current)
        for strip in self._marks.strips(page):
            paint.selection(painter, self._stack.to_pixels(page, strip))

    def _show_hit(self) -> None:
        self.found.emit(self._finder.current, self._finder.total)
        spot = self._finder.spot()
        if spot is not None:
            rect = self._stack.to_pixels(*spot)
            top = self.verticalScrollBar().value()
            if not top < rect.top() < rect.bottom() < top + self.viewport().height():
                self.verticalScrollBar().setValue(round(rect.top()) - theme().px(120))
        self.viewport().update()

    def _show_cursor(self, page: int, point: tuple[float, float], spot: QPointF) -> None:
        shape = Qt.CursorShape.IBeamCursor
        if self._box is not None and self._box.page == page:
            hold = overlay.grip(self._box_rect(self._box), spot, self._box, point)
            if hold is not None:
                corner = Qt.CursorShape.SizeFDiagCursor
                shape = corner if hold.corner else Qt.CursorShape.SizeAllCursor
        self.viewport().setCursor(shape)


def _nothing(_: object) -> None:
    """Take an answer that nobody waits for."""
