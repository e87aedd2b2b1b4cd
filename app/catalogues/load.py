"""The lists that come with the product: entries of catalogues and units of the province."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping
from datetime import date

from app.catalogues.model import OPEN, Item, item_id
from app.kernel.texts import resource

HOLIDAY = "holiday"
HOLIDAY_RULE = "holiday_rule"
OFFICE_HOURS = "office_hours"
DOCUMENT_TYPE = "document_type"
PHRASE = "phrase"
URGENCY = "urgency"

# file, list, column of the code, column of the label
_LISTS = (
    ("holidays", HOLIDAY, "date", "name_vi"),
    ("holiday-rules", HOLIDAY_RULE, "name_vi", "name_vi"),
    ("office-hours", OFFICE_HOURS, "spans", "basis"),
    ("document-types", DOCUMENT_TYPE, "code", "name_vi"),
    ("phrases", PHRASE, "code", "label"),
    ("urgency", URGENCY, "code", "label"),
)


def rows(name: str) -> Iterator[dict[str, str]]:
    """Yield the rows of `resources/catalogues/<name>.csv` as texts by column."""
    text = resource("catalogues", f"{name}.csv").read_text(encoding="utf-8")
    yield from csv.DictReader(text.splitlines())


def load_items() -> tuple[Item, ...]:
    """Return the entries of all lists that come with the product."""
    return tuple(
        _item(name, code, label, row) for file, name, code, label in _LISTS for row in rows(file)
    )


def _item(name: str, code: str, label: str, row: Mapping[str, str]) -> Item:
    kept = {k: v for k, v in row.items() if v and k not in {"valid_from", "valid_to", label}}
    valid_from = day_or_none(row.get("valid_from", ""))
    return Item(
        id=item_id(name, row[code], valid_from),
        list=name,
        code=row[code],
        label=row[label],
        data=kept,
        valid_from=valid_from,
        valid_to=day_or_none(row.get("valid_to", "")),
    )


def day_or_none(text: str) -> date | None:
    """Return the day of an ISO date, None for an empty text."""
    return date.fromisoformat(text) if text and text != OPEN else None
