"""Ask for a text: a reason, an opinion, a result; phrases are at hand."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Signal
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import QWidget

from app.kernel.texts import Texts
from ui.kit.choice import Choice
from ui.kit.dialog import Dialog
from ui.kit.fields import TextArea
from ui.kit.form import FormField


class TextDialog(Dialog):
    """One text of at least `least` characters; `submitted(str)` once it is whole."""

    submitted = Signal(str)

    def __init__(
        self,
        texts: Texts,
        name: str,
        phrases: Sequence[str],
        least: int,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(texts(f"pages.ask.{name}"), parent, 520)
        self._texts = texts
        self._least = least
        self.area = TextArea(texts(f"pages.ask.{name}.label"), lines=5)
        self._field = FormField(texts(f"pages.ask.{name}.label"), self.area, required=True)
        if phrases:
            choices = {"": texts("pages.phrase.choose"), **{p: p for p in phrases}}
            self._phrases = Choice(texts("pages.phrase"), choices)
            self._phrases.changed.connect(self._take_phrase)
            self._phrases.setMinimumContentsLength(30)
            self.body.extend(self._phrases)
        self.body.extend(self._field)
        self.add_button(texts("kit.cancel"), role="reject")
        accept = self.add_button(texts(f"pages.act.{name}"), "primary", shortcut="Ctrl+Return")
        accept.clicked.connect(self.submit)
        enter = QShortcut(QKeySequence("Ctrl+Enter"), self)
        enter.activated.connect(self.submit)
        self.area.setFocus()

    def submit(self) -> None:
        """Take the text if it is long enough, else say what is missing."""
        value = self.area.value
        if len(value) < self._least:
            self._field.set_error(self._texts("pages.ask.short", n=self._least))
            self._field.focus_error()
            return
        self.submitted.emit(value)
        self.accept()

    def _take_phrase(self, phrase: str) -> None:
        if phrase:
            kept = self.area.value
            self.area.setPlainText(f"{kept}\n{phrase}" if kept else phrase)
            self.area.setFocus()
