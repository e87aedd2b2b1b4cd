"""The page of a document with what one must know of it above: number, date, signer, verdict."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import BinaryIO

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QSplitter, QWidget

from app.kernel.errors import HoaBanError
from signing.pdf.snapping import snap_lines
from ui.bridge.session import Session
from ui.documents.panel_doubts import DoubtStrip
from ui.kit.banner import Banner
from ui.kit.buttons import Button, IconButton
from ui.kit.labels import ElidedLabel, Label, Line, Pane
from ui.kit.layout import Column, Row
from ui.kit.pdfview.overlay import Guides
from ui.kit.pdfview.placebar import PlaceBar
from ui.kit.pdfview.view import PdfView
from ui.kit.states import StateStack
from ui.kit.theme import theme

_SIDE = 230
# Below so many widths of the side, page and side take turns
_BOTH = 2.6


def lines_of(source: bytes | Callable[[], BinaryIO], page: int) -> Guides:
    """Return the lines of a page that a signature's box clings to; for the lane of pages."""
    if isinstance(source, bytes):
        found = snap_lines(source, page)
    else:
        with source() as stream:
            found = snap_lines(stream, page)
    return Guides(found.xs, found.ys)


class PaperPanel(QWidget):
    """Title, facts, a strip, the PDF, and what the page puts beside and below it.

    `place` says in numbers where the signature's box stands while there is one. `back` when
    the button of the narrow window is used.
    """

    back = Signal()

    def __init__(
        self,
        session: Session,
        side: QWidget | None = None,
        foot: QWidget | None = None,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._session = session
        self._turned = False
        texts = session.texts
        self.title = ElidedLabel("", "title")
        self.facts = Label("", "secondary", wrap=True)
        self.strip = Banner()
        self._back = self._way_back()
        self.pdf = PdfView(session.runner)
        self.place = PlaceBar(self.pdf)
        self.state = StateStack(self.pdf)
        self.pdf.opened.connect(lambda _: self.state.show_content())
        self.pdf.failed.connect(self._failed)
        self.pdf.box_changed.connect(self._look_for_lines)
        self._source: bytes | Callable[[], BinaryIO] = b""
        self._files, self._lined = 0, (-1, 0)
        body = QSplitter(Qt.Orientation.Horizontal)
        body.setChildrenCollapsible(False)
        body.setHandleWidth(1)
        body.addWidget(self.state)
        body.setStretchFactor(0, 1)
        self._body, self._side = body, side
        if side is not None:
            body.addWidget(side)
        self.doubts = DoubtStrip(texts)
        parts: list[QWidget] = [self._head(), self.doubts, Line(), self.place, body]
        if foot is not None:
            parts.append(foot)
        column = Column(*parts, gap=0)
        column.setStretch(4, 1)
        self.setLayout(column)
        self.show_nothing()

    def _way_back(self) -> IconButton:
        button = IconButton("arrow-left", self._session.texts("outpages.back"))
        button.clicked.connect(self.back)
        button.hide()
        return button

    def _head(self) -> Pane:
        head = Pane("header")
        self._turn = Button("", "link")
        self._turn.clicked.connect(self._turn_over)
        title = Row(self._back, self.title, self._turn, gap=8)
        title.setStretch(1, 1)
        head.setLayout(Column(title, self.facts, self.strip, gap=6, margins=(16, 12, 16, 10)))
        return head

    def allow_back(self, allowed: bool) -> None:
        """Offer the way back to the list, in a narrow window."""
        self._back.setVisible(allowed)
        self._share()

    def show_head(self, title: str, facts: str) -> None:
        """Show title and facts."""
        self.title.set_text(title)
        self.facts.setText(facts)
        self.facts.setVisible(bool(facts))
        self.setAccessibleName(title)

    def show_file(self, source: bytes | Callable[[], BinaryIO]) -> None:
        """Show a PDF."""
        self._source, self._files = source, self._files + 1
        self.state.show_loading()
        self.pdf.open(source)

    def show_nothing(self, text: str = "", detail: str = "", icon: str = "file-text") -> None:
        """Say why there is no page to see."""
        self.pdf.close_file()
        self.strip.show_text("")
        self.state.show_empty(text or self._session.texts("outpages.choose"), detail, icon)

    def close_panel(self) -> None:
        """Let the file go."""
        self.pdf.shutdown()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Share the new width with what stands beside the page."""
        super().resizeEvent(event)
        self._share()

    def _share(self) -> None:
        """Put both side by side; where there is no room they take turns."""
        side = self._side
        if side is None:
            self._turn.hide()
            return
        wanted = theme().px(_SIDE)
        narrow = self.width() <= _BOTH * wanted
        self._turn.setVisible(narrow)
        self._turn.set_label(
            self._session.texts("outpages.paper" if self._turned else "outpages.details")
        )
        side.setVisible(not narrow or self._turned)
        self.state.setVisible(not narrow or not self._turned)
        self._body.setSizes([max(1, self.width() - wanted), wanted])

    def _turn_over(self) -> None:
        self._turned = not self._turned
        self._share()

    def _look_for_lines(self) -> None:
        """Find, off the GUI thread, the lines that hold a box on its page; once for each page."""
        box = self.pdf.box
        wanted = (box.page, self._files) if box is not None else (-1, 0)
        if wanted == self._lined:
            return
        self._lined = wanted
        if box is not None:
            job = partial(lines_of, self._source, box.page)
            self._session.work("pdf", job, partial(self._take_lines, wanted), lambda _: None)

    def _take_lines(self, wanted: tuple[int, int], lines: Guides) -> None:
        if wanted == self._lined:
            self.pdf.set_guides(lines)

    def _failed(self, error: HoaBanError) -> None:
        self.state.show_error(error, retry=False)
