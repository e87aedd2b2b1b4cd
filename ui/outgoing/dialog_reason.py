"""Ask for a reason in words."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from app.kernel.texts import Texts
from ui.kit.dialog import Dialog
from ui.kit.fields import TextArea
from ui.kit.form import FormField

SHORTEST = 3


class ReasonDialog(Dialog):
    """A text that must say something; `given(str)` carries it."""

    given = Signal(str)

    def __init__(
        self, texts: Texts, title: str, accept: str, parent: QWidget | None = None
    ) -> None:
        super().__init__(title, parent)
        self._texts = texts
        self.field = TextArea(texts("outpages.reason"), lines=3)
        self._form = FormField(texts("outpages.reason"), self.field, required=True)
        self.body.extend(self._form)
        self.add_button(texts("outpages.cancel"), role="reject")
        self.ok = self.add_button(accept, "primary", shortcut="Ctrl+Return")
        self.ok.clicked.connect(self._give)
        self.field.setFocus()

    def _give(self) -> None:
        reason = self.field.value
        if len(reason) < SHORTEST:
            self._form.set_error(self._texts("outpages.reason.short"))
            self._form.focus_error()
            return
        self.given.emit(reason)
        self.accept()
