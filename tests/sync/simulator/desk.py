"""A desk of a life: a real store of one person that is killed, copied, cut off and made newer."""

from __future__ import annotations

import functools
from collections.abc import Generator, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, ClassVar

from app.kernel.actor import Actor
from app.kernel.bus import Bus
from app.kernel.clock import FixedClock
from app.kernel.command import Command
from app.kernel.errors import HoaBanError
from app.kernel.event import NewEvent
from app.kernel.feature import Context, Handler, Registry
from app.store import opening
from app.store.desk import DeskStore
from app.store.replica import Replica
from sync.client.engine import Engine, RoundResult
from sync.protocol.messages import Frame, Request
from tests.doubles import toy

KEY = bytes(range(32))
WANT = 9
Steps = Generator[Request, Iterable[Frame], RoundResult]


@dataclass(frozen=True, slots=True)
class OldCountUp(Command):
    """What an older program called counting: always by one."""

    NAME: ClassVar[str] = "note.count"
    VERSION: ClassVar[int] = 1


def _count_once(note: Any, command: OldCountUp, _: Context) -> Sequence[NewEvent]:
    return toy.count(note, toy.CountUp(command.id), _)


@functools.cache
def registries() -> tuple[Registry, Registry]:
    """Return today's features, and those of an older program: no copies, counting by one."""
    kinds = tuple(k for k in toy.FEATURE.kinds if k.name != "copy")
    handlers = tuple(
        Handler(OldCountUp, "note", "note.write", _count_once) if h.command is toy.CountUp else h
        for h in toy.FEATURE.handlers
        if h.kind != "copy"
    )
    old = replace(toy.FEATURE, kinds=kinds, handlers=handlers, reactions={})
    return Registry((toy.FEATURE,)), Registry((old,))


class NoWire:
    """The simulator carries the frames itself."""

    def exchange(self, request: Request) -> Iterator[Frame]:
        raise AssertionError("not asked")


class SimDesk:
    """A real store of one person and the engine over it; closed it is only a folder."""

    def __init__(self, folder: Path, person: str, clock: FixedClock, *, old: bool) -> None:
        self.folder, self.person, self.clock, self.old = folder, person, clock, old
        self.name = folder.name
        self.steps: Steps | None = None
        self.request: Request | None = None
        self.actor = Actor(person, roles=frozenset({"writer"}))
        # How often this desk has counted up each note: what its person must go on seeing.
        self.own: dict[str, int] = {}
        self.given: set[str] = set()
        # Whether its disk has changed rows behind its back.
        self.damaged = self.verifying = False
        self.is_open = False

    def open(self, *, fresh: bool = False) -> None:
        """Start the program; may fail as the disk does. A fresh copy needs no looking over."""
        registry = registries()[self.old]
        if fresh:
            self.store = DeskStore(self.folder, KEY, registry, self.clock)
            with self.store.writing() as connection:
                opening.settle_device(connection, self.clock)
        else:
            self.store = DeskStore.open(self.folder, KEY, registry, self.clock)
        self.store.hold_seconds = 0.0
        self.store.resolve_actor = lambda _get, _envelope: self.actor
        self.replica = Replica(self.store)
        self.engine = Engine(self.replica, NoWire(), want=WANT)
        try:
            device = self.store.device
        except BaseException:
            self.store.close()
            raise
        self.bus = Bus(registry, self.store.transaction, device, self.clock, self.store.changes)
        self.is_open = True

    def close(self) -> None:
        """End the program, whatever it was doing."""
        self.drop()
        if self.is_open:
            self.store.close()
        self.is_open = False

    def drop(self) -> None:
        """Let go of the round in the middle of it."""
        if self.steps is not None:
            self.steps.close()
        self.steps = self.request = None

    def act(self, command: Command) -> bool:
        """Give a command; answer whether the desk took it."""
        if self.old and isinstance(command, toy.CountUp):
            command = OldCountUp(command.id)
        try:
            self.bus.run(self.actor, command)
        except HoaBanError:
            return False
        last = "SELECT command, kind FROM outbox ORDER BY place DESC LIMIT 1"
        self.given.add(self.read(last)[0][0])
        return True

    def read(self, query: str, *values: Any) -> list[Any]:
        """Read what the desk holds."""
        with self.store.reader() as connection:
            return list(connection.exec_driver_sql(query, values).all())
