"""A PDF as the view needs it: sizes, pictures, text with places. No Qt; one lane at a time.

pdfium is not thread-safe, not even across files: every call holds `PDFIUM`, the one lock of
the process.
"""

from __future__ import annotations

import ctypes
from collections import OrderedDict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import BinaryIO

import pypdfium2 as pdfium
import pypdfium2.raw as pdfium_c

from app.files.pdfium import PDFIUM
from app.kernel.errors import Damaged

Source = bytes | Callable[[], BinaryIO]
Rect = tuple[float, float, float, float]
MAX_PIXELS = 16_000_000
_KEPT_TEXTS = 100
_PRECISION = 64
_XFA = (pdfium_c.FORMTYPE_XFA_FULL, pdfium_c.FORMTYPE_XFA_FOREGROUND)


@dataclass(frozen=True, slots=True)
class Picture:
    """A rendered page: 32 bits per pixel, blue first, the fourth byte unused."""

    width: int
    height: int
    stride: int
    data: bytes


@dataclass(frozen=True, slots=True)
class PageText:
    """The characters of a page and their boxes: left, bottom, right, top of the shown page."""

    text: str = ""
    boxes: tuple[Rect, ...] = ()


class PdfFile:
    """An open PDF with its form fields, annotations and signature pictures."""

    def __init__(self, source: Source) -> None:
        """Open; raises `Damaged` with `kit.pdf_damaged` or `kit.pdf_encrypted`."""
        held = source if isinstance(source, bytes) else source()
        self._reader = None if isinstance(held, bytes) else held
        with PDFIUM:
            try:
                self._document = _open(held)
                self.sizes = tuple(
                    self._document.get_page_size(page) for page in range(len(self._document))
                )
            except pdfium.PdfiumError:
                self._close_reader()
                raise Damaged("kit.pdf_damaged") from None
            except Damaged:
                self._close_reader()
                raise
        self._texts: OrderedDict[int, PageText] = OrderedDict()

    def render(self, page: int, scale: float) -> Picture:
        """Draw a page at pixels per point, less where it would pass 16 million pixels."""
        width, height = self.sizes[page]
        area = max(1.0, width * height)
        bounded = min(scale, (MAX_PIXELS / area) ** 0.5)
        with PDFIUM:
            try:
                shown = self._document[page]
                bitmap = shown.render(scale=bounded, prefer_bgrx=True, may_draw_forms=True)
                picture = Picture(bitmap.width, bitmap.height, bitmap.stride, bytes(bitmap.buffer))
                bitmap.close()
                shown.close()
            except (pdfium.PdfiumError, ValueError):
                raise Damaged("kit.pdf_damaged") from None
        return picture

    def text(self, page: int) -> PageText:
        """Return the text of a page; a damaged page has none."""
        known = self._texts.get(page)
        if known is None:
            with PDFIUM:
                known = self._read_text(page)
            self._texts[page] = known
            while len(self._texts) > _KEPT_TEXTS:
                self._texts.popitem(last=False)
        return known

    def texts(self, pages: Iterable[int]) -> list[tuple[int, PageText]]:
        """Return the texts of several pages."""
        return [(page, self.text(page)) for page in pages]

    def close(self) -> None:
        """Close the file and its reader."""
        with PDFIUM:
            self._document.close()
        self._close_reader()

    def _read_text(self, page: int) -> PageText:
        try:
            shown = self._document[page]
            letters = shown.get_textpage()
        except pdfium.PdfiumError:
            return PageText()
        place = _placer(shown, *self.sizes[page])
        count = letters.count_chars()
        text = "".join(_letter(letters, n) for n in range(count))
        boxes = tuple(place(letters.get_charbox(n)) for n in range(count))
        letters.close()
        shown.close()
        return PageText(text, boxes)

    def _close_reader(self) -> None:
        if self._reader is not None:
            self._reader.close()


def _open(held: bytes | BinaryIO) -> pdfium.PdfDocument:
    try:
        document = pdfium.PdfDocument(held)
    except pdfium.PdfiumError as error:
        if error.err_code == pdfium_c.FPDF_ERR_PASSWORD:
            raise Damaged("kit.pdf_encrypted") from None
        raise Damaged("kit.pdf_damaged") from None
    # This pdfium draws no XFA; the page underneath is shown as it stands.
    if document.get_formtype() not in _XFA:
        document.init_forms()
    return document


def _letter(letters: pdfium.PdfTextPage, number: int) -> str:
    code = pdfium_c.FPDFText_GetUnicode(letters, number)
    plain = 0 < code <= 0x10FFFF and not 0xD800 <= code <= 0xDFFF
    return chr(code) if plain else " "


def _placer(page: pdfium.PdfPage, width: float, height: float) -> Callable[[Rect], Rect]:
    """Return the way from page space to the shown page, which may be turned and cropped."""
    wide, high = round(width * _PRECISION), round(height * _PRECISION)

    def device(x: float, y: float) -> tuple[float, float]:
        across, down = ctypes.c_int(), ctypes.c_int()
        pdfium_c.FPDF_PageToDevice(page, 0, 0, wide, high, 0, x, y, across, down)
        return across.value / _PRECISION, height - down.value / _PRECISION

    zero, one, two = device(0, 0), device(1000, 0), device(0, 1000)
    a, b = (one[0] - zero[0]) / 1000, (one[1] - zero[1]) / 1000
    c, d = (two[0] - zero[0]) / 1000, (two[1] - zero[1]) / 1000

    def place(box: Rect) -> Rect:
        xs = [zero[0] + a * x + c * y for x in box[::2] for y in box[1::2]]
        ys = [zero[1] + b * x + d * y for x in box[::2] for y in box[1::2]]
        return min(xs), min(ys), max(xs), max(ys)

    return place
