"""What earlier signers allow: certification levels and locks on fields (ISO 32000-2, 12.8.2)."""

from __future__ import annotations

from typing import Any

from pyhanko.sign.fields import FieldMDPSpec, MDPPerm
from pyhanko.sign.validation.pdf_embedded import read_certification_data

from app.kernel.errors import Damaged
from signing.pdf.pages import value_of

_CLOSED = MDPPerm.NO_CHANGES.value


def check_locks(reader: Any, fields: list[tuple[str, Any, Any]]) -> None:
    """Raise `Damaged("pdf_locked")` where an earlier signer allows no further change."""
    certified = read_certification_data(reader) if fields else None
    if certified is not None and certified.permission is MDPPerm.NO_CHANGES:
        raise Damaged("pdf_locked")
    for _, _, field in fields:
        if any(value_of(params, "/P") == _CLOSED for params in _transforms(field)):
            raise Damaged("pdf_locked")


def check_field(name: str, fields: list[tuple[str, Any, Any]]) -> None:
    """Raise `Damaged("pdf_fields_locked")` where an earlier signer locked a field of this name."""
    for _, _, field in fields:
        for params in _transforms(field, "/FieldMDP"):
            if FieldMDPSpec.from_pdf_object(params).is_locked(name):
                raise Damaged("pdf_fields_locked")


def _transforms(field: Any, method: str = "") -> list[Any]:
    """Return the parameters of the transforms of a field's signature."""
    found = []
    references = value_of(value_of(field, "/V"), "/Reference", ())
    # By number, because only then the library follows a reference.
    for reference in (references[number] for number in range(len(references))):
        params = value_of(reference, "/TransformParams")
        if params is not None and method in ("", value_of(reference, "/TransformMethod")):
            found.append(params)
    return found
