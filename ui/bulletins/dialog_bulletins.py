"""Write a notice, or the reason why one is withdrawn."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from app.kernel.errors import HoaBanError
from app.kernel.texts import Texts
from ui.kit.choice import Check
from ui.kit.dialog import Dialog
from ui.kit.fields import LineEdit, TextArea
from ui.kit.form import FormField


class PublishDialog(Dialog):
    """Ask for title and text; `published(title, body, urgent)`, then `accept` or `refuse`."""

    published = Signal(str, str, bool)

    def __init__(self, texts: Texts, parent: QWidget) -> None:
        super().__init__(texts("bulletins.publish"), parent, width=560)
        self._texts = texts
        self.title = LineEdit("")
        self.text = TextArea("", lines=8)
        self.urgent = Check(texts("bulletins.mark_urgent"))
        self._fields = {
            "title": FormField(texts("bulletins.field.title"), self.title, required=True),
            "body": FormField(texts("bulletins.field.body"), self.text, required=True),
        }
        self.body.extend(*self._fields.values(), self.urgent)
        self.add_button(texts("bulletins.cancel"), role="reject")
        go = self.add_button(texts("bulletins.publish_now"), "primary", shortcut="Ctrl+Return")
        go.clicked.connect(self._go)
        self.title.setFocus()

    def _go(self) -> None:
        for field in self._fields.values():
            field.set_error("")
        self.published.emit(self.title.value, self.text.value, self.urgent.isChecked())

    def refuse(self, error: HoaBanError) -> None:
        """Say what is wrong, at the field if there is one."""
        field = self._fields.get(getattr(error, "field", ""))
        if field is None:
            self.show_error(self._texts.error(error))
        else:
            field.set_error(self._texts.error(error))
            field.focus_error()


class WithdrawDialog(Dialog):
    """Ask why a notice is withdrawn; `given(reason)`, then `accept` or `refuse`."""

    given = Signal(str)

    def __init__(self, texts: Texts, parent: QWidget) -> None:
        super().__init__(texts("bulletins.withdraw"), parent)
        self._texts = texts
        self.reason = LineEdit("")
        self._field = FormField(texts("bulletins.field.reason"), self.reason, required=True)
        self.body.extend(self._field)
        self.add_button(texts("bulletins.cancel"), role="reject")
        go = self.add_button(texts("bulletins.withdraw_now"), "primary", shortcut="Ctrl+Return")
        go.clicked.connect(lambda: self.given.emit(self.reason.value))
        self.reason.setFocus()

    def refuse(self, error: HoaBanError) -> None:
        """Say what is wrong."""
        self._field.set_error(self._texts.error(error))
        self._field.focus_error()
