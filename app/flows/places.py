"""Where a signature went the last time, kept to be offered again: by unit, kind and purpose."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any, Protocol

from app.kernel.ports import Box, Purpose

_META = "signing.places"


class Kept(Protocol):
    """The named values of a desk."""

    def meta(self, key: str, default: str = "") -> str:
        """Return a named value."""

    def set_meta(self, key: str, value: str) -> None:
        """Keep a named value."""


class OnPage(StrEnum):
    """Which page, counted so that it fits papers of any length."""

    FIRST = "first"
    LAST = "last"


@dataclass(frozen=True, slots=True)
class KeptPlace:
    """A place on the first or the last page, in points from its lower left corner."""

    page: OnPage
    x: float
    y: float
    width: float
    height: float

    @classmethod
    def of(cls, box: Box, pages: int) -> KeptPlace:
        """Return the place of a box; on a page of one it is the last, where people sign."""
        page = OnPage.FIRST if box.page == 0 and pages > 1 else OnPage.LAST
        return cls(page, box.x, box.y, box.width, box.height)

    def box(self, pages: int) -> Box:
        """Return the box on a paper of so many pages."""
        page = 0 if self.page is OnPage.FIRST else max(pages - 1, 0)
        return Box(page, self.x, self.y, self.width, self.height)


def kept_place(store: Kept, unit: str, kind: str, purpose: Purpose) -> KeptPlace | None:
    """Return what was kept for a unit, a kind of paper and a purpose; a damaged value is none."""
    found = _all(store).get(_key(unit, kind, purpose), {})
    try:
        sides = (float(found[side]) for side in ("x", "y", "width", "height"))
        return KeptPlace(OnPage(found["page"]), *sides)
    except (KeyError, TypeError, ValueError):
        return None


def keep_place(store: Kept, unit: str, kind: str, purpose: Purpose, place: KeptPlace) -> None:
    """Keep a place for the next time, instead of the one before."""
    places = _all(store) | {_key(unit, kind, purpose): asdict(place)}
    store.set_meta(_META, json.dumps(places))


def _key(unit: str, kind: str, purpose: Purpose) -> str:
    return f"{unit}|{kind}|{purpose.value}"


def _all(store: Kept) -> dict[str, Any]:
    try:
        found = json.loads(store.meta(_META, "{}"))
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}
