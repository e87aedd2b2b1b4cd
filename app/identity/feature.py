"""What the directory brings to the product."""

from __future__ import annotations

from typing import Any

from app.identity import commands, queries, rules
from app.identity.model import ADMINISTRATOR, LEADER, Person, Post, Unit
from app.identity.tables import PROJECTIONS
from app.kernel.feature import Feature, Handler, Kind


def _everywhere(_: Any) -> frozenset[str]:
    return frozenset({"province"})


MANAGE = "identity.manage"
DELEGATE = "identity.delegate"

FEATURE = Feature(
    name="identity",
    kinds=(
        Kind("unit", Unit, rules.apply_unit, _everywhere),
        Kind("person", Person, rules.apply_person, _everywhere),
        Kind("post", Post, rules.apply_post, _everywhere),
    ),
    handlers=(
        Handler(commands.PutUnit, "unit", MANAGE, rules.put_unit),
        Handler(commands.CloseUnit, "unit", MANAGE, rules.close_unit),
        Handler(commands.PutPerson, "person", MANAGE, rules.put_person),
        Handler(commands.SetPersonActive, "person", MANAGE, rules.set_active),
        Handler(commands.PutPost, "post", MANAGE, rules.put_post),
        Handler(commands.EndPost, "post", MANAGE, rules.end_post),
        Handler(commands.Delegate, "post", DELEGATE, rules.delegate),
        Handler(commands.EndDelegation, "post", DELEGATE, rules.end_delegation),
    ),
    projections=PROJECTIONS,
    grants={
        MANAGE: frozenset({ADMINISTRATOR}),
        DELEGATE: frozenset({LEADER, ADMINISTRATOR}),
    },
    lists={"unit": queries.list_units, "person": queries.list_people},
    rows={"unit": (queries.UnitLine,), "person": (queries.PersonLine,)},
)
