"""Ký tệp: the page itself: places that are kept, what is said, files dropped, every look."""

from __future__ import annotations

from pathlib import Path

import pytest
from pyhanko.pdf_utils.reader import PdfFileReader
from PySide6.QtCore import QMimeData, QPoint, Qt, QUrl
from PySide6.QtGui import QDropEvent

from app.kernel.errors import Unavailable
from app.kernel.ports import Box, Purpose
from tests.ui.conftest import wait_until
from tests.ui.outgoing.conftest import Sessions, Show
from tests.ui.outgoing.keys import PERSON_PIN
from tests.ui.outgoing.office import Office
from tests.ui.signfiles.hands import LONG, choose, opened, pdf, sign
from tests.ui.walk import walk
from ui.features import PAGES
from ui.outgoing import model_keys
from ui.signfiles.page_signfiles import SignFilesPage
from ui.signfiles.work import files_in

SIZE = (1154, 664)


def test_the_box_is_dragged_kept_and_used_again(
    signing: Office, begin: Sessions, show: Show, folder: Path
) -> None:
    page = opened(signing, begin, show)
    page.take(pdf(folder / "1.pdf"))
    wait_until(lambda: page.paper.pdf.box is not None, LONG)
    moved = Box(0, 60.0, 90.0, 130.0, 50.0)
    page.paper.pdf.move_box(moved)
    page._box_moved(moved)
    assert page.paper.place.keep.isVisible()
    page.paper.place.keep.click()
    wait_until(lambda: signing.desk.store.meta("signing.places"), LONG)
    sign(page, PERSON_PIN)
    again = opened(signing, begin, show)
    again.take(pdf(folder / "2.pdf", "Khác (mẫu)"), pdf(folder / "3.pdf", "Nữa (mẫu)"))
    wait_until(lambda: again.paper.pdf.box is not None, LONG)
    assert again.paper.pdf.box == moved
    sign(again, PERSON_PIN)
    outputs = [i.output for i in (*page.model.items, *again.model.items)]
    assert all(o is not None and _rect(o) == [60, 90, 190, 140] for o in outputs)


def _rect(path: Path) -> list[int]:
    with path.open("rb") as stream:
        field = PdfFileReader(stream).embedded_signatures[0].sig_field
        return [round(float(v)) for v in field["/Rect"]]


def test_a_file_that_changed_since_it_was_shown_is_not_signed(
    signing: Office, begin: Sessions, show: Show, folder: Path
) -> None:
    page = opened(signing, begin, show)
    source = pdf(folder / "1.pdf")
    page.take(source)
    wait_until(lambda: page.paper.pdf.box is not None, LONG)
    pdf(source, "Đã bị thay (mẫu)")
    sign(page, PERSON_PIN)
    item = page.model.items[0]
    assert item.error is not None and item.error.code == "pdf_not_as_shown"


def test_a_level_that_is_not_reached_is_said(
    signing: Office, begin: Sessions, show: Show, folder: Path
) -> None:
    page = opened(signing, begin, show)
    text = folder / "a.txt"
    text.write_text("mẫu")
    page.take(pdf(folder / "1.pdf"), text)
    page.form.level.set_value("B-T")
    sign(page, PERSON_PIN)
    for item in page.model.items:
        assert (item.state, item.level, item.short, item.tone) == ("done", "B-B", True, "warn")
    assert "cần chú ý" in page.result.text


def test_a_signature_without_its_picture_is_said(
    signing: Office, begin: Sessions, show: Show, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Nobody invents a picture for the certificate of a real authority
    monkeypatch.setattr(model_keys, "is_sample", lambda _: False)
    page = opened(signing, begin, show)
    page.take(pdf(folder / "1.pdf"))
    sign(page, PERSON_PIN)
    assert (page.model.items[0].unseen, page.model.items[0].tone) == (True, "warn")
    assert "không hiện trên trang" in page.paper.strip.text


def test_files_are_dropped_and_taken_off(
    signing: Office, begin: Sessions, show: Show, folder: Path
) -> None:
    paths = [pdf(folder / "1.pdf"), pdf(folder / "2.pdf")]
    page = opened(signing, begin, show)
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(p)) for p in paths])
    page.dropEvent(
        QDropEvent(
            QPoint(5, 5), Qt.DropAction.CopyAction, data, Qt.MouseButton.LeftButton,
            Qt.KeyboardModifier.NoModifier,
        )
    )  # fmt: skip
    page.take(*paths)
    assert [i.path for i in page.model.items] == paths
    wait_until(lambda: page.rows.total == 2)
    page.table.select(0)
    page.remove.trigger()
    wait_until(lambda: page.rows.total == 1)
    assert [i.path for i in page.model.items] == paths[1:] and all(p.exists() for p in paths)


def test_everybody_has_the_page() -> None:
    spec = next(p for p in PAGES if p.name == "signfiles")
    assert spec.suits(frozenset({"specialist"})) and spec.make is SignFilesPage


def test_without_a_token_it_is_said_and_looked_for_again(
    office: Office, begin: Sessions, show: Show, folder: Path
) -> None:
    page = opened(office, begin, show)
    page.take(pdf(folder / "1.pdf"))
    assert not page.sign.enabled and "Cắm thiết bị" in page.form.life.text
    page.form.look_again.click()
    wait_until(lambda: page.model.keys == (), LONG)


def test_nothing_is_cut_off_in_any_look(
    signing: Office, begin: Sessions, show: Show, folder: Path
) -> None:
    page = opened(signing, begin, show)
    assert walk(page, SIZE) == []
    (folder / "0.pdf").write_bytes(b"%PDF-1.7\nnothing")
    pdf(folder / "1.pdf")
    page.take(folder)
    wait_until(lambda: page.rows.total == 2)
    page.table.select(1)
    wait_until(lambda: page.page is not None and page.paper.pdf.sharp, LONG)
    assert walk(page, SIZE) == []
    sign(page, PERSON_PIN)
    assert page.result.isVisible()
    choose(page, Purpose.COMMENT)
    wait_until(lambda: page.page is not None and page.paper.pdf.sharp, LONG)
    assert walk(page, SIZE) == []


def test_a_folder_gives_its_files_or_says_that_it_cannot_be_read(folder: Path) -> None:
    first = pdf(folder / "1.pdf")
    (folder / ".an.pdf").write_bytes(b"")
    (folder / "con").mkdir()
    assert files_in(folder) == (first,)
    with pytest.raises(Unavailable) as said:
        files_in(folder / "da-rut-ra")
    assert said.value.code == "file.unreadable"
