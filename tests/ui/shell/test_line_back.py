"""A line that is there again is told once, and whoever waits for it goes on at once."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import pytest
from PySide6.QtCore import QObject

from sync.client.mover import NOTHING, FilesState
from tests.ui.conftest import wait_until
from tests.ui.outgoing.conftest import Sessions, begin
from tests.ui.outgoing.office import Office, open_office
from ui.shell.arrivals import StepWatch
from ui.shell.statusbar import LineState
from ui.shell.watch import LineWatch

__all__ = ["begin"]


@dataclass
class Line:
    """A line as the sync service tells of it."""

    state: str = "offline"
    busy: bool = False
    since: datetime | None = None
    last_sync: datetime | None = None
    retry_at: datetime | None = None
    files: FilesState = NOTHING

    @property
    def status(self) -> Line:
        return self

    def start(self) -> None:
        """Begin."""

    def poke(self) -> None:
        """Sync."""

    def stop(self) -> None:
        """End."""


@dataclass
class Waiting:
    """A worker with nothing to do: it counts how often it was asked."""

    asked: int = 0

    def step(self) -> bool:
        """Take no step."""
        self.asked += 1
        return False


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    """A desk with a line that is cut."""
    made = open_office(tmp_path)
    made.desk.sync = Line()
    yield made
    made.close()


def test_the_line_is_told_when_it_comes_back(office: Office, begin: Sessions) -> None:
    session, line = begin(office, "leader"), office.desk.sync
    assert isinstance(line, Line)
    shown: list[LineState] = []
    told: list[str] = []
    owner = QObject()
    gone: list[str] = []
    watch = LineWatch(
        session,
        shown.append,
        lambda _: None,
        lambda: told.append(line.state),
        lambda: gone.append(line.state),
        owner,
    )
    wait_until(lambda: bool(shown))
    assert told == []
    for state in ("ok", "syncing", "server_down", "ok"):
        line.state = state
        watch._ask_line()
        wait_until(lambda wanted=state: shown[-1].state == wanted)
    assert told == ["ok", "ok"]
    assert gone == []
    # The store is erased by then, and nothing may ask it any more.
    office.desk.store.close()
    line.state = "wiped"
    watch._ask_line()
    wait_until(lambda: gone == ["wiped"])
    assert shown[-1] == LineState("wiped")
    assert not watch._line.isActive()
    watch.close()


def test_who_waits_for_the_line_is_asked_at_once(office: Office, begin: Sessions) -> None:
    session, worker, owner = begin(office, "leader"), Waiting(), QObject()
    watch = StepWatch(session, worker, "query", "nothing", owner)
    wait_until(lambda: worker.asked == 1)
    session.line_back.emit()
    wait_until(lambda: worker.asked == 2)
    watch.close()
    session.line_back.emit()
    assert not watch._soon.isActive()
