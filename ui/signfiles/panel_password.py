"""The password of a protected file: asked when one is met, handed on, and never kept here."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from app.kernel.texts import Texts
from ui.kit.buttons import Button
from ui.kit.labels import Label
from ui.kit.layout import Column, Row
from ui.outgoing.dialog_pin import PinField


class PasswordBar(QWidget):
    """A hidden line with a button; `given(str)` when a password was typed, then it is empty."""

    given = Signal(str)

    def __init__(self, texts: Texts, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._wanted, self._allowed = False, True
        caps = Label(texts("outpages.pin.caps"), "warn")
        caps.hide()
        name = texts("signfiles.password")
        self.field = PinField(name, caps)
        self.field.returnPressed.connect(self._give)
        self.button = Button(texts("signfiles.password.open"), icon="eye")
        self.button.clicked.connect(self._give)
        self._wrong = Label(texts("signfiles.password.wrong"), "bad", wrap=True)
        row = Row(Label(name, "strong"), self.field, self.button, gap=8)
        row.setStretch(1, 1)
        self.setLayout(Column(row, caps, self._wrong, gap=4))
        self.hide()

    def ask(self, *, again: bool) -> None:
        """Ask for a password; `again` says that the last one did not open the file."""
        self._wanted = True
        self._wrong.setVisible(again)
        self._show()
        if again:
            self.field.setFocus()

    def leave(self) -> None:
        """Ask for none, and forget what was typed."""
        self._wanted = False
        self.field.clear()
        self._show()

    def allow(self, *, allowed: bool) -> None:
        """Ask only while nothing is signed: a run has the passwords that it began with."""
        self._allowed = allowed
        self._show()

    def _show(self) -> None:
        self.setVisible(self._wanted and self._allowed)

    def _give(self) -> None:
        password = self.field.text()
        self.field.clear()
        if password:
            self.given.emit(password)
