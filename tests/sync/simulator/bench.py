"""What the lives of one process share: the server's engine, a desk to copy, the disk, the ids."""

from __future__ import annotations

import functools
import random
import shutil
from pathlib import Path

from app.kernel import ids
from app.kernel.clock import FixedClock
from app.store import engine
from app.store.meta import DEVICE
from sync.server.store import Store
from tests.power.power import Power
from tests.sync.conftest import NOON
from tests.sync.simulator.desk import SimDesk


class Ids:
    """Stands in for `secrets`: the same seed makes the same ids."""

    def __init__(self, seed: int) -> None:
        self.randbits = random.Random(seed).getrandbits


class Steady:
    """A disk that never fails, for processes without the library."""

    out, losses = False, 0

    def watch(self, folder: Path) -> None:
        """Watch nothing."""

    def settle(self, folder: Path) -> None:
        """Have nothing to settle."""

    def on(self) -> None:
        """Be on."""


class Bench:
    """One folder whose disk forgets, used by one life after the other."""

    def __init__(self, folder: Path, power: Power | Steady | None = None) -> None:
        self.folder = folder
        self.power = power or Power()
        self._real = (engine._engine, ids.secrets)
        self.clock = FixedClock(NOON)
        # Engines are the dearest part of a short life; those of one path serve all lives.
        made = functools.cache(engine._engine)
        engine._engine = lambda path, key, *, read_only: made(path, key, read_only=read_only)
        self.life = folder / "life"
        self.server = self.life / "server"
        self._blank_desk = folder / "blank-desk"
        self._blank_server = folder / "blank-server"
        self._prepare()

    def _prepare(self) -> None:
        self._blank_desk.mkdir(parents=True)
        desk = SimDesk(self._blank_desk, "nobody", self.clock, old=False)
        desk.open()
        desk.store.set_meta(DEVICE, "")
        desk.close()
        self.server.mkdir(parents=True)
        self.store = Store(f"sqlite:///{self.server / 'server.db'}", self.clock)
        self.store.close()
        shutil.copytree(self.server, self._blank_server)

    def begin(self, seed: int) -> FixedClock:
        """Clear the table for a new life."""
        self.store.close()
        shutil.rmtree(self.life)
        shutil.copytree(self._blank_server, self.server)
        self.power.watch(self.life)
        ids.secrets = Ids(seed)
        self.clock = FixedClock(NOON)
        # It reads the clock only when it makes a database.
        return self.clock

    def end(self) -> None:
        """Put back what was put in place for the lives."""
        self.store.close()
        engine._engine, ids.secrets = self._real

    def desk(self, name: str) -> Path:
        """Give a new desk's folder."""
        folder = self.life / name
        shutil.copytree(self._blank_desk, folder)
        self.power.settle(folder)
        return folder
