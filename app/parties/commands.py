"""What can be asked of parties."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from typing import ClassVar

from app.kernel.command import Command
from app.parties.model import PartyKind


@dataclass(frozen=True, slots=True)
class PutParty(Command):
    """Enter a party of the actor's agency, or correct its data."""

    NAME: ClassVar[str] = "party.put"

    kind: PartyKind
    name: str = field(repr=False)
    number: str = field(default="", repr=False)
    birth: date | None = field(default=None, repr=False)
    address: str = field(default="", repr=False)
    phone: str = field(default="", repr=False)
    email: str = field(default="", repr=False)
    ethnicity: str = field(default="", repr=False)
