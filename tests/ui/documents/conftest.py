"""A commune's desk, and sessions of its people on real lanes or on none."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PySide6.QtWidgets import QApplication

from app.kernel.texts import Texts
from tests.doubles.runner import InlineRunner
from tests.ui.documents.commune import Commune, actor, open_commune
from ui.bridge.runner import QtRunner
from ui.bridge.session import Session
from ui.kit import texts as voice

Sessions = Callable[[str], Session]


@pytest.fixture
def commune(tmp_path: Path) -> Iterator[Commune]:
    """A desk with people and a book, without documents."""
    made = open_commune(tmp_path)
    yield made
    made.desk.close()


@pytest.fixture
def session(qapp: QApplication, commune: Commune) -> Iterator[Sessions]:
    """Sessions that work at once, on the test's own thread; bugs fail the test."""
    made: list[Session] = []
    bugs: list[BaseException] = []

    def begin(who: str) -> Session:
        found = Session(commune.desk, InlineRunner(), Texts(), actor(who))
        found.bug.connect(bugs.append)
        made.append(found)
        return found

    yield begin
    for one in made:
        one.close()
    assert not bugs, repr(bugs[0])


@pytest.fixture
def lanes(qapp: QApplication, commune: Commune) -> Iterator[Sessions]:
    """Sessions on real lanes."""
    made: list[tuple[Session, QtRunner]] = []
    bugs: list[BaseException] = []
    voice.use(Texts())

    def begin(who: str) -> Session:
        runner = QtRunner()
        found = Session(commune.desk, runner, Texts(), actor(who))
        found.bug.connect(bugs.append)
        made.append((found, runner))
        return found

    yield begin
    for one, runner in made:
        one.close()
        runner.close()
    assert not bugs, repr(bugs[0])
