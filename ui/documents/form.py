"""The registration form as plain texts: to particulars and back, and what page 1 proposes."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from typing import Any

from app.documents.model import Document, Particulars, Secrecy, Urgency
from app.files.suggest import Suggestion
from app.kernel.errors import RuleViolation
from app.kernel.text import normal
from ui.documents.issuers import cased

Values = dict[str, str]
TEXTS = ("issuer", "signer", "to_places", "dossier", "note")
NUMBERS = ("pages", "copies")
DATES = ("issued", "due")
# Form fields by the name that a rule gives when it refuses one
FIELD_OF = {"number": "symbol", "notation": "symbol", "type_name": "type", "leader": "receiver"}
_SYMBOL = re.compile(r"\s*(\d{1,11})?\s*/?\s*(.*)")
_YES = "yes"


def values_of(document: Document) -> Values:
    """Return the form of a document that is here already."""
    return values_from(document.particulars)


def values_from(p: Particulars) -> Values:
    """Return the form of particulars; empty texts where nothing is known."""
    symbol = "/".join(part for part in (p.number, p.notation) if part)
    found = {
        "symbol": symbol,
        "type": p.type,
        "subject": p.subject,
        "urgency": p.urgency.value,
        "secrecy": p.secrecy.value,
        "paper": _YES if p.paper else "",
        "requires_reply": _YES if p.requires_reply else "",
    }
    found |= {name: str(getattr(p, name)) for name in TEXTS}
    found |= {name: str(getattr(p, name) or "") for name in NUMBERS}
    for name in DATES:
        value: date | None = getattr(p, name)
        found[name] = value.isoformat() if value is not None else ""
    return found


def split_symbol(text: str) -> tuple[str, str]:
    """Split "4512/UBND-TH" into number and notation."""
    found = _SYMBOL.fullmatch(normal(text))
    if found is None:
        return "", normal(text)
    return found[1] or "", (found[2] or "").strip("/ ")


def particulars_of(
    values: Mapping[str, str], base: Particulars, types: Mapping[str, str]
) -> Particulars:
    """Return the particulars that a form says; what it has no field for stays as it was.

    Raises `RuleViolation("argument", field)` for a number or a date that is none.
    """
    number, notation = split_symbol(values.get("symbol", ""))
    changes: dict[str, Any] = {
        "number": number,
        "notation": notation,
        "type": values.get("type", ""),
        "type_name": types.get(values.get("type", ""), base.type_name),
        "subject": normal(values.get("subject", "")),
        "urgency": Urgency(values.get("urgency") or Urgency.NORMAL.value),
        "secrecy": Secrecy(values.get("secrecy") or Secrecy.NONE.value),
        "paper": values.get("paper") == _YES,
        "requires_reply": values.get("requires_reply") == _YES,
    }
    changes |= {name: normal(values.get(name, "")) for name in TEXTS}
    changes |= {name: _whole(values.get(name, ""), name) for name in NUMBERS}
    changes |= {name: _day(values.get(name, ""), name) for name in DATES}
    return replace(base, **changes)


def _whole(text: str, field: str) -> int:
    tidy = text.strip()
    if not tidy:
        return 0
    if not tidy.isascii() or not tidy.isdigit() or len(tidy) > 4:
        raise RuleViolation("argument", field=field)
    return int(tidy)


def _day(text: str, field: str) -> date | None:
    if not text:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise RuleViolation("argument", field=field) from error


def proposed(suggestion: Suggestion, pages: int) -> Values:
    """Return what was read from page 1, by field; only what was found."""
    symbol = "/".join(p for p in (suggestion.number, suggestion.notation) if p)
    found = {
        "symbol": symbol,
        "issuer": cased(suggestion.issuer),
        "issued": suggestion.issued.isoformat() if suggestion.issued else "",
        "subject": suggestion.subject,
        "type": suggestion.type,
        "urgency": suggestion.urgency,
        "pages": str(pages) if pages else "",
    }
    return {name: value for name, value in found.items() if value}
