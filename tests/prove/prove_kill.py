"""Kill desks and the server with -9 at random moments, hundreds of times, and count the effects."""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import random
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

from sqlalchemy import select

from app.kernel.clock import SystemClock
from sync.server import tables
from sync.server.check import check
from sync.server.files import Files
from sync.server.store import Store
from tests.bench.servers import free_port
from tests.doubles.postgres import cluster
from tests.doubles.toy import AddNote, ToyPeople, registry
from tests.prove import kill_life
from tests.sync.real import X

KILLS, SERVER = 300, "server"
PEOPLE = ("an", "binh")
# The longest a victim lives before it is killed, from its start or the last kill.
_LONGEST = 0.5
# The share of kills that wait for a round first, and how long they do.
_AFTER_A_ROUND, _ROUND_SECONDS = 0.7, 20
_START_SECONDS = 120


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Take how many kills."""
    parser.add_argument("--kills", type=int, default=KILLS)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", action="store_true")


def run(arguments: argparse.Namespace) -> int:
    """Prove, and say the counts; 0 when every act took effect once."""
    with tempfile.TemporaryDirectory() as folder, cluster() as made:
        found = prove(Path(folder), made.database(), arguments.kills, arguments.seed)
    if arguments.json:
        print(json.dumps(found))
    else:
        for name, value in found.items():
            print(f"{name}: {value}")
    return 0 if found["exact"] else 1


def prove(folder: Path, url: str, kills: int, seed: int) -> dict[str, Any]:
    """Return what was counted."""
    began = time.monotonic()
    killing = _Killing(folder, url, seed)
    try:
        killing.begin()
        for _ in range(kills):
            killing.kill_one()
        said = killing.settle()
    finally:
        killing.end()
    told = _judged(folder, url, said)
    return {
        "kills": dict(killing.kills),
        "seconds": round(time.monotonic() - began),
        "load": os.getloadavg()[0],
        **told,
    }


class _Killing:
    """The processes, started from one that has loaded everything already."""

    def __init__(self, folder: Path, url: str, seed: int) -> None:
        self.kills: Counter[str] = Counter()
        self._folder, self._url = folder, url
        self._chance = random.Random(seed)
        self._port = free_port()
        self._forks = multiprocessing.get_context("forkserver")
        self._forks.set_forkserver_preload(["tests.prove.kill_life"])
        self._alive: dict[str, BaseProcess] = {}
        for person in PEOPLE:
            (folder / person).mkdir()

    def begin(self) -> None:
        """Start everything, and make the note that all count on."""
        self._start(SERVER)
        _await(self._url)
        for person in PEOPLE:
            self._start(person)

    def _start(self, name: str, work: Callable[..., None] = kill_life.live) -> None:
        if name == SERVER:
            files = str(self._folder / "files")
            process = self._forks.Process(
                target=kill_life.serve, args=(self._url, files, self._port)
            )
        else:
            url, number = f"http://127.0.0.1:{self._port}", self._chance.randrange(1 << 30)
            process = self._forks.Process(
                target=work, args=(str(self._folder / name), url, name, number)
            )
        process.start()
        self._alive[name] = process

    def kill_one(self) -> None:
        """Kill a desk or the server, in the middle of whatever it does."""
        name = self._chance.choice((SERVER, *PEOPLE))
        if self._chance.random() < _AFTER_A_ROUND:
            self._a_round_of(self._chance.choice(PEOPLE) if name == SERVER else name)
        time.sleep(self._chance.uniform(0.0, _LONGEST))
        if self._alive[name].exitcode is not None:
            raise RuntimeError(f"{name} ended by itself")
        self._over(name)
        self.kills["server" if name == SERVER else "desk"] += 1
        self._start(name)

    def _a_round_of(self, person: str) -> None:
        """Wait until a desk has done one more round: else nothing would ever get through."""
        end, before = time.monotonic() + _ROUND_SECONDS, self._rounds(person)
        while self._rounds(person) == before and time.monotonic() < end:
            time.sleep(0.01)

    def _rounds(self, person: str) -> int:
        log = self._folder / f"{person}.log"
        return log.read_bytes().count(b"had round") if log.exists() else 0

    def settle(self) -> list[dict[str, Any]]:
        """Kill the desks once more, and let each send what it owes."""
        for person in PEOPLE:
            self._over(person)
            self._start(person, kill_life.settle)
        for person in PEOPLE:
            self._alive[person].join()
        return [json.loads((self._folder / f"{p}.json").read_text()) for p in PEOPLE]

    def end(self) -> None:
        """End what is left."""
        for name in tuple(self._alive):
            self._over(name)

    def _over(self, name: str) -> None:
        process = self._alive.pop(name)
        process.kill()
        process.join()
        process.close()


def _await(url: str) -> None:
    """Wait for the server's first start, and add the note that everybody counts on."""
    from sync.server.service import Service

    end = time.monotonic() + _START_SECONDS
    store = Store(url, SystemClock())
    try:
        service = Service(store, registry(), ToyPeople(), SystemClock())
        while not service.pull.scope_of(PEOPLE[-1], SystemClock().now()):
            if time.monotonic() > end:
                raise RuntimeError("the server did not start")
            time.sleep(0.05)
        service.run_as_system(AddNote(kill_life.SHARED, "", X))
    finally:
        store.close()


def _judged(folder: Path, url: str, said: list[dict[str, Any]]) -> dict[str, Any]:
    store = Store(url, SystemClock())
    try:
        findings = check(store, registry(), Files(folder / "files", store))
        with store.read() as connection:
            e = tables.entity.c
            rows = connection.execute(select(e.kind, e.id, e.data)).all()
            v = tables.event.c
            events = [json.loads(d) for d in connection.scalars(select(v.data))]
    finally:
        store.close()
    notes = {name: json.loads(data) for kind, name, data in rows if kind == "note"}
    will, did, would, added = Counter[str](), Counter[str](), set[str](), set[str]()
    for person in PEOPLE:
        one = kill_life.acts(folder, person)
        will, did = will + one[0], did + one[1]
        would, added = would | one[2], added | one[3]
    there = set(notes) - {kill_life.SHARED}
    counts = notes[kill_life.SHARED].get("count", 0)
    numbers = sorted(n["number"] for n in notes.values() if n.get("number"))
    counted = [e["command"] for e in events if e["name"] == "note.counted"]
    return {
        "began": dict(will),
        "finished": dict(did),
        "added": len(there),
        "counted": counts,
        "numbered": len(numbers),
        "desks": said,
        "findings": [f"{f.check} {f.kind} {f.id}" for f in findings],
        "exact": not findings
        and added <= there <= would
        and did["count"] <= counts <= will["count"]
        and counts == len(counted) == len(set(counted))
        and numbers == list(range(1, len(numbers) + 1))
        and did["number"] <= len(numbers) <= will["number"]
        and all(_well(one, len(notes)) for one in said),
    }


def _well(one: dict[str, Any], notes: int) -> bool:
    """Tell whether a desk has sent everything and holds what the server does."""
    owed = one["waiting"] or one["refused"] or one["repaired"]
    return bool(one["caught_up"]) and not owed and bool(one["notes"] == notes)
