"""What the world does to a desk or the server between two steps of its engine."""

from __future__ import annotations

import errno
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import timedelta
from typing import TYPE_CHECKING

from tests.doubles.toy import HoldBuckets
from tests.sync.simulator.desk import SimDesk

if TYPE_CHECKING:
    from tests.sync.simulator.world import World


def _repeat(world: World, _: SimDesk) -> None:
    if world.late:
        world.hit("late duplicate")
        world.handle(*world.late.pop(world.chance.randrange(len(world.late))))


def _change_role(world: World, desk: SimDesk) -> None:
    world.lights()
    world.hit("role change")
    world.service.run_as_system(HoldBuckets(desk.person, world.some_buckets(desk.person)))
    for other in world.desks:
        if other.person == desk.person:
            other.own.clear()


def _crash(world: World, desk: SimDesk) -> None:
    world.hit("crash in a round" if desk.steps is not None else "crash")
    desk.close()


def _cut_power(world: World, desk: SimDesk) -> None:
    world.arm("power cut", desk, errno.EIO)


def _cut_server(world: World, _: SimDesk) -> None:
    world.arm("power cut of the server", None, errno.EIO)


def _fill(world: World, desk: SimDesk) -> None:
    world.arm("full disk", desk, errno.ENOSPC)


def _clone(world: World, desk: SimDesk) -> None:
    if len(world.desks) > 3:
        return
    world.lights()
    world.hit("clone")
    desk.close()
    name = f"{desk.person}-{len(world.desks)}"
    folder = world.bench.life / name
    shutil.copytree(desk.folder, folder)
    world.bench.power.settle(folder)
    desk.open()
    world.desks.append(SimDesk(folder, desk.person, world.clock, old=desk.old))
    world.desks[-1].open()


def _jump(world: World, _: SimDesk) -> None:
    world.hit("clock jump")
    world.clock.advance(timedelta(minutes=world.chance.choice((-600, -30, 45, 900))))


def _upgrade(world: World, desk: SimDesk) -> None:
    if desk.old:
        world.upgrade(desk)


def back_up_or_restore(world: World, _: SimDesk) -> None:
    saved, database = world.bench.life / "saved.db", world.bench.server / "server.db"
    world.lights()
    if world.backup is None:
        with closing(sqlite3.connect(database)) as source, closing(sqlite3.connect(saved)) as copy:
            source.backup(copy)
        world.backup = saved
        return
    world.hit("restore")
    world.bench.store.close()
    for path in world.bench.server.glob("server.db*"):
        path.unlink()
    shutil.move(saved, database)
    world.bench.power.settle(world.bench.server)
    with world.bench.store.write() as connection:
        world.bench.store.set_meta(connection, "history", f"history-{world.chance.random()}")
    world.backup = None
    world.late.clear()
    # What others had done may come back later, or never: own effects may not.
    for desk in world.desks:
        desk.own.clear()


EVENTS: tuple[Callable[[World, SimDesk], None], ...] = (
    _repeat,
    _repeat,
    _change_role,
    _change_role,
    _crash,
    _cut_power,
    _cut_power,
    _cut_server,
    _cut_server,
    _fill,
    _clone,
    _jump,
    _upgrade,
    back_up_or_restore,
    back_up_or_restore,
    back_up_or_restore,
)
