"""Let invented people act on the server at times of one's choosing, by the real rules."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from app.files.model import FileRef
from app.kernel.actor import Actor
from app.kernel.bus import wrap
from app.kernel.command import Command
from app.kernel.event import Event
from sync.server.demo.people import samples
from sync.server.push import Work
from sync.server.seed import Seed

DEVICE = "demo"


class Ledger:
    """Act as people; every call is decided by the same rules as a desk's command."""

    def __init__(self, seed: Seed) -> None:
        self._seed = seed
        self._service = seed.server.service

    def act(self, login: str, at: datetime, *commands: Command, agency: str = "") -> list[Event]:
        """Run commands of a person in one transaction; raises the errors of the rules."""

        def work(connection: Connection) -> list[Event]:
            return self._act(connection, login, at, commands, agency)

        return self._service.store.retrying(work)

    def _act(
        self,
        connection: Connection,
        login: str,
        at: datetime,
        commands: tuple[Command, ...],
        agency: str,
    ) -> list[Event]:
        person = samples()[login]
        push = self._service.push
        turn = Work(push, connection, person.id, at)
        done: list[Event] = []
        for command in commands:
            handler = push.registry.handler(command.NAME)
            bare = Actor(person.id, person.post(agency))
            envelope = wrap(handler, command, bare, DEVICE, at)
            done += turn.apply(envelope, push.actor(turn.unit, envelope))
            turn.unit.keep()
        turn.unit.flush()
        return done

    def get(self, kind: str, entity: str) -> Any:
        """Return an entity as the server holds it now."""
        with self._service.store.read() as connection:
            return self._service.push.unit(connection).get(kind, entity)

    def file(self, data: bytes, name: str, role: str) -> FileRef:
        """Put a PDF on the server; return its reference."""
        sha256 = self._seed.file(data)
        return FileRef(sha256, len(data), "application/pdf", name, role)
