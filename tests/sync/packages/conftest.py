"""A server, desks that were on a line once, and a stick."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from sync.client import keys
from sync.client.packages import DeskPackages
from sync.client.service import SyncService
from sync.server.http import Server
from sync.server.packages import Packages
from tests.sync.real import RealDesk
from tests.sync.served import PASSWORD, base, made

__all__ = ["base", "made"]


class Stick:
    """One desk with its packages, and the server's side of the stick."""

    def __init__(self, desk: RealDesk, server: Server, folder: Path) -> None:
        self.desk, self.server, self.folder = desk, server, folder
        self.keeper = SyncService(desk.store, desk.transport, desk.clock)
        self.packages: DeskPackages = self.keeper.packages
        self.office = Packages(server)

    def out(self) -> Path:
        return self.packages.write(self.folder).path

    def answer(self, source: Path) -> Path:
        return self.office.answer(source, self.folder).path

    def trip(self) -> Path:
        """Carry the stick to the server and back; answer the package that came back."""
        back = self.answer(self.out())
        self.packages.read(back)
        return back


@pytest.fixture
def stick(tmp_path: Path, base: str, made: Server) -> Iterator[Callable[..., Stick]]:
    opened: list[RealDesk] = []
    folder = tmp_path / "stick"
    folder.mkdir()

    def take(person: str = "an", *, synced: bool = True) -> Stick:
        desk = RealDesk(tmp_path / f"desk-{len(opened)}", base, person)
        opened.append(desk)
        desk.transport.sign_in(person, PASSWORD)
        keys.introduce(desk.store, desk.transport)
        taken = Stick(desk, made, folder)
        if synced:
            taken.keeper.once()
        return taken

    yield take
    for one in opened:
        one.close()
