"""The two ways back into a profile that does not open: a repair, and a recovered password."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QStackedWidget

from app.kernel.errors import HoaBanError, Unavailable
from app.kernel.texts import Texts
from ui.bridge.runner import QtRunner
from ui.shell.launcher import Launcher
from ui.shell.login import LoginPane
from ui.shell.mending import MendingPane
from ui.shell.recovering import RecoveringPane


class Rescue(QObject):
    """Show the panes in the place of the login and do what they ask, off the GUI thread.

    `opened(Path, str)`: the profile may be unlocked with this password; `broken(error)` for
    what nobody foresaw.
    """

    opened = Signal(object, str)
    broken = Signal(object)

    def __init__(
        self,
        launcher: Launcher,
        texts: Texts,
        runner: QtRunner,
        frame: QStackedWidget,
        login: LoginPane,
    ) -> None:
        super().__init__(frame)
        self._launcher = launcher
        self._runner = runner
        self._frame = frame
        self._login = login
        self.mending = MendingPane(texts)
        self.recovering = RecoveringPane(texts)
        for pane in (self.mending, self.recovering):
            frame.addWidget(pane)
            pane.left.connect(self._back)
        self.mending.repair.connect(self._mend)
        self.mending.opened.connect(self._open)
        self.recovering.asked.connect(self._ask)
        self.recovering.answered.connect(self._answer)
        login.forgotten.connect(self._recover)

    def mend(self, folder: Path, password: str) -> None:
        """Say that a database is damaged, and offer to repair it."""
        self._login.ready()
        self._frame.setCurrentWidget(self.mending)
        self.mending.ask(folder, password)

    def _recover(self, folder: Path) -> None:
        self._frame.setCurrentWidget(self.recovering)
        self.recovering.begin(folder)

    def _mend(self, folder: Path, password: str) -> None:
        launcher, told = self._launcher, self.mending.follow()
        self._runner.submit(
            "store",
            lambda: launcher.mend(folder, password or None, lambda _, n, of: told(n, of)),
            self.mending.tell,
            lambda error: self._failed(self.mending, error),
        )

    def _ask(self, folder: Path, password: str, target: Path) -> None:
        launcher = self._launcher

        def work() -> str:
            data, code = launcher.ask_recovery(folder, password)
            try:
                target.write_bytes(data)
            except OSError as error:
                raise Unavailable("store.io_failed") from error
            return code

        self._runner.submit(
            "store",
            work,
            self.recovering.tell,
            lambda error: self._failed(self.recovering, error),
        )

    def _answer(self, folder: Path, password: str, source: Path) -> None:
        launcher = self._launcher

        def work() -> None:
            try:
                data = source.read_bytes()
            except OSError as error:
                raise Unavailable("store.io_failed") from error
            launcher.recover(folder, data, password)

        self._runner.submit(
            "store",
            work,
            lambda _: self._open(folder, password),
            lambda error: self._failed(self.recovering, error),
        )

    def _failed(self, pane: MendingPane | RecoveringPane, error: BaseException) -> None:
        if isinstance(error, HoaBanError):
            pane.refuse(error)
        else:
            self._back()
            self.broken.emit(error)

    def _open(self, folder: Path, password: str) -> None:
        self._back()
        self.opened.emit(folder, password)

    def _back(self) -> None:
        self.recovering.forget()
        self._frame.setCurrentWidget(self._login)
        self._login.take_focus()
