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
)
from PySide6.QtWidgets import QMenu, QWidget

from app.kernel.errors import HoaBanError
from app.kernel.ports import Box
from ui.bridge.runner import QtRunner
from ui.kit.pdfview import layers, paint
from ui.kit.pdfview.area import PageArea
from ui.kit.pdfview.document import PdfFile, Source
from ui.kit.pdfview.drawer import Drawer
from ui.kit.pdfview.finder import Finder
from ui.kit.pdfview.frames import Frames
from ui.kit.pdfview.marks import Marks
from ui.kit.pdfview.overlay import Guides
from ui.kit.pdfview.placing import Placing
from ui.kit.rowmodel import Runs
from ui.kit.texts import tr
from ui.kit.theme import theme

LANE = "pdf"


class PdfView(PageArea):
    """Show a PDF, find and select its text, place a box, frame places.

    Signals: `opened(int pages)`, `failed(HoaBanError)`, `found(int current, int total)`
    (current from 1, 0 for none), `box_changed` when a box comes, goes or moves, `box_moved(Box)` when a person moved it,
    `drawn(int page)` when a page stands in its full sharpness. `frames` are the places shown
    in frames.
    """

    opened = Signal(int)
    failed = Signal(object)
    found = Signal(int, int)
    box_changed = Signal()
    box_moved = Signal(object)
    drawn = Signal(int)

    def __init__(self, runner: Runs | None = None, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._own = QtRunner(self, {LANE: 1}) if runner is None else None
        self._submit = (self._own or runner).submit  # type: ignore[union-attr]
        self._file: PdfFile | None = None
        self._generation = 0
        self._drawer = Drawer(self._submit, LANE)
        self._drawer.drawn.connect(self._drawn)
        self._drawer.failed.connect(self._broken)
        self._placing = Placing(self)
        self._placing.changed.connect(self._show_box)
        self._placing.moved.connect(self.box_moved)
        self.frames = Frames(self)
        self.frames.changed.connect(self._show_frame)
        self._marks = Marks(self._submit, LANE)
        self._marks.changed.connect(self.viewport().update)
        self._finder = Finder(self._submit, LANE)
        self._finder.changed.connect(self._show_hit)
        self._selecting = False
        self.setAccessibleName(tr("kit.pdf.view"))
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.viewport().setMouseTracking(True)

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
        self._placing.clear()
        self.frames.show(())
        if self._file is not None:
            self._submit(LANE, self._file.close, _nothing, _nothing)
        self._file = None
        self._set_sizes(())

    def shutdown(self) -> None:
        """Close the file; join the thread if the view has one of its own."""
        self.close_file()
        if self._own is not None:
            self._own.close()

    @property
    def sharp(self) -> bool:
        """Tell whether every page in sight stands in its full sharpness."""
        missing = self._drawer.missing(self._visible(), self._scale())
        return self._file is not None and not missing

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
        return self._placing.box

    def place_box(self, box: Box, text: str = "") -> None:
        """Show a box to drag, resize (lower right corner) or move with the arrow keys."""
        self._placing.show(box, text, self._stack.sizes[box.page])
        self._bring(self._box_rect())

    def set_guides(self, guides: Guides) -> None:
        """Let the lines of the box's page hold it while it is dragged, until it is gone."""
        self._placing.guides = guides

    def move_box(self, box: Box) -> None:
        """Put the box elsewhere on its page, as a person does by numbers."""
        self._placing.change(box)

    def clear_box(self) -> None:
        """Take the box away."""
        self._placing.clear()

    # -- Qt

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: D102
        painter = QPainter(self.viewport())
        painter.fillRect(self.viewport().rect(), theme().color("bg"))
        painter.translate(-self._offset())
        for page in self._visible():
            rect = self._stack.rect(page)
            paint.page(painter, rect, self._drawer.picture(page, self._scale()))
            found, marked = self._finder.strips(page), self._marks.strips(page)
            layers.marks(painter, self._stack, page, found, marked)
            layers.frames(painter, self._stack, self.frames.on(page))
        layers.placing(painter, self._stack, self._placing, focus=self.hasFocus())
        painter.end()
        if self._file is not None:
            self._drawer.want(self._file, self._visible(), self._scale())

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: D102
        if self._placing.press_key(event.key(), event.modifiers()):
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
        held = self._over_box(page) and self._placing.press(self._box_rect(), spot, point)
        if not held and self._file is not None:
            self._selecting = True
            self._marks.begin(self._file, page, point)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:  # noqa: D102
        if not self.page_count:
            return
        page, point, spot = self._place(event.position())
        if self._placing.holding and self.box is not None:
            free = bool(event.modifiers() & Qt.KeyboardModifier.AltModifier)
            point = self._stack.to_points(self.box.page, spot)
            self._placing.drag(point, self._stack.zoom, free=free)
        elif self._selecting:
            self._marks.extend(page, point)
        else:
            self._show_cursor(page, point, spot)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:  # noqa: D102
        self._placing.release()
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
        self._set_sizes(file.sizes)
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

    def _scale(self) -> int:
        """Return the pixels per 1,000 points in which pages are drawn now."""
        return round(self._zoom * self.devicePixelRatioF() * 1000)

    def _over_box(self, page: int) -> bool:
        return self.box is not None and self.box.page == page

    def _box_rect(self) -> QRectF:
        return self._stack.box_rect(self.box) if self.box is not None else QRectF()

    def _show_box(self) -> None:
        self.viewport().update()
        self.box_changed.emit()

    def _show_frame(self) -> None:
        frame = self.frames.shown
        if frame is not None and frame.box.page < self.page_count:
            self._bring(self._stack.box_rect(frame.box))
        self.viewport().update()

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
        shape = None
        if self._over_box(page):
            shape = self._placing.cursor(self._box_rect(), spot, point)
        self.viewport().setCursor(shape or Qt.CursorShape.IBeamCursor)


def _nothing(_: object) -> None:
    """Take an answer that nobody waits for."""
