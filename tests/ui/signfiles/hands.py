"""What the tests of Ký tệp do at the page."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from app.forms.compose import compose
from app.kernel.ports import FileReport, Purpose
from tests.ui.conftest import wait_until
from tests.ui.outgoing.conftest import Sessions, Show
from tests.ui.outgoing.office import WORDS, Office
from ui.signfiles.page_signfiles import SignFilesPage

LONG = 120_000


def opened(office: Office, begin: Sessions, show: Show, who: str = "leader") -> SignFilesPage:
    page = show(SignFilesPage(begin(office, who)))
    assert isinstance(page, SignFilesPage)
    wait_until(lambda: page.model.keys is not None, LONG)
    return page


def pdf(path: Path, subject: str = "") -> Path:
    path.write_bytes(compose(replace(WORDS, subject=subject or WORDS.subject)))
    return path


def choose(page: SignFilesPage, purpose: Purpose) -> None:
    page.form.purpose.set_value(purpose.value)
    page.form.purpose.changed.emit(purpose.value)
    wait_until(lambda: page.model.keys is not None, LONG)


def answer(page: SignFilesPage, pin: str) -> None:
    wait_until(lambda: page.pins.dialog is not None, LONG)
    assert page.pins.dialog is not None
    QTest.keyClicks(page.pins.dialog.field, pin)
    QTest.keyClick(page.pins.dialog.field, Qt.Key.Key_Return)


def sign(page: SignFilesPage, pin: str) -> None:
    wait_until(lambda: page.sign.enabled, LONG)
    page.sign.trigger()
    answer(page, pin)
    wait_until(lambda: not page.model.running, LONG)


def check(office: Office, path: Path) -> FileReport:
    return office.desk.verifier.verify(path, offline=True)
