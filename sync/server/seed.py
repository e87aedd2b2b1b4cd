"""The doors for seeds: accounts, files and system commands, in a database of one's own."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from app.kernel.clock import Clock
from app.kernel.command import Command
from app.kernel.feature import Registry
from sync.server.accounts import Accounts
from sync.server.directory import People
from sync.server.files import Files
from sync.server.http import Server
from sync.server.service import Service
from sync.server.store import Store

_BATCH = 200


def build(database: str, files: Path, registry: Registry, clock: Clock, **options: Any) -> Server:
    """Open database and files, and build everything that a process serves.

    `options` are those of the store.
    """
    store = Store(database, clock, **options)
    service = Service(store, registry, People(), clock)
    return Server(service, Accounts(store, clock), Files(files, store), clock)


@dataclass(frozen=True, slots=True)
class Seed:
    """Put things on a server as the system, without a desk.

    What a seed needs to keep beside the server, such as an authority of its own, lies in `folder`.
    """

    server: Server
    folder: Path

    def commands(self, *commands: Command) -> None:
        """Run system commands, in transactions of bounded size."""
        for at in range(0, len(commands), _BATCH):
            self.server.service.run_as_system(*commands[at : at + _BATCH])

    def account(self, login: str, person: str, password: str) -> None:
        """Make an account that may sign in."""
        self.server.accounts.put(login, person, password)

    def file(self, source: Path | bytes) -> str:
        """Take a file; answer its SHA-256."""
        return self.server.files.put(source)
