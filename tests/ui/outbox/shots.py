"""Save pictures of the network check: `python -m tests.ui.outbox.shots OUT`."""

from __future__ import annotations

import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from PySide6.QtWidgets import QApplication

from app.kernel.network import NetworkFinding as Found
from tests.ui.outbox.test_network import Line
from tests.ui.outgoing.shots import LOOKS
from tests.ui.sessions import session_of
from ui.kit.theme import install
from ui.outbox.dialog_network import ProxyDialog
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
                assert dialog is not None
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


if __name__ == "__main__":
    main(Path(sys.argv[1]))
