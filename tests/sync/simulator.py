"""One seed, one life: desks, a server and a line that loses, repeats, cuts, clones, restores."""

from __future__ import annotations

import json
import random
import shutil
import sqlite3
from collections.abc import Generator, Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

from app.kernel.actor import Actor
from app.kernel.bus import Bus
from app.kernel.clock import FixedClock
from app.kernel.codec import from_json, to_json
from app.kernel.command import Command
from app.kernel.errors import HoaBanError, Unavailable
from app.store.desk import DeskStore
from app.store.model import OutboxState
from app.store.replica import Replica
from sync.client.engine import Engine, RoundResult
from sync.protocol import codec
from sync.protocol.messages import FoldFrame, Frame, Request
from sync.server.check import check
from sync.server.files import Files
from sync.server.service import Account, Service
from sync.server.store import Store
from tests.doubles.toy import (
    AddNote,
    CloseNote,
    CountUp,
    HoldBuckets,
    MoveNote,
    NumberNote,
    ShareNote,
    ToyPeople,
    registry,
)
from tests.sync.conftest import NOON

KEY = bytes(range(32))
BUCKETS = ("agency:x", "agency:y", "agency:z")
PEOPLE = ("an", "binh", "chi")
Steps = Generator[Request, Iterable[Frame], RoundResult]


class NoWire:
    """The simulator carries the frames itself."""

    def exchange(self, request: Request) -> Iterator[Frame]:
        raise AssertionError("not asked")


class SimDesk:
    """A real store of one person, which can be killed and cloned."""

    def __init__(self, folder: Path, person: str, clock: FixedClock) -> None:
        self.folder, self.person, self.clock = folder, person, clock
        self.steps: Steps | None = None
        self.request: Request | None = None
        self.actor = Actor(person, roles=frozenset({"writer"}))
        self.own: dict[str, int] = {}
        self.open()

    def open(self) -> None:
        self.store = DeskStore.open(self.folder, KEY, registry(), self.clock)
        self.store.hold_seconds = 0.0
        self.store.resolve_actor = lambda _get, _envelope: self.actor
        self.replica = Replica(self.store)
        self.engine = Engine(self.replica, NoWire(), want=15)

    def kill(self) -> None:
        self.drop()
        self.store.close()
        self.open()

    def drop(self) -> None:
        if self.steps is not None:
            self.steps.close()
        self.steps = self.request = None

    def act(self, command: Command) -> bool:
        bus = Bus(
            self.store.registry,
            self.store.transaction,
            self.store.device,
            self.clock,
            self.store.changes,
        )
        try:
            bus.run(self.actor, command)
        except HoaBanError:
            return False
        return True

    def count(self, note: str) -> int:
        held = self.store.get("note", note)
        return held.count if held is not None else 0


@dataclass
class World:
    """Everything that one seed brings about; `hits` counts the faults."""

    folder: Path
    seed: int
    faults: bool = True
    hits: dict[str, int] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    commands: set[str] = field(default_factory=set)
    late: list[tuple[Request, str]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.chance = random.Random(self.seed)
        self.clock = FixedClock(NOON)
        self.database = self.folder / "server.db"
        self.serve()
        self.service.run_as_system(*(HoldBuckets(p, self.some_buckets(p)) for p in PEOPLE))
        self.desks = [self.desk(f"{p}-0", p) for p in PEOPLE]
        self.backup: Path | None = None

    def some_buckets(self, person: str) -> tuple[str, ...]:
        held = sorted(self.chance.sample(BUCKETS, self.chance.randint(1, 3)))
        return ("all", f"person:{person}", *held)

    def serve(self) -> None:
        self.store = Store(f"sqlite:///{self.database}", self.clock, fast=True)
        self.service = Service(self.store, registry(), ToyPeople(), self.clock, page=7)

    def desk(self, name: str, person: str) -> SimDesk:
        folder = self.folder / name
        folder.mkdir(exist_ok=True)
        return SimDesk(folder, person, self.clock)

    def hit(self, fault: str) -> None:
        self.hits[fault] = self.hits.get(fault, 0) + 1

    def live(self, steps: int) -> None:
        for _ in range(steps):
            self.clock.advance(timedelta(seconds=self.chance.randint(0, 40)))
            self.step(self.chance.choice(self.desks))

    def step(self, desk: SimDesk) -> None:
        kind = self.chance.random()
        if kind < 0.35:
            self.act(desk)
        elif kind < 0.90:
            self.sync(desk)
        elif kind < 0.93 and self.late:
            self.hit("late duplicate")
            request, person = self.late.pop(self.chance.randrange(len(self.late)))
            list(self.service.handle(request, Account(person, person)))
        elif kind < 0.96:
            self.hit("role change")
            self.service.run_as_system(HoldBuckets(desk.person, self.some_buckets(desk.person)))
            for other in self.desks:
                if other.person == desk.person:
                    other.own.clear()
        elif kind < 0.975:
            self.hit("crash")
            desk.kill()
        elif kind < 0.985:
            self.clone(desk)
        else:
            self.back_up_or_restore()

    def act(self, desk: SimDesk) -> None:
        verb = self.chance.randrange(10)
        if verb < 3 or not self.notes:
            name = f"n{len(self.notes)}"
            self.notes.append(name)
            self.do(desk, AddNote(name, "chữ " * self.chance.randint(0, 9), self.home(desk)))
            return
        note = self.chance.choice(self.notes)
        if verb < 7:
            if self.do(desk, CountUp(note)):
                desk.own[note] = desk.own.get(note, 0) + 1
            return
        command: Command = self.chance.choice(
            (
                CloseNote(note),
                MoveNote(note, self.home(desk)),
                NumberNote(note),
                ShareNote(note, self.chance.choice(BUCKETS)),
            )
        )
        if self.do(desk, command) and isinstance(command, MoveNote):
            for other in self.desks:
                other.own.pop(note, None)

    def do(self, desk: SimDesk, command: Command) -> bool:
        done = desk.act(command)
        if done:
            self.commands.add(desk.replica.items()[-1].command)
        return done

    def home(self, desk: SimDesk) -> tuple[str, ...]:
        pool = (*BUCKETS, f"person:{desk.person}")
        return tuple(sorted(self.chance.sample(pool, self.chance.randint(1, 2))))

    def sync(self, desk: SimDesk) -> None:
        """Take one step of a round: a request that waits gets its reply, whole or not."""
        if desk.steps is None:
            desk.steps = desk.engine.steps(flush=True)
            self.advance(desk, None)
            return
        request, fault = desk.request, self.chance.random() if self.faults else 1.0
        assert request is not None
        if fault < 0.08:
            self.hit("lost request")
            desk.drop()
            return
        if fault < 0.16:
            self.late.append((request, desk.person))
        frames = list(self.service.handle(request, Account(desk.person, desk.person)))
        if any(isinstance(frame, FoldFrame) for frame in frames):
            self.hit("fold")
        if fault < 0.24:
            self.hit("lost reply")
            desk.drop()
        elif fault < 0.34:
            self.hit("cut")
            self.advance(desk, _cut(frames, self.chance.randrange(len(frames))))
        elif fault < 0.38:
            self.hit("half a frame")
            self.advance(desk, _halved(frames, self.chance))
        else:
            self.advance(desk, frames)

    def advance(self, desk: SimDesk, frames: Iterable[Frame] | None) -> None:
        assert desk.steps is not None
        try:
            asked = next(desk.steps) if frames is None else desk.steps.send(_wire(frames))
        except (StopIteration, Unavailable):
            desk.steps = desk.request = None
        else:
            desk.request = from_json(Request, json.loads(codec.dumps(to_json(asked))))
        self.no_flicker(desk)

    def no_flicker(self, desk: SimDesk) -> None:
        """See that a desk's own counts never go back, but for what was refused or moved away."""
        refused: dict[str, int] = {}
        for item in desk.replica.items():
            if item.state is OutboxState.REFUSED or item.code:
                refused[item.entity] = refused.get(item.entity, 0) + 1
        for note, own in list(desk.own.items()):
            if desk.store.get("note", note) is None:
                # It moved out of what this desk may hold.
                del desk.own[note]
                continue
            assert desk.count(note) >= own - refused.get(note, 0), ("own write vanished", note)

    def clone(self, desk: SimDesk) -> None:
        if len(self.desks) > 4:
            return
        self.hit("clone")
        desk.drop()
        desk.store.close()
        name = f"{desk.person}-{len(self.desks)}"
        shutil.copytree(desk.folder, self.folder / name)
        desk.open()
        self.desks.append(self.desk(name, desk.person))

    def back_up_or_restore(self) -> None:
        saved = self.folder / "saved.db"
        if self.backup is None:
            with (
                closing(sqlite3.connect(self.database)) as source,
                closing(sqlite3.connect(saved)) as target,
            ):
                source.backup(target)
            self.backup = saved
            return
        self.hit("restore")
        self.store.close()
        for path in self.folder.glob("server.db*"):
            path.unlink()
        shutil.copy(saved, self.database)
        self.serve()
        with self.store.write() as connection:
            self.store.set_meta(connection, "history", f"history-{self.clock.now()}")
        saved.unlink()
        self.backup = None
        self.late.clear()
        # What others had done may come back later, or never: own effects may not.
        for desk in self.desks:
            desk.own.clear()

    def settle(self) -> None:
        """Let an honest line bring everybody up to date; it must always manage."""
        self.faults = False
        for _ in range(4):
            for desk in self.desks:
                desk.drop()
                self.clock.advance(timedelta(minutes=1))
                self.sync(desk)
                for _ in range(200):
                    if desk.steps is None:
                        break
                    self.sync(desk)
                assert desk.steps is None, "an honest line did not drain the outbox"

    def judge(self) -> None:
        """Hold every promise against what is there."""
        server = self.server_rows()
        for desk in self.desks:
            self.same(desk, server)
        self.exactly_once()
        self.numbers(server)
        findings = check(self.store, registry(), Files(self.folder / "files", self.store))
        assert findings == []

    def server_rows(self) -> dict[tuple[str, str], tuple[frozenset[str], Any]]:
        with closing(sqlite3.connect(self.database)) as raw:
            rows = raw.execute("SELECT kind, id, buckets, data FROM entity").fetchall()
        return {(k, i): (frozenset(json.loads(b)), json.loads(d)) for k, i, b, d in rows}

    def same(
        self, desk: SimDesk, server: dict[tuple[str, str], tuple[frozenset[str], Any]]
    ) -> None:
        scope = frozenset(self.service.pull.scope_of(desk.person, self.clock.now()))
        truth = {key: data for key, (buckets, data) in server.items() if buckets & scope}
        with desk.store.reader() as connection:
            rows = connection.exec_driver_sql("SELECT kind, id, data FROM entity").all()
            events = connection.exec_driver_sql("SELECT id, kind, entity, ver FROM event").all()
        held = {(k, i): json.loads(d) for k, i, d in rows}
        assert held == truth, ("diverged", desk.folder.name)
        with closing(sqlite3.connect(self.database)) as raw:
            past = raw.execute("SELECT id, kind, entity, ver FROM event").fetchall()
        due = {tuple(row) for row in past if (row[1], row[2]) in truth}
        there = {tuple(row) for row in events}
        assert there >= due, ("timeline lacks", desk.folder.name)
        # What a restored server has lost of its own doings may still be told on a desk.
        assert there == due or "restore" in self.hits, ("timelines differ", desk.folder.name)
        left = [i for i in desk.replica.items() if i.state is not OutboxState.REFUSED]
        assert left == [], ("still waiting", left)

    def exactly_once(self) -> None:
        with closing(sqlite3.connect(self.database)) as raw:
            receipts = raw.execute("SELECT command, body FROM receipt").fetchall()
            effects = [
                c
                for (c,) in raw.execute(
                    "SELECT json_extract(data, '$.command') FROM event WHERE kind = 'note'"
                    " AND json_extract(data, '$.name') = 'note.counted'"
                )
            ]
        assert len(effects) == len(set(effects)), "a command took effect twice"
        verdicts: dict[str, set[str]] = {}
        for command, body in receipts:
            verdicts.setdefault(command, set()).add(json.loads(body)["code"])
        assert all(len(codes) == 1 for codes in verdicts.values()), "two answers to one command"
        shown = {i.command for d in self.desks for i in d.replica.items()}
        lost = self.commands - verdicts.keys() - shown
        assert not lost, ("commands that nobody answered", lost)
        for command, codes in verdicts.items():
            assert codes == {"accepted"} or command in shown, ("refusal not shown", command)

    def numbers(self, server: dict[tuple[str, str], tuple[frozenset[str], Any]]) -> None:
        drawn = sorted(
            data["number"]
            for (kind, _), (_, data) in server.items()
            if kind == "note" and data.get("number")
        )
        assert drawn == list(range(1, len(drawn) + 1)), ("numbers", drawn)

    def close(self) -> None:
        for desk in self.desks:
            desk.drop()
            desk.store.close()
        self.store.close()


def _cut(frames: list[Frame], at: int) -> Iterator[Frame]:
    yield from frames[:at]
    raise Unavailable("sync.offline")


def _wire(frames: Iterable[Frame]) -> Iterator[Frame]:
    """Send every frame through its bytes."""
    for frame in frames:
        again = codec.decode_frame(codec.encode_frame(frame))
        assert again is not None
        yield again


def _halved(frames: list[Frame], chance: random.Random) -> Iterator[Frame]:
    raw = b"".join(codec.pack(frames))
    return codec.Unpacker().feed(raw[: chance.randrange(len(raw))])
