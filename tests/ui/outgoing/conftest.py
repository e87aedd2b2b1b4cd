"""A commune's desk with and without tokens, and sessions of its people on real lanes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PySide6.QtWidgets import QApplication

from app.kernel.texts import Texts
from tests.ui.outgoing.keys import Keys, make_keys
from tests.ui.outgoing.office import Office, actor, open_office
from ui.bridge.runner import QtRunner
from ui.bridge.session import Session
from ui.kit import texts as voice
from ui.kit.page import Page

Sessions = Callable[[Office, str], Session]
Show = Callable[[Page], Page]


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    """A desk without tokens."""
    made = open_office(tmp_path)
    yield made
    made.desk.close()


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Keys]:
    """The chairman's and the commune's tokens."""
    with pytest.MonkeyPatch.context() as patch:
        yield make_keys(tmp_path_factory.mktemp("keys"), patch)


@pytest.fixture
def keyed(tmp_path: Path, keys: Keys) -> Iterator[Office]:
    """A desk with both tokens plugged in."""
    made = open_office(tmp_path, signer=keys.signer(), trust=keys.trust)
    yield made
    made.close()


@pytest.fixture
def lined(tmp_path: Path, keys: Keys) -> Iterator[Office]:
    """A desk with tokens whose book is the server's, without a line to it."""
    made = open_office(tmp_path, leased=False, signer=keys.signer(), trust=keys.trust)
    yield made
    made.close()


@pytest.fixture
def begin(qapp: QApplication) -> Iterator[Sessions]:
    """Sessions on real lanes; bugs fail the test."""
    made: list[tuple[Session, QtRunner]] = []
    bugs: list[BaseException] = []
    voice.use(Texts())

    def start(where: Office, who: str) -> Session:
        runner = QtRunner()
        found = Session(where.desk, runner, Texts(), actor(who))
        found.bug.connect(bugs.append)
        made.append((found, runner))
        return found

    yield start
    for one, runner in made:
        one.close()
        runner.close()
    assert not bugs, repr(bugs[0])


@pytest.fixture
def show(begin: Sessions) -> Iterator[Show]:
    """Show pages as the shell would, and let them go before their sessions end."""
    pages: list[Page] = []

    def open_page(page: Page) -> Page:
        page.resize(1154, 664)
        page.show()
        page.activate()
        pages.append(page)
        return page

    yield open_page
    for page in pages:
        page.close_page()
        page.close()
        page.deleteLater()
