"""Đăng nhập máy chủ: the password first, then the signing device where the server wants it."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from PySide6.QtWidgets import QLineEdit, QWidget

from app.kernel.errors import HoaBanError
from app.kernel.ports import CertificateInfo
from app.kernel.second import SignIn
from ui.bridge.session import Session
from ui.kit.banner import Banner
from ui.kit.buttons import Button
from ui.kit.choice import Choice
from ui.kit.dialog import Dialog
from ui.kit.fields import LineEdit
from ui.kit.form import FormField
from ui.kit.labels import Label
from ui.kit.layout import Row
from ui.kit.progress import ProgressStrip
from ui.outgoing.dialog_pin import PinDesk

_LANE = "token"
_WANTED = "sync.second_factor"
# What only another password helps against.
_PASSWORD = "sync.sign_in"  # noqa: S105 - an error's code


class SignInDialog(Dialog):
    """Ask for what the server wants to know; nothing typed here is kept."""

    def __init__(self, session: Session, sign_in: SignIn, parent: QWidget) -> None:
        texts = session.texts
        super().__init__(texts("shell.second.title"), parent, width=520)
        self._session, self._sign_in = session, sign_in
        self._pins = PinDesk(session, self)
        self._found: dict[str, CertificateInfo] = {}
        self.claim = Label(texts("shell.second.claim"), "secondary", wrap=True)
        self.password = LineEdit(texts("shell.second.password"))
        self.password.setEchoMode(QLineEdit.EchoMode.Password)
        self.password_field = FormField(
            texts("shell.second.password"), self.password, required=True
        )
        self.step = Banner(texts("shell.second.step"), "info", icon="key")
        self.device = Choice(texts("shell.second.certificate"), {})
        self.device_field = FormField(texts("shell.second.certificate"), self.device)
        self.none = Label(texts("shell.second.none"), "warn", wrap=True)
        self.lost = Button(texts("shell.second.lost"), "link")
        self.code = LineEdit(texts("shell.second.code"))
        self.code_field = FormField(texts("shell.second.code"), self.code)
        self.progress = ProgressStrip(texts("shell.second.working"))
        self._lay_out()

    def _lay_out(self) -> None:
        texts = self._session.texts
        login = texts("shell.second.login", login=self._sign_in.login, server=self._sign_in.server)
        self.body.extend(
            Label(login, "strong", wrap=True), self.claim, self.password_field, self.step,
            self.device_field, self.none, self.code_field, Row(self.lost, None), self.progress,
        )  # fmt: skip
        self.again = self.add_button(texts("shell.second.again"))
        self.add_button(texts("shell.second.cancel"), role="reject")
        self.go = self.add_button(texts("shell.second.go"), "primary")
        for part in (
            self.step, self.device_field, self.none, self.code_field, self.lost, self.again,
            self.progress,
        ):  # fmt: skip
            part.hide()
        self.go.clicked.connect(self._go)
        self.again.clicked.connect(self._look)
        self.lost.clicked.connect(self._ask_code)
        self.progress.cancelled.connect(self.reject)
        self.finished.connect(self._forget)
        self.password.setFocus()

    def _go(self) -> None:
        asked = self.code if self.code_field.isVisible() else self.password
        if not asked.text():
            asked.setFocus()
            return
        code = self.code.value.strip()
        certificate = None if code else self._found.get(self.device.value)
        sign_in, prompts = self._sign_in, self._session.prompts
        self._pins.open(self._session.texts("shell.second.what"))
        self._busy(busy=True)
        job = partial(sign_in, self.password.text(), prompts, certificate, code)
        self._session.work(_LANE, job, self._done, self._failed)

    def _busy(self, *, busy: bool) -> None:
        self.progress.setVisible(busy)
        self.go.setEnabled(not busy)
        self.again.setEnabled(not busy)
        if busy:
            self.show_error("")

    def _done(self, _: None) -> None:
        self._session.say("shell.second.done")
        self.accept()

    def _failed(self, error: HoaBanError) -> None:
        self._pins.close()
        self._busy(busy=False)
        self.code.clear()
        if error.code == _WANTED and not self.password_field.isHidden():
            self._ask_second()
        else:
            # A low screen at 200 % has room for one of them.
            self.step.hide()
            if error.code == _PASSWORD:
                self.password_field.show()
            self.show_error(self._session.explain(error))

    def _ask_second(self) -> None:
        """Go on to the second step; what was typed in the first one is kept until the end."""
        self.claim.hide()
        self.password_field.hide()
        for part in (self.step, self.lost, self.again):
            part.show()
        self._look()

    def _ask_code(self) -> None:
        """Take a code in the place of a device."""
        for part in (self.step, self.device_field, self.none, self.lost, self.again):
            part.hide()
        self._found = {}
        self.code_field.show()
        self.code.setFocus()

    def _look(self) -> None:
        self._session.work(_LANE, self._session.desk.signer.certificates, self._came, self._failed)

    def _came(self, found: Sequence[CertificateInfo]) -> None:
        own = [c for c in found if c.kind != "agency"]
        self._found = {f"{c.token.serial}:{c.cert_id}": c for c in own}
        named = {key: f"{c.holder} · {c.token.label}" for key, c in self._found.items()}
        self.device.set_choices(named, next(iter(named), ""))
        self.device_field.setVisible(bool(named))
        self.none.setVisible(not named)
        self.show_error("")

    def _forget(self) -> None:
        self._pins.close()
        self.password.clear()
        self.code.clear()
