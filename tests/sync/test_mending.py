"""A damaged desk and a real server: after the repair both hold the same, each act once."""

from __future__ import annotations

import random
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from app.kernel.errors import Damaged, Unavailable
from app.store import mending
from app.store.desk import DeskStore
from app.store.logbook_file import LOGBOOK
from sync.protocol.messages import Frame, Request
from tests.doubles.toy import AddNote, CountUp, NumberNote, registry
from tests.sync.real import KEY, Process, RealDesk
from tests.sync.server_process import PASSWORD

X = ("agency:x",)
PAGE = 4096
SEED = 2026


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Process]:
    made = Process(tmp_path_factory.mktemp("server"))
    yield made
    made.kill()


class Deaf:
    """A line on which the server hears everything and the desk nothing."""

    def __init__(self, desk: RealDesk) -> None:
        self._way = desk.transport

    def exchange(self, request: Request) -> Iterator[Frame]:
        for _ in self._way.exchange(request):
            pass
        raise Unavailable("sync.cut")


def prepared(folder: Path, server: Process, name: str) -> RealDesk:
    """Return a desk with acts in every state: taken, taken unheard, numbered, held."""
    desk = RealDesk(folder, server.url)
    desk.transport.sign_in("an", PASSWORD)
    desk.act(*(AddNote(f"{name}-{n}", "x" * 200, X) for n in range(20)))
    desk.engine.round()
    # What lies in the log goes into the database; the rest stays in the log.
    desk.store.close()
    reopened(desk)
    desk.through(server.url)
    desk.act(*(CountUp(f"{name}-{n}") for n in range(5)))
    desk.engine._transport = Deaf(desk)
    with pytest.raises(Unavailable):
        desk.engine.round()
    desk.act(*(CountUp(f"{name}-{n}") for n in range(7)), NumberNote(f"{name}-3"))
    desk.replica.outgoing(9, flush=True)
    desk.act(AddNote(f"{name}-new", "mới", X), CountUp(f"{name}-new"), CountUp(f"{name}-0"))
    desk.store.hold_seconds = 3600.0
    desk.act(CountUp(f"{name}-1"))
    desk.replica.withdraw(desk.replica.items()[-1].command)
    return desk


def counts(desk: RealDesk, name: str) -> dict[str, tuple[int, bool]]:
    return {
        entity: (note.count, note.number > 0)
        for entity, note in desk.store.entities("note")
        if entity.startswith(f"{name}-")
    }


def expected(name: str) -> dict[str, tuple[int, bool]]:
    told = {f"{name}-{n}": ((n < 5) + (n < 7) + (n == 0), n == 3) for n in range(20)}
    return told | {f"{name}-new": (1, False)}


def hurt(folder: Path, turn: int) -> str:
    """Damage the database, or its log, in the way of this turn."""
    chance = random.Random(SEED + turn)
    path = folder / "desk.db"
    data = bytearray(path.read_bytes())
    place = 0 if turn == 0 else chance.randrange(len(data) - 4 * PAGE)
    length = chance.choice((1, 8, 600, 3 * PAGE))
    if turn % 4 == 3:
        path = folder / "desk.db-wal"
        data = bytearray(path.read_bytes())
        place, length = chance.randrange(len(data) - 64), 64
    data[place : place + length] = chance.randbytes(length)
    path.write_bytes(data)
    return f"{path.name} {place} {length}"


def reopened(desk: RealDesk) -> bool:
    """Open the desk's store anew, repaired where it is damaged; tell whether it was."""
    damaged = False
    folder = desk.store.folder
    try:
        desk.store = DeskStore.open(folder, KEY, registry(), desk.clock)
    except Damaged:
        damaged = True
        mending.mend(folder, KEY, registry(), desk.clock)
        desk.store = DeskStore.open(folder, KEY, registry(), desk.clock)
    desk.store.hold_seconds = 0.0
    actor = desk.actor
    desk.store.resolve_actor = lambda _get, _envelope: actor
    desk.replica = type(desk.replica)(desk.store)
    return damaged


def same(left: RealDesk, right: RealDesk) -> None:
    """Look whether two desks hold the same of the server's, to the letter."""
    query = "SELECT kind, id, ver, buckets, data FROM entity ORDER BY kind, id"
    found: list[list[Any]] = []
    for desk in (left, right):
        with desk.store.reader() as connection:
            rows = connection.exec_driver_sql(query).all()
            found.append([tuple(r) for r in rows if r.kind != "person"])
    assert found[0] == found[1]


@pytest.mark.parametrize("turn", range(16))
def test_each_act_has_one_effect_after_the_repair(
    tmp_path: Path, server: Process, turn: int
) -> None:
    name = f"w{turn}"
    desk = prepared(tmp_path / "live", server, name)
    waiting = [(i.command, i.n) for i in desk.replica.items()]
    copy = tmp_path / "copy"
    shutil.copytree(tmp_path / "live", copy)
    desk.store.close()
    (copy / "desk.db-shm").unlink()
    if turn % 5 == 4:
        # Both are damaged, and the whole journal is gone: what can be read is not lost.
        (copy / LOGBOOK).unlink()
    else:
        where = hurt(copy, turn)
    shutil.rmtree(tmp_path / "live")
    copy.rename(tmp_path / "live")
    reopened(desk)
    if turn % 5 != 4:
        assert [(i.command, i.n) for i in desk.replica.items()] == waiting, where
    desk.through(server.url)
    desk.transport.sign_in("an", PASSWORD)
    for _ in range(3):
        desk.engine.round(flush=True, verify=True)
    assert desk.replica.items() == []
    assert counts(desk, name) == expected(name)
    other = RealDesk(tmp_path / "other", server.url, "binh")
    other.transport.sign_in("binh", PASSWORD)
    other.engine.round()
    same(desk, other)
    other.close()
    desk.close()
