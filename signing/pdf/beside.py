"""Put a block of text beside those that a page bears already: a copy may come with a mark."""

from __future__ import annotations

from ctypes import byref
from dataclasses import replace

import pypdfium2 as pdfium
import pypdfium2.raw as pdfium_c

from app.kernel.ports import Box
from signing.pdf.geometry import PageShape, Rect

_GAP = 4.0
_MOST = 200


def beside_others(page: pdfium.PdfPage, shape: PageShape, box: Box) -> Box:
    """Return the box, moved left of the signatures that it would cover; itself for no room."""
    moved = box
    for rect in sorted(_signatures(page, shape), key=lambda r: -r[0]):
        if _meets(moved, rect):
            moved = replace(moved, x=rect[0] - _GAP - box.width)
    return moved if moved.x >= 0 else box


def _signatures(page: pdfium.PdfPage, shape: PageShape) -> list[Rect]:
    found: list[Rect] = []
    for index in range(min(pdfium_c.FPDFPage_GetAnnotCount(page), _MOST)):
        annotation = pdfium_c.FPDFPage_GetAnnot(page, index)
        rect = pdfium_c.FS_RECTF()
        widget = pdfium_c.FPDFAnnot_GetSubtype(annotation) == pdfium_c.FPDF_ANNOT_WIDGET
        if widget and pdfium_c.FPDFAnnot_GetRect(annotation, byref(rect)):
            found.append(shape.to_shown((rect.left, rect.bottom, rect.right, rect.top)))
        pdfium_c.FPDFPage_CloseAnnot(annotation)
    return found


def _meets(box: Box, rect: Rect) -> bool:
    across = rect[0] < box.x + box.width and rect[2] > box.x
    return across and rect[1] < box.y + box.height and rect[3] > box.y
