"""Save pictures of the pages of outgoing documents: `python -m tests.ui.outgoing.shots OUT`."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from PySide6.QtCore import QCoreApplication, QEventLoop, QTimer
from PySide6.QtWidgets import QApplication, QWidget

from app.documents import commands as c
from app.kernel.texts import Texts
from tests.ui.outgoing.office import STAFF, Office, actor, open_office
from ui.bridge.page import Page
from ui.bridge.runner import QtRunner
from ui.bridge.session import Session
from ui.kit import texts as voice
from ui.kit.theme import install
from ui.outgoing.page_outgoing import OutgoingPage

SIZE = (1154, 664)
LOOKS = (("light", 100), ("dark", 100), ("light", 200))


def wait(until: Callable[[], bool], seconds: float = 20.0) -> None:
    """Run the event loop until something is so."""
    loop, checks, limit = QEventLoop(), QTimer(), QTimer()
    checks.timeout.connect(lambda: loop.quit() if until() else None)
    limit.setSingleShot(True)
    limit.timeout.connect(loop.quit)
    checks.start(15)
    limit.start(round(seconds * 1000))
    if not until():
        loop.exec()
    checks.stop()
    assert until(), "waited in vain"


@contextmanager
def session_of(office: Office, who: str) -> Iterator[Session]:
    """Yield a session of one of the commune's people, on real lanes."""
    runner = QtRunner()
    session = Session(office.desk, runner, Texts(), actor(who))
    try:
        yield session
    finally:
        session.close()
        runner.close()


@contextmanager
def shown(page: Page, size: tuple[int, int] = SIZE) -> Iterator[Page]:
    """Show a page as the shell would."""
    page.resize(*size)
    page.show()
    page.activate()
    try:
        yield page
    finally:
        page.close_page()
        page.hide()
        page.deleteLater()
        QCoreApplication.sendPostedEvents()


def settle(milliseconds: int = 120) -> None:
    """Let what is queued happen."""
    loop = QEventLoop()
    QTimer.singleShot(milliseconds, loop.quit)
    loop.exec()


def save(widget: QWidget, out: Path, name: str) -> None:
    """Save a picture of a widget."""
    settle()
    widget.grab().save(str(out / f"{name}.png"))


def sample(office: Office) -> None:
    """Fill the desk with documents in several states."""
    office.draft("Kế hoạch tuyên truyền chuyển đổi số quý I năm 2027 (mẫu)")
    office.submitted("Báo cáo kinh tế - xã hội tháng 11 năm 2026 (mẫu)")
    office.submitted()
    declined = office.submitted("Tờ trình phân bổ kinh phí (mẫu)")
    office.run("leader", c.Decline(declined, "Bổ sung số liệu của Phòng Kinh tế."))


def outgoing(office: Office, out: Path, look: str) -> None:
    """Save the page of outgoing documents."""
    with session_of(office, "leader") as session, shown(OutgoingPage(session)) as page:
        assert isinstance(page, OutgoingPage)
        wait(lambda: page.paper.pdf.sharp)
        save(page, out, f"outgoing-{look}")


def main(out: Path) -> None:
    """Save every picture."""
    out.mkdir(parents=True, exist_ok=True)
    app = QApplication.instance() or QApplication(sys.argv[:1])
    assert isinstance(app, QApplication)
    voice.use(Texts())
    install(app)
    with TemporaryDirectory() as folder:
        office = open_office(Path(folder))
        sample(office)
        for mode, scale in LOOKS:
            install(app, mode, scale)
            for picture in (outgoing,):
                picture(office, out, f"{mode}-{scale}")
        office.desk.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
