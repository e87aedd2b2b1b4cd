"""Empty signature fields that a template brings, and what they demand.

A template may demand things of whoever fills its field (seed values, ISO 32000-2, 12.7.5.5). What
cannot be met is refused before a PIN is asked for.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from asn1crypto import x509  # type: ignore[import-untyped]
from pyhanko.sign.fields import (
    SigSeedSubFilter,
    SigSeedValFlags,
    SigSeedValueSpec,
    enumerate_sig_fields,
)
from pyhanko.sign.general import SigningError, UnacceptableSignerError

from app.kernel.errors import RuleViolation
from app.kernel.ports import Box, Purpose, SignJob
from signing.pdf.blanks import suits
from signing.pdf.pages import BAD_FILE, page_object, shape_of, value_of

_NEAR = 1.5
"""Points by which a box may miss a field that it stands for."""


@dataclass(frozen=True, slots=True)
class Template:
    """An empty field: its full name and its dictionary."""

    name: str
    field: Any


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


def _on_page(page: Any, field: Any) -> bool:
    """Tell whether a field's widget stands on a page, by the page's own list."""
    listed: Any = value_of(page, "/Annots", ())
    wanted = getattr(field, "container_ref", None)
    references = (listed.raw_get(number) for number in range(len(listed)))
    return any(getattr(r, "reference", None) == wanted for r in references)
