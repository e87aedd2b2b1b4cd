"""The reader: title, particulars, verdict, the real PDF, the timeline, and the acts."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import BinaryIO

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeySequence, QResizeEvent, QShortcut
from PySide6.QtWidgets import QSplitter, QWidget

from app.files.model import FileRef
from app.kernel.clock import local_date
from app.kernel.ports import FileReport
from ui.bridge.session import Session
from ui.documents import verdicts
from ui.documents.intake import PDF
from ui.documents.model_reader import ReaderModel
from ui.documents.panel_acts import ActBar, ActSpec
from ui.documents.panel_doubts import DoubtStrip
from ui.documents.panel_head import ReaderHead
from ui.documents.panel_timeline import SidePanel
from ui.documents.panel_verify import VerifyPanel
from ui.documents.words import file_size
from ui.kit.dialog import Dialog
from ui.kit.labels import Line, Pane
from ui.kit.layout import Column, put
from ui.kit.pdfview.view import PdfView
from ui.kit.states import StateStack
from ui.kit.theme import theme

SIDE, PANEL = 248, 312
# Below this the page needs all the room, and the timeline comes with F9
NARROW, LOW = 640, 420


class FullScreen(Dialog):
    """The page alone on the whole screen; Esc or F8 returns."""

    def __init__(self, title: str, pdf: QWidget, parent: QWidget) -> None:
        super().__init__(title, parent)
        self.fill_with(pdf)
        again = QShortcut(QKeySequence("F8"), self)
        again.activated.connect(self.reject)


class Reader(Pane):
    """Show a `ReaderModel`.

    `acted(str name)` when a button of an act is used, `related_asked(str direction, str id)`
    when another document shall be shown. A side panel (instruction, verification) stands in
    place of the timeline until it is closed.
    """

    acted = Signal(str)
    related_asked = Signal(str, str)
    back_asked = Signal()

    def __init__(
        self,
        session: Session,
        acts: Mapping[str, ActSpec],
        parent: QWidget | None = None,
    ) -> None:
        super().__init__("panel", parent)
        self._session = session
        texts = session.texts
        self.model = ReaderModel(session, self)
        self.head = ReaderHead(texts, self)
        self.pdf = PdfView()
        self.pdf.setAccessibleName(texts("pages.pdf"))
        self.page_states = StateStack(self.pdf)
        self.side = SidePanel(texts, self)
        self.bar = ActBar(texts, acts, self)
        self.doubts = DoubtStrip(texts, self)
        self._full: FullScreen | None = None
        self._side_wanted, self._side_asked = True, False
        self._lay_out()
        self._connect()
        self.clear()

    def _lay_out(self) -> None:
        self._body = QSplitter(Qt.Orientation.Horizontal)
        self._body.setChildrenCollapsible(False)
        self._body.addWidget(self.page_states)
        self._body.addWidget(self.side)
        self._body.setStretchFactor(0, 1)
        whole = Column(self.head, self.doubts, Line(), self._body, self.bar, gap=0)
        whole.setStretch(3, 1)
        content = put(QWidget(), whole)
        self.states = StateStack(content)
        put(self, Column(self.states))
        self._fit()
        theme().changed.connect(self._fit)

    def _fit(self) -> None:
        look = theme()
        panel = self.side.panel is not None
        wide = look.px(PANEL if panel else SIDE)
        narrow = self.width() < look.px(NARROW)
        self.side.setMinimumWidth(look.px(SIDE - 20))
        self.side.setVisible(panel or (self._side_wanted and (not narrow or self._side_asked)))
        self.page_states.setVisible(not (narrow and not self.side.isHidden()))
        self.head.setVisible(not (narrow and panel))
        self.bar.setVisible(not (narrow and panel))
        self.head.set_compact(self.height() < look.px(LOW))
        self._body.setSizes([max(1, self.width() - wide), wide])

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: D102
        super().resizeEvent(event)
        self._fit()

    def _connect(self) -> None:
        model = self.model
        model.shown.connect(self._show)
        model.failed.connect(lambda error: self.states.show_error(error, retry=False))
        model.file_ready.connect(self._open)
        model.file_missing.connect(self._missing)
        model.file_secret.connect(self._secret)
        model.verified.connect(self._verified)
        self.pdf.opened.connect(lambda _: self._opened())
        self.pdf.failed.connect(lambda error: self.page_states.show_error(error, retry=False))
        self.head.details_asked.connect(self.show_verification)
        self.head.back_asked.connect(self.back_asked)
        self.bar.acted.connect(self.acted)
        self.side.related_asked.connect(self.related_asked)
        self.side.file_asked.connect(model.show_file)

    # --- what pages use ----------------------------------------------------------------

    def show_document(self, document: str) -> None:
        """Show a document by id, "" for none."""
        self.close_panel()
        self.model.show(document)

    def clear(self) -> None:
        """Say that no document is chosen."""
        texts = self._session.texts
        self.states.show_empty(
            texts("pages.reader.none"), texts("pages.reader.none.detail"), "file-text"
        )

    def open_panel(self, panel: QWidget) -> None:
        """Show a panel in place of the timeline; it is deleted when closed."""
        self.side.open_panel(panel)
        self._fit()

    def close_panel(self) -> None:
        """Show the timeline again."""
        if self.side.panel is not None:
            self.side.close_panel()
            self._fit()

    def toggle_side(self) -> None:
        """Hide or show the timeline."""
        self._side_wanted = self._side_asked = self.side.isHidden()
        self._fit()

    def show_verification(self) -> None:
        """Show what is known of each signature."""
        if self.model.report is not None:
            panel = VerifyPanel(self._session.texts, self.model.report)
            panel.show_on(self.pdf)
            panel.closed.connect(self.close_panel)
            self.open_panel(panel)

    def toggle_full_screen(self) -> None:
        """Show the page alone on the whole screen, or come back."""
        if self._full is not None:
            self._full.close()
            return
        title = self.head.title
        self._full = FullScreen(title, self.page_states, self)
        self._full.finished.connect(lambda _: self._leave_full())
        self._full.showFullScreen()
        self.pdf.setFocus()

    def shutdown(self) -> None:
        """Let the drawing thread end."""
        self.pdf.shutdown()

    # --- what the model says -----------------------------------------------------------

    def _leave_full(self) -> None:
        dialog, self._full = self._full, None
        self._body.insertWidget(0, self.page_states)
        self.page_states.show()
        self._fit()
        if dialog is not None:
            dialog.deleteLater()

    def _show(self) -> None:
        model = self.model
        if model.detail is None or model.loaded is None:
            self.pdf.close_file()
            self.clear()
            return
        today = local_date(self._session.desk.clock.now())
        self.states.show_content()
        self.head.show_document(model.detail.document, today)
        self.doubts.show_document(model.detail.document)
        self.bar.show_offers([offer.name for offer in model.offers])
        self.side.show_loaded(model.loaded, model.steps)
        if model.detail.document.main_file is None:
            self._paper_only()

    def _paper_only(self) -> None:
        texts = self._session.texts
        self.pdf.close_file()
        self.page_states.show_empty(
            texts("pages.reader.paper"), texts("pages.reader.paper.detail"), "file"
        )

    def _open(self, source: Callable[[], BinaryIO]) -> None:
        file = self.model.file
        if file is not None and file.media != PDF:
            self._not_pdf(file)
            return
        self.page_states.show_content()
        self.pdf.open(source)

    def _not_pdf(self, file: FileRef) -> None:
        texts = self._session.texts
        self.pdf.close_file()
        self.page_states.show_empty(
            texts("pages.reader.not_pdf", name=file.name),
            texts("pages.reader.not_pdf.detail", size=file_size(file.size)),
            "paperclip",
        )

    def _opened(self) -> None:
        self.page_states.show_content()
        self.model.opened()

    def _missing(self) -> None:
        texts = self._session.texts
        self.pdf.close_file()
        self.page_states.show_empty(
            texts("pages.reader.missing"), texts("pages.reader.missing.detail"), "download"
        )

    def _secret(self) -> None:
        texts = self._session.texts
        self.pdf.close_file()
        self.head.show_checking(waiting=False)
        self.page_states.show_empty(texts("pages.secret"), texts("pages.secret.detail"), "lock")

    def _verified(self, report: FileReport | None) -> None:
        texts = self._session.texts
        if report is None:
            waiting = self.model.file is not None and self.model.file.media == PDF
            self.head.show_checking(waiting=waiting)
        else:
            self.head.show_verdict(verdicts.summary(texts, report))
