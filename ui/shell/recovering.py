"""A lost password: a new one, a request to the province's two persons, and their answer."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFileDialog, QLineEdit, QWidget

from app.kernel.errors import HoaBanError
from app.kernel.texts import Texts
from ui.kit.banner import Banner
from ui.kit.buttons import Button
from ui.kit.fields import LineEdit
from ui.kit.form import FormField
from ui.kit.icons import LOGO
from ui.kit.labels import Icon, Label, Pane
from ui.kit.layout import Column, Row, put
from ui.kit.theme import theme

_WIDTH = 560
_FILES = "JSON (*.json)"


class RecoveringPane(QWidget):
    """Stand in the place of the login.

    `asked(Path, str, Path)`: profile, new password, where the request is to be written;
    `answered(Path, str, Path)` the same with the file of the answer; `left` goes back.
    """

    asked = Signal(object, str, object)
    answered = Signal(object, str, object)
    left = Signal()

    def __init__(self, texts: Texts, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._texts = texts
        self._folder = Path()
        self.setAccessibleName(texts("shell.recover.title"))
        self.password, self.again = LineEdit(""), LineEdit("")
        for field in (self.password, self.again):
            field.setEchoMode(QLineEdit.EchoMode.Password)
        self._second = FormField(texts("shell.recover.again"), self.again)
        self.code = Label("", style="title")
        self.code.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._told = Label("", style="secondary", wrap=True)
        self.message = Banner(tone="bad")
        self.ask_button = Button(texts("shell.recover.ask"), "primary")
        self.ask_button.clicked.connect(self._ask)
        self.answer_button = Button(texts("shell.recover.answer"))
        self.answer_button.clicked.connect(self._answer)
        self.back = Button(texts("shell.login.back"), "link")
        self.back.clicked.connect(self.left)
        self._card = Pane("card")
        self._lay_out()

    def _lay_out(self) -> None:
        texts = self._texts
        title = Label(texts("shell.recover.title"), style="title", wrap=True)
        claim = Label(texts("shell.recover.claim"), style="secondary", wrap=True)
        head = Row(Icon(LOGO, 44), Column(title, claim, gap=6), gap=12)
        head.setStretch(1, 1)
        put(self._card, Column(
            head, 6,
            FormField(texts("shell.recover.new"), self.password),
            self._second,
            self.code, self._told, self.message, 4,
            Row(self.ask_button, self.answer_button, None, self.back),
            gap=8, margins=(28, 26, 28, 20),
        ))  # fmt: skip
        put(self, Column(None, Row(None, self._card, None), None))
        self._rescale()
        theme().changed.connect(self._rescale)

    def _rescale(self) -> None:
        self._card.setFixedWidth(theme().px(_WIDTH))

    def begin(self, folder: Path) -> None:
        """Ask for a new password for a profile."""
        self._folder = folder
        self.forget()
        self.password.setFocus(Qt.FocusReason.OtherFocusReason)

    def tell(self, code: str) -> None:
        """Show the code of the request that was written."""
        self._busy(busy=False)
        self.code.setText(code)
        self.code.show()
        # At twice the size all of it has no room, and the password is chosen
        self._second.hide()
        self._told.setText(self._texts("shell.recover.written"))
        self._told.show()
        self.answer_button.setFocus(Qt.FocusReason.OtherFocusReason)

    def refuse(self, error: HoaBanError) -> None:
        """Say why it did not work; what was typed stays."""
        self._busy(busy=False)
        self.message.show_text(self._texts.error(error), "bad")

    def _ask(self) -> None:
        if self._password_stands(twice=True):
            suggested = self._texts("shell.recover.request_name")
            name, _ = QFileDialog.getSaveFileName(self, self.ask_button.text(), suggested, _FILES)
            if name:
                self._busy(busy=True)
                self.asked.emit(self._folder, self.password.text(), Path(name))

    def _answer(self) -> None:
        if self._password_stands(twice=False):
            name, _ = QFileDialog.getOpenFileName(self, self.answer_button.text(), "", _FILES)
            if name:
                self._busy(busy=True)
                self.answered.emit(self._folder, self.password.text(), Path(name))

    def _password_stands(self, *, twice: bool) -> bool:
        """Tell whether a password is there; it is typed twice where it is chosen."""
        empty = not self.password.text()
        if empty or (twice and self.password.text() != self.again.text()):
            code = "shell.login.empty" if empty else "shell.recover.differ"
            self.message.show_text(self._texts(code), "warn")
            return False
        self.message.show_text("")
        return True

    def _busy(self, *, busy: bool) -> None:
        for button in (self.ask_button, self.answer_button, self.back):
            button.setEnabled(not busy)

    def forget(self) -> None:
        """Empty the fields."""
        self._busy(busy=False)
        for field in (self.password, self.again):
            field.clear()
        self._second.show()
        self.code.hide()
        self._told.hide()
        self.message.show_text("")
