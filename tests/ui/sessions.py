"""A session of a sample person without the shell: for tests of one page."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from app.kernel.clock import FixedClock, SystemClock
from app.kernel.texts import Texts
from tests.doubles.runner import InlineRunner
from tests.ui.stage import PASSWORD, Stage
from ui.bridge.session import Session


@contextmanager
def session_of(folder: Path, person: str) -> Iterator[Session]:
    """Yield a session whose work is done at once; its clock stands still until told."""
    stage = Stage(folder, FixedClock(SystemClock().now()))
    stage.seed(person)
    desk = stage.open(folder / person, PASSWORD)
    session = Session(desk, InlineRunner(), Texts(), desk.actor())
    yield session
    session.close()
    desk.close()
