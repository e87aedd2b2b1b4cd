"""Who sits at the PC: choose the person, type the password; the desk opens offline too."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QComboBox, QLineEdit, QSizePolicy, QWidget

from app.kernel.errors import HoaBanError
from app.kernel.texts import Texts
from ui.kit.buttons import Button
from ui.kit.icons import LOGO
from ui.kit.labels import Icon, Label, Pane
from ui.kit.layout import Column, Row, put
from ui.kit.theme import theme
from ui.shell.launcher import ProfileInfo


class LoginPane(QWidget):
    """Ask for a person and a password.

    `unlock(Path, str)` with "" for the password asks the OS keyring; `create(str, str, str)`
    with server, user and password makes a profile.
    """

    unlock = Signal(object, str)
    create = Signal(str, str, str)

    def __init__(self, texts: Texts, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._texts = texts
        self._profiles: Sequence[ProfileInfo] = ()
        self.setAccessibleName(texts("shell.login"))
        self._person = QComboBox()
        self._person.setAccessibleName(texts("shell.login.person"))
        self._person.currentIndexChanged.connect(self._chosen)
        self._server = _line(texts("shell.login.server"))
        self._user = _line(texts("shell.login.user"))
        self._password = _line(texts("shell.login.password"), secret=True)
        self._password.returnPressed.connect(self._go)
        self._message = Label(style="bad", wrap=True)
        self._open = Button(texts("shell.login.open"), "primary")
        self._open.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self._open.clicked.connect(self._go)
        self._quick = Button(texts("shell.login.quick"), "link")
        self._quick.clicked.connect(self._unlock_quickly)
        self._labels = {
            "person": Label(texts("shell.login.person"), "secondary"),
            "server": Label(texts("shell.login.server"), "secondary"),
            "user": Label(texts("shell.login.user"), "secondary"),
        }
        self._lay_out()

    def _lay_out(self) -> None:
        texts = self._texts
        card = Pane()
        card.setFixedWidth(theme().px(400))
        labels = self._labels
        put(card, Column(
            Row(Icon(LOGO, 44), Column(Label(texts("shell.product"), "title"),
                Label(texts("shell.login.claim"), "secondary"), gap=0), None, gap=12),
            8, labels["person"], self._person, labels["server"], self._server,
            labels["user"], self._user,
            Label(texts("shell.login.password"), "secondary"), self._password,
            self._message, 4, self._open, Row(None, self._quick, None),
            gap=6, margins=(28, 28, 28, 24),
        ))  # fmt: skip
        put(self, Column(None, Row(None, card, None), None))

    def show_profiles(self, profiles: Sequence[ProfileInfo], chosen: Path | None = None) -> None:
        """Offer these people; none means that the first profile is to be made."""
        self._profiles = profiles
        self._person.clear()
        for info in profiles:
            self._person.addItem(info.name or info.user, str(info.folder))
        for place, info in enumerate(profiles):
            if chosen is not None and info.folder == chosen:
                self._person.setCurrentIndex(place)
        first = not profiles
        for name, widget in (("person", self._person),):
            self._labels[name].setVisible(not first)
            widget.setVisible(not first)
        for name, field in (("server", self._server), ("user", self._user)):
            self._labels[name].setVisible(first)
            field.setVisible(first)
        self._chosen()

    def refuse(self, error: HoaBanError) -> None:
        """Say why it did not open; what was typed stays but for the password."""
        self._message.setText(self._texts.error(error))
        self._busy(busy=False)
        self._password.selectAll()
        self._password.setFocus(Qt.FocusReason.OtherFocusReason)

    def _chosen(self) -> None:
        info = self._info()
        self._quick.setVisible(info is not None and info.quick)
        self._message.clear()
        self._password.clear()
        self._password.setFocus(Qt.FocusReason.OtherFocusReason)

    def _info(self) -> ProfileInfo | None:
        place = self._person.currentIndex()
        return self._profiles[place] if 0 <= place < len(self._profiles) else None

    def _go(self) -> None:
        self._busy(busy=True)
        info = self._info()
        if info is not None:
            self.unlock.emit(info.folder, self._password.text())
        else:
            self.create.emit(self._server.text(), self._user.text(), self._password.text())

    def _unlock_quickly(self) -> None:
        info = self._info()
        if info is not None:
            self._busy(busy=True)
            self.unlock.emit(info.folder, "")

    def _busy(self, *, busy: bool) -> None:
        self._open.setEnabled(not busy)
        self._open.set_label(self._texts("shell.login.opening" if busy else "shell.login.open"))

    def ready(self) -> None:
        """Be usable again, with an empty password."""
        self._busy(busy=False)
        self._password.clear()


def _line(name: str, *, secret: bool = False) -> QLineEdit:
    field = QLineEdit()
    field.setAccessibleName(name)
    if secret:
        field.setEchoMode(QLineEdit.EchoMode.Password)
    return field
