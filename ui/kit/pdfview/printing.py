"""Send a PDF to a printer, page by page; for a worker, never for the GUI thread."""

from __future__ import annotations

from PySide6.QtCore import QRect, QSizeF
from PySide6.QtGui import QImage, QPageLayout, QPageSize, QPainter
from PySide6.QtPrintSupport import QPrinter, QPrinterInfo

from app.kernel.errors import Unavailable
from app.kernel.ports import CancelToken, Progress
from ui.kit.pdfview.document import PdfFile, Source

# Sharp enough for 10 pt Vietnamese, and a page stays below 16 MB
_DPI = 200
_POINTS = 72


def printers() -> tuple[str, ...]:
    """Return the printers of this machine, the usual one first."""
    names = QPrinterInfo.availablePrinterNames()
    usual = QPrinterInfo.defaultPrinterName()
    return tuple(sorted(names, key=lambda name: (name != usual, name)))


def print_pdf(
    source: Source, printer: QPrinter, title: str, cancel: CancelToken, progress: Progress
) -> None:
    """Print every page on paper of its own size.

    Raises `Unavailable("kit.print_failed")`, `Damaged` as `PdfFile`, `Cancelled` when stopped.
    """
    file = PdfFile(source)
    try:
        printer.setDocName(title)
        printer.setFullPage(True)
        _set_paper(printer, *file.sizes[0])
        painter = QPainter()
        if not painter.begin(printer):
            raise Unavailable("kit.print_failed")
        try:
            for page, size in enumerate(file.sizes):
                cancel.raise_if_cancelled()
                if page:
                    _set_paper(printer, *size)
                    printer.newPage()
                _draw(painter, printer, file, page)
                progress(page + 1, len(file.sizes))
        finally:
            painter.end()
    finally:
        file.close()


def _set_paper(printer: QPrinter, width: float, height: float) -> None:
    lying = width > height
    upright = QSizeF(min(width, height), max(width, height))
    printer.setPageSize(QPageSize(upright, QPageSize.Unit.Point))
    way = QPageLayout.Orientation.Landscape if lying else QPageLayout.Orientation.Portrait
    printer.setPageOrientation(way)


def _draw(painter: QPainter, printer: QPrinter, file: PdfFile, page: int) -> None:
    picture = file.render(page, _DPI / _POINTS)
    image = QImage(
        picture.data, picture.width, picture.height, picture.stride, QImage.Format.Format_RGB32
    )
    paper = printer.pageLayout().fullRectPixels(printer.resolution())
    painter.drawImage(QRect(0, 0, paper.width(), paper.height()), image)
