"""Save pictures of the network check and of the USB package: `python -m tests.ui.outbox.shots OUT`."""

from __future__ import annotations

import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from PySide6.QtWidgets import QApplication

from app.kernel.errors import Damaged
from app.kernel.network import NetworkFinding as Found
from app.kernel.packages import PackageRead
from app.kernel.texts import Texts
from tests.ui.conftest import wait_until
from tests.ui.outbox.test_network import Line
from tests.ui.outbox.test_package import Carrier
from tests.ui.outgoing.shots import LOOKS
from tests.ui.sessions import session_of
from ui.bridge.runner import QtRunner
from ui.bridge.session import Session
from ui.kit.theme import install
from ui.outbox.dialog_network import NetworkDialog, ProxyDialog
from ui.outbox.dialog_package import PackageDialog
from ui.outbox.page_outbox import OutboxPage

_WELL = (
    Found("pc", "card", "ok", "card.ok"),
    Found("pc", "clock", "warn", "clock.slow", {"at": "09:12 28/11/2026", "minutes": 9}),
)
_STORIES = {
    "proxy": (*_WELL, Found("pc", "proxy", "fail", "proxy.auth", {"proxy": "proxy.mau:3128"})),
    "tls": (
        *_WELL,
        Found("pc", "proxy", "ok", "proxy.none"),
        Found("line", "name", "ok", "name.ok", {"host": "hoaban.mau"}),
        Found("line", "connection", "ok", "connection.ok", {"host": "hoaban.mau"}),
        Found("line", "tls", "fail", "tls.root", {"host": "hoaban.mau"}),
    ),
}


def main(target: Path) -> None:
    """Save the pictures into a folder."""
    target.mkdir(parents=True, exist_ok=True)
    app = QApplication.instance() or QApplication(sys.argv[:1])
    assert isinstance(app, QApplication)
    for look, scale in LOOKS:
        install(app, look, scale)
        with TemporaryDirectory() as folder, session_of(Path(folder), "mai") as session:
            session.desk.sync = Line(session.desk.clock.now())
            for name, story in _STORIES.items():
                session.desk.network = lambda _=None, told=story: iter(told)
                page = OutboxPage(session)
                page.resize(1154, 664)
                page.show()
                page.activate()
                page.line.check_button.click()
                dialog = page.dialog
                assert isinstance(dialog, NetworkDialog)
                for _ in range(20):
                    app.processEvents()
                page.grab().save(str(target / f"page-{name}-{look}-{scale}.png"))
                dialog.grab().save(str(target / f"dialog-{name}-{look}-{scale}.png"))
                if name == "proxy":
                    dialog.account.click()
                    app.processEvents()
                    asking = dialog.findChild(ProxyDialog)
                    asking.grab().save(str(target / f"account-{look}-{scale}.png"))
                    asking.reject()
                page.close_page()
                page.hide()
            runner = QtRunner()
            own = Session(session.desk, runner, Texts(), session.actor)
            _package(app, own, target, f"{look}-{scale}")
            own.close()
            runner.close()


def _package(app: QApplication, session: Session, target: Path, name: str) -> None:
    """Save the dialog as it opens, at work, and with what came of it."""
    carrier = session.desk.packages = Carrier()
    page = OutboxPage(session)
    page.resize(1154, 664)
    page.show()
    page.activate()
    page.line.stick_button.click()
    dialog = page.dialog
    assert isinstance(dialog, PackageDialog)
    steps = {
        "open": None,
        "work": PackageRead(1, 1, 0, 0, whole=True, differs=False),
        "read": PackageRead(128, 11, 1, 7, whole=True, differs=True),
        "bad": Damaged("package.cut"),
    }
    for step, answer in steps.items():
        if answer is not None:
            carrier.answer, carrier.held = answer, step == "work"
            dialog.read_from(target)
        wait_until(lambda: bool(carrier.asked) if carrier.held else dialog.read_button.isEnabled())
        for _ in range(20):
            app.processEvents()
        dialog.grab().save(str(target / f"usb-{step}-{name}.png"))
        carrier.held = False
        wait_until(dialog.read_button.isEnabled)
    page.grab().save(str(target / f"usb-page-{name}.png"))
    dialog.reject()
    page.close_page()
    page.hide()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
