"""A party: a citizen or an organisation, each field with its sensitivity.

Marked fields stay out of `repr`, so no log line or crash report can carry them.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum

from app.kernel.actor import Actor
from app.kernel.sensitivity import Sensitivity, mark

_PERSONAL = mark(Sensitivity.PERSONAL)
_SENSITIVE = mark(Sensitivity.SENSITIVE)


class PartyKind(StrEnum):
    """Công dân, tổ chức."""

    CITIZEN = "citizen"
    ORGANISATION = "organisation"


@dataclass(frozen=True, slots=True)
class Party:
    """A citizen or an organisation in the care of one agency.

    `number` is the personal identity number of a citizen, the enterprise or tax code of an
    organisation.
    """

    id: str
    agency: str
    kind: PartyKind
    name: str = field(repr=False, metadata=_PERSONAL)
    number: str = field(default="", repr=False, metadata=_PERSONAL)
    birth: date | None = field(default=None, repr=False, metadata=_PERSONAL)
    address: str = field(default="", repr=False, metadata=_PERSONAL)
    phone: str = field(default="", repr=False, metadata=_PERSONAL)
    email: str = field(default="", repr=False, metadata=_PERSONAL)
    ethnicity: str = field(default="", repr=False, metadata=_SENSITIVE)


def clearance(actor: Actor, agency: str) -> Sensitivity:
    """Return the highest level that an actor may read of an agency's parties.

    The one-stop officer handles the papers themselves; administrators read nothing.
    """
    if actor.is_system:
        return Sensitivity.SENSITIVE
    if actor.agency != agency:
        return Sensitivity.PLAIN
    if "one_stop" in actor.roles:
        return Sensitivity.SENSITIVE
    if actor.roles & {"clerk", "specialist", "department_head", "leader", "office_head"}:
        return Sensitivity.PERSONAL
    return Sensitivity.PLAIN
