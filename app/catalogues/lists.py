"""Typed views of the lists that screens offer to choose from."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from app.catalogues.load import DOCUMENT_TYPE, PHRASE, URGENCY
from app.catalogues.model import Item


@dataclass(frozen=True, slots=True)
class DocumentType:
    """A type of document (NĐ 30/2020 Art 7); `abbr` is empty for công văn and thư công."""

    code: str
    name: str
    abbr: str = ""


@dataclass(frozen=True, slots=True)
class Phrase:
    """A standard wording; `{lead}`, `{deadline}` … are filled in by the screen."""

    code: str
    text: str
    role: str
    use: str


@dataclass(frozen=True, slots=True)
class Urgency:
    """A degree of urgency with the size of its stamp in millimetres (0 = no stamp)."""

    code: str
    mark: str
    width: int = 0
    height: int = 0


def valid_items(items: Iterable[Item], name: str, on: date) -> tuple[Item, ...]:
    """Return the entries of a list that hold on a day, in their order."""
    return tuple(item for item in items if item.list == name and item.valid_on(on))


def document_types(items: Iterable[Item], on: date) -> tuple[DocumentType, ...]:
    """Return the types of documents that hold on a day."""
    return tuple(
        DocumentType(i.code, i.label, i.data.get("abbr", ""))
        for i in valid_items(items, DOCUMENT_TYPE, on)
    )


def phrases(items: Iterable[Item], on: date, use: str = "") -> tuple[Phrase, ...]:
    """Return the standard wordings that hold on a day, all or those for one use."""
    return tuple(
        Phrase(i.code, i.label, i.data.get("role", ""), i.data.get("use", ""))
        for i in valid_items(items, PHRASE, on)
        if use in ("", i.data.get("use"))
    )


def urgencies(items: Iterable[Item], on: date) -> tuple[Urgency, ...]:
    """Return the degrees of urgency that hold on a day."""
    return tuple(
        Urgency(i.code, i.label, int(i.data["width_mm"]), int(i.data["height_mm"]))
        for i in valid_items(items, URGENCY, on)
    )
