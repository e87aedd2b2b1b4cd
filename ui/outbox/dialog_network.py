"""Kiểm tra mạng: this PC, the line, or the server; the report; the account of a proxy."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

from PySide6.QtCore import Signal
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QFileDialog, QLineEdit, QWidget

from app.kernel.errors import Cancelled, HoaBanError
from app.kernel.network import NetworkFinding
from ui.bridge.session import Session
from ui.bridge.steps import Steps
from ui.kit.banner import Banner
from ui.kit.buttons import Button
from ui.kit.dialog import Dialog
from ui.kit.fields import LineEdit
from ui.kit.findings import FAIL, Findings
from ui.kit.form import FormField
from ui.kit.labels import Label
from ui.kit.layout import Row
from ui.kit.progress import ProgressStrip
from ui.kit.theme import theme
from ui.outbox.model_network import remember, report, told, verdict, walk, write

_LANE = "network"
_ICONS = {"ok": "success", "warn": "warning", "bad": "error"}


class ProxyDialog(Dialog):
    """Ask for name and password of the proxy; `kept` once the keyring has them."""

    kept = Signal()

    def __init__(self, session: Session, parent: QWidget) -> None:
        texts = session.texts
        super().__init__(texts("netpage.account_title"), parent)
        self._session = session
        self.user = LineEdit(texts("netpage.account_user"))
        self.password = LineEdit(texts("netpage.account_password"))
        self.password.setEchoMode(QLineEdit.EchoMode.Password)
        self.body.extend(
            Label(texts("netpage.account_claim"), "secondary", wrap=True),
            FormField(texts("netpage.account_user"), self.user, required=True),
            FormField(texts("netpage.account_password"), self.password),
        )
        self.add_button(texts("netpage.close"), role="reject")
        self.keep = self.add_button(texts("netpage.account_keep"), "primary")
        self.keep.clicked.connect(self._keep)
        self.user.setFocus()

    def _keep(self) -> None:
        if not self.user.value:
            self.user.setFocus()
            return
        desk, user, password = self._session.desk, self.user.value, self.password.text()
        self.password.clear()
        self._session.work(_LANE, lambda: remember(desk, user, password), self._done, self._failed)

    def _done(self, _: object) -> None:
        self.kept.emit()
        self.accept()

    def _failed(self, error: HoaBanError) -> None:
        self.show_error(self._session.explain(error))


class NetworkDialog(Dialog):
    """Walk to the server link by link; what is found stays to be read, copied, saved."""

    def __init__(self, session: Session, parent: QWidget) -> None:
        texts = session.texts
        super().__init__(texts("netpage.title"), parent, width=680)
        self._session = session
        self.found: list[NetworkFinding] = []
        self._steps = Steps(session, _LANE, self)
        self._steps.came.connect(self._came)
        self._steps.ended.connect(self._ended)
        self.banner = Banner()
        self.progress = ProgressStrip(texts("netpage.running"))
        self.progress.cancelled.connect(self.stop)
        self.findings = Findings(texts("netpage.findings"))
        self.account = Button(texts("netpage.account"), icon="key")
        self.body.extend(
            Label(texts("netpage.claim"), "secondary", wrap=True),
            self.banner,
            Row(self.account, None),
            self.progress,
        )
        self.fill_with(self.findings)
        self.copy = self.add_button(texts("netpage.copy"))
        self.save = self.add_button(texts("netpage.save"))
        self.again = self.add_button(texts("netpage.again"), shortcut="F5")
        self.add_button(texts("netpage.close"), "primary", "reject")
        self.account.clicked.connect(self._ask_account)
        self.copy.clicked.connect(self._copy)
        self.save.clicked.connect(self._ask_save)
        self.again.clicked.connect(self.run)
        self.finished.connect(self._steps.stop)
        look, window = theme(), parent.window()
        width = min(look.px(760), window.width() - look.px(24))
        self.setMinimumWidth(min(look.px(680), width))
        self.resize(width, min(look.px(620), window.height() - look.px(24)))

    def run(self) -> None:
        """Look at everything anew."""
        self.found = []
        self.findings.clear()
        self.banner.show_text("")
        self.progress.restart()
        self.progress.show()
        self._steps.start(partial(walk, self._session.desk))
        self._show_acts()

    def stop(self) -> None:
        """Look no further; what was found stays."""
        if self._steps.running:
            self._steps.stop()
            self._ended(Cancelled())

    def text(self) -> str:
        """Return the report of what was found."""
        return report(self._session.texts, self.found, self._session.desk.clock.now())

    def save_to(self, path: Path) -> None:
        """Write the report on a lane."""
        self._session.work(_LANE, partial(write, path, self.text()), self._saved, self._refused)

    def _came(self, finding: NetworkFinding) -> None:
        self.found.append(finding)
        self.findings.add(told(self._session.texts, finding))

    def _ended(self, error: Any) -> None:
        self.progress.hide()
        self._show_acts()
        texts = self._session.texts
        if isinstance(error, Cancelled):
            self.banner.show_text(texts("netpage.stopped"), "info")
        elif isinstance(error, HoaBanError):
            self._refused(error)
        else:
            said, tone = verdict(texts, self.found)
            self.banner.show_text(said, tone, icon=_ICONS[tone])

    def _show_acts(self) -> None:
        running = self._steps.running
        self.again.setEnabled(not running)
        self.copy.setEnabled(bool(self.found) and not running)
        self.save.setEnabled(bool(self.found) and not running)
        self.account.setVisible(
            any(f.step == "proxy" and f.state == FAIL for f in self.found) and not running
        )

    def _ask_account(self) -> None:
        asking = ProxyDialog(self._session, self)
        asking.kept.connect(self.run)
        asking.open()

    def _copy(self) -> None:
        QGuiApplication.clipboard().setText(self.text())
        self._session.say("netpage.copied")

    def _ask_save(self) -> None:
        texts = self._session.texts
        name, _ = QFileDialog.getSaveFileName(
            self, texts("netpage.save"), texts("netpage.file"), "(*.txt)"
        )
        if name:
            self.save_to(Path(name))

    def _saved(self, _: object) -> None:
        self.banner.show_text(self._session.texts("netpage.saved"), "ok", icon="success")

    def _refused(self, error: HoaBanError) -> None:
        self.banner.show_text(self._session.explain(error), "bad")
