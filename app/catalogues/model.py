"""One entry of a reference list, valid for a period."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

OPEN = "-"


@dataclass(frozen=True, slots=True)
class Item:
    """An entry of a list; its code may come again with another validity, its id never.

    `data` holds the list's further columns as text. `valid_to` is the last day, `successor`
    the id of the entry that took over.
    """

    id: str
    list: str
    code: str
    label: str
    data: Mapping[str, str] = field(default_factory=dict)
    valid_from: date | None = None
    valid_to: date | None = None
    successor: str | None = None

    def valid_on(self, day: date) -> bool:
        """Tell whether the entry holds on a day; both ends are included."""
        after = self.valid_from is None or self.valid_from <= day
        return after and (self.valid_to is None or day <= self.valid_to)


def item_id(name: str, code: str, valid_from: date | None) -> str:
    """Return the id of an entry: list, code and first day ("-" when open)."""
    return f"{name}:{code}:{valid_from.isoformat() if valid_from else OPEN}"
