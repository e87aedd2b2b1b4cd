"""Kiểm tra thiết bị ký số: findings as they come, run again, stopped, copied, all in words."""

from __future__ import annotations

import threading
from collections.abc import Generator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial

from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest

from app.kernel.errors import DeviceProblem
from app.kernel.ports import Prompts
from signing.batch.signer import TokenBatchSigner
from signing.tokens.diagnosis import diagnose
from tests.ui.conftest import wait_until
from tests.ui.outgoing.conftest import Sessions, Show
from tests.ui.outgoing.keys import AGENCY_PIN, PERSON_PIN
from tests.ui.outgoing.office import Office
from tests.ui.walk import spoken, walk
from ui.devices.page_devices import DevicesPage


@dataclass(frozen=True)
class Found:
    """A finding as the port asks for it."""

    step: str
    state: str
    code: str
    params: Mapping[str, str | int] = field(default_factory=dict)


@dataclass
class Slow:
    """A check that makes one step only when it is let: the fault is that devices hang."""

    steps: list[Found]
    let: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(0))
    prompts: list[Prompts | None] = field(default_factory=list)
    ended: threading.Event = field(default_factory=threading.Event)
    problem: DeviceProblem | None = None

    def __call__(
        self, prompts: Prompts | None = None, drift: timedelta | None = None
    ) -> Generator[Found, None, None]:
        self.prompts.append(prompts)
        try:
            for step in self.steps:
                self.let.acquire()
                yield step
            if self.problem is not None:
                raise self.problem
        finally:
            self.ended.set()


def opened(office: Office, begin: Sessions, show: Show, check: Slow) -> DevicesPage:
    office.desk.diagnosis = check
    page = show(DevicesPage(begin(office, "leader")))
    assert isinstance(page, DevicesPage)
    return page


GOOD = [
    Found("driver", "ok", "driver.ok", {"name": "libmau.so"}),
    Found("token", "ok", "token.ok", {"label": "Người ký", "serial": "77"}),
]
SOON = Found(
    "certificates", "warn", "certificates.soon",
    {"holder": "Quàng Văn Mẫu", "days": 29, "until": "19/12/2026"},
)  # fmt: skip
LOCKED = Found("pin", "fail", "pin.locked", {"label": "Người ký"})


def test_findings_come_one_by_one_in_words(office: Office, begin: Sessions, show: Show) -> None:
    check = Slow([*GOOD, SOON, LOCKED])
    page = opened(office, begin, show, check)
    assert page.progress.isVisible() and not page.again.enabled
    check.let.release()
    wait_until(lambda: len(page.findings.cards) == 1)
    assert page.progress.isVisible(), "the others are still looked for"
    check.let.release(3)
    wait_until(lambda: page.again.enabled)
    assert len(page.findings.cards) == 4
    said = spoken(page.findings.cards[3])
    assert said.startswith("Mã PIN: Lỗi. ") and "đã bị khoá" in said
    assert said.count(".") >= 3, "what to do is said too"
    assert "1 lỗi, 1 điều cần chú ý" in page.banner.text


def test_f5_looks_again_and_only_a_test_asks_for_the_pin(
    office: Office, begin: Sessions, show: Show
) -> None:
    check = Slow(GOOD)
    check.let.release(100)
    page = opened(office, begin, show, check)
    wait_until(lambda: page.again.enabled)
    assert (page.again.shortcut, page.again.over) == ("F5", "sync")
    page.again.trigger()
    wait_until(lambda: len(check.prompts) == 2 and page.again.enabled)
    assert check.prompts == [None, None]
    assert len(page.findings.cards) == 2, "those of before are gone"
    page.test.trigger()
    wait_until(lambda: len(check.prompts) == 3 and page.again.enabled)
    assert check.prompts[2] is page.session.prompts


def test_stopping_ends_the_walk_and_keeps_what_was_found(
    office: Office, begin: Sessions, show: Show
) -> None:
    check = Slow(GOOD)
    page = opened(office, begin, show, check)
    check.let.release()
    wait_until(lambda: page.findings.cards)
    page.progress.cancel_button.click()
    assert not page.progress.isVisible() and "dừng" in page.banner.text
    check.let.release()
    wait_until(check.ended.is_set)
    assert len(page.findings.cards) == 1
    assert page.again.enabled


def test_a_device_that_breaks_the_walk_is_said(office: Office, begin: Sessions, show: Show) -> None:
    check = Slow(GOOD, problem=DeviceProblem("token_hangs"))
    check.let.release(2)
    page = opened(office, begin, show, check)
    wait_until(lambda: page.again.enabled)
    assert "không trả lời" in page.banner.text


def test_the_report_is_plain_text_with_every_state(
    office: Office, begin: Sessions, show: Show
) -> None:
    check = Slow([*GOOD, LOCKED])
    check.let.release(3)
    page = opened(office, begin, show, check)
    wait_until(lambda: page.copy.enabled)
    page.copy.trigger()
    told = QGuiApplication.clipboard().text()
    assert "[Tốt] Trình điều khiển: " in told and "[Lỗi] Mã PIN: " in told
    assert "    → " in told and "20/11/2026" in told


def test_every_finding_is_reached_by_the_keyboard(
    office: Office, begin: Sessions, show: Show
) -> None:
    check = Slow([*GOOD, SOON])
    check.let.release(3)
    page = opened(office, begin, show, check)
    wait_until(lambda: page.again.enabled)
    page.activateWindow()
    wait_until(page.isActiveWindow)
    page.findings.setFocus()
    for card in page.findings.cards:
        QTest.keyClick(page, Qt.Key.Key_Tab)
        assert card.hasFocus()


def test_real_tokens_from_the_library_to_a_test_signature(
    keyed: Office, begin: Sessions, show: Show
) -> None:
    signer = keyed.desk.signer
    assert isinstance(signer, TokenBatchSigner)
    keyed.desk.diagnosis = partial(diagnose, signer.keys)
    page = show(DevicesPage(begin(keyed, "leader")))
    assert isinstance(page, DevicesPage)
    wait_until(lambda: page.again.enabled)
    steps = [one.step for one in page.found]
    assert {"Trình điều khiển", "Đầu đọc", "Thiết bị", "Chứng thư", "Đồng hồ máy"} <= set(steps)
    assert "Ký thử" not in steps
    page.test.trigger()
    wait_until(lambda: page.pins.dialog is not None)
    dialog = page.pins.dialog
    assert dialog is not None
    certificate = dialog._question.certificate
    dialog.field.setText(PERSON_PIN if keyed.desk.may_use(certificate) else AGENCY_PIN)
    dialog.ok.click()
    wait_until(lambda: page.again.enabled)
    last = page.found[-1]
    assert (last.step, last.state) == ("Ký thử", "ok")
    assert page.pins.dialog is None


def test_nothing_is_cut_off_in_any_look(office: Office, begin: Sessions, show: Show) -> None:
    check = Slow([*GOOD, SOON, LOCKED])
    check.let.release(4)
    page = opened(office, begin, show, check)
    wait_until(lambda: page.again.enabled)
    assert walk(page, (1154, 664)) == []
