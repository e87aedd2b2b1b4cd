"""Empty signature fields that a template brings, as pdfium sees them: where they stand.

The desk looks for them before anybody signs, so nothing here loads pyHanko.
"""

from __future__ import annotations

import ctypes
from collections.abc import Iterator
from typing import Any, BinaryIO

import pypdfium2 as pdfium
import pypdfium2.raw as pdfium_c

from app.files.pdfium import PDFIUM
from app.kernel.ports import Box, Purpose
from app.kernel.purposes import AGENCY_FIELD, FORMS, OPINION_FIELD
from signing.pdf.geometry import Rect, page_shape

_MAX_PAGES = 300


def suits(purpose: Purpose, name: str) -> bool:
    """Tell whether a field of this name may bear a signature of this purpose.

    What a signature is for is told by its field's name, so the agency's need names of ours.
    """
    if purpose is Purpose.APPROVE:
        return not name.startswith((AGENCY_FIELD, OPINION_FIELD))
    others = [f.field for p, f in FORMS.items() if len(f.field) > len(FORMS[purpose].field)]
    return name.startswith(FORMS[purpose].field) and not name.startswith(tuple(others))


def template_box(
    document: pdfium.PdfDocument, purpose: Purpose, words: Box | None = None
) -> Box | None:
    """Return the place of the template's field for a purpose, in an open document.

    Of several it is the one that the place told by the words lies over most, if there is one.
    """
    if document.get_formtype() == pdfium_c.FORMTYPE_NONE:
        return None
    document.init_forms()
    found = list(_empty_boxes(document, purpose))
    if len(found) == 1:
        return found[0]
    near = [box for box in found if words is not None and _shared(box, words) > 0]
    return max(near, key=lambda box: _shared(box, words or box), default=None)


def find_template(pdf: BinaryIO, purpose: Purpose, password: str = "") -> Box | None:
    """Do as `template_box` in a document that is not open."""
    with PDFIUM:
        try:
            document = pdfium.PdfDocument(pdf, password=password or None)
        except pdfium.PdfiumError:
            return None  # what viewers cannot show has no place in sight
        try:
            return template_box(document, purpose)
        finally:
            document.close()


def _empty_boxes(document: pdfium.PdfDocument, purpose: Purpose) -> Iterator[Box]:
    for index in range(min(len(document), _MAX_PAGES)):
        page, shape = document[index], page_shape(document, index)
        try:
            for rect in _empty_rects(document, page, purpose):
                x1, y1, x2, y2 = shape.to_shown(rect)
                if x2 - x1 > 1 and y2 - y1 > 1:
                    yield Box(index, x1, y1, x2 - x1, y2 - y1)
        finally:
            page.close()


def _empty_rects(
    document: pdfium.PdfDocument, page: pdfium.PdfPage, purpose: Purpose
) -> Iterator[Rect]:
    form = document.formenv
    for number in range(pdfium_c.FPDFPage_GetAnnotCount(page)):
        annotation = pdfium_c.FPDFPage_GetAnnot(page, number)
        try:
            kind = pdfium_c.FPDFAnnot_GetFormFieldType(form, annotation)
            if kind != pdfium_c.FPDF_FORMFIELD_SIGNATURE:
                continue
            filled = pdfium_c.FPDFAnnot_HasKey(annotation, b"V")
            if not filled and suits(purpose, _name(form, annotation)):
                rect = pdfium_c.FS_RECTF()
                pdfium_c.FPDFAnnot_GetRect(annotation, rect)
                yield rect.left, rect.bottom, rect.right, rect.top
        finally:
            pdfium_c.FPDFPage_CloseAnnot(annotation)


def _name(form: Any, annotation: Any) -> str:
    size = pdfium_c.FPDFAnnot_GetFormFieldName(form, annotation, None, 0)
    room = ctypes.create_string_buffer(size)
    letters = ctypes.cast(room, ctypes.POINTER(pdfium_c.FPDF_WCHAR))
    pdfium_c.FPDFAnnot_GetFormFieldName(form, annotation, letters, size)
    return room.raw.decode("utf-16-le", "replace").rstrip("\0")


def _shared(one: Box, other: Box) -> float:
    """Return the area that two boxes share."""
    wide = min(one.x + one.width, other.x + other.width) - max(one.x, other.x)
    high = min(one.y + one.height, other.y + other.height) - max(one.y, other.y)
    return max(wide, 0.0) * max(high, 0.0) if one.page == other.page else 0.0
