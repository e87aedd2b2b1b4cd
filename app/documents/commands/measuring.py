"""What only the server asks: to write down a figure that it has computed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import ClassVar

from app.kernel.command import Command


@dataclass(frozen=True, slots=True)
class MeasureTimeliness(Command):
    """Set how many of a unit's incoming documents of a year were handled in time."""

    NAME: ClassVar[str] = "document.measure"

    numerator: int
    denominator: int
    on: date
