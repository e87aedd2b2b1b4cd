"""What the world does to a desk or the server between two steps of its engine."""

from __future__ import annotations

import errno
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import timedelta
from typing import TYPE_CHECKING

from app.kernel.errors import Unavailable
from sync.server.tidy import tidy
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


def clone(world: World, desk: SimDesk) -> None:
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
    world.desks[-1].damaged = desk.damaged
    world.desks[-1].open()


def _damage(world: World, desk: SimDesk) -> None:
    """Change rows behind the program's back, as no seal of the disk would tell."""
    shadowed = "(SELECT 1 FROM shadow s WHERE s.kind = entity.kind AND s.id = entity.id)"
    rows = desk.read(f"SELECT rowid FROM entity WHERE ver > 0 AND NOT EXISTS {shadowed}")
    if not rows:
        return
    world.hit("damage")
    desk.damaged = True
    row = world.chance.choice(rows)[0]
    damage = world.chance.choice(_DAMAGES)
    try:
        with desk.store.writing() as connection:
            connection.exec_driver_sql(damage, (row,))
    except Unavailable:
        return  # A disk that is full by now takes no damage either


_DAMAGES = (
    "DELETE FROM entity WHERE rowid = ?",
    'UPDATE entity SET data = replace(data, \'"id"\', \'"text":"hỏng","id"\') WHERE rowid = ?',
    "UPDATE entity SET ver = ver + 3 WHERE rowid = ?",
    (
        "INSERT INTO entity (kind, id, ver, buckets, data)"
        " SELECT kind, id || '-ghost', 1, buckets, data FROM entity WHERE rowid = ?"
    ),
    "DELETE FROM event WHERE entity = (SELECT id FROM entity WHERE rowid = ?) AND ver IS NOT NULL",
)


def _purge(world: World, _: SimDesk) -> None:
    world.lights()
    world.hit("tombstones purged")
    tidy(world.bench.store, world.clock.now(), timedelta())


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


# Those that need no disk that fails
HONEST: tuple[Callable[[World, SimDesk], None], ...] = (
    _repeat,
    _change_role,
    _crash,
    clone,
    _damage,
    _purge,
    _jump,
    _upgrade,
    back_up_or_restore,
)
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
    clone,
    _damage,
    _damage,
    _purge,
    _jump,
    _upgrade,
    back_up_or_restore,
    back_up_or_restore,
    back_up_or_restore,
)
