"""A register in the decree's form: days, cancel, errors, the reader, saving and printing."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pypdfium2 as pdfium
import pytest
from PySide6.QtPrintSupport import QPrinter
from PySide6.QtWidgets import QWidget

from app.kernel.codec import to_json
from app.registers.model import EntryState, RegisterEntry
from app.store.model import Page as Pull
from app.store.model import Row
from app.store.replica import Replica
from tests.ui.conftest import wait_until
from tests.ui.documents.commune import AGENCY, BOOK, TODAY, Commune, sample
from tests.ui.documents.conftest import Sessions, commune, lanes, session
from tests.ui.typing import letters
from tests.ui.walk import walk
from ui.kit.pdfdialog import PdfDialog
from ui.registers.dialog_print import PrintDialog
from ui.registers.page_registers import RegistersPage

__all__ = ["commune", "lanes", "session"]
Shown = Callable[..., QWidget]


@pytest.fixture
def page(commune: Commune, lanes: Sessions, shown: Shown) -> Iterator[RegistersPage]:
    sample(commune)
    made = RegistersPage(lanes("clerk").branch())
    shown(made, 1150, 650)
    made.activate()
    wait_until(lambda: made.print.enabled)
    yield made
    for dialog in made.findChildren(PdfDialog):
        dialog.reject()


def asked(page: RegistersPage) -> PrintDialog:
    page.ask_print()
    dialog = page.findChild(PrintDialog)
    assert isinstance(dialog, PrintDialog)
    return dialog


def made(page: RegistersPage) -> PdfDialog:
    dialog = asked(page)
    dialog.make.click()
    wait_until(lambda: page.findChild(PdfDialog) is not None)
    found = page.findChild(PdfDialog)
    assert isinstance(found, PdfDialog)
    return found


def texts_of(pdf: bytes) -> list[str]:
    document = pdfium.PdfDocument(io.BytesIO(pdf))
    found = [" ".join(p.get_textpage().get_text_range().split()) for p in document]
    document.close()
    return found


def test_a_register_is_set_off_the_gui_thread_and_shown(
    page: RegistersPage, commune: Commune
) -> None:
    reader = made(page)
    cover, *sheets = texts_of(reader._pdf)
    assert "SỔ ĐĂNG KÝ VĂN BẢN ĐẾN" in cover
    assert "ỦY BAN NHÂN DÂN XÃ MƯỜNG PHĂNG" in cover
    assert "Từ số 1019 đến số 1023" in cover and "Quyển số 01" in cover
    assert f"đến ngày {TODAY:%d/%m/%Y}" in cover
    words = " ".join(sheets)
    for entity in ("meeting", "late", "plain", "virus", "express"):
        document = commune.document(commune.ids[entity])
        assert str(document.arrival_number) in words
    assert "Đơn đề nghị" not in words, "it has no number yet"
    assert b"pdfaid" in reader._pdf
    wait_until(lambda: reader.pane.view.page_count == 1 + len(sheets))


def test_days_without_a_number_are_said_and_kept(page: RegistersPage) -> None:
    dialog = asked(page)
    dialog.since.set_date(TODAY - timedelta(days=20))
    dialog.until.set_date(TODAY - timedelta(days=10))
    dialog.make.click()
    wait_until(lambda: "không có số nào" in dialog._error.text)
    assert dialog.isVisible() and dialog.make.isEnabled()
    assert dialog.until.date == TODAY - timedelta(days=10)
    dialog.until.set_date(TODAY - timedelta(days=30))
    dialog.make.click()
    assert "ngày đầu không sau ngày cuối" in dialog._error.text
    dialog.until.set_date(TODAY)
    dialog.volume.clear()
    letters(dialog.volume, "x")
    dialog.make.click()
    assert "quyển số từ 1" in dialog._error.text
    dialog.reject()


def test_a_stopped_print_shows_nothing_and_can_be_begun_again(page: RegistersPage) -> None:
    dialog = asked(page)
    dialog.make.click()
    dialog.progress.cancel_button.click()
    assert dialog.progress.isHidden() and dialog.make.isEnabled()
    wait_until(lambda: not page.session._root.runner.busy)
    assert page.findChild(PdfDialog) is None
    dialog.make.click()
    wait_until(lambda: page.findChild(PdfDialog) is not None)


def test_a_voided_number_keeps_its_line_with_the_reason(
    page: RegistersPage, commune: Commune
) -> None:
    void = RegisterEntry(
        f"{BOOK}:1024", BOOK, 1024, "", "", EntryState.VOIDED, "ghi nhầm hai lần (mẫu)",
        commune.clock.now(),
    )  # fmt: skip
    row = Row("register_entry", void.id, 2, (f"agency:{AGENCY}",), to_json(void))
    Replica(commune.desk.store).apply(Pull(rows=(row,), cursor=2))
    words = " ".join(texts_of(made(page)._pdf))
    assert "Từ số 1019 đến số 1024" in words
    assert "Số đã hủy: ghi nhầm hai lần (mẫu)" in words


def test_who_does_not_read_the_agencys_documents_is_not_offered_it(
    commune: Commune, session: Sessions, shown: Shown
) -> None:
    sample(commune)
    found = RegistersPage(session("anna"))
    shown(found, 1150, 650)
    found.activate()
    assert found.books.total and not found.print.enabled
    found.ask_print()
    assert found.findChild(PrintDialog) is None


def test_the_file_is_saved_whole_and_a_failure_is_said(page: RegistersPage, tmp_path: Path) -> None:
    reader = made(page)
    target = tmp_path / "so.pdf"
    reader.save(target)
    wait_until(lambda: reader.word.text == "Đã lưu: so.pdf")
    assert target.read_bytes() == reader._pdf
    assert [p.name for p in tmp_path.glob("so*")] == ["so.pdf"]
    reader.save(tmp_path / "nowhere" / "so.pdf")
    wait_until(lambda: "Đã lưu" not in reader.word.text and reader.word.text)


def test_every_page_goes_to_the_printer_lying(page: RegistersPage, tmp_path: Path) -> None:
    reader = made(page)
    target = tmp_path / "printed.pdf"

    def to_file() -> QPrinter:
        printer = QPrinter(QPrinter.PrinterMode.HighResolution)
        printer.setOutputFormat(QPrinter.OutputFormat.PdfFormat)
        printer.setOutputFileName(str(target))
        return printer

    reader.print_on(to_file)
    wait_until(lambda: reader.word.text == "Đã gửi tới máy in.")
    printed = pdfium.PdfDocument(target)
    assert len(printed) == len(texts_of(reader._pdf))
    assert all(p.get_width() > p.get_height() for p in printed)
    shades = bytes(printed[1].render(scale=0.5, grayscale=True).buffer)
    assert min(shades) < 128 < max(shades), "the page is not empty"
    printed.close()


@pytest.mark.logs("qt")
def test_a_printer_that_takes_nothing_is_said(page: RegistersPage, tmp_path: Path) -> None:
    reader = made(page)

    def broken() -> QPrinter:
        printer = QPrinter(QPrinter.PrinterMode.HighResolution)
        printer.setOutputFormat(QPrinter.OutputFormat.PdfFormat)
        printer.setOutputFileName(str(tmp_path / "nowhere" / "printed.pdf"))
        return printer

    reader.print_on(broken)
    wait_until(lambda: "Máy in không nhận" in reader.word.text)


def test_the_dialogs_are_whole_in_every_look(page: RegistersPage) -> None:
    dialog = asked(page)
    assert walk(dialog) == []
    dialog.make.click()
    wait_until(lambda: page.findChild(PdfDialog) is not None)
    reader = page.findChild(PdfDialog)
    assert isinstance(reader, PdfDialog)
    wait_until(lambda: reader.pane.view.page_count)
    assert walk(reader) == []
