"""Notices of the province, with read marks."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest
from sqlalchemy import Connection, create_engine

from app.bulletins.commands import Publish, Read, Withdraw
from app.bulletins.feature import FEATURE
from app.bulletins.model import read_id
from app.bulletins.queries import bulletins, list_bulletins, readers_count, unread_count
from app.identity.feature import FEATURE as IDENTITY
from app.identity.model import Unit
from app.kernel.actor import Actor
from app.kernel.command import Command
from app.kernel.errors import HoaBanError
from app.kernel.feature import Registry
from tests.doubles.world import World

REGISTRY = Registry((IDENTITY, FEATURE))
CLERK = Actor("p1", "a", "tinh", "tinh", frozenset({"clerk"}))
COMMUNE = Actor("p2", "b", "xa", "xa", frozenset({"clerk"}))
ADMIN = Actor("p3", "c", "xa", "xa", frozenset({"administrator"}))
NOTICE = Publish("b1", "Nghỉ lễ", "Lịch trực ngày lễ")


@pytest.fixture
def world() -> World:
    made = World(REGISTRY)
    for unit in (
        Unit("11", "11", "Tỉnh"),
        Unit("tinh", "11.UBND", "UBND tỉnh", parent="11", is_agency=True),
        Unit("so", "SNV", "Sở Nội vụ", parent="tinh", is_agency=True),
        Unit("1", "1", "Xã", parent="11"),
        Unit("xa", "1.UBND", "UBND xã", parent="1", is_agency=True),
        Unit("lac", "lac", "UBND của một nơi chưa biết", parent="?", is_agency=True),
    ):
        made.put("unit", unit.id, unit)
    made.run(CLERK, NOTICE)
    return made


@pytest.fixture
def connection(world: World) -> Iterator[Connection]:
    world.run(CLERK, Publish("b2", "Diễn tập", "An toàn thông tin", urgent=True))
    world.run(COMMUNE, Read(read_id("b1", "p2"), "b1"))
    engine = create_engine("sqlite://")
    with engine.begin() as opened:
        for kind in ("bulletin", "bulletin_read"):
            (projection,) = REGISTRY.projections[kind]
            projection.create(opened)
            rows = [(i, e) for (k, i), e in world.entities.items() if k == kind]
            projection.write(opened, rows)
        yield opened
    engine.dispose()


@pytest.mark.parametrize(
    ("actor", "command", "code"),
    [
        (COMMUNE, replace(NOTICE, id="b9"), "bulletin.province_only"),
        (replace(COMMUNE, agency="so"), replace(NOTICE, id="b9"), "bulletin.province_only"),
        (replace(COMMUNE, agency="lac"), replace(NOTICE, id="b9"), "bulletin.province_only"),
        (replace(COMMUNE, agency="-"), replace(NOTICE, id="b9"), "bulletin.province_only"),
        (CLERK, NOTICE, "bulletin.exists"),
        (CLERK, replace(NOTICE, id="b9", title=" "), "bulletin.title"),
        (CLERK, replace(NOTICE, id="b9", title="x" * 201), "bulletin.title"),
        (CLERK, replace(NOTICE, id="b9", body=" "), "bulletin.body"),
        (COMMUNE, Withdraw("b1", "sai"), "bulletin.other_agency"),
        (CLERK, Withdraw("b1", ""), "bulletin.withdrawal"),
        (CLERK, Withdraw("b9", "sai"), "bulletin.unknown"),
        (COMMUNE, Read(read_id("b1", "p1"), "b1"), "bulletin.unknown"),
        (COMMUNE, Read(read_id("b9", "p2"), "b9"), "bulletin.unknown"),
        (replace(COMMUNE, roles=frozenset({"leader"})), NOTICE, "permission"),
        (replace(COMMUNE, roles=frozenset()), Read(read_id("b1", "p2"), "b1"), "permission"),
    ],
)
def test_refusals(world: World, actor: Actor, command: Command, code: str) -> None:
    with pytest.raises(HoaBanError, match=f"^{code}$"):
        world.run(actor, command)


def test_administrators_publish_and_withdraw_anywhere(world: World) -> None:
    world.run(ADMIN, replace(NOTICE, id="b2"))
    world.run(ADMIN, Withdraw("b1", "đăng nhầm"))
    assert (world.get("bulletin", "b1").withdrawn, world.get("bulletin", "b1").reason) == (
        True,
        "đăng nhầm",
    )


def test_an_agency_without_anything_above_it_publishes(world: World) -> None:
    world.put("unit", "goc", Unit("goc", "goc", "UBND", is_agency=True))
    world.run(replace(COMMUNE, agency="goc"), replace(NOTICE, id="b2"))
    assert world.get("bulletin", "b2").agency == "goc"


def test_the_first_read_mark_counts(world: World) -> None:
    mark = Read(read_id("b1", "p2"), "b1")
    assert len(world.run(COMMUNE, mark)) == 1
    assert world.run(COMMUNE, mark) == ()
    held = REGISTRY.kinds["bulletin_read"].buckets(world.get("bulletin_read", mark.id))
    assert held == {"person:p2", "agency:tinh"}


def test_unread_is_each_readers_own(connection: Connection) -> None:
    rows = {row.id: row.unread for row in bulletins(connection, COMMUNE)}
    assert rows == {"b1": False, "b2": True}
    assert [row.id for row in bulletins(connection, COMMUNE, only_unread=True)] == ["b2"]
    assert (unread_count(connection, COMMUNE), unread_count(connection, CLERK)) == (1, 2)
    assert readers_count(connection, CLERK, "b1") == 1


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("nghi le", ["b1"]),
        ("NGHỈ", ["b1"]),
        ("nghĩ", []),
        ("dien tap", ["b2"]),
        ("thông tin", ["b2"]),
        ("100%", []),
        ("_", []),
    ],
)
def test_search_respects_tones_that_are_typed(
    connection: Connection, text: str, found: list[str]
) -> None:
    assert [row["id"] for row in list_bulletins(connection, CLERK, text, 10)] == found
