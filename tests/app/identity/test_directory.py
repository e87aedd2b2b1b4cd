"""Units, people, posts and acting for others: Decree 30/2020 Art 13 as cases."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest
from sqlalchemy import create_engine

from app.identity import current, memberships, resolve
from app.identity.commands import (
    CloseUnit,
    Delegate,
    EndDelegation,
    EndPost,
    PutPerson,
    PutPost,
    PutUnit,
    SetPersonActive,
)
from app.identity.feature import FEATURE
from app.identity.model import Authority
from app.identity.queries import posts, units
from app.kernel.actor import Actor
from app.kernel.command import Command
from app.kernel.errors import HoaBanError, NotPermitted, RuleViolation
from app.kernel.feature import Registry
from tests.doubles.world import World

REGISTRY = Registry((FEATURE,))
ADMIN = Actor("root", "root-post", "ubnd", "ubnd", frozenset({"administrator"}))
START, DAY, END = date(2025, 7, 1), date(2026, 3, 2), date(2026, 12, 31)


def post(name: str, person: str, roles: tuple[str, ...], agency: str = "ubnd") -> PutPost:
    return PutPost(name, person, agency, agency, f"Chức vụ {name}", roles, START)


@pytest.fixture
def world() -> World:
    made = World(REGISTRY)
    for unit, seal in (("ubnd", True), ("hdnd", True), ("vhxh", False)):
        made.run(ADMIN, PutUnit(unit, unit, f"Đơn vị {unit}", is_agency=seal, valid_from=START))
    for person in ("chair", "deputy", "clerk", "head"):
        made.run(ADMIN, PutPerson(person, f"Mẫu Văn {person}", person))
    made.run(ADMIN, post("p-chair", "chair", ("leader",)))
    made.run(ADMIN, post("p-deputy", "deputy", ("leader",)))
    made.run(ADMIN, post("p-clerk", "clerk", ("clerk",)))
    made.run(ADMIN, post("p-clerk2", "clerk", ("clerk",), "hdnd"))
    made.run(ADMIN, replace(post("p-head", "head", ("department_head",)), unit="vhxh"))
    return made


def give(world: World, to: str, authority: Authority, **more: object) -> None:
    command = Delegate(to, "p-chair", authority, START)
    world.run(resolve(world.get, "chair", "p-chair", DAY), replace(command, **more))


def test_one_clerk_serves_two_agencies(world: World) -> None:
    agencies = [resolve(world.get, "clerk", p, DAY).agency for p in ("p-clerk", "p-clerk2")]
    assert agencies == ["ubnd", "hdnd"]


@pytest.mark.parametrize(
    ("person", "at_post", "day", "code"),
    [
        ("nobody", "p-chair", DAY, "identity.person"),
        ("system", "p-chair", DAY, "identity.person"),
        ("clerk", "p-chair", DAY, "identity.post"),
        ("chair", "none", DAY, "identity.post"),
        ("chair", "p-chair", date(2025, 6, 30), "identity.post"),
        # 17:00 UTC on 30 June is 1 July in Vietnam: one minute before it is not
        ("chair", "p-chair", datetime(2025, 6, 30, 16, 59, tzinfo=UTC), "identity.post"),
    ],
)
def test_who_is_refused(world: World, person: str, at_post: str, day: date, code: str) -> None:
    with pytest.raises(NotPermitted, match=f"^{code}$"):
        resolve(world.get, person, at_post, day)


def test_validity_counts_days_in_vietnam(world: World) -> None:
    at = datetime(2025, 6, 30, 17, 0, tzinfo=UTC)
    assert resolve(world.get, "chair", "p-chair", at).person == "chair"
    world.run(ADMIN, EndPost("p-chair", DAY))
    assert resolve(world.get, "chair", "p-chair", DAY).post == "p-chair"
    with pytest.raises(NotPermitted):
        resolve(world.get, "chair", "p-chair", date(2026, 3, 3))


def test_a_blocked_person_may_nothing(world: World) -> None:
    world.run(ADMIN, SetPersonActive("clerk", active=False))
    with pytest.raises(NotPermitted, match=r"identity\.person"):
        resolve(world.get, "clerk", "p-clerk", DAY)


@pytest.mark.parametrize(
    ("at_post", "person", "acting_for", "authority", "code"),
    [
        ("p-deputy", "deputy", "chair", "KT.", ""),
        ("p-deputy", "deputy", "chair", "TUQ.", "identity.delegation"),
        ("p-clerk", "clerk", "chair", "KT.", "identity.delegation"),
        ("p-clerk", "clerk", "chair", "", "identity.delegation"),
        ("p-clerk", "clerk", "chair", "paper", ""),
        ("p-clerk2", "clerk", "chair", "paper", "identity.paper"),
        ("p-clerk", "clerk", "head", "paper", "identity.paper"),
        ("p-head", "head", "chair", "paper", "identity.paper"),
        ("p-chair", "chair", None, "TM.", ""),
        ("p-chair", "chair", None, "KT.", "identity.authority"),
        ("p-clerk", "clerk", None, "TM.", "identity.authority"),
    ],
)
def test_acting_for_another__Art_13(
    world: World, at_post: str, person: str, acting_for: str | None, authority: str, code: str
) -> None:
    give(world, "p-deputy", Authority.DEPUTY)
    if not code:
        actor = resolve(world.get, person, at_post, DAY, acting_for, authority)
        assert (actor.acting_for, actor.authority) == (acting_for, authority)
        return
    with pytest.raises(NotPermitted, match=f"^{code}$"):
        resolve(world.get, person, at_post, DAY, acting_for, authority)


def test_a_delegation_ends_with_its_day_its_giver_and_its_end(world: World) -> None:
    give(world, "p-head", Authority.AUTHORISED, valid_to=DAY, basis="GUQ 01")
    assert resolve(world.get, "head", "p-head", DAY, "chair", "TUQ.").acting_for == "chair"
    with pytest.raises(NotPermitted):
        resolve(world.get, "head", "p-head", date(2026, 3, 3), "chair", "TUQ.")
    give(world, "p-deputy", Authority.DEPUTY)
    world.run(ADMIN, EndDelegation("p-deputy", "p-chair", Authority.DEPUTY, START))
    with pytest.raises(NotPermitted):
        resolve(world.get, "deputy", "p-deputy", DAY, "chair", "KT.")
    give(world, "p-deputy", Authority.DEPUTY)
    world.run(ADMIN, EndPost("p-chair", START))
    with pytest.raises(NotPermitted):
        resolve(world.get, "deputy", "p-deputy", DAY, "chair", "KT.")


CHAIR = Actor("chair", "p-chair", "ubnd", "ubnd", frozenset({"leader"}))
DEPUTY = Actor("deputy", "p-deputy", "ubnd", "ubnd", frozenset({"leader"}))


@pytest.mark.parametrize(
    ("actor", "command", "code"),
    [
        (CHAIR, Delegate("p-head", "p-chair", Authority.DEPUTY, START), "delegation.deputy"),
        (CHAIR, Delegate("p-head", "p-chair", Authority.AUTHORISED, START), "delegation.basis"),
        (
            CHAIR,
            Delegate("p-head", "p-chair", Authority.ACTING_HEAD, START),
            "delegation.authority",
        ),
        (CHAIR, Delegate("p-clerk2", "p-chair", Authority.BY_ORDER, START), "delegation.agency"),
        (CHAIR, Delegate("p-chair", "p-chair", Authority.BY_ORDER, START), "delegation.agency"),
        (ADMIN, Delegate("p-clerk", "p-head", Authority.BY_ORDER, START), "delegation.not_leader"),
        (DEPUTY, Delegate("p-head", "p-chair", Authority.BY_ORDER, START), "delegation.not_own"),
        (
            replace(CHAIR, acting_for="deputy", authority="TUQ."),
            Delegate("p-head", "p-chair", Authority.BY_ORDER, START),
            "delegation.not_own",
        ),
        (ADMIN, PutPost("new", "clerk", "ubnd", "vhxh", "T", ("clerk",), START), "post.no_seal"),
        (
            ADMIN,
            PutPost("new", "clerk", "ubnd", "ubnd", "T", ("system",), START),
            "post.role_unknown",
        ),
        (ADMIN, PutPost("new", "clerk", "ubnd", "ubnd", "T", (), START), "post.role_unknown"),
        (
            ADMIN,
            PutPost("p-clerk", "head", "ubnd", "ubnd", "T", ("clerk",), START),
            "post.person_fixed",
        ),
        (ADMIN, EndPost("p-clerk", date(2025, 6, 30)), "identity.dates"),
        (ADMIN, PutUnit("ubnd", "x", "X", parent="ubnd"), "unit.circle"),
        (ADMIN, PutUnit("new", "x", "  "), "identity.empty"),
        (ADMIN, CloseUnit("ubnd", END, "ubnd"), "unit.circle"),
        (CHAIR, PutUnit("new", "x", "X"), "permission"),
        (
            replace(ADMIN, person="clerk"),
            SetPersonActive("clerk", active=False),
            "person.own_account",
        ),
    ],
)
def test_refusals(world: World, actor: Actor, command: Command, code: str) -> None:
    before = dict(world.entities)
    with pytest.raises(HoaBanError, match=f"^{code}$"):
        world.run(actor, command)
    assert world.entities == before


def test_memberships_follow_roles_and_days(world: World) -> None:
    own = [world.get("post", p) for p in ("p-clerk", "p-clerk2")]
    assert memberships(own, DAY) == (
        ("province", 0),
        ("person:clerk", 1),
        ("agency:hdnd", 3),
        ("agency:ubnd", 3),
    )
    head = [world.get("post", "p-head")]
    assert memberships(head, DAY) == (("province", 0), ("person:head", 1), ("unit:vhxh", 2))
    assert memberships(head, date(2025, 6, 30)) == (("province", 0), ("person:head", 1))


def test_an_administrator_holds_no_documents(world: World) -> None:
    world.run(ADMIN, post("p-admin", "head", ("administrator",)))
    held = dict(memberships([world.get("post", "p-admin")], DAY))
    assert "administration" in held
    assert not any(bucket.startswith("agency:") for bucket in held)


def test_successors_lead_to_the_unit_of_the_day() -> None:
    world = World(REGISTRY)
    for unit in ("old", "mid", "new"):
        world.run(ADMIN, PutUnit(unit, "03127", unit, valid_from=START if unit == "new" else None))
    world.run(ADMIN, CloseUnit("mid", date(2025, 6, 30), "new"))
    world.run(ADMIN, CloseUnit("old", date(2019, 12, 31), "mid"))
    days = (date(2019, 5, 1), date(2024, 1, 1), DAY)
    found = [current(world.get, "old", day) for day in days]
    assert [unit.id for unit in found if unit is not None] == ["old", "mid", "new"]
    with pytest.raises(RuleViolation, match=r"unit\.circle"):
        world.run(ADMIN, CloseUnit("new", DAY, "old"))
    assert current(world.get, "nowhere", DAY) is None


def test_lists_show_who_is_in_office(world: World) -> None:
    engine = create_engine("sqlite://")
    with engine.begin() as connection:
        for kind, (projection,) in REGISTRY.projections.items():
            projection.create(connection)
            rows = [(i, e) for (k, i), e in world.entities.items() if k == kind]
            projection.write(connection, rows)
            projection.write(connection, rows)
        clerks = posts(connection, CHAIR, DAY, role="clerk")
        assert [(row.post, row.agency) for row in clerks] == [
            ("p-clerk", "ubnd"),
            ("p-clerk2", "hdnd"),
        ]
        assert posts(connection, CHAIR, DAY, role="head") == []
        assert [u.id for u in units(connection, CHAIR, DAY, "don vi", agencies_only=True)] == [
            "hdnd",
            "ubnd",
        ]
        assert units(connection, CHAIR, date(2025, 6, 30)) == []
    engine.dispose()
