"""Save pictures of the pages of outgoing documents: `python -m tests.ui.outgoing.shots OUT`."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from PySide6.QtCore import QCoreApplication, QEventLoop, QTimer
from PySide6.QtWidgets import QApplication, QWidget

from app.documents import commands as c
from app.documents.model import State
from app.kernel.texts import Texts
from tests.ui.outgoing.keys import AGENCY_PIN, PERSON_PIN, Keys, make_keys
from tests.ui.outgoing.office import Office, actor, open_office, report, synced
from ui.bridge.runner import QtRunner
from ui.bridge.session import Session
from ui.kit import texts as voice
from ui.kit.page import Page
from ui.kit.pdfview.view import PdfView
from ui.kit.theme import install
from ui.outgoing.page_drafts import DraftsPage
from ui.outgoing.page_issue import IssuePage
from ui.outgoing.page_outgoing import OutgoingPage
from ui.outgoing.page_signing import SigningPage
from ui.outgoing.page_verify import VerifyPage

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
    bugs: list[BaseException] = []
    session.bug.connect(bugs.append)
    try:
        yield session
    finally:
        session.close()
        runner.close()
    assert not bugs, repr(bugs[0])


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
    for view in widget.findChildren(PdfView):
        wait(lambda view=view: not view.page_count or not view.isVisible() or view.sharp)
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
        if page.sides.narrow:
            wait(lambda: page.cards.current_row() is not None)
            save(page, out, f"outgoing-list-{look}")
            page.sides.show_detail(detail=True)
        wait(lambda: page.paper.pdf.sharp)
        save(page, out, f"outgoing-{look}")


def signing(office: Office, out: Path, look: str) -> None:
    """Save the signing box, then the PIN dialog over the numbered page, then the result."""
    with session_of(office, "leader") as session, shown(SigningPage(session)) as page:
        assert isinstance(page, SigningPage)
        wait(lambda: bool(page.rows.current) and page.model.key is not None)
        if page.sides.narrow:
            save(page, out, f"signing-list-{look}")
            page.sides.show_detail(detail=True)
        wait(lambda: page.paper.pdf.sharp)
        save(page, out, f"signing-{look}")
        page.start()
        wait(lambda: page.pins.dialog is not None and page.paper.pdf.sharp)
        save(page, out, f"signing-numbered-{look}")
        assert page.pins.dialog is not None
        save(page.pins.dialog, out, f"signing-pin-{look}")
        page.pins.dialog.field.setText(PERSON_PIN)
        page.pins.dialog.ok.click()
        wait(lambda: page.model.run is None)
        save(page, out, f"signing-done-{look}")


def issuing(office: Office, out: Path, look: str) -> None:
    """Save the clerk's page before and after the seal, and the question before issuing."""
    with session_of(office, "clerk") as session, shown(IssuePage(session)) as page:
        assert isinstance(page, IssuePage)
        wait(lambda: page.seal.enabled)
        page.sides.show_detail(detail=True)
        wait(lambda: page.paper.pdf.sharp)
        save(page, out, f"issue-{look}")
        page.seal.trigger()
        wait(lambda: page.pins.dialog is not None)
        assert page.pins.dialog is not None
        page.pins.dialog.field.setText(AGENCY_PIN)
        page.pins.dialog.ok.click()
        wait(lambda: page.issue.enabled and page.paper.pdf.sharp)
        save(page, out, f"issue-sealed-{look}")
        page.issue.trigger()
        assert page.dialog is not None
        save(page.dialog, out, f"issue-dialog-{look}")
        page.dialog.accept()
        settle(300)
        save(page, out, f"issue-done-{look}")


def followed(office: Office, out: Path, look: str) -> None:
    """Save an issued document with its recipients' states."""
    found = [d for _, d in office.desk.store.entities("document") if d.state is State.ISSUED]
    synced(office)
    office.clock.advance(timedelta(days=3))
    report(office, found[-1].id, "stc", "01")
    report(office, found[-1].id, "stc", "03", 1024)
    with session_of(office, "clerk") as session, shown(OutgoingPage(session)) as page:
        assert isinstance(page, OutgoingPage)
        page.open_entity("document", found[-1].id)
        page.sides.show_detail(detail=True)
        wait(lambda: page.paper.pdf.sharp)
        settle(400)
        save(page, out, f"followed-{look}")


def drafting(office: Office, out: Path, look: str) -> None:
    """Save the draft form with its live page."""
    with session_of(office, "anna") as session, shown(DraftsPage(session)) as page:
        assert isinstance(page, DraftsPage)
        wait(lambda: page.model.around is not None and bool(page.model.id))
        page.begin()
        page.form.areas["subject"].setPlainText("đẩy nhanh tiến độ giải ngân vốn đầu tư công (mẫu)")
        page.form.areas["addressees"].setPlainText("Sở Tài chính\nSở Nội vụ")
        page.form.areas["body"].setPlainText(
            "Thực hiện chỉ đạo của Ủy ban nhân dân tỉnh, xã báo cáo như sau.\n"
            "1. Đã giải ngân 4/6 dự án."
        )
        page.form.signer.set_value("leader")
        page.form.signer.changed.emit("leader")
        page.form.recipients.groups.set_value("departments")
        page.form.recipients.groups.changed.emit("departments")
        settle(900)
        if page.sides.narrow:
            save(page, out, f"drafts-form-{look}")
            page.sides.show_detail(detail=True)
        wait(lambda: page.paper.pdf.sharp)
        save(page, out, f"drafts-{look}")
        page.form.signer.set_value("")
        page.form.signer.changed.emit("")
        page.submit_draft()
        page.sides.show_detail(detail=False)
        save(page, out, f"drafts-missing-{look}")


def checking(office: Office, out: Path, look: str) -> None:
    """Save the check of a file from outside."""
    found = [d for _, d in office.desk.store.entities("document") if d.state is State.ISSUED]
    main = found[-1].main_file
    with office.desk.store.vault.open(main.sha256) as stream, TemporaryDirectory() as folder:
        path = Path(folder) / "bao-cao-mau.pdf"
        path.write_bytes(stream.read())
        with session_of(office, "clerk") as session, shown(VerifyPage(session)) as page:
            assert isinstance(page, VerifyPage)
            save(page, out, f"verify-empty-{look}")
            page.take(path)
            wait(lambda: page.checked is not None and page.paper.pdf.sharp)
            save(page, out, f"verify-{look}")


def looks(out: Path) -> Iterator[tuple[Keys, Path, str]]:
    """Dress the application in one look after the other; yield keys, a folder and its name."""
    out.mkdir(parents=True, exist_ok=True)
    app = QApplication.instance() or QApplication(sys.argv[:1])
    assert isinstance(app, QApplication)
    voice.use(Texts())
    with TemporaryDirectory() as place, pytest.MonkeyPatch.context() as patch:
        keys = make_keys(Path(place) / "keys", patch)
        for mode, scale in LOOKS:
            folder = Path(place) / f"{mode}-{scale}"
            folder.mkdir()
            install(app, mode, scale)
            yield keys, folder, f"{mode}-{scale}"


def main(out: Path) -> None:
    """Save every picture."""
    for keys, profile, look in looks(out):
        office = open_office(profile, signer=keys.signer(), trust=keys.trust)
        sample(office)
        for picture in (outgoing, drafting, signing, issuing, followed, checking):
            picture(office, out, look)
        office.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
