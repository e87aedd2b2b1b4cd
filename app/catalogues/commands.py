"""What an administrator asks of the reference lists."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import ClassVar

from app.kernel.command import Command


@dataclass(frozen=True, slots=True)
class PutItem(Command):
    """Enter an entry or correct its label, data and end; `id` as `item_id` makes it."""

    NAME: ClassVar[str] = "catalogue.put"

    list: str
    code: str
    label: str
    data: Mapping[str, str] = field(default_factory=dict)
    valid_from: date | None = None


@dataclass(frozen=True, slots=True)
class RetireItem(Command):
    """End an entry on its last day and name the entry that takes over."""

    NAME: ClassVar[str] = "catalogue.retire"

    valid_to: date
    successor: str | None = None
