"""Ký tệp: protected files, a rest in between, and what is completed later."""

from __future__ import annotations

import re
from dataclasses import replace
from io import BytesIO
from pathlib import Path

import pytest
from pyhanko.pdf_utils.crypt.permissions import StandardPermissions
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.pdf_utils.writer import copy_into_new_writer
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from app.files import completions
from app.files.completions import JobState
from app.kernel.changes import Changes
from app.kernel.ports import Verdict
from tests.ui.conftest import wait_until
from tests.ui.outgoing.conftest import Sessions, Show
from tests.ui.outgoing.keys import PERSON_PIN
from tests.ui.outgoing.office import Office
from tests.ui.signfiles.hands import LONG, answer, opened, pdf, sign
from tests.ui.walk import walk
from ui.signfiles.page_signfiles import SignFilesPage

PASSWORD = "mo-tep-mau"


def protected(path: Path, password: str = PASSWORD) -> Path:
    writer = copy_into_new_writer(PdfFileReader(BytesIO(pdf(path).read_bytes())))
    writer.encrypt("chu-tep", password, pdf_mac=False, perms=StandardPermissions.allow_everything())
    with path.open("wb") as stream:
        writer.write(stream)
    return path


def give(page: SignFilesPage, password: str) -> None:
    wait_until(page.password.isVisible, LONG)
    QTest.keyClicks(page.password.field, password)
    QTest.keyClick(page.password.field, Qt.Key.Key_Return)


def test_a_password_is_asked_for_kept_in_memory_and_used_for_the_others_too(
    signing: Office, begin: Sessions, show: Show, folder: Path
) -> None:
    page = opened(signing, begin, show)
    page.take(protected(folder / "1.pdf"), protected(folder / "2.pdf"), pdf(folder / "3.pdf"))
    wait_until(page.password.isVisible, LONG)
    assert "mật khẩu" in page.paper.state.notice.accessibleName().lower()
    assert walk(page, (1154, 664)) == []
    page.table.select(0)
    wait_until(page.password.isVisible, LONG)
    QTest.keyClick(page.table, Qt.Key.Key_Return)
    wait_until(lambda: page.window().focusWidget() is page.password.field)
    give(page, "sai")
    wait_until(page.password._wrong.isVisible, LONG)
    assert page.password.field.text() == ""
    assert page.window().focusWidget() is page.password.field
    give(page, PASSWORD)
    wait_until(lambda: page.paper.pdf.page_count == 1 and page.paper.pdf.sharp, LONG)
    assert not page.password.isVisible()
    sign(page, PERSON_PIN)
    assert [i.state for i in page.model.items] == ["done"] * 3
    for item, password in zip(page.model.items, (PASSWORD, PASSWORD, ""), strict=True):
        assert item.output is not None
        verify = signing.desk.verifier.verify
        assert verify(item.output, offline=True, password=password).verdict is Verdict.UNKNOWN
        closed = verify(item.output, offline=True).verdict is Verdict.UNREADABLE
        assert closed is bool(password), "the signed file keeps its password"
    kept = b"".join(p.read_bytes() for p in folder.parent.rglob("*") if p.is_file())
    assert PASSWORD.encode() not in kept and PASSWORD not in repr(page.model._ask)
    page.close_page()
    assert page.model._passwords == ()


def test_a_file_without_its_password_fails_alone_and_is_signed_after_it_was_typed(
    signing: Office, begin: Sessions, show: Show, folder: Path
) -> None:
    page = opened(signing, begin, show)
    page.take(pdf(folder / "1.pdf"), protected(folder / "2.pdf"))
    wait_until(lambda: page.sign.enabled and page.rows.total == len(page.model.items), LONG)
    wait_until(lambda: page.paper.pdf.page_count == 1, LONG)
    page.table.select(1)
    wait_until(page.password.isVisible, LONG)
    page.sign.trigger()
    assert not page.password.isVisible(), "a run has the passwords that it began with"
    answer(page, PERSON_PIN)
    wait_until(lambda: not page.model.running, LONG)
    wait_until(page.password.isVisible, LONG)
    assert [i.state for i in page.model.items] == ["done", "failed"]
    error = page.model.items[1].error
    assert error is not None and error.code == "pdf_password"
    give(page, PASSWORD)
    wait_until(lambda: page.page is not None, LONG)
    sign(page, PERSON_PIN)
    assert [i.state for i in page.model.items] == ["done", "done"]


@pytest.mark.parametrize("kind", ["pdf", "txt"])
def test_signing_rests_and_goes_on_by_the_keyboard(
    signing: Office, begin: Sessions, show: Show, folder: Path, kind: str
) -> None:
    paths = [folder / f"{n}.{kind}" for n in range(4)]
    for path in paths:
        pdf(path) if kind == "pdf" else path.write_text("mẫu")
    page = opened(signing, begin, show)
    page.take(*paths)
    wait_until(lambda: page.sign.enabled, LONG)
    page.sign.trigger()
    wait_until(lambda: page.pins.dialog is not None, LONG)
    QTest.keyClick(page.progress.pause_button, Qt.Key.Key_Space)
    assert "tạm dừng" in page.progress._text.text().lower()
    answer(page, PERSON_PIN)
    QTest.qWait(1500)
    # What is under way lies beside them under a hidden name
    made = sum(not path.name.startswith(".") for path in folder.iterdir()) - len(paths)
    # The file whose turn the PIN is typed for is under way already where they go one by one
    assert page.model.running and made == (kind == "txt"), "nothing more is signed in a rest"
    QTest.keyClick(page.progress.pause_button, Qt.Key.Key_Space)
    assert "tạm dừng" not in page.progress._text.text().lower()
    wait_until(lambda: not page.model.running, LONG)
    assert {i.state for i in page.model.items} == {"done"}


def test_what_is_below_its_level_is_queued_and_its_row_tells_how_that_ends(
    signing: Office, begin: Sessions, show: Show, folder: Path
) -> None:
    page = opened(signing, begin, show)
    page.take(pdf(folder / "1.pdf"), pdf(folder / "2.pdf", "Hai (mẫu)"))
    page.form.level.set_value("B-T")
    sign(page, PERSON_PIN)
    wait_until(lambda: all(i.job is not None for i in page.model.items), LONG)
    first, second = page.model.items
    assert (first.level, first.short, first.tone) == ("B-B", True, "warn")
    assert page._words.detail(first).count("hoàn thiện") == 1, "it is said, and said once"
    wait_until(lambda: page.paper.pdf.page_count == 1, LONG)
    assert page.paper.pdf.box is None, "what is signed has no box to drag any more"
    _settle(signing, first.output, JobState.DONE, "B-T", "")
    wait_until(lambda: page.model.items[0].level == "B-T", LONG)
    assert (page.model.items[0].short, page.model.items[0].tone) == (False, "ok")
    _settle(signing, second.output, JobState.ALARM, "B-B", "document.signature_revoked")
    wait_until(lambda: page.model.items[1].tone == "bad", LONG)
    assert re.search("thu hồi", page._words.detail(page.model.items[1]))


def _settle(office: Office, output: Path | None, state: JobState, level: str, why: str) -> None:
    store = office.desk.store
    with store.writing() as connection:
        job = completions.job_of(connection, completions.FILE, str(output))
        assert job is not None
        completions.settle(connection, replace(job, state=state, level=level, problem=why))
    store.changes(Changes.of({(completions.KIND, job.sha256)}))
