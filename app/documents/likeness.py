"""Documents that may be one and the same: what each of them says of the other.

Two desks without a line can both register one paper. The server finds out by the keys that the
documents share, each of which is an entity that no desk holds.
"""

from __future__ import annotations

from dataclasses import dataclass

LIKENESS = "likeness"
SUSPECTED, PARTED, SAME = "", "parted", "same"


@dataclass(frozen=True, slots=True)
class Twin:
    """Another document that may be the same; `why` is "symbol" or "file", `verdict` what people say."""

    id: str
    why: str = ""
    verdict: str = SUSPECTED


@dataclass(frozen=True, slots=True)
class Likeness:
    """The documents of an agency that share a key."""

    id: str
    documents: tuple[str, ...] = ()
