"""What parties bring to the product."""

from __future__ import annotations

from typing import Any

from app.kernel.actor import Actor
from app.kernel.feature import Feature, Handler, Kind
from app.kernel.sensitivity import Sensitivity
from app.parties.commands import PutParty
from app.parties.model import Party, clearance
from app.parties.queries import list_parties
from app.parties.rules import apply, put
from app.parties.tables import PROJECTION


def _buckets(party: Party) -> frozenset[str]:
    return frozenset({f"agency:{party.agency}"})


def _readable(party: Any, actor: Actor) -> bool:
    # Generic lists show entities whole, so they are for those who may see every field.
    return clearance(actor, party.agency) is Sensitivity.SENSITIVE


FEATURE = Feature(
    name="parties",
    kinds=(Kind("party", Party, apply, _buckets, readable=_readable),),
    handlers=(Handler(PutParty, "party", "party.put", put),),
    projections=(PROJECTION,),
    grants={"party.put": frozenset({"clerk", "one_stop", "specialist"})},
    lists={"party": list_parties},
    rows={"party": (Party,)},
)
