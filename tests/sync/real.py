"""A server in a process of its own, and a desk over real sockets."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

from app.kernel.actor import Actor
from app.kernel.bus import Bus
from app.kernel.clock import SystemClock
from app.kernel.command import Command
from app.store.desk import DeskStore
from app.store.replica import Replica
from sync.client.engine import Engine
from sync.client.files import Transfer
from sync.client.transport import HttpTransport
from sync.http import Session
from tests.doubles.toy import registry

KEY = bytes(range(32))
X = ("agency:x",)
ROOT = Path(__file__).parents[2]


class Keys:
    """A keyring in memory."""

    def __init__(self) -> None:
        self.held: dict[str, str] = {}

    def get(self, name: str) -> str | None:
        return self.held.get(name)

    def set(self, name: str, value: str) -> None:
        self.held[name] = value

    def delete(self, name: str) -> None:
        self.held.pop(name, None)


class Process:
    """The toy server as a process, on the same port after every kill."""

    def __init__(
        self, folder: Path, url: str = "", poll: float = 2.0, *, quiet: bool = False
    ) -> None:
        self.folder, self.port, self.poll, self.quiet = folder, 0, poll, quiet
        self.database = url or f"sqlite:///{folder / 'server.db'}"
        self.start()

    def start(self) -> None:
        self.process = subprocess.Popen(
            [
                sys.executable,
                "-m",
                "tests.sync.server_process",
                self.database,
                str(self.folder / "files"),
                str(self.port),
                str(self.poll),
            ],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL if self.quiet else None,
            text=True,
        )
        assert self.process.stdout is not None
        self.port = int(self.process.stdout.readline())

    def kill(self) -> None:
        os.kill(self.process.pid, signal.SIGKILL)
        self.process.wait(10)
        assert self.process.stdout is not None
        self.process.stdout.close()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"


class RealDesk:
    """A profile's store with a transport to a server."""

    def __init__(self, folder: Path, url: str, person: str = "an") -> None:
        folder.mkdir()
        self.clock = SystemClock()
        self.person = person
        self.store = DeskStore.open(folder, KEY, registry(), self.clock)
        self.store.hold_seconds = 0.0
        self.actor = Actor(person, roles=frozenset({"writer"}))
        self.store.resolve_actor = lambda _get, _envelope: self.actor
        self.replica = Replica(self.store)
        self.keys = Keys()
        self.session = Session(self.clock, tls=True)
        self.through(url)

    def through(self, url: str) -> None:
        self.transport = HttpTransport(self.session, url, self.keys)
        self.engine = Engine(self.replica, self.transport)
        self.files = Transfer(self.store.vault, self.transport, self.clock)

    def act(self, *commands: Command) -> None:
        store = self.store
        bus = Bus(store.registry, store.transaction, store.device, self.clock, store.changes)
        bus.run(self.actor, *commands)

    def close(self) -> None:
        self.session.close()
        self.store.close()
