"""Xác thực chữ ký: one file, many files, a folder; filters, stopping, what changed."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from app.entry.late import LateVerifier
from app.forms.compose import compose
from app.kernel.ports import (
    Box,
    CertificateInfo,
    ManyVerifier,
    Purpose,
    SignJob,
    TokenInfo,
    Verdict,
)
from signing.checking.verify import PdfVerifier
from signing.work.verifier import WorkerVerifier
from signing.work.worker import Workers
from sync.server.demo.authority import DemoAuthority
from tests.doubles.http import LoopbackHttp
from tests.signing.forgeries import forged, replace_page
from tests.ui import pdfs
from tests.ui.conftest import wait_until
from tests.ui.outgoing.conftest import Sessions, Show
from tests.ui.outgoing.keys import PERSON_PIN, Keys
from tests.ui.outgoing.office import WORDS, Office
from tests.ui.walk import walk
from ui.kit.actions import Action, Actions
from ui.kit.pdfdialog import PdfDialog
from ui.outgoing.model_verify import BAD, GOOD, UNSURE
from ui.outgoing.page_verify import VerifyPage


class Pin:
    """Answer with the chairman's PIN."""

    def pin(self, token: TokenInfo, certificate: CertificateInfo, purpose: str) -> bytearray:
        return bytearray(PERSON_PIN.encode())


def sign(office: Office, target: Path) -> None:
    """Sign a composed page with the chairman's token."""
    source = target.with_suffix(".source")
    source.write_bytes(compose(WORDS))
    mine = next(c for c in office.desk.signer.certificates() if office.desk.may_use(c))
    job = SignJob(source, target, Purpose.APPROVE, mine, WORDS.signer_name, WORDS.signer_title)
    office.desk.signer.sign(job, Pin())
    source.unlink()


@pytest.fixture
def folder(keyed: Office, tmp_path: Path) -> Path:
    """A folder with a signed, a forged, an unsigned and a broken file, and one of another kind."""
    made = tmp_path / "nhan"
    (made / "sau").mkdir(parents=True)
    sign(keyed, made / "da-ky.pdf")
    (made / "gia-mao.pdf").write_bytes(forged((made / "da-ky.pdf").read_bytes(), replace_page))
    (made / "sau" / "chua-ky.PDF").write_bytes(pdfs.signed_look())
    (made / "hong.pdf").write_bytes(b"not a pdf")
    (made / "ghi-chu.txt").write_text("x")
    return made


def opened(office: Office, begin: Sessions, show: Show) -> VerifyPage:
    page = show(VerifyPage(begin(office, "clerk")))
    assert isinstance(page, VerifyPage)
    return page


def checked_all(page: VerifyPage) -> None:
    wait_until(lambda: page.model.total and not page.model.running)


def test_a_folder_is_checked_with_all_below_it(
    keyed: Office, begin: Sessions, show: Show, folder: Path
) -> None:
    page = opened(keyed, begin, show)
    page.take(folder)
    assert page.progress.isVisible()
    checked_all(page)
    verdicts = {r.name: r.report.verdict for r in page.model.rows if r.report is not None}
    assert verdicts == {
        "da-ky.pdf": Verdict.UNKNOWN,
        "gia-mao.pdf": Verdict.INVALID,
        "chua-ky.PDF": Verdict.UNSIGNED,
        "hong.pdf": Verdict.UNREADABLE,
    }
    assert not page.progress.isVisible()
    wait_until(lambda: page.rows.total == 4)
    page.chips.chip(BAD).click()
    wait_until(lambda: page.rows.total == 2)
    assert {page.rows.row(n).name for n in range(2)} == {"gia-mao.pdf", "hong.pdf"}
    assert page.chips.chip(UNSURE).label.endswith(" 2")


def test_the_keyboard_walks_the_files(
    keyed: Office, begin: Sessions, show: Show, folder: Path
) -> None:
    page = opened(keyed, begin, show)
    page.take(folder)
    checked_all(page)
    wait_until(lambda: page.rows.total == 4 and page.checked is not None)
    page.activateWindow()
    wait_until(page.isActiveWindow)
    page.activate()
    assert page.table.hasFocus()
    page.table.select(0)
    QTest.keyClick(page.table, Qt.Key.Key_Down)
    wait_until(lambda: page.checked is not None and page.checked.name == "gia-mao.pdf")
    wait_until(lambda: page.paper.pdf.page_count == 1)
    assert "không hợp lệ" in page.paper.strip.text.lower()


def test_stopping_keeps_what_was_checked(
    keyed: Office, begin: Sessions, show: Show, tmp_path: Path
) -> None:
    for number in range(40):
        (tmp_path / f"{number:02}.pdf").write_bytes(pdfs.signed_look())
    page = opened(keyed, begin, show)
    page.take(tmp_path)
    wait_until(lambda: page.model.rows)
    page.progress.cancel_button.click()
    assert not page.model.running and not page.progress.isVisible()
    kept = len(page.model.rows)
    assert 0 < kept < 40
    page.take(tmp_path / "00.pdf")
    wait_until(lambda: page.checked is not None)
    assert len(page.model.rows) == 1, "nothing of the stopped round comes in between"


def test_a_file_that_changed_since_is_judged_anew(
    keyed: Office, begin: Sessions, show: Show, folder: Path
) -> None:
    page = opened(keyed, begin, show)
    page.take(folder)
    checked_all(page)
    wait_until(lambda: page.rows.total == 4 and page.checked is not None)
    (folder / "hong.pdf").write_bytes((folder / "gia-mao.pdf").read_bytes())
    page._open(next(r for r in page.model.rows if r.name == "hong.pdf"))
    wait_until(lambda: page.checked is not None and page.checked.name == "hong.pdf")
    assert page.checked is not None and page.checked.report is not None
    assert page.checked.report.verdict is Verdict.INVALID
    assert next(r for r in page.model.rows if r.name == "hong.pdf").view == BAD


def test_what_was_not_clear_is_checked_again_when_the_line_is_back(
    keyed: Office, keys: Keys, begin: Sessions, show: Show, folder: Path
) -> None:
    authority = DemoAuthority(keys.folder / "ca")
    keyed.desk.verifier = PdfVerifier(keys.trust, keyed.clock)
    page = opened(keyed, begin, show)
    said: list[str] = []
    page.session.said.connect(said.append)
    page.take(folder)
    checked_all(page)
    wait_until(lambda: page.checked is not None and page.checked.name == "da-ky.pdf")
    names = [row.name for row in page.model.rows]
    assert [path.name for path in page.model.unsettled] == ["da-ky.pdf"]
    wait_until(lambda: page.again.enabled)
    keyed.desk.verifier = PdfVerifier(keys.trust, keyed.clock, LoopbackHttp())
    page.session.line_back.emit()
    assert said == ["outpages.verify.line_back"]
    keys_of_page, synced = Actions(page), []
    everywhere = Action("sync", "kit.go_on", lambda: synced.append(True), "F5")
    keys_of_page.add(everywhere, *page.acts())
    keys_of_page.enter("verify")
    page.activateWindow()
    wait_until(page.isActiveWindow)
    with authority.serve():
        QTest.keyClick(page.table, Qt.Key.Key_F5)
        wait_until(lambda: page.model.unsettled == () and not page.model.running)
    assert synced == [], "the page's own F5 goes before that of the window"
    assert [row.name for row in page.model.rows] == names
    wait_until(lambda: page.checked is not None and page.checked.view == GOOD)
    assert not page.again.enabled
    page.session.line_back.emit()
    assert len(said) == 1, "nothing is left to be settled"


def test_a_folder_is_checked_by_several_workers_one_of_them_ready_before(
    keyed: Office, keys: Keys, begin: Sessions, show: Show, folder: Path
) -> None:
    workers = Workers([keys.folder / "trust"], 2)
    late = LateVerifier(lambda: WorkerVerifier(workers, keyed.clock))
    assert isinstance(late, ManyVerifier)
    keyed.desk.verifier = late
    try:
        page = opened(keyed, begin, show)
        wait_until(lambda: running(workers) == 1)
        for number in range(6):
            (folder / f"{number}.pdf").write_bytes((folder / "da-ky.pdf").read_bytes())
        page.take(folder)
        checked_all(page)
        assert len(page.model.rows) == 10
        assert running(workers) == 2
    finally:
        late.close()
    assert running(workers) == 0


def running(workers: Workers) -> int:
    """Return how many processes of workers there are."""
    return sum(worker.pid is not None for worker in workers._all)


def test_the_lines_of_the_page_hold_a_box_on_it(
    office: Office, begin: Sessions, show: Show, tmp_path: Path
) -> None:
    page = opened(office, begin, show)
    path = tmp_path / "bao-cao.pdf"
    path.write_bytes(compose(WORDS))
    page.take(path)
    wait_until(lambda: page.paper.pdf.page_count == 1)
    page.paper.pdf.place_box(Box(0, 100, 300, 150, 60))
    wait_until(lambda: page.paper.pdf._placing.guides.xs)
    middle = page.paper.pdf.page_size(0)[0] / 2
    assert any(abs(x - middle) < 1 for x in page.paper.pdf._placing.guides.xs)
    assert page.paper.place.isVisible()
    page.paper.pdf.clear_box()
    assert not page.paper.pdf._placing.guides.xs


def test_the_record_of_a_check_is_shown_to_be_printed(
    office: Office, begin: Sessions, show: Show, tmp_path: Path
) -> None:
    page = opened(office, begin, show)
    assert not page.record.enabled
    path = tmp_path / "chua-ky.pdf"
    path.write_bytes(pdfs.signed_look())
    page.take(path)
    wait_until(lambda: page.record.enabled)
    page.record.trigger()
    wait_until(lambda: page.findChild(PdfDialog) is not None)
    dialog = page.findChild(PdfDialog)
    assert dialog is not None
    wait_until(lambda: dialog.pane.view.page_count)
    dialog.pane.view.find_text("Biên bản kiểm tra")
    wait_until(lambda: dialog.pane.view._finder.total)
    dialog.reject()


def test_an_empty_folder_says_so(
    office: Office, begin: Sessions, show: Show, tmp_path: Path
) -> None:
    (tmp_path / "trong").mkdir()
    page = opened(office, begin, show)
    page.take(tmp_path / "trong")
    wait_until(lambda: "Không có tệp PDF" in page.paper.strip.text)


def test_nothing_is_cut_off_in_any_look(
    keyed: Office, begin: Sessions, show: Show, folder: Path
) -> None:
    page = opened(keyed, begin, show)
    page.take(folder / "gia-mao.pdf")
    wait_until(lambda: page.checked is not None and page.paper.pdf.sharp)
    assert walk(page, (1154, 664)) == []
    page.take(folder)
    checked_all(page)
    wait_until(lambda: page.rows.total == 4 and page.checked is not None and page.paper.pdf.sharp)
    assert walk(page, (1154, 664)) == []
