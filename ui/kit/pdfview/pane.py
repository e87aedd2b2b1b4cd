"""The PDF view with its bar: page, zoom, search; and what stands there without a file."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import QWidget

from app.kernel.errors import HoaBanError
from ui.kit.buttons import IconButton
from ui.kit.fields import SearchField
from ui.kit.labels import Label, Pane
from ui.kit.layout import Column, Row
from ui.kit.pdfview.document import Source
from ui.kit.pdfview.view import PdfView
from ui.kit.rowmodel import Runs
from ui.kit.states import StateStack
from ui.kit.texts import tr


class PdfPane(QWidget):
    """A `PdfView` as `view`, with a bar below a title slot, and its states.

    `bar` is the row of the bar, to which a page may add widgets on the left.
    """

    def __init__(self, runner: Runs | None = None, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.view = PdfView(runner)
        self.states = StateStack(self.view)
        self._where = Label("", "secondary")
        self.search = SearchField(tr("kit.pdf.find"), tr("kit.pdf.find"), icon="search")
        self._found = Label("", "secondary")
        self.bar = Row(gap=4, margins=(12, 4, 8, 4))
        head = Pane("header")
        head.setLayout(self.bar)
        self.setLayout(Column(head, self.states, gap=0))
        self._fill_bar()
        self._connect()
        self.show_none()

    def open(self, source: Source) -> None:
        """Open a file; the view or the reason why not is shown."""
        self.states.show_loading()
        self.view.open(source)

    def show_none(self, text: str = "") -> None:
        """Close the file and say that there is none."""
        self.view.close_file()
        self._where.setText("")
        self.states.show_empty(text or tr("kit.pdf.none"), icon="file")

    def _fill_bar(self) -> None:
        previous = IconButton("chevron-up", tr("kit.pdf.previous"))
        following = IconButton("chevron-down", tr("kit.pdf.next"))
        fit = IconButton("fit-width", tr("kit.pdf.fit"))
        larger = IconButton("zoom-in", tr("kit.pdf.zoom_in"))
        smaller = IconButton("zoom-out", tr("kit.pdf.zoom_out"))
        previous.clicked.connect(self.view.find_previous)
        following.clicked.connect(self.view.find_next)
        fit.clicked.connect(self.view.fit_width)
        larger.clicked.connect(self.view.zoom_in)
        smaller.clicked.connect(self.view.zoom_out)
        self._steps = (previous, following)
        for step in self._steps:
            step.setVisible(False)
        self.bar.extend(
            self._where, None, self.search, self._found, *self._steps, smaller, larger, fit
        )

    def _connect(self) -> None:
        self.view.opened.connect(self._opened)
        self.view.failed.connect(self._failed)
        self.view.page_changed.connect(lambda _: self._tell_where())
        self.view.zoom_changed.connect(lambda _: self._tell_where())
        self.view.found.connect(self._tell_found)
        self.search.searched.connect(self.view.find_text)
        leave = QShortcut(QKeySequence(Qt.Key.Key_Escape), self.search)
        leave.setContext(Qt.ShortcutContext.WidgetShortcut)
        leave.activated.connect(self._leave_search)

    def _opened(self, _pages: int) -> None:
        self.states.show_content()
        self._tell_where()
        if self.search.value:
            self.view.find_text(self.search.value)

    def _failed(self, error: HoaBanError) -> None:
        self.states.show_error(error, retry=False)

    def _tell_where(self) -> None:
        if not self.view.page_count:
            return
        page = tr("kit.pdf.page", page=self.view.page + 1, pages=self.view.page_count)
        zoom = tr("kit.pdf.fit").lower() if self.view.fits else f"{self.view.zoom} %"
        self._where.setText(f"{page} · {zoom}")

    def _tell_found(self, current: int, total: int) -> None:
        asked = bool(self.search.value)
        none = tr("kit.pdf.not_found") if asked else ""
        text = tr("kit.pdf.found", current=current, total=total) if total else none
        self._found.setText(text)
        for step in self._steps:
            step.setVisible(total > 1)

    def _leave_search(self) -> None:
        self.search.clear()
        self.view.find_text("")
        self.view.setFocus(Qt.FocusReason.OtherFocusReason)
