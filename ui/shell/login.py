"""Who sits at the PC: choose the person, type the password; the desk opens offline too."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtWidgets import QLineEdit, QSizePolicy, QWidget

from app.kernel.errors import HoaBanError
from app.kernel.texts import Texts
from ui.kit.banner import Banner
from ui.kit.buttons import Button
from ui.kit.choice import Choice
from ui.kit.fields import LineEdit
from ui.kit.form import FormField
from ui.kit.icons import LOGO
from ui.kit.labels import Icon, Label, Pane
from ui.kit.layout import Column, Row, put
from ui.kit.progress import ProgressStrip
from ui.kit.theme import theme
from ui.shell.launcher import ProfileInfo

_WIDTH = 420
_SECOND_MS = 1000
_WAIT = "profile.wait"


class LoginPane(QWidget):
    """Ask for a person and a password; without a profile, for server, login and password.

    `unlock(Path, str)` with "" for the password asks the OS keyring; `begin(str, str, str)`
    with server, user and password makes a profile; `forgotten(Path)` says that the password of
    a profile is lost; `stopped` ends the first sync.
    """

    unlock = Signal(object, str)
    begin = Signal(str, str, str)
    forgotten = Signal(object)
    stopped = Signal()

    def __init__(self, texts: Texts, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._texts = texts
        self._profiles: Sequence[ProfileInfo] = ()
        self._opened_quickly: frozenset[Path] = frozenset()
        self._first = False
        self._waiting = 0
        self.setAccessibleName(texts("shell.login"))
        self._person = Choice(texts("shell.login.person"), {})
        self._person.changed.connect(self._chosen)
        self._server = LineEdit("", placeholder="https://")
        self._user = LineEdit("")
        self.password = LineEdit("")
        self.password.setEchoMode(QLineEdit.EchoMode.Password)
        self._rows = {
            "person": FormField(texts("shell.login.person"), self._person),
            "server": FormField(texts("shell.login.server"), self._server),
            "user": FormField(texts("shell.login.user"), self._user),
            "password": FormField(texts("shell.login.password"), self.password),
        }
        for field in (self._server, self._user, self.password):
            field.returnPressed.connect(self._go)
        self._title = Label(style="title", wrap=True)
        self._claim = Label(style="secondary", wrap=True)
        self.message = Banner(tone="bad")
        self._strip = ProgressStrip()
        self._strip.cancelled.connect(self.stopped)
        self._open = Button(texts("shell.login.open"), "primary")
        self._open.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self._open.clicked.connect(self._go)
        self._quick = Button(texts("shell.login.quick"), "link")
        self._quick.clicked.connect(self._unlock_quickly)
        self._forgot = Button(texts("shell.login.forgot"), "link")
        self._forgot.clicked.connect(self._forget)
        self._other = Button(texts("shell.login.another"), "link")
        self._other.clicked.connect(self._turn)
        self._timer = QTimer(self)
        self._timer.timeout.connect(self._count_down)
        self._lay_out()

    def _lay_out(self) -> None:
        self._card = Pane("card")
        head = Row(Icon(LOGO, 44), Column(self._title, self._claim, gap=2), gap=12)
        head.setStretch(1, 1)
        put(self._card, Column(
            head, 10, *self._rows.values(), self.message, self._strip, 2, self._open,
            Row(self._quick, self._forgot, None, self._other),
            gap=8, margins=(28, 26, 28, 20),
        ))  # fmt: skip
        put(self, Column(None, Row(None, self._card, None), None))
        self._rescale()
        self._strip.hide()
        theme().changed.connect(self._rescale)

    def _rescale(self) -> None:
        self._card.setFixedWidth(theme().px(_WIDTH))

    # --- what is asked -----------------------------------------------------------------

    def show_profiles(self, profiles: Sequence[ProfileInfo], chosen: Path | None = None) -> None:
        """Offer these people; none means that the first profile is to be made."""
        names = {str(info.folder): info.name or info.user for info in profiles}
        wanted = str(chosen) if chosen is not None and str(chosen) in names else ""
        if profiles and list(profiles) == list(self._profiles):
            # Asked again behind the lock: whoever is typing already is left alone.
            return
        self._profiles = profiles
        self._person.set_choices(names, wanted or next(iter(names), ""))
        self._ask(first=not profiles)

    def offer_quick(self, folders: frozenset[Path]) -> None:
        """Offer to open these without a password; what is being typed stays."""
        self._opened_quickly = folders
        info = self._info()
        self._quick.setVisible(info is not None and info.folder in folders)

    def _ask(self, *, first: bool) -> None:
        texts = self._texts
        self._first = first
        self._title.setText(texts("shell.first.title" if first else "shell.product"))
        self._claim.setText(texts("shell.first.claim" if first else "shell.login.claim"))
        self._rows["person"].setVisible(not first)
        self._rows["server"].setVisible(first)
        self._rows["user"].setVisible(first)
        self._forgot.setVisible(not first)
        self._other.setVisible(bool(self._profiles))
        self._other.set_label(texts("shell.login.back" if first else "shell.login.another"))
        self._open.set_label(texts("shell.login.begin" if first else "shell.login.open"))
        self._chosen()

    def _turn(self) -> None:
        self._ask(first=not self._first)

    def _chosen(self) -> None:
        info = self._info()
        self._quick.setVisible(info is not None and info.folder in self._opened_quickly)
        self.message.show_text("")
        self.password.clear()
        self.take_focus()

    def take_focus(self) -> None:
        """Put the keyboard where typing begins."""
        field = self._server if self._first else self.password
        field.setFocus(Qt.FocusReason.OtherFocusReason)

    def _info(self) -> ProfileInfo | None:
        chosen = self._person.value
        if self._first:
            return None
        return next((info for info in self._profiles if str(info.folder) == chosen), None)

    def _go(self) -> None:
        if not self._open.isEnabled():
            return
        fields = (self._server, self._user) if self._first else ()
        if not self.password.text() or not all(field.value for field in fields):
            self.message.show_text(self._texts("shell.login.empty"), "warn")
            return
        info = self._info()
        self._busy(busy=True)
        if info is not None:
            self.unlock.emit(info.folder, self.password.text())
        else:
            self.begin.emit(self._server.value, self._user.value, self.password.text())

    def _forget(self) -> None:
        info = self._info()
        if info is not None:
            self.forgotten.emit(info.folder)

    def _unlock_quickly(self) -> None:
        info = self._info()
        if info is not None:
            self._busy(busy=True)
            self.unlock.emit(info.folder, "")

    @property
    def asks_first(self) -> bool:
        """Tell whether a profile is to be made."""
        return self._first

    @property
    def chosen(self) -> Path | None:
        """Return the profile that is chosen."""
        info = self._info()
        return info.folder if info is not None else None

    def choose(self, folder: Path) -> None:
        """Choose a person."""
        self._person.set_value(str(folder))
        self._chosen()

    # --- what is told ------------------------------------------------------------------

    def refuse(self, error: HoaBanError) -> None:
        """Say why it did not open; what was typed stays."""
        self._busy(busy=False)
        seconds = error.params.get("seconds")
        if error.code == _WAIT and isinstance(seconds, int):
            self._wait(seconds)
            return
        self.message.show_text(self._texts.error(error), "bad")
        self.password.selectAll()
        self.password.setFocus(Qt.FocusReason.OtherFocusReason)

    def tell(self, text: str, tone: str = "info") -> None:
        """Say something that is no refusal."""
        self.message.show_text(text, tone)

    def progress(self, text: str, detail: str = "") -> None:
        """Show long work that can be stopped; "" takes it away."""
        self._strip.setVisible(bool(text))
        self._open.setVisible(not text)
        if text:
            self.message.show_text("")
            self._strip.restart()
            self._strip.set_progress(0, 0, detail, text)

    def ready(self) -> None:
        """Be usable again, with an empty password."""
        self._busy(busy=False)
        self.message.show_text("")
        self.password.clear()

    def _busy(self, *, busy: bool) -> None:
        self.progress("")
        self._open.setEnabled(not busy)
        for row in (*self._rows.values(), self._other, self._quick, self._forgot):
            row.setEnabled(not busy)
        waiting = "shell.login.begin" if self._first else "shell.login.open"
        self._open.set_label(self._texts("shell.login.opening" if busy else waiting))

    def _wait(self, seconds: int) -> None:
        self._waiting = seconds
        self._open.setEnabled(False)
        self._timer.start(_SECOND_MS)
        self._tell_wait()

    def _count_down(self) -> None:
        self._waiting -= 1
        self._tell_wait()
        if self._waiting <= 0:
            self._timer.stop()
            self._open.setEnabled(True)
            self.message.show_text("")
            self.password.setFocus(Qt.FocusReason.OtherFocusReason)

    def _tell_wait(self) -> None:
        text = self._texts("shell.login.wait", seconds=self._waiting)
        self.message.show_text(text, "bad", icon="clock")
