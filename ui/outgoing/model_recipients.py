"""Recipients from the directory: found without tones, taken one by one or by whole groups."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from app.identity.queries import UnitRow
from app.kernel.text import fold

_SHOWN = 8


def _rural(row: UnitRow) -> bool:
    return fold(row.name).startswith("uy ban nhan dan xa ")


def _ward(row: UnitRow) -> bool:
    return fold(row.name).startswith("uy ban nhan dan phuong ")


def _department(row: UnitRow) -> bool:
    return fold(row.name).startswith("so ")


GROUPS: dict[str, Callable[[UnitRow], bool]] = {
    "communes": lambda row: _rural(row) or _ward(row),
    "rural": _rural,
    "wards": _ward,
    "departments": _department,
}


@dataclass(frozen=True, slots=True)
class Directory:
    """The agencies that can receive; the drafter's own is left out."""

    rows: tuple[UnitRow, ...] = ()
    own: str = ""

    def group(self, name: str) -> list[tuple[str, str]]:
        """Return every member of a group."""
        belongs = GROUPS[name]
        return [(r.id, r.name) for r in self.rows if r.id != self.own and belongs(r)]

    def find(self, text: str) -> Sequence[UnitRow]:
        """Return the agencies that hold every word; "ubnd" stands for the long name."""
        words = fold(text).split()
        if not words:
            return ()
        found = [r for r in self.rows if r.id != self.own and all(w in _spoken(r) for w in words)]
        found.sort(key=lambda r: (not fold(r.name).startswith(fold(text)), len(r.name)))
        return found[:_SHOWN]


def _spoken(row: UnitRow) -> str:
    name = fold(row.name)
    short = name.replace("uy ban nhan dan", "ubnd").replace("hoi dong nhan dan", "hdnd")
    return f"{name} {short} {fold(row.abbr)}"
