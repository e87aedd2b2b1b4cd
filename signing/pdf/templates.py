"""Empty signature fields that a template brings: where they stand, and what they demand.

A template may demand things of whoever fills its field (seed values, ISO 32000-2, 12.7.5.5). What
cannot be met is refused before a PIN is asked for.
"""

from __future__ import annotations

import ctypes
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, BinaryIO

import pypdfium2 as pdfium
import pypdfium2.raw as pdfium_c
from asn1crypto import x509  # type: ignore[import-untyped]
from pyhanko.sign.fields import (
    SigSeedSubFilter,
    SigSeedValFlags,
    SigSeedValueSpec,
    enumerate_sig_fields,
)
from pyhanko.sign.general import SigningError, UnacceptableSignerError

from app.files.pdfium import PDFIUM
from app.kernel.errors import RuleViolation
from app.kernel.ports import Box, Purpose, SignJob
from app.kernel.purposes import AGENCY_FIELD, FORMS, OPINION_FIELD
from signing.pdf.geometry import Rect, page_shape
from signing.pdf.pages import BAD_FILE, page_object, shape_of, value_of

_MAX_PAGES = 300
_NEAR = 1.5
"""Points by which a box may miss a field that it stands for."""


@dataclass(frozen=True, slots=True)
class Template:
    """An empty field: its full name and its dictionary."""

    name: str
    field: Any


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


def empty_fields(reader: Any) -> list[Template]:
    """Return the signature fields that nobody has filled."""
    found = enumerate_sig_fields(reader, filled_status=False)
    return [Template(name, reference.get_object()) for name, _, reference in found]


def field_at(
    handler: Any, box: Box | None, purpose: Purpose, fields: list[Template]
) -> Template | None:
    """Return the empty field that a box stands for."""
    if box is None:
        return None
    page = page_object(handler, box.page)
    shape = shape_of(page)
    for found in fields:
        rect = value_of(found.field, "/Rect")
        if rect is None or not suits(purpose, found.name) or not _on_page(page, found.field):
            continue
        left, bottom, right, top = (float(rect[number]) for number in range(4))
        shown = shape.to_shown(
            (min(left, right), min(bottom, top), max(left, right), max(bottom, top))
        )
        wanted = (box.x, box.y, box.x + box.width, box.y + box.height)
        if all(abs(a - b) <= _NEAR for a, b in zip(shown, wanted, strict=True)):
            return found
    return None


def meet_terms(template: Template, job: SignJob) -> SignJob:
    """Return the job as the field demands it; raises `RuleViolation` for what cannot be met."""
    seed = value_of(template.field, "/SV")
    if seed is None:
        return job
    try:
        terms = SigSeedValueSpec.from_pdf_object(seed)  # type: ignore[no-untyped-call]
        if terms.cert is not None:
            terms.cert.satisfied_by(x509.Certificate.load(job.certificate.der), None)
    except UnacceptableSignerError as problem:
        raise RuleViolation("field_wants_certificate", "certificate") from problem
    except (SigningError, *BAD_FILE) as problem:
        raise RuleViolation("field_terms", "box") from problem
    if not _signable(terms):
        raise RuleViolation("field_terms", "box")
    if terms.flags & SigSeedValFlags.REASONS and not _reason_fits(terms.reasons, job.reason):
        raise RuleViolation("field_wants_reason", "reason")
    if not terms.timestamp_required:
        return job
    if not job.tsa:
        raise RuleViolation("field_wants_time", "tsa")
    return replace(job, require_time=True)


def _signable(terms: SigSeedValueSpec) -> bool:
    """Tell whether a field takes what we make: PAdES over SHA-256, no certification."""
    flags, kind = terms.flags, terms.seed_signature_type
    forms, hashes = terms.subfilters, terms.digest_methods
    refused = (
        kind is not None and kind.certification_signature(),
        bool(flags & SigSeedValFlags.SUBFILTER)
        and forms is not None
        and forms[:1] != [SigSeedSubFilter.PADES],
        bool(flags & SigSeedValFlags.DIGEST_METHOD)
        and hashes is not None
        and "sha256" not in hashes,
        bool(flags & SigSeedValFlags.APPEARANCE_FILTER) and terms.appearance is not None,
        bool(flags & SigSeedValFlags.ADD_REV_INFO) and bool(terms.add_rev_info),
        bool(flags & SigSeedValFlags.LEGAL_ATTESTATION) and bool(terms.legal_attestations),
    )
    return not any(refused)


def _reason_fits(allowed: list[str] | None, given: str) -> bool:
    """Tell whether a reason is one of those allowed; none or "." means that none may be given."""
    if not allowed or allowed == ["."]:
        return not given
    return given in allowed


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


def _on_page(page: Any, field: Any) -> bool:
    """Tell whether a field's widget stands on a page, by the page's own list."""
    listed: Any = value_of(page, "/Annots", ())
    wanted = getattr(field, "container_ref", None)
    references = (listed.raw_get(number) for number in range(len(listed)))
    return any(getattr(r, "reference", None) == wanted for r in references)


def _shared(one: Box, other: Box) -> float:
    """Return the area that two boxes share."""
    wide = min(one.x + one.width, other.x + other.width) - max(one.x, other.x)
    high = min(one.y + one.height, other.y + other.height) - max(one.y, other.y)
    return max(wide, 0.0) * max(high, 0.0) if one.page == other.page else 0.0
