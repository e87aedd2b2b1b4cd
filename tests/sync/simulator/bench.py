"""What the lives of one process share: the server's engine, a desk to copy, the disk, the ids."""

from __future__ import annotations

import functools
import math
import random
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

from sqlcipher3 import dbapi2

from app.kernel import ids
from app.kernel.clock import FixedClock
from app.store import engine
from app.store.meta import DEVICE
from sync.protocol import codec
from sync.server import store as server_store
from sync.server.store import Store
from tests.power.power import Power
from tests.sync.conftest import NOON
from tests.sync.simulator.desk import SimDesk
from tests.sync.simulator.thin import ThinEngine

_PAGE, _USUAL_PAGE = 1024, 4096


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

    def __init__(
        self, folder: Path, power: Power | Steady | None = None, *, thin: bool = False
    ) -> None:
        self.folder = folder
        self.power = power or Power()
        self._real = (engine._engine, ids.secrets, codec._PATIENCE)
        self.clock = FixedClock(NOON)
        # How tightly a reply is packed may not hang on how busy this machine is.
        codec._PATIENCE = math.inf
        # Engines are the dearest part of a short life; those of one path serve all lives.
        self._thin = thin
        made = functools.cache(_thin_desk if thin else engine._engine)
        engine._engine = lambda path, key, *, read_only: made(path, key, read_only=read_only)
        self.life = folder / "life"
        self.server = self.life / "server"
        self._blank_desk = folder / "blank-desk"
        self._blank_server = folder / "blank-server"
        # The server's own ids travel in every reply.
        ids.secrets = Ids(0)
        self._prepare()

    def _prepare(self) -> None:
        # A life's tables are small: with pages of two sectors there is less to seal and to tear.
        _size_pages(_PAGE)
        self._blank_desk.mkdir(parents=True)
        desk = SimDesk(self._blank_desk, "nobody", self.clock, old=False)
        desk.open()
        desk.store.set_meta(DEVICE, "")
        desk.close()
        self.server.mkdir(parents=True)
        with closing(sqlite3.connect(self.server / "server.db")) as raw:
            raw.execute(f"PRAGMA page_size = {_PAGE}")
            raw.execute("VACUUM")
        self.store = Store(f"sqlite:///{self.server / 'server.db'}", self.clock)
        self.store.close()
        if self._thin:
            path = self.server / "server.db"
            self.store.engine = ThinEngine(lambda: _thin_server(path), sqlite3.Error)
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
        engine._engine, ids.secrets, codec._PATIENCE = self._real
        _size_pages(_USUAL_PAGE)

    def desk(self, name: str) -> Path:
        """Give a new desk's folder."""
        folder = self.life / name
        shutil.copytree(self._blank_desk, folder)
        self.power.settle(folder)
        return folder


def _size_pages(size: int) -> None:
    """Set how large the pages are of all desks that this process opens."""
    with closing(dbapi2.connect(":memory:")) as raw:
        raw.execute(f"PRAGMA cipher_default_page_size = {size}").fetchall()


@functools.cache
def _lent(_: Path) -> list[Any]:
    return []


def _thin_desk(path: Path, key: bytes, *, read_only: bool) -> Any:
    # One connection reads and writes: a second one would unseal every page anew.
    begin = "BEGIN" if read_only else "BEGIN IMMEDIATE"
    return ThinEngine(lambda: engine.connect(path, key), dbapi2.Error, begin, _lent(path))


def _thin_server(path: Path) -> Any:
    raw = sqlite3.connect(path, check_same_thread=False)
    server_store._open_sqlite(raw, None)
    return raw
