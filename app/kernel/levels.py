"""The levels of a signature (EN 319 142-1, 5.4; EN 319 122-1, 6), from the least to the most."""

from __future__ import annotations

from collections.abc import Iterable

LEVELS = ("B-B", "B-T", "B-LT", "B-LTA")


def rank(level: str) -> int:
    """Return the place of a level; -1 for none, or for a name that is no level."""
    return LEVELS.index(level) if level in LEVELS else -1


def reaches(level: str, wanted: str) -> bool:
    """Tell whether a level is at least another."""
    return rank(level) >= rank(wanted)


def least(levels: Iterable[str]) -> str:
    """Return the lowest of some levels, "" for none."""
    return min(levels, key=rank, default="")
