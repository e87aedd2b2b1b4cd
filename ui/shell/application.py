"""Start the window, open desks, lock and switch people without closing."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QObject, Qt, QTimer
from PySide6.QtWidgets import QApplication, QStackedWidget

from app.identity.actions import Action
from app.kernel.errors import HoaBanError
from app.kernel.texts import Texts
from ui.bridge import garbage
from ui.bridge.leaving import leaving_on_signals
from ui.bridge.runner import QtRunner
from ui.kit import qttexts, theme
from ui.kit import texts as voice
from ui.kit.icons import app_icon
from ui.shell.crash import install, report
from ui.shell.idle import IdleLock
from ui.shell.launcher import Launcher, ProfileInfo
from ui.shell.login import LoginPane
from ui.shell.mending import DAMAGED
from ui.shell.preload import Preload
from ui.shell.rescue import Rescue

if TYPE_CHECKING:
    from app.desk import Desk
    from app.kernel.actor import Actor
    from ui.bridge.session import Session
    from ui.shell.window import DeskWindow

FIRST_SIZE = (1366, 720)
_GIVE_WAY_S = 0.001
# The login is on screen by then; what comes behind it begins to load
_LOAD_AFTER_MS = 60
SMALLEST = (1024, 600)


class Application(QObject):
    """One window that shows the login, or the desk of whoever has unlocked it.

    Desks that were unlocked stay open behind the lock, so that people who share a PC switch in
    the time of a password; each keeps what he was typing.
    """

    def __init__(
        self, app: QApplication, launcher: Launcher, texts: Texts, profile: Path | None
    ) -> None:
        super().__init__()
        self._launcher = launcher
        self._texts = texts
        self._wanted = profile
        self._attempt = 0
        self._closed = False
        self.runner = QtRunner(self)
        self._preload = Preload(self)
        self.frame = QStackedWidget()
        self.frame.setWindowTitle(texts("shell.product"))
        self.frame.setMinimumSize(*SMALLEST)
        self.frame.resize(*FIRST_SIZE)
        theme.theme().dress(self.frame)
        self.login = LoginPane(texts)
        self.frame.addWidget(self.login)
        self.rescue = Rescue(launcher, texts, self.runner, self.frame, self.login)
        self.rescue.opened.connect(self.unlock)
        self.rescue.broken.connect(self._failed)
        self.windows: dict[Path, DeskWindow] = {}
        self.login.unlock.connect(self.unlock)
        self.login.begin.connect(self._create)
        self.login.stopped.connect(self._stop)
        self._idle = IdleLock(app, self)
        self._idle.idle.connect(lambda: self.lock(detail="idle"))
        app.styleHints().colorSchemeChanged.connect(self._follow_system)
        self.frame.installEventFilter(self)

    def start(self) -> None:
        """Show the window and the people of this machine."""
        # A worker gives way to the window after this long, not after Python's five milliseconds
        sys.setswitchinterval(_GIVE_WAY_S)
        self.frame.show()
        self._list_people()
        QTimer.singleShot(_LOAD_AFTER_MS, self, self._load)

    def _load(self) -> None:
        """Load what stands behind the login while the password is typed."""
        launcher = self._launcher

        self.runner.submit("store", launcher.load, lambda _: self._load_pages(), self._failed)

    def _load_pages(self) -> None:
        self._preload.start()
        self.runner.submit("query", self._launcher.quick, self.login.offer_quick, self._failed)

    @property
    def window(self) -> DeskWindow | None:
        """Return the desk on screen, or None while the login is."""
        shown = self.frame.currentWidget()
        return next((window for window in self.windows.values() if window is shown), None)

    def _list_people(self, said: str = "") -> None:
        def show(found: Sequence[ProfileInfo]) -> None:
            self.login.show_profiles(found, self._wanted)
            if said:
                self.login.tell(said)

        launcher = self._launcher
        self.runner.submit("query", lambda: list(launcher.profiles()), show, self._failed)

    # --- opening -----------------------------------------------------------------------

    def unlock(self, folder: Path, password: str) -> None:
        """Open a profile, or come back to one that is open behind the lock."""
        self._wanted = folder
        launcher, attempt = self._launcher, self._next_attempt()
        held = self.windows.get(folder)
        if held is not None:
            desk = held.session.desk
            self.runner.submit(
                "store",
                lambda: launcher.check(desk, password or None),
                lambda _: self._show(held),
                self._failed,
            )
            return
        self.runner.submit(
            "store",
            lambda: launcher.open(folder, password or None),
            lambda made: self._prepare(folder, made, attempt),
            lambda error: self._not_opened(folder, password, error),
        )

    def _not_opened(self, folder: Path, password: str, error: BaseException) -> None:
        """Offer the repair of a damaged database; say all else at the login."""
        if not isinstance(error, HoaBanError) or error.code != DAMAGED:
            self._failed(error)
            return
        self.rescue.mend(folder, password)

    def _prepare(self, folder: Path, desk: Desk, attempt: int) -> None:
        """Learn who the person is; the first time that takes a first sync."""
        launcher = self._launcher
        texts = self._texts
        if attempt == self._attempt:
            self.login.progress(texts("shell.first.syncing"), texts("shell.first.syncing.detail"))

        def first() -> Actor:
            try:
                return launcher.first_actor(desk)
            except BaseException:
                desk.close()
                raise

        def enter(actor: Actor) -> None:
            if attempt == self._attempt:
                self._opened(folder, desk, actor)
            else:
                self.runner.submit("store", desk.close, lambda _: None, self._failed)

        def failed(error: BaseException) -> None:
            if attempt == self._attempt:
                self._failed(error)

        def done(actor: Actor) -> None:
            if attempt == self._attempt:
                self._preload.then(lambda: enter(actor))
            else:
                enter(actor)

        self.runner.submit("network", first, done, failed)

    def _stop(self) -> None:
        self._next_attempt()
        self.login.ready()
        self._list_people(self._texts("shell.first.stopped"))

    def _next_attempt(self) -> int:
        self._attempt += 1
        return self._attempt

    def _opened(self, folder: Path, desk: Desk, actor: Actor) -> None:
        from ui.bridge.session import Session

        texts = self._speech(desk)
        voice.use(texts)
        self._dress(desk)
        session = Session(desk, self.runner, texts, actor, self)
        session.settings_changed.connect(lambda name: self._setting(folder, name))
        made = self._window(folder, session)
        # Built in one step, styled and shown in the next: together they hold the window up
        QTimer.singleShot(0, made, lambda: self._show(made))

    def _window(self, folder: Path, session: Session) -> DeskWindow:
        from ui.features import PAGES
        from ui.shell.window import DeskWindow

        window = DeskWindow(session, PAGES)
        window.lock_asked.connect(self.lock)
        window.leave_asked.connect(lambda: self.lock(Action.SWITCH))
        self.windows[folder] = window
        return window

    def _create(self, server: str, user: str, password: str) -> None:
        launcher, attempt = self._launcher, self._next_attempt()
        self.login.progress(self._texts("shell.first.signing_in"))

        def done(folder: Path) -> None:
            if attempt == self._attempt:
                self.unlock(folder, password)

        def failed(error: BaseException) -> None:
            if attempt == self._attempt:
                self._failed(error)

        self.runner.submit("network", lambda: launcher.create(server, user, password), done, failed)

    def _failed(self, error: BaseException) -> None:
        if isinstance(error, HoaBanError):
            self.login.refuse(error)
        else:
            self.login.ready()
            report(error, self.tell_crash)

    # --- showing, locking --------------------------------------------------------------

    def _show(self, window: DeskWindow) -> None:
        if self._closed:
            return
        if self.frame.indexOf(window) < 0:
            # A widget that gets a parent forgets where its keyboard was
            held = window.focusWidget()
            self.frame.addWidget(window)
            if held is not None:
                held.setFocus()
        desk = window.session.desk
        self.login.ready()
        voice.use(window.session.texts)
        self._dress(desk)
        self._idle.minutes = desk.settings.number("idle_lock_minutes")
        self._idle.touch()
        self.frame.setCurrentWidget(window)
        window.uncover()

    def lock(self, action: Action = Action.LOCK, detail: str = "") -> None:
        """Show the login over the desk; the desk stays as it is behind it."""
        window = self.window
        if window is not None:
            window.session.note(action, detail)
            # Off the GUI thread, beside the token lane: a batch may be using that for long
            window.session.work("query", window.session.desk.signer.forget, lambda _: None)
            window.cover()
            self.frame.setCurrentWidget(self.login)
            self._idle.minutes = 0
            self._list_people(self._texts("shell.login.locked"))

    # --- settings ----------------------------------------------------------------------

    def _setting(self, folder: Path, name: str) -> None:
        window = self.windows[folder]
        desk = window.session.desk
        if name in ("theme", "scale_percent"):
            self._dress(desk)
        elif name == "idle_lock_minutes":
            self._idle.minutes = desk.settings.number(name)
        elif name == "language":
            self._rebuild(folder, window)

    def _rebuild(self, folder: Path, window: DeskWindow) -> None:
        session, page = window.session, window.current
        texts = self._speech(session.desk)
        voice.use(texts)
        session.speak(texts)
        self.frame.removeWidget(window)
        window.close()
        window.deleteLater()
        made = self._window(folder, session)
        self._show(made)
        made.go(page)

    def _speech(self, desk: Desk) -> Texts:
        wanted = desk.settings.text("language")
        return self._texts if wanted == self._texts.language else Texts(wanted)

    def _dress(self, desk: Desk) -> None:
        mode, scale = _mode(desk.settings.text("theme")), desk.settings.number("scale_percent")
        look = theme.theme()
        if (look.mode, look.scale) != (mode, scale):
            look.apply(mode, scale)

    def _follow_system(self) -> None:
        window = self.window
        if window is not None:
            self._dress(window.session.desk)

    # --- the end -----------------------------------------------------------------------

    def tell_crash(self, places: str) -> None:
        """Tell the person that the program erred."""
        from ui.shell.dialogs import CrashDialog

        CrashDialog(self._texts, places, self.frame).open()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """End when the frame is closed."""
        if watched is self.frame and event.type() == QEvent.Type.Close:
            self.close()
        return super().eventFilter(watched, event)

    def close(self) -> None:
        """Close every desk and join every worker; safe to call twice."""
        if self._closed:
            return
        self._closed = True
        self._idle.close()
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
    app = QApplication.instance()
    if not isinstance(app, QApplication):
        app = QApplication(sys.argv[:1])
    garbage.install(app)
    app.setApplicationName("Hoa Ban")
    app.setDesktopFileName("hoa-ban")
    texts = Texts(language)
    voice.use(texts)
    qttexts.install(app)
    theme.install(app, _mode("system"))
    app.setWindowIcon(app_icon())
    made = Application(app, launcher, texts, profile)
    install(made.tell_crash)
    return made


def run_desk(launcher: Launcher, profile: Path | None, language: str) -> int:
    """Open the window and stay until it is closed; return the exit code."""
    made = build(launcher, profile, language)
    with leaving_on_signals():
        # From here on there are threads, which only `close` ends
        made.start()
        code = QApplication.exec()
        made.close()
    return code
