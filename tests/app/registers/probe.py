"""A book and two acts that need its numbers, for the tests of numbering."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import ClassVar

import pytest

from app.kernel.actor import Actor
from app.kernel.command import Command
from app.kernel.errors import HoaBanError, RuleViolation
from app.kernel.feature import Feature, Handler, Registry
from app.registers import (
    Register,
    RegisterMode,
    confirm,
    draw,
    origin_number,
    release,
)
from app.registers.commands import (
    LeaseRegister,
    OpenRegister,
)
from app.registers.feature import FEATURE
from tests.doubles.world import World

BOOK, NEXT_YEAR = "xa1:2026:incoming", "xa1:2027:incoming"
CLERK = Actor("p1", "post1", "xa1", "xa1", frozenset({"clerk"}))
OTHER = replace(CLERK, person="p2", agency="xa2")
ADMIN = Actor("p9", "post9", "tinh", "tinh", frozenset({"administrator"}))
NEW_YEAR = datetime(2026, 12, 31, 17, 0, tzinfo=UTC)  # 00:00 on 1 January in Vietnam


@dataclass(frozen=True, slots=True)
class Take(Command):
    """A document's act that needs a number."""

    NAME: ClassVar[str] = "probe.take"
    number: int | None = None
    epoch: int | None = None
    reserve: bool = False


@dataclass(frozen=True, slots=True)
class Back(Command):
    """A reserved number that is declined (`give` False) or confirmed."""

    NAME: ClassVar[str] = "probe.back"
    n: int
    give: bool = False


def prepare(_, command, ctx):
    number, epoch = origin_number(ctx, command.id)
    return replace(command, number=number, epoch=epoch)


def _take(_, c, ctx):
    return draw(ctx, c.id, c.number, c.epoch, "document", ctx.command_id, reserve=c.reserve)[1]


def _back(_, c, ctx):
    return confirm(ctx, c.id, c.n) if c.give else release(ctx, c.id, c.n, "không ký")


PROBE = Feature(
    "probe",
    handlers=(
        Handler(Take, "register", "", _take, prepare=prepare),
        Handler(Back, "register", "", _back),
    ),
)
REGISTRY = Registry((FEATURE, PROBE))


def server(mode: RegisterMode = RegisterMode.LEASED, first: int = 1) -> World:
    world = World(REGISTRY)
    world.run(CLERK, OpenRegister(BOOK, "Sổ văn bản đến", mode, first))
    return world


def desk_of(world: World, device: str) -> World:
    return World(REGISTRY, device, server=False, now=world.now, entities=dict(world.entities))


def leased() -> World:
    world = server()
    world.run(CLERK, LeaseRegister(BOOK), device="d1")
    return world


def book(world: World, name: str = BOOK) -> Register:
    return world.get("register", name)


def states(world: World, name: str = BOOK) -> dict[int, str]:
    rows = [e for (k, _), e in world.entities.items() if k == "register_entry"]
    return {e.n: e.state.value for e in sorted(rows, key=lambda e: e.n) if e.register == name}


def refused(code: str, kind: type[HoaBanError] = RuleViolation):
    return pytest.raises(kind, match=f"^{code}$")
