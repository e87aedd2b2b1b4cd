"""Hold every promise against what is there."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from sync.client.engine import RoundResult
from sync.server.check import check
from sync.server.files import Files
from tests.sync.simulator.desk import SimDesk, registries

if TYPE_CHECKING:
    from tests.sync.simulator.world import World

_REFUSED = (
    "SELECT entity, count(*) FROM outbox WHERE state = 'refused' OR code <> '' GROUP BY entity"
)
_COUNTS = "SELECT id, coalesce(json_extract(data, '$.count'), 0) FROM entity WHERE kind = 'note'"
_WAITING = "SELECT count(*) FROM outbox WHERE state <> 'refused'"
Truth = dict[tuple[str, str], tuple[frozenset[str], Any]]


def no_flicker(desk: SimDesk) -> None:
    """See that a desk's own counts never go back, but for what was refused or moved away."""
    if not desk.own:
        return
    refused = dict(map(tuple, desk.read(_REFUSED)))
    counts = dict(map(tuple, desk.read(_COUNTS)))
    for note, own in list(desk.own.items()):
        if note not in counts:
            # It moved out of what this desk may hold.
            del desk.own[note]
            continue
        assert counts[note] >= own - refused.get(note, 0), ("own write vanished", note)


def caught_up(world: World, desk: SimDesk, done: RoundResult) -> None:
    """See that a desk which has just caught up holds what the server does, in its scope.

    Nothing is ever held wrongly but what was damaged: no round may repair for another reason.
    """
    world.hit("caught up")
    if done.repaired:
        world.hit("repair")
        reasons = {"restore", "tombstones purged"} & world.hits.keys()
        assert desk.damaged or reasons, ("repaired for no reason", desk.name)
    desk.damaged = desk.damaged and not desk.verifying
    if (
        world.faults
        and not desk.damaged
        and world.chance.random() < 0.3
        and not desk.read(_WAITING)[0][0]
    ):
        held, truth = _both(world, desk, truths(world))
        assert held == truth, ("caught up and not the same", desk.name)


def judge(world: World) -> None:
    """Judge the end of a life."""
    truth = truths(world)
    for desk in world.desks:
        _same(world, desk, truth)
    _exactly_once(world)
    _numbers(truth)
    store = world.bench.store
    assert check(store, registries()[0], Files(world.bench.life / "files", store)) == []


def truths(world: World) -> Truth:
    """Return what the server holds."""
    rows = _server(world, "SELECT kind, id, buckets, data FROM entity")
    return {(k, i): (frozenset(json.loads(b)), json.loads(d)) for k, i, b, d in rows}


def receipts(world: World) -> set[str]:
    """Return the commands that the server has decided, as its disk tells."""
    return {command for (command,) in _server(world, "SELECT command FROM receipt")}


def _server(world: World, query: str) -> list[Any]:
    with world.bench.store.read() as connection:
        return list(connection.exec_driver_sql(query).all())


def _both(world: World, desk: SimDesk, server: Truth) -> tuple[Any, Any]:
    scope = frozenset(world.service.pull.scope_of(desk.person, world.clock.now()))
    truth = {key: data for key, (buckets, data) in server.items() if buckets & scope}
    rows = desk.read("SELECT kind, id, data FROM entity")
    return {(k, i): json.loads(d) for k, i, d in rows}, truth


def _same(world: World, desk: SimDesk, server: Truth) -> None:
    held, truth = _both(world, desk, server)
    assert held == truth, ("diverged", desk.name, held, truth)
    past = _server(world, "SELECT id, kind, entity, ver FROM event")
    due = {tuple(row) for row in past if (row[1], row[2]) in truth}
    there = {tuple(row) for row in desk.read("SELECT id, kind, entity, ver FROM event")}
    assert there >= due, ("timeline lacks", desk.name, due - there)
    assert there == due, ("timelines differ", desk.name, there - due)
    assert not desk.read("SELECT 1 FROM shadow"), ("shadows left", desk.name)
    left = desk.read("SELECT command, state FROM outbox WHERE state <> 'refused'")
    assert not left, ("still waiting", desk.name, left)


def _exactly_once(world: World) -> None:
    receipts = _server(world, "SELECT command, body FROM receipt")
    effects = [
        c
        for (c,) in _server(
            world,
            "SELECT json_extract(data, '$.command') FROM event WHERE kind = 'note'"
            " AND json_extract(data, '$.name') = 'note.counted'",
        )
    ]
    assert len(effects) == len(set(effects)), "a command took effect twice"
    verdicts: dict[str, set[str]] = {}
    for command, body in receipts:
        verdicts.setdefault(command, set()).add(json.loads(body)["code"])
    assert all(len(codes) == 1 for codes in verdicts.values()), "two answers to one command"
    shown = {c for desk in world.desks for (c,) in desk.read("SELECT command FROM outbox")}
    lost = {c for desk in world.desks for c in desk.given} - verdicts.keys() - shown
    assert not lost, ("commands that nobody answered", lost)
    for command, codes in verdicts.items():
        assert codes == {"accepted"} or command in shown, ("refusal not shown", command)


def _numbers(server: Truth) -> None:
    drawn = sorted(
        data["number"]
        for (kind, _), (_, data) in server.items()
        if kind == "note" and data.get("number")
    )
    assert drawn == list(range(1, len(drawn) + 1)), ("numbers", drawn)
