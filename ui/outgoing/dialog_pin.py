"""The PIN: of which token, for what, with its warnings. It is handed on and never kept."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QLineEdit, QWidget

from app.kernel.clock import Clock
from app.kernel.ports import SIGNING_PIN, TokenState
from app.kernel.texts import Texts
from ui.bridge.prompts import PinQuestion
from ui.bridge.session import Session
from ui.kit.banner import Banner
from ui.kit.dialog import Dialog
from ui.kit.form import FormField
from ui.kit.labels import ElidedLabel, Label
from ui.kit.layout import Grid
from ui.outgoing.model_keys import days_left

_WARNINGS = {
    TokenState.COUNT_LOW: ("outpages.pin.low", "warn"),
    TokenState.FINAL_TRY: ("outpages.pin.last", "bad"),
    TokenState.LOCKED: ("outpages.pin.locked", "bad"),
    TokenState.NOT_SET: ("outpages.pin.not_set", "bad"),
}
_CLOSED = (TokenState.LOCKED, TokenState.NOT_SET)


class PinField(QLineEdit):
    """A hidden line that tells when Caps Lock seems to be on."""

    def __init__(self, name: str, hint: Label, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._hint = hint
        self.setAccessibleName(name)
        self.setEchoMode(QLineEdit.EchoMode.Password)
        self.setInputMethodHints(
            Qt.InputMethodHint.ImhHiddenText
            | Qt.InputMethodHint.ImhSensitiveData
            | Qt.InputMethodHint.ImhNoPredictiveText
        )

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Watch for capitals that nobody held Shift for."""
        text = event.text()
        if text.isalpha():
            shift = bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
            self._hint.setVisible(text.isupper() is not shift)
        super().keyPressEvent(event)


class PinDialog(Dialog):
    """Ask for the PIN of a token; the answer goes to the question and the field is emptied."""

    def __init__(
        self, texts: Texts, clock: Clock, question: PinQuestion, what: str, parent: QWidget
    ) -> None:
        own = question.purpose == SIGNING_PIN
        super().__init__(texts("outpages.pin.own_title" if own else "outpages.pin.title"), parent)
        self._question = question
        token = question.token
        caps = Label(texts("outpages.pin.caps"), "warn")
        caps.hide()
        name = texts("outpages.pin.own_field" if own else "outpages.pin.field")
        self.field = PinField(name, caps)
        self.body.extend(self._facts(texts, clock, what))
        key, tone = _WARNINGS.get(token.state, ("", "info"))
        self.warning = Banner(texts(key) if key else "", tone)
        self.body.extend(self.warning)
        if own:
            self.body.extend(Banner(texts("outpages.pin.own"), "warn"))
        if token.pin_pad:
            self.body.extend(Banner(texts("outpages.pin.pad"), "info"))
            self.field.hide()
        else:
            self.body.extend(FormField(name, self.field, required=True), caps)
        self.add_button(texts("outpages.pin.cancel"), role="reject")
        self.ok = self.add_button(texts("outpages.pin.sign"), "primary")
        self.ok.clicked.connect(self._answer)
        self.field.returnPressed.connect(self._answer)
        closed = token.state in _CLOSED
        self.ok.setEnabled(not closed)
        self.field.setEnabled(not closed)
        self.rejected.connect(question.cancel)
        self.rejected.connect(self.field.clear)
        if question.problem is not None:
            self.show_error(texts.error(question.problem))
        self.field.setFocus()

    def _facts(self, texts: Texts, clock: Clock, what: str) -> Grid:
        token, certificate = self._question.token, self._question.certificate
        days = days_left(certificate, clock.now())
        facts = (
            (texts("outpages.pin.what"), what),
            (texts("outpages.pin.holder"), certificate.holder),
            (texts("outpages.pin.token"), " · ".join(p for p in (token.label, token.serial) if p)),
            (texts("outpages.pin.until"), texts("outpages.pin.days", days=max(days, 0))),
        )
        grid = Grid(6)
        grid.setColumnStretch(1, 1)
        for line, (name, value) in enumerate(facts):
            grid.addWidget(Label(name, "secondary"), line, 0)
            grid.addWidget(ElidedLabel(value, "strong" if line == 0 else "body"), line, 1)
        return grid

    def _answer(self) -> None:
        if not self.field.text() and not self._question.token.pin_pad:
            self.field.setFocus()
            return
        pin = bytearray(self.field.text().encode())
        self.field.clear()
        self._question.answer(pin)
        self.accept()


class PinDesk:
    """Answer the questions of one piece of work with dialogs, and no others."""

    def __init__(self, session: Session, parent: QWidget) -> None:
        self._session = session
        self._parent = parent
        self._what = ""
        self._open = False
        self.dialog: PinDialog | None = None

    def open(self, what: str) -> None:
        """Take questions from now on; `what` says what is signed."""
        self._what = what
        if not self._open:
            self._session.prompts.pin_asked.connect(self._ask)
            self._open = True

    def close(self) -> None:
        """Take no more questions."""
        if self._open:
            self._session.prompts.pin_asked.disconnect(self._ask)
            self._open = False
        if self.dialog is not None:
            self.dialog.reject()
            self.dialog = None

    def _ask(self, question: PinQuestion) -> None:
        texts, clock = self._session.texts, self._session.desk.clock
        self.dialog = PinDialog(texts, clock, question, self._what, self._parent)
        self.dialog.finished.connect(self._gone)
        self.dialog.open()

    def _gone(self) -> None:
        if self.dialog is not None:
            self.dialog.deleteLater()
            self.dialog = None
