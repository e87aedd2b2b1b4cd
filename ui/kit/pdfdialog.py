"""The program's own reader for a PDF it has made: read, save, print."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtPrintSupport import QPrinter
from PySide6.QtWidgets import QFileDialog, QWidget

from app.kernel.errors import Cancelled, HoaBanError
from app.store.faults import typed
from ui.bridge.runner import Cancellation
from ui.bridge.session import Session
from ui.kit.banner import Banner
from ui.kit.choice import Choice
from ui.kit.dialog import Dialog
from ui.kit.pdfview.pane import PdfPane
from ui.kit.pdfview.printing import print_pdf, printers
from ui.kit.progress import ProgressStrip
from ui.kit.texts import error_text, tr
from ui.kit.theme import theme

_LANE = "query"
_RESOLUTION = QPrinter.PrinterMode.HighResolution


class PdfDialog(Dialog):
    """Show a PDF held in memory under a title; `name` is offered as its file's name."""

    def __init__(
        self, session: Session, title: str, pdf: bytes, name: str, parent: QWidget
    ) -> None:
        super().__init__(title, parent, width=720)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self._session, self._title, self._pdf, self._name = session, title, pdf, name
        self._cancel = Cancellation()
        self._open = True
        self.pane = PdfPane()
        self.word = Banner()
        self.progress = ProgressStrip(tr("kit.pdf.printing"))
        self.progress.cancelled.connect(self._stop)
        self.progress.hide()
        self.fill_with(self.pane)
        self.body.extend(self.progress, self.word)
        self.printer = Choice(tr("kit.pdf.printer"), {"": tr("kit.pdf.no_printer")})
        self.printer.setEnabled(False)
        self._buttons.insertWidget(0, self.printer)
        self.add_button(tr("kit.close"), role="reject")
        self.print_button = self.add_button(tr("kit.pdf.print"), shortcut="Ctrl+P")
        self.print_button.clicked.connect(self.print_out)
        self.print_button.setEnabled(False)
        save = self.add_button(tr("kit.pdf.save"), "primary", shortcut="Ctrl+S")
        save.clicked.connect(self.ask_save)
        look, window = theme(), parent.window()
        width = min(look.px(1000), window.width() - look.px(24))
        self.setMinimumWidth(min(self.minimumWidth(), width))
        self.resize(width, window.height() - look.px(24))
        self.finished.connect(lambda _: self._leave())
        self.pane.open(pdf)
        self.pane.view.setFocus()
        self._work(printers, self._know_printers)

    # --- printing ------------------------------------------------------------------------

    def _know_printers(self, names: tuple[str, ...]) -> None:
        if names:
            self.printer.set_choices({name: name for name in names}, names[0])
        self.printer.setEnabled(bool(names))
        self.print_button.setEnabled(bool(names))

    def print_out(self) -> None:
        """Send all pages to the printer that is chosen."""
        name = self.printer.value

        def chosen() -> QPrinter:
            made = QPrinter(_RESOLUTION)
            made.setPrinterName(name)
            return made

        self.print_on(chosen)

    def print_on(self, printer: Callable[[], QPrinter]) -> None:
        """Print on what a worker makes: asking a printer may take its time."""
        pdf, title, cancel = self._pdf, self._title, Cancellation()
        self._cancel = cancel
        tell = self.progress.follow()
        self.word.show_text("")
        self.print_button.setEnabled(False)
        self._work(
            lambda: print_pdf(pdf, printer(), title, cancel, tell),
            lambda _: self._said("ok", tr("kit.pdf.printed")),
        )

    def _stop(self) -> None:
        self._cancel.cancel()

    # --- saving --------------------------------------------------------------------------

    def ask_save(self) -> None:
        """Ask where to save the file."""
        chosen, _ = QFileDialog.getSaveFileName(self, tr("kit.pdf.save"), self._name, "PDF (*.pdf)")
        if chosen:
            self.save(Path(chosen))

    def save(self, path: Path) -> None:
        """Save the file; what stood there stays until the new one is whole."""
        said = tr("kit.pdf.saved", name=path.name)
        self._work(partial(_write, path, self._pdf), lambda _: self._said("ok", said))

    # --- what workers say ------------------------------------------------------------------

    def _work(self, job: Callable[[], Any], done: Callable[[Any], None]) -> None:
        def finish(value: Any) -> None:
            if self._open:
                done(value)

        self._session.work(_LANE, job, finish, self._failed)

    def _failed(self, error: HoaBanError) -> None:
        if not self._open:
            return
        if isinstance(error, Cancelled):
            self._said("info", "")
        else:
            self._said("bad", error_text(error))

    def _said(self, tone: str, text: str) -> None:
        self.progress.leave()
        self.print_button.setEnabled(self.printer.isEnabled())
        self.word.show_text(text, tone)

    def _leave(self) -> None:
        self._open = False
        self._cancel.cancel()
        self.pane.view.shutdown()


def _write(path: Path, pdf: bytes) -> None:
    part = path.with_name(f"{path.name}.part")
    with typed():
        try:
            part.write_bytes(pdf)
            part.replace(path)
        finally:
            part.unlink(missing_ok=True)
