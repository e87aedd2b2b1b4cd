"""Gói đồng bộ USB: written and read with a real server behind it, stopped, and refused in words."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PySide6.QtWidgets import QWidget

from app.kernel.errors import Conflict, Unavailable
from app.kernel.packages import PackageRead, PackageWritten
from app.kernel.ports import CancelToken, Progress
from app.kernel.texts import Texts
from tests.ui.conftest import wait_until
from tests.ui.outbox.test_network import Line
from tests.ui.sessions import session_of
from tests.ui.walk import walk
from ui.bridge.runner import QtRunner
from ui.bridge.session import Session
from ui.outbox.dialog_package import PackageDialog
from ui.outbox.page_outbox import OutboxPage

Shown = Callable[..., QWidget]


class Carrier:
    """Packages whose answers a test chooses; it waits until it is let go or stopped."""

    def __init__(self) -> None:
        self.answer: PackageWritten | PackageRead | Exception = PackageWritten(
            Path("hoaban-gui-1a2b3c4d-3.hbgoi"), 12, 3, 4_200_000
        )
        self.held = False
        self.asked: list[Path] = []

    def write(self, folder: Path, progress: Progress, cancel: CancelToken) -> PackageWritten:
        made = self._work(folder, progress, cancel)
        assert isinstance(made, PackageWritten)
        return made

    def read(self, source: Path, progress: Progress, cancel: CancelToken) -> PackageRead:
        made = self._work(source, progress, cancel)
        assert isinstance(made, PackageRead)
        return made

    def _work(self, folder: Path, progress: Progress, cancel: CancelToken) -> object:
        self.asked.append(folder)
        progress(30, 100)
        while self.held:
            cancel.raise_if_cancelled()
            time.sleep(0.005)
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


@pytest.fixture
def session(tmp_path: Path, qapp: object) -> Iterator[Session]:
    """A session whose lanes are threads, as in the window."""
    with session_of(tmp_path, "mai") as made:
        made.desk.sync = Line(made.desk.clock.now())
        runner = QtRunner()
        own = Session(made.desk, runner, Texts(), made.actor)
        yield own
        own.close()
        runner.close()


def opened(session: Session, shown: Shown) -> tuple[OutboxPage, PackageDialog]:
    page = OutboxPage(session)
    page._timer.setInterval(100_000)
    shown(page, 1150, 760)
    page.activate()
    page.line.stick_button.click()
    assert isinstance(page.dialog, PackageDialog)
    return page, page.dialog


def test_it_says_what_was_written_and_what_came(
    session: Session, shown: Shown, tmp_path: Path
) -> None:
    carrier = session.desk.packages = Carrier()
    page, dialog = opened(session, shown)
    dialog.write_to(tmp_path)
    assert not dialog.write_button.isEnabled()
    assert dialog.progress.isVisible()
    wait_until(dialog.write_button.isEnabled)
    assert not dialog.progress.isVisible()
    assert "12 việc, 3 tệp, 4,2 MB" in dialog.banner.text
    moved: list[bool] = []
    dialog.moved.connect(lambda: moved.append(True))
    carrier.answer = PackageRead(40, 11, 1, 2, whole=True, differs=True)
    dialog.read_from(tmp_path)
    wait_until(dialog.read_button.isEnabled)
    for said in ("40 mục mới", "11 việc", "1 việc bị từ chối", "tự sửa"):
        assert said in dialog.banner.text
    assert moved == [True]
    assert carrier.asked == [tmp_path, tmp_path]
    walk(dialog)
    page.close_page()


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (Conflict("package.taken"), "đã được đọc rồi"),
        (Unavailable("package.full"), "USB đã đầy"),
    ],
)
def test_what_is_refused_is_said_with_what_to_do(
    session: Session, shown: Shown, tmp_path: Path, error: Exception, said: str
) -> None:
    carrier = session.desk.packages = Carrier()
    page, dialog = opened(session, shown)
    carrier.answer = error
    dialog.read_from(tmp_path)
    wait_until(dialog.read_button.isEnabled)
    assert said in dialog.banner.text
    page.close_page()


def test_it_is_stopped(session: Session, shown: Shown, tmp_path: Path) -> None:
    carrier = session.desk.packages = Carrier()
    page, dialog = opened(session, shown)
    carrier.held = True
    dialog.read_from(tmp_path)
    wait_until(lambda: bool(carrier.asked))
    # The strip has come in between, and no word has given way to it.
    walk(dialog)
    dialog.progress.cancel_button.click()
    wait_until(dialog.read_button.isEnabled)
    assert "Đã dừng" in dialog.banner.text
    page.close_page()


def test_a_desk_without_a_server_is_told_what_is_missing(
    session: Session, shown: Shown, tmp_path: Path
) -> None:
    page, dialog = opened(session, shown)
    dialog.write_to(tmp_path)
    wait_until(dialog.write_button.isEnabled)
    assert "chưa trao khóa" in dialog.banner.text
    page.close_page()
