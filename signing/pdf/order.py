"""The decree's order of signatures, from the fields of a PDF (Decree 30/2020, Art 32)."""

from __future__ import annotations

from collections.abc import Set as AbstractSet
from typing import Any

from pyhanko.sign.general import CMSExtractionError
from pyhanko.sign.validation.errors import SignatureValidationError
from pyhanko.sign.validation.generic_cms import validate_sig_integrity
from pyhanko.sign.validation.pdf_embedded import EmbeddedPdfSignature

from app.kernel.errors import Damaged, RuleViolation
from app.kernel.ports import Purpose
from app.kernel.purposes import AGENCY_FIELD, FORMS, OPINION_FIELD
from signing.pdf.pages import BAD_FILE, value_of
from signing.pdf.proofs import DOCUMENT_STAMP

Fields = list[tuple[str, Any, Any]]


def check_order(purpose: Purpose, reader: Any, fields: Fields) -> None:
    """Let the person sign first, then the seal, and no further person or opinion after the seal.

    Raises `RuleViolation` for a signature out of order, and `Damaged("person_signature_broken")`
    for a seal over a person's signature that no longer holds. An opinion, a received document's
    mark and a time stamp are no signature of the authorised person.
    """
    persons = [f for f in fields if _is_person(f)]
    arrived = FORMS[Purpose.INCOMING].field
    sealed = any(n.startswith(AGENCY_FIELD) and not n.startswith(arrived) for n, _, _ in fields)
    if purpose is Purpose.ISSUE and not persons:
        raise RuleViolation("seal_before_signature")
    if purpose is Purpose.ISSUE and sealed:
        raise RuleViolation("seal_twice")
    if purpose in (Purpose.APPROVE, Purpose.COMMENT) and sealed:
        raise RuleViolation("signature_after_seal")
    if purpose is Purpose.ISSUE and not all(_holds(reader, f) for f in persons):
        raise Damaged("person_signature_broken")


def free_name(purpose: Purpose, taken: AbstractSet[str]) -> str:
    """Return a name for the new field that no other field bears."""
    base = FORMS[purpose].field
    names = (base if n == 1 else f"{base}_{n}" for n in range(1, len(taken) + 2))
    return next(name for name in names if name not in taken)


def _is_person(field: tuple[str, Any, Any]) -> bool:
    name, value, _ = field
    if name.startswith((AGENCY_FIELD, OPINION_FIELD)):
        return False
    return bool(value_of(value.get_object(), "/Type") != DOCUMENT_STAMP)


def _holds(reader: Any, field: tuple[str, Any, Any]) -> bool:
    """Tell whether the signed bytes and the signature over them are what they were."""
    name, _, widget = field
    try:
        found = EmbeddedPdfSignature(reader, widget, name)
        signed = found.compute_digest()
        intact = validate_sig_integrity(found.signer_info, found.signer_cert, "data", signed)
    except (CMSExtractionError, SignatureValidationError, *BAD_FILE):
        return False
    return all(intact)
