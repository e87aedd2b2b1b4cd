"""Parties and what each reader may see of them: Law 91/2025/QH15, Decree 356/2025."""

from __future__ import annotations

import dataclasses
from dataclasses import replace
from datetime import date

import pytest
from sqlalchemy import create_engine

from app.kernel.actor import Actor
from app.kernel.errors import HoaBanError
from app.kernel.feature import Registry
from app.kernel.sensitivity import Sensitivity, masked, sensitivity_of
from app.parties.commands import PutParty
from app.parties.feature import FEATURE
from app.parties.model import Party, PartyKind, clearance
from app.parties.queries import list_parties, parties
from tests.doubles.world import World

REGISTRY = Registry((FEATURE,))
ONE_STOP = Actor("p1", "a", "xa1", "xa1", frozenset({"one_stop"}))
CLERK = replace(ONE_STOP, person="p2", roles=frozenset({"clerk"}))
ADMIN = replace(ONE_STOP, person="p3", roles=frozenset({"administrator"}))
SAMPLE = PutParty(
    "c1", PartyKind.CITIZEN, "Mẫu Thị Ví Dụ", "011000000023", date(1990, 1, 1), ethnicity="Thái"
)


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"name": " "}, "party.name"),
        ({"number": "12345"}, "party.number"),
        ({"number": "0110000000x3"}, "party.number"),
        ({"kind": PartyKind.ORGANISATION}, "party.number"),
        ({"birth": date(2026, 3, 3)}, "party.birth"),
    ],
)
def test_bad_data_is_refused(change: dict[str, object], code: str) -> None:
    with pytest.raises(HoaBanError, match=f"^{code}$"):
        World(REGISTRY).run(ONE_STOP, replace(SAMPLE, **change))


@pytest.mark.parametrize("number", ["", "012345678", "0110 0000 0023"])
def test_good_numbers(number: str) -> None:
    world = World(REGISTRY)
    world.run(ONE_STOP, replace(SAMPLE, number=number))
    assert world.get("party", "c1").number == number.replace(" ", "")


def test_only_the_agency_that_cares_for_a_party_changes_it() -> None:
    world = World(REGISTRY)
    world.run(ONE_STOP, SAMPLE)
    for actor, code in (
        (replace(CLERK, agency="xa2"), "party.other_agency"),
        (ADMIN, "permission"),
    ):
        with pytest.raises(HoaBanError, match=code):
            world.run(actor, SAMPLE)


def test_nothing_personal_is_in_the_text_of_a_party() -> None:
    world = World(REGISTRY)
    world.run(ONE_STOP, SAMPLE)
    for value in (world.get("party", "c1"), SAMPLE):
        assert not any(word in repr(value) for word in ("Mẫu", "0110", "1990", "Thái"))
    for field in dataclasses.fields(Party):
        level = sensitivity_of(Party)[field.name]
        assert field.repr is (level is Sensitivity.PLAIN), field.name


@pytest.mark.parametrize(
    ("actor", "name", "number", "ethnicity"),
    [
        (ONE_STOP, "Mẫu Thị Ví Dụ", "011000000023", "Thái"),
        (CLERK, "Mẫu Thị Ví Dụ", "011000000023", "***"),
        (ADMIN, "***", "0110******23", "***"),
        (replace(ONE_STOP, agency="xa2"), "***", "0110******23", "***"),
    ],
)
def test_what_each_reader_sees(actor: Actor, name: str, number: str, ethnicity: str) -> None:
    world = World(REGISTRY)
    world.run(ONE_STOP, SAMPLE)
    seen = masked(world.get("party", "c1"), clearance(actor, "xa1"))
    assert (seen.name, seen.number, seen.ethnicity) == (name, number, ethnicity)
    assert (seen.birth is None) is (name == "***")
    assert seen.address == ""


def test_lists_are_masked_and_cannot_be_probed() -> None:
    world = World(REGISTRY)
    world.run(ONE_STOP, SAMPLE)
    (projection,) = REGISTRY.projections["party"]
    engine = create_engine("sqlite://")
    with engine.begin() as connection:
        projection.create(connection)
        projection.write(connection, [("c1", world.get("party", "c1"))])
        for text in ("vi du", "011000000023"):
            assert [p.id for p in parties(connection, CLERK, text)] == ["c1"]
            assert parties(connection, ADMIN, text) == []
        assert list_parties(connection, ADMIN, "", 5)[0]["number"] == "0110******23"
        assert parties(connection, replace(ONE_STOP, agency="xa2")) == []
        assert "ethnicity" not in list_parties(connection, ONE_STOP, "", 5)[0]
        projection.delete(connection, ["c1"])
        assert parties(connection, CLERK) == []
    engine.dispose()
