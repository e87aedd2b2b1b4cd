"""Kiểm tra thiết bị ký số: from the driver to a test signature, step by step."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QWidget

from app.desk import Desk
from app.kernel.errors import Cancelled, HoaBanError
from app.kernel.ports import CancelToken, Finding, Prompts
from ui.bridge.session import Session
from ui.bridge.steps import Steps, Walk
from ui.devices.words import report, summary, told
from ui.kit.actions import Action
from ui.kit.banner import Banner
from ui.kit.buttons import Button
from ui.kit.findings import FAIL, Findings, Told
from ui.kit.labels import Label, Pane
from ui.kit.layout import Column, Row
from ui.kit.page import Page, PageSpec
from ui.kit.progress import ProgressStrip
from ui.kit.states import StateStack
from ui.outgoing.dialog_pin import PinDesk

NAME = "devices"


def walk(desk: Desk, prompts: Prompts | None, cancel: CancelToken) -> Walk:
    """Yield what is found of this desk's devices; with prompts a scrap is signed too."""
    if desk.diagnosis is None:
        return
    drift = -desk.store.server_time.ahead if desk.sync is not None else None
    for finding in desk.diagnosis(prompts, drift):
        cancel.raise_if_cancelled()
        yield finding


class DevicesPage(Page):
    """The findings with what to do, run again by F5; copied as text for those who help."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(session, parent)
        texts = session.texts
        self.found: list[Told] = []
        self._steps = Steps(session, "token", self)
        self._steps.came.connect(self._came)
        self._steps.ended.connect(self._ended)
        self.pins = PinDesk(session, self)
        self.again = self._action("again", self.run, "F5", "refresh", over="sync")
        self.test = self._action("test", self.run_test, "Ctrl+T", "pen")
        self.copy = self._action("copy", self._copy, "Ctrl+Shift+C", "copy")
        self.findings = Findings(texts("devices.findings"))
        self.states = StateStack(self.findings)
        self.banner = Banner()
        self.progress = ProgressStrip(texts("devices.running"))
        self.progress.cancelled.connect(self.stop)
        self.progress.hide()
        self._lay_out()
        self._show_idle()

    def _action(
        self, name: str, run: Callable[[], None], key: str, icon: str, over: str = ""
    ) -> Action:
        return Action(
            f"devices.{name}", f"devices.act.{name}", run, key, scope=NAME, group_key="devices.nav", icon=icon,
            over=over,
        )  # fmt: skip

    def _lay_out(self) -> None:
        texts = self.session.texts
        head = Pane("header")
        claim = Label(texts("devices.claim"), "secondary", wrap=True)
        head.setLayout(
            Column(
                Label(texts("devices.nav"), "title"),
                claim,
                self.banner,
                self.progress,
                gap=6,
                margins=(20, 14, 20, 12),
            )
        )
        foot = Pane("footer")
        buttons = (
            Button.of(self.again, "primary"), Button.of(self.test), Button.of(self.copy)
        )  # fmt: skip
        foot.setLayout(Row(*buttons, None, margins=(20, 9, 20, 9)))
        whole = Column(head, self.states, foot, gap=0)
        whole.setStretch(1, 1)
        self.setLayout(whole)

    def activate(self) -> None:
        """Look at once the first time that the page is shown."""
        self.findings.setFocus()
        if not self.found and not self._steps.running:
            self.run()

    def acts(self) -> Sequence[Action]:
        """Return the page's acts."""
        return (self.again, self.test, self.copy)

    def close_page(self) -> None:
        """Look no further, ask nobody."""
        self._steps.stop()
        self.pins.close()

    def run(self) -> None:
        """Look at everything anew, without a PIN."""
        self._begin(None)

    def run_test(self) -> None:
        """Look at everything anew and sign a scrap file, which asks for the PIN."""
        self.pins.open(self.session.texts("devices.scrap"))
        self._begin(self.session.prompts)

    def stop(self) -> None:
        """Look no further; what was found stays."""
        if self._steps.running:
            self._steps.stop()
            self._ended(Cancelled())

    def _begin(self, prompts: Prompts | None) -> None:
        self.found = []
        self.findings.clear()
        self.banner.show_text("")
        self.states.show_content()
        self.progress.restart()
        self.progress.show()
        self._steps.start(partial(walk, self.session.desk, prompts))
        self._show_acts()

    def _came(self, finding: Finding) -> None:
        one = told(self.session.texts, finding)
        self.found.append(one)
        self.findings.add(one)

    def _ended(self, error: Any) -> None:
        self.pins.close()
        self.progress.hide()
        self._show_acts()
        texts = self.session.texts
        if isinstance(error, Cancelled):
            self.banner.show_text(texts("devices.stopped"), "info")
        elif isinstance(error, HoaBanError):
            self.banner.show_text(self.session.explain(error), "bad")
        elif not self.found:
            self._show_idle()
        else:
            said, tone = summary(texts, self.found)
            self.banner.show_text(said, tone, icon=_ICONS[tone])
            self.count_changed.emit(sum(f.state == FAIL for f in self.found))

    def _show_acts(self) -> None:
        running = self._steps.running
        able = self.session.desk.diagnosis is not None
        self.again.set_enabled(able and not running)
        self.test.set_enabled(able and not running)
        self.copy.set_enabled(bool(self.found) and not running)

    def _show_idle(self) -> None:
        texts = self.session.texts
        self.states.show_empty(texts("devices.none"), texts("devices.none_do"), "usb")
        self._show_acts()

    def _copy(self) -> None:
        now = self.session.desk.clock.now()
        QGuiApplication.clipboard().setText(report(self.session.texts, self.found, now))
        self.session.say("devices.copied")


_ICONS = {"ok": "success", "warn": "warning", "bad": "error"}
PAGE = PageSpec(NAME, "usb", "devices.nav", DevicesPage, section="shell.section.system")
