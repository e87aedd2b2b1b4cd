"""The rules of parties."""

from __future__ import annotations

import re
from collections.abc import Sequence

from app.kernel.clock import local_date
from app.kernel.codec import from_json, to_json
from app.kernel.errors import NotPermitted, RuleViolation
from app.kernel.event import Event, NewEvent
from app.kernel.feature import Context
from app.kernel.text import normal
from app.parties.commands import PutParty
from app.parties.model import Party, PartyKind

# Twelve figures of the citizen's number, nine of the old card; ten of the code, three a branch
_NUMBER = {
    PartyKind.CITIZEN: re.compile(r"\d{12}|\d{9}"),
    PartyKind.ORGANISATION: re.compile(r"\d{10}(-\d{3})?"),
}


def put(party: Party | None, command: PutParty, context: Context) -> Sequence[NewEvent]:
    """Enter or correct a party; only the agency that cares for it may."""
    agency = context.actor.agency
    if party is not None and party.agency != agency:
        raise NotPermitted("party.other_agency")
    name = normal(command.name)
    if not name:
        raise RuleViolation("party.name", field="name")
    number = command.number.replace(" ", "")
    if number and not _NUMBER[command.kind].fullmatch(number):
        raise RuleViolation("party.number", field="number")
    if command.birth is not None and command.birth > local_date(context.now):
        raise RuleViolation("party.birth", field="birth")
    value = Party(
        id=command.id,
        agency=agency,
        kind=command.kind,
        name=name,
        number=number,
        birth=command.birth,
        address=normal(command.address),
        phone=normal(command.phone),
        email=normal(command.email),
        ethnicity=normal(command.ethnicity),
    )
    return [NewEvent("party", command.id, "party.put", to_json(value))]


def apply(_: Party | None, event: Event) -> Party:
    """Return the party as the event says."""
    return from_json(Party, event.data)
