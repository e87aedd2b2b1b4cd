"""The dialog that signs in to the server: password, then the device where the server wants it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtWidgets import QWidget

from app.kernel.clock import SystemClock
from app.kernel.errors import HoaBanError, NotPermitted
from app.kernel.ports import CertificateInfo, TokenInfo
from tests.ui.conftest import wait_until
from tests.ui.sessions import session_of
from tests.ui.walk import walk
from ui.bridge.runner import QtRunner
from ui.bridge.session import Session
from ui.shell.person_menu import PersonMenu
from ui.shell.sign_in import SignInDialog

Shown = Callable[..., QWidget]
TOKEN = TokenInfo("m", 1, "Thiết bị mẫu", "01")


def certificate(kind: str = "person", holder: str = "Lò Thị Mai (mẫu)") -> CertificateInfo:
    now = SystemClock().now()
    return CertificateInfo(
        token=TOKEN, cert_id=holder, label="", subject="", holder=holder, issuer="", serial="1",
        not_before=now - timedelta(days=1), not_after=now + timedelta(days=90), der=b"",
        may_sign=True, kind=kind,
    )  # fmt: skip


@dataclass
class Device:
    """A signer that only lists what is plugged in."""

    held: list[CertificateInfo] = field(default_factory=list)

    def certificates(self) -> list[CertificateInfo]:
        return list(self.held)


@dataclass
class Account:
    """A server that wants a device, or the code of an administrator."""

    login: str = "mai"
    server: str = "https://hoaban.mau"
    error: HoaBanError | None = None
    came: list[tuple[str, str, str]] = field(default_factory=list)

    def __call__(
        self, password: str, prompts: Any, certificate: Any = None, code: str = ""
    ) -> None:
        self.came.append((password, certificate.holder if certificate else "", code))
        if self.error is not None:
            raise self.error
        if certificate is None and not code:
            raise NotPermitted("sync.second_factor")
        if certificate is not None:
            prompts.pin(certificate.token, certificate, "sign_in")


@pytest.fixture
def session(tmp_path: Path, qapp: object) -> Iterator[Session]:
    with session_of(tmp_path, "mai") as made:
        runner = QtRunner()
        made.runner = runner
        yield made
        made.prompts.close()
        runner.close()


@pytest.fixture
def dialog(session: Session, shown: Shown) -> Iterator[SignInDialog]:
    over = shown(QWidget())
    session.desk.sign_in = Account()
    session.desk.signer = Device([certificate("agency", "UBND xã Mẫu"), certificate()])
    made = SignInDialog(session, session.desk.sign_in, over)
    made.open()
    yield made
    made.reject()
    over.close()


def press(dialog: SignInDialog, until: Callable[[], bool]) -> None:
    dialog.go.click()
    wait_until(until)


def second(dialog: SignInDialog) -> Account:
    """Come to the second step."""
    dialog.password.setText("mật khẩu")
    press(dialog, lambda: dialog.device_field.isVisible() or dialog.none.isVisible())
    account = dialog._sign_in
    assert isinstance(account, Account)
    return account


def test_the_device_is_asked_for_only_where_the_server_wants_it(dialog: SignInDialog) -> None:
    assert dialog.step.isHidden() and dialog.code_field.isHidden()
    account = second(dialog)
    assert dialog.step.isVisible() and dialog.lost.isVisible() and dialog.code_field.isHidden()
    # The seal of an agency signs nobody in.
    assert [c.holder for c in dialog._found.values()] == ["Lò Thị Mai (mẫu)"]
    dialog.go.click()
    wait_until(lambda: dialog._pins.dialog is not None)
    asking = dialog._pins.dialog
    assert asking is not None
    asking.field.setText("4711")
    asking.ok.click()
    wait_until(lambda: not dialog.isVisible())
    assert account.came[-1] == ("mật khẩu", "Lò Thị Mai (mẫu)", "")
    assert dialog.password.text() == ""


def test_a_pin_that_is_cancelled_leaves_the_dialog_as_it_was(dialog: SignInDialog) -> None:
    second(dialog)
    dialog.go.click()
    wait_until(lambda: dialog._pins.dialog is not None)
    asking = dialog._pins.dialog
    assert asking is not None
    asking.reject()
    wait_until(dialog.go.isEnabled)
    assert dialog.isVisible() and dialog.device_field.isVisible()


def test_without_a_device_the_dialog_says_so_and_looks_again(dialog: SignInDialog) -> None:
    device = dialog._session.desk.signer
    assert isinstance(device, Device)
    device.held.clear()
    second(dialog)
    assert dialog.none.isVisible() and dialog.device_field.isHidden()
    device.held.append(certificate())
    dialog.again.click()
    wait_until(dialog.device_field.isVisible)
    assert dialog.none.isHidden()


def test_a_code_stands_for_a_lost_device(dialog: SignInDialog) -> None:
    account = second(dialog)
    dialog.lost.click()
    assert dialog.device_field.isHidden() and dialog.code.hasFocus()
    dialog.code.setText("A1B2-C3D4")
    press(dialog, lambda: not dialog.isVisible())
    assert account.came[-1] == ("mật khẩu", "", "A1B2-C3D4")


def test_what_the_server_refuses_is_said_here(dialog: SignInDialog) -> None:
    account = second(dialog)
    account.error = NotPermitted("sync.second_pending")
    press(dialog, dialog._error.isVisible)
    assert "chờ quản trị viên duyệt" in dialog._error.text
    assert dialog.go.isEnabled()


def test_the_menu_of_the_person_leads_there(session: Session, shown: Shown) -> None:
    over = shown(QWidget())
    session.desk.sign_in = Account()
    menu = PersonMenu(session, lambda: None, lambda: None, over)
    menu.choose(over)
    wait_until(lambda: menu.menu is not None)
    assert menu.menu is not None
    (act,) = [a for a in menu.menu.actions() if a.text() == session.texts("shell.second.menu")]
    opening = menu.menu
    act.trigger()
    opening.close()
    opened = over.findChild(SignInDialog)
    assert opened is not None and opened.isVisible()
    opened.reject()


def test_the_dialog_is_whole_in_every_look(dialog: SignInDialog) -> None:
    second(dialog)
    assert walk(dialog, (1040, 700)) == []
    dialog.lost.click()
    assert walk(dialog, (1040, 700)) == []
