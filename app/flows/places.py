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
    """A place on the first or the last page, in points from its lower left corner.

    `beside` is how far its middle stood from the middle of the place that the words told, None
    where they told none: title and name of a signer stand higher or lower on the next paper.
    """

    page: OnPage
    x: float
    y: float
    width: float
    height: float
    beside: tuple[float, float] | None = None

    @classmethod
    def of(cls, box: Box, pages: int, words: Box | None = None) -> KeptPlace:
        """Return the place of a box; on a page of one it is the last, where people sign."""
        page = OnPage.FIRST if box.page == 0 and pages > 1 else OnPage.LAST
        beside = None
        if words is not None and words.page == box.page:
            (x, y), (told_x, told_y) = _middle(box), _middle(words)
            beside = (x - told_x, y - told_y)
        return cls(page, box.x, box.y, box.width, box.height, beside)

    def box(self, pages: int, words: Box | None = None) -> Box:
        """Return the box on a paper of so many pages, beside what the words of this one tell."""
        if words is not None and self.beside is not None:
            x, y = _middle(words)
            left = x + self.beside[0] - self.width / 2
            bottom = y + self.beside[1] - self.height / 2
            return Box(words.page, max(left, 0.0), max(bottom, 0.0), self.width, self.height)
        page = 0 if self.page is OnPage.FIRST else max(pages - 1, 0)
        return Box(page, self.x, self.y, self.width, self.height)


def _middle(box: Box) -> tuple[float, float]:
    return box.x + box.width / 2, box.y + box.height / 2


def kept_place(store: Kept, unit: str, kind: str, purpose: Purpose) -> KeptPlace | None:
    """Return what was kept for a unit, a kind of paper and a purpose; a damaged value is none."""
    found = _all(store).get(_key(unit, kind, purpose), {})
    try:
        page = OnPage(found["page"])
        x, y, width, height = (float(found[side]) for side in ("x", "y", "width", "height"))
        beside = found.get("beside")
        if beside is not None:
            beside = (float(beside[0]), float(beside[1]))
        return KeptPlace(page, x, y, width, height, beside)
    except (LookupError, TypeError, ValueError):
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
