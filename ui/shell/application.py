"""Start the window, open desks, lock and switch people without closing."""

from __future__ import annotations

import sys
from pathlib import Path

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QIcon, QPixmap
from PySide6.QtWidgets import QApplication, QStackedWidget

from app.desk import Desk
from app.kernel.actor import Actor
from app.kernel.errors import HoaBanError
from app.kernel.texts import Texts, resource
from ui.bridge.runner import QtRunner
from ui.bridge.session import Session
from ui.features import PAGES
from ui.kit import texts as voice
from ui.kit import theme
from ui.shell.crash import install, report
from ui.shell.dialogs import CrashDialog
from ui.shell.idle import IdleLock
from ui.shell.launcher import Launcher
from ui.shell.login import LoginPane
from ui.shell.window import DeskWindow

FIRST_SIZE = (1366, 720)


class Application(QObject):
    """One window that shows the login, or the desk of whoever has unlocked it.

    Desks that were unlocked stay open behind the lock, so that people who share a PC switch in
    the time of a password; each keeps what he was typing.
    """

    def __init__(self, launcher: Launcher, texts: Texts, profile: Path | None) -> None:
        super().__init__()
        self._launcher = launcher
        self._texts = texts
        self._wanted = profile
        self.runner = QtRunner(self)
        self.frame = QStackedWidget()
        self.frame.setWindowTitle(texts("shell.product"))
        self.frame.resize(*FIRST_SIZE)
        self.login = LoginPane(texts)
        self.frame.addWidget(self.login)
        self.windows: dict[Path, DeskWindow] = {}
        self.login.unlock.connect(self.unlock)
        self.login.create.connect(self._create)
        self._idle = IdleLock(self)
        self._idle.idle.connect(self.lock)
        self.frame.installEventFilter(self)

    def start(self) -> None:
        """Show the window and the people of this machine."""
        self.frame.show()
        self._list_people()

    @property
    def window(self) -> DeskWindow | None:
        """Return the desk on screen, or None while the login is."""
        shown = self.frame.currentWidget()
        return shown if isinstance(shown, DeskWindow) else None

    def _list_people(self) -> None:
        def show(found: object) -> None:
            assert isinstance(found, list)
            self.login.show_profiles(found, self._wanted)

        self.runner.submit("store", lambda: list(self._launcher.profiles()), show, self._failed)

    def unlock(self, folder: Path, password: str) -> None:
        """Open a profile, or come back to one that is open behind the lock."""
        launcher = self._launcher
        self._wanted = folder
        held = self.windows.get(folder)
        if held is not None:
            desk = held.session.desk

            def check() -> None:
                launcher.check(desk, password or None)

            self.runner.submit("store", check, lambda _: self._show(held), self._failed)
            return

        def open_it() -> tuple[Desk, Actor]:
            desk = launcher.open(folder, password or None)
            return desk, launcher.first_actor(desk)

        self.runner.submit("store", open_it, lambda made: self._opened(folder, *made), self._failed)

    def _opened(self, folder: Path, desk: Desk, actor: Actor) -> None:
        mode = desk.settings.text("theme")
        theme.theme().apply(_mode(mode), desk.settings.number("scale_percent"))
        session = Session(desk, self.runner, self._texts, actor, self)
        window = DeskWindow(session, PAGES)
        window.lock_asked.connect(self.lock)
        window.leave_asked.connect(self.lock)
        self.windows[folder] = window
        self.frame.addWidget(window)
        self._idle.minutes = desk.settings.number("idle_lock_minutes")
        self._show(window)

    def _show(self, window: DeskWindow) -> None:
        self.login.ready()
        self.frame.setCurrentWidget(window)
        self._idle.touch()

    def lock(self) -> None:
        """Show the login over the desk; the desk stays as it is behind it."""
        if self.window is not None:
            self.frame.setCurrentWidget(self.login)
            self._list_people()

    def _create(self, server: str, user: str, password: str) -> None:
        launcher = self._launcher
        self.runner.submit(
            "network",
            lambda: launcher.create(server, user, password),
            lambda folder: self.unlock(folder, password),
            self._failed,
        )

    def _failed(self, error: BaseException) -> None:
        if isinstance(error, HoaBanError):
            self.login.refuse(error)
        else:
            self.login.ready()
            report(error, self.tell_crash)

    def tell_crash(self, places: str) -> None:
        """Tell the person that the program erred."""
        CrashDialog(self._texts, places, self.frame).open()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """End when the frame is closed."""
        if watched is self.frame and event.type() == QEvent.Type.Close:
            self.close()
        return super().eventFilter(watched, event)

    def close(self) -> None:
        """Close every desk and join every worker."""
        desks = [window.session.desk for window in self.windows.values()]
        for window in self.windows.values():
            window.close()
            window.session.close()
        self.windows = {}
        self.runner.close()
        for desk in desks:
            desk.close()


def _mode(wanted: str) -> str:
    """Return light or dark; "system" follows the operating system."""
    if wanted != "system":
        return wanted
    dark = QApplication.styleHints().colorScheme() == Qt.ColorScheme.Dark
    return "dark" if dark else "light"


def build(launcher: Launcher, profile: Path | None, language: str) -> Application:
    """Make the application object and its window; the caller runs the event loop."""
    app = QApplication.instance() or QApplication(sys.argv[:1])
    assert isinstance(app, QApplication)
    app.setApplicationName("Hoa Ban")
    app.setDesktopFileName("hoa-ban")
    texts = Texts(language)
    voice.use(texts)
    theme.install(app)
    pixmap = QPixmap()
    pixmap.loadFromData(resource("icons", "hoa-ban.png").read_bytes())
    app.setWindowIcon(QIcon(pixmap))
    made = Application(launcher, texts, profile)
    install(made.tell_crash)
    return made


def run_desk(launcher: Launcher, profile: Path | None, language: str) -> int:
    """Open the window and stay until it is closed; return the exit code."""
    made = build(launcher, profile, language)
    made.start()
    code = QApplication.exec()
    made.close()
    return code
