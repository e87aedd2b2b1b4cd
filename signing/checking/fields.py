"""The filled signature fields of a file, one by one: a broken field hides no other."""

from __future__ import annotations

from typing import Any

from pyhanko.pdf_utils.form_tools import enumerate_fields_in
from pyhanko.pdf_utils.generic import ArrayObject

from signing.pdf.pages import BAD_FILE, filled_fields, value_of

Field = tuple[str, Any, Any]
NAMELESS = "?"


def signature_fields(reader: Any) -> tuple[list[Field], list[str]]:
    """Return the fields as name, signature and widget, and the names of those beyond reading.

    Raises what reading a damaged file raises when not even the list of fields can be read.
    """
    try:
        return filled_fields(reader), []
    except BAD_FILE:
        return _one_by_one(reader)


def _one_by_one(reader: Any) -> tuple[list[Field], list[str]]:
    found: list[Field] = []
    broken: list[str] = []
    listed = reader.root["/AcroForm"]["/Fields"]
    for index in range(len(listed)):
        try:
            _take_below(ArrayObject([listed.raw_get(index)]), found)
        except BAD_FILE:
            name = _broken_name(listed, index)
            if name:
                broken.append(name)
    return found, broken


def _take_below(fields: Any, found: list[Field]) -> None:
    inside = enumerate_fields_in(  # type: ignore[no-untyped-call]
        fields, filled_status=True, refs_seen=set(), target_field_type="/Sig"
    )
    for name, value, widget in inside:
        found.append((name, value, widget.get_object()))


def _broken_name(listed: Any, index: int) -> str:
    """Return the name of a field that may be a signature's, "" for one that is none."""
    try:
        field = listed[index]
        kind, name = value_of(field, "/FT", "/Sig"), value_of(field, "/T", NAMELESS)
    except BAD_FILE:
        return NAMELESS
    return str(name) or NAMELESS if kind == "/Sig" else ""
