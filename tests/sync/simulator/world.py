"""A life: desks, a server and a line that loses, repeats and cuts, while disks fail beneath."""

from __future__ import annotations

import json
import random
import shutil
from collections.abc import Iterable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from sqlalchemy.exc import DBAPIError

from app.kernel.codec import from_json, to_json
from app.kernel.command import Command
from app.kernel.errors import Damaged, Unavailable
from sync.protocol import codec
from sync.protocol.messages import FoldFrame, Frame, Request
from sync.server.service import Account, Service
from tests.doubles.toy import (
    AddNote,
    CloseNote,
    CountUp,
    HoldBuckets,
    MoveNote,
    NumberNote,
    ShareNote,
    ToyPeople,
)
from tests.sync.simulator import events, judge, line
from tests.sync.simulator.bench import Bench
from tests.sync.simulator.desk import SimDesk, registries

BUCKETS = ("agency:x", "agency:y", "agency:z")
PEOPLE = ("an", "binh", "chi")
UPCASTS = {("note.count", 1): lambda args: {**args, "by": 1}}
PAGES = (2, 5)
WHOLE = 100


class World:
    """Everything that one seed brings about; `hits` counts the faults that struck."""

    def __init__(self, bench: Bench, seed: int) -> None:
        self.clear(bench, seed)
        self.serve(self.chance.choice(PAGES))
        people = PEOPLE[: self.chance.randint(2, 3)]
        self.service.run_as_system(*(HoldBuckets(p, self.some_buckets(p)) for p in people))
        self.settle_in()
        for person in people[:2]:
            self.join(person, old=self.chance.random() < 0.15)
        if self.chance.random() < 0.2:
            events.back_up_or_restore(self, self.desks[0])

    def clear(self, bench: Bench, seed: int) -> None:
        """Begin with nothing."""
        self.bench, self.seed = bench, seed
        self.chance = random.Random(seed)
        self.clock = bench.begin(seed)
        self.faults = True
        self.hits: dict[str, int] = {}
        self.story: list[str] = []
        self.notes: list[str] = []
        self.late: list[tuple[Request, str]] = []
        self.armed: tuple[str, SimDesk | None] | None = None
        self.backup: Path | None = None
        self.desks: list[SimDesk] = []

    def join(self, person: str, *, old: bool = False) -> None:
        """Give a person a new desk."""
        folder = self.bench.desk(f"{person}-0")
        self.desks.append(SimDesk(folder, person, self.clock, old=old))
        self.desks[-1].open(fresh=True)

    def serve(self, page: int) -> None:
        """Start the server's engine, with so many rows to a page."""
        self.service = Service(
            self.bench.store, registries()[0], ToyPeople(), self.clock, UPCASTS, page=page
        )

    def settle_in(self) -> None:
        """Let the server hold something before the first desk comes."""
        self.notes = [f"n{i}" for i in range(3)]
        homes = [(self.chance.choice(BUCKETS),) for _ in self.notes]
        self.service.run_as_system(
            *(AddNote(note, "cũ", home) for note, home in zip(self.notes, homes, strict=True)),
            ShareNote(self.notes[0], self.chance.choice(BUCKETS)),
        )

    def some_buckets(self, person: str) -> tuple[str, ...]:
        held = sorted(self.chance.sample(BUCKETS, self.chance.randint(1, 3)))
        return ("all", f"person:{person}", *held)

    def hit(self, fault: str) -> None:
        self.hits[fault] = self.hits.get(fault, 0) + 1
        self.story.append(f"    {fault}")

    def live(self, steps: int) -> None:
        for _ in range(steps):
            self.clock.advance(timedelta(seconds=self.chance.randint(0, 40)))
            self.step(self.chance.choice(self.desks))

    def step(self, desk: SimDesk) -> None:
        kind = self.chance.random()
        if kind < 0.30:
            for _ in range(self.chance.randint(1, 3)):
                self.act(desk)
        elif kind < 0.80:
            self.sync(desk)
        else:
            self.story.append(f"{desk.name}: the world")
            self.chance.choice(events.EVENTS)(self, desk)
        self.after(desk)

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
                ShareNote(note, self.chance.choice(BUCKETS)),
            )
        )
        if self.do(desk, command) and isinstance(command, MoveNote):
            for other in self.desks:
                other.own.pop(note, None)

    def do(self, desk: SimDesk, command: Command) -> bool:
        done = desk.act(command)
        self.story.append(f"{desk.name}: {command.NAME} {command.id} {'done' if done else 'no'}")
        return done

    def home(self, desk: SimDesk) -> tuple[str, ...]:
        pool = (*BUCKETS, f"person:{desk.person}")
        return tuple(sorted(self.chance.sample(pool, self.chance.randint(1, 2))))

    def sync(self, desk: SimDesk) -> None:
        """Take one step of a round: a request that waits gets its reply, whole or not."""
        if desk.steps is None:
            self.story.append(f"{desk.name}: begins a round")
            desk.verifying = desk.damaged
            desk.steps = desk.engine.steps(flush=True, verify=desk.verifying)
            self.advance(desk, None)
            return
        request, fault = desk.request, self.chance.random() if self.faults else 1.0
        assert request is not None
        self.story.append(f"{desk.name}: asks, {len(request.commands)} commands")
        if fault < 0.08:
            self.hit("lost request")
            desk.drop()
            return
        if self.chance.random() < 0.3:
            self.late.append((request, desk.person))
        frames = self.handle(request, desk.person)
        if frames is None or fault < 0.16:
            self.hit("lost reply")
            desk.drop()
        elif fault < 0.30:
            self.hit("cut")
            self.advance(desk, line.cut(frames, self.chance.randrange(len(frames))))
        elif fault < 0.34:
            self.hit("half a frame")
            self.advance(desk, line.halved(frames, self.chance))
        else:
            self.advance(desk, line.whole(frames))

    def handle(self, request: Request, person: str) -> list[Frame] | None:
        """Let the server answer; None when its disk fails in the middle of it."""
        try:
            frames = list(self.service.handle(request, Account(person, person)))
        except DBAPIError:
            if not self.bench.power.out:
                raise
            return None
        if any(isinstance(frame, FoldFrame) for frame in frames):
            self.hit("fold")
        return frames

    def advance(self, desk: SimDesk, frames: Iterable[Frame] | None) -> None:
        assert desk.steps is not None
        try:
            asked = next(desk.steps) if frames is None else desk.steps.send(frames)
        except StopIteration as done:
            desk.steps = desk.request = None
            if done.value.caught_up:
                judge.caught_up(self, desk, done.value)
        except Unavailable:
            desk.steps = desk.request = None
        else:
            if desk.old:
                asked = replace(asked, rules=0)
            desk.request = from_json(Request, json.loads(codec.dumps(to_json(asked))))

    def after(self, desk: SimDesk) -> None:
        """Bring back what has lost its power; else see that nobody's own writes flicker."""
        if self.armed is not None and self.bench.power.out:
            self.struck(*self.armed)
        if not desk.is_open:
            self.start(desk)
        judge.no_flicker(desk)

    def struck(self, kind: str, whose: SimDesk | None) -> None:
        if kind == "full disk":
            if self.chance.random() < 0.5:
                self.lights()
            return
        self.hit(kind)
        self.armed = None
        if whose is None:
            self.revive_server()
        else:
            self.revive(whose)

    def lights(self) -> None:
        """Take away a fault that waits, or that has struck."""
        if self.armed is not None and self.bench.power.out:
            self.hit(self.armed[0])
        self.armed = None
        self.bench.power.on()

    def arm(self, kind: str, desk: SimDesk | None, error: int) -> None:
        self.lights()
        self.armed = (kind, desk)
        folder = desk.folder if desk is not None else self.bench.server
        self.bench.power.arm(folder, self.chance.randint(0, 24), error)

    def start(self, desk: SimDesk) -> None:
        """Start a desk's program, again when its disk failed."""
        for _ in range(3):
            try:
                desk.open()
            except (Unavailable, Damaged):
                if not self.bench.power.out:
                    raise
                kind = self.armed[0] if self.armed is not None else ""
                self.lights()
                if kind == "power cut":
                    self.image(desk)
            else:
                return
        raise AssertionError("a desk does not start")

    def revive(self, desk: SimDesk) -> None:
        desk.close()
        self.image(desk)
        self.bench.power.on()
        self.start(desk)

    def image(self, desk: SimDesk) -> None:
        """Put in the desk's place what its disk holds."""
        before = desk.folder
        desk.folder = before.with_name(f"{desk.name}-again")
        if desk.folder == before:
            desk.folder = before.with_name(desk.name)
        self.bench.power.image(before, desk.folder, self.chance.getrandbits(60))
        shutil.rmtree(before)

    def revive_server(self) -> None:
        answered = judge.receipts(self)
        self.bench.store.close()
        held = self.bench.server.with_name("server-held")
        self.bench.power.image(self.bench.server, held, self.chance.getrandbits(60))
        self.bench.power.on()
        shutil.rmtree(self.bench.server)
        held.rename(self.bench.server)
        self.bench.power.settle(self.bench.server)
        assert judge.receipts(self) >= answered, "the server forgot what it had answered"

    def settle(self) -> None:
        """Let an honest line bring everybody up to date; it must always manage."""
        self.story.append("an honest line")
        self.faults = False
        self.lights()
        # Pages without an end between them: none of them can be cut any more.
        self.serve(WHOLE)
        # Nothing has moved since the last one caught up, so it need not ask a second time.
        for desk in (*self.desks, *self.desks[:-1]):
            desk.drop()
            if desk.old:
                self.upgrade(desk)
            self.clock.advance(timedelta(minutes=1))
            self.sync(desk)
            for _ in range(60):
                if desk.steps is None:
                    break
                self.sync(desk)
            assert desk.steps is None, "an honest line did not drain the outbox"
            judge.no_flicker(desk)

    def upgrade(self, desk: SimDesk) -> None:
        self.hit("upgrade")
        desk.close()
        desk.old = False
        self.start(desk)

    def close(self) -> None:
        self.bench.power.on()
        for desk in self.desks:
            desk.close()
        self.bench.store.close()
