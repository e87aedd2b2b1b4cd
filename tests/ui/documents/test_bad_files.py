"""Files that are no good, let fall on the real page or chosen in the real dialog."""

from __future__ import annotations

import json
import resource
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QTimer, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QFileDialog, QLineEdit, QWidget

from app.forms.compose import compose
from tests.ui.conftest import wait_until
from tests.ui.documents.commune import LETTER, Commune
from tests.ui.documents.conftest import Sessions
from tests.ui.outgoing.conftest import Sessions as OfficeSessions
from tests.ui.outgoing.conftest import begin, office
from tests.ui.outgoing.office import Office
from tests.ui.pdfs import locked
from ui.documents.page_register import RegisterPage
from ui.outgoing.page_drafts import DraftsPage

__all__ = ["begin", "office"]
Shown = Callable[..., QWidget]
HUGE = 500 << 20
TYPED = "Trích yếu đang gõ dở (mẫu)"


def marked(mark: str) -> Callable[[Path], object]:
    letter = replace(LETTER, paragraphs=("Mở đầu.", mark))
    return lambda path: path.write_bytes(compose(letter))


def huge(path: Path) -> None:
    with path.open("wb") as stream:
        stream.write(b"%PDF-1.7\n")
        stream.truncate(HUGE)


FILES: dict[str, tuple[Callable[[Path], object], str]] = {
    "damaged": (lambda path: path.write_bytes(compose(LETTER)[:400]), "hỏng"),
    "encrypted": (lambda path: path.write_bytes(locked()), "mật khẩu"),
    "empty": (lambda path: path.write_bytes(b""), "rỗng"),
    "no pdf": (lambda path: path.write_bytes(b"PK\x03\x04 bang tinh (mau)"), "không phải"),
    "500 MB": (huge, "300 MB"),
    "MẬT": (marked("MẬT"), "độ mật"),
    "TỐI MẬT": (marked("TỐI MẬT"), "độ mật"),
    "TUYỆT MẬT": (marked("TUYỆT MẬT"), "độ mật"),
}


def let_fall(page: QWidget, path: Path) -> None:
    """Drag a file over the page and let it fall, as a file manager would."""
    mime = QMimeData()
    mime.setUrls([QUrl.fromLocalFile(str(path))])
    how = (mime, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier)
    enter = QDragEnterEvent(QPoint(50, 50), Qt.DropAction.CopyAction, *how)
    QApplication.sendEvent(page, enter)
    assert enter.isAccepted()
    QApplication.sendEvent(page, QDropEvent(QPointF(50, 50), Qt.DropAction.CopyAction, *how))


def choose(dialog: QFileDialog, path: Path) -> None:
    """Type the path into the dialog and press Enter."""
    field = dialog.findChild(QLineEdit)
    assert field is not None
    field.setText(str(path))
    QTest.keyClick(field, Qt.Key.Key_Return)


def memory() -> int:
    """Return the most memory that this process has had, in KiB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


@pytest.fixture
def page(commune: Commune, lanes: Sessions, shown: Shown) -> Iterator[RegisterPage]:
    made = RegisterPage(lanes("clerk").branch())
    shown(made, 1150, 650)
    made.activate()
    made.begin()
    wait_until(lambda: made.model.entry is not None)
    made.form.fields["subject"].editor.setPlainText(TYPED)
    yield made
    made.session.close()
    made.close_page()
    made.deleteLater()


@pytest.mark.parametrize("way", ["drop", "dialog"])
@pytest.mark.parametrize("kind", FILES)
def test_a_bad_file_leaves_what_is_typed_and_nothing_else(
    page: RegisterPage, commune: Commune, tmp_path: Path, kind: str, way: str
) -> None:
    make, word = FILES[kind]
    path = tmp_path / "quét.pdf"
    make(path)
    before = memory()
    if way == "drop":
        let_fall(page, path)
    else:
        page.choose_file()
        (dialog,) = page.findChildren(QFileDialog)
        choose(dialog, path)
    wait_until(lambda: page._error.text)
    assert word in page._error.text.lower().replace("mb", "MB"), page._error.text
    assert memory() - before < 100 * 1024
    assert len(page.model.queue) == 1 and page.model.entry.file is None
    assert page.form.values()["subject"] == TYPED
    vault = commune.desk.store.vault
    assert vault.to_upload() == []
    assert not [p for p in vault._folder.rglob("*") if p.is_file()]


@pytest.mark.parametrize("kind", FILES)
def test_a_draft_takes_no_bad_file_and_keeps_its_words(
    office: Office, begin: OfficeSessions, shown: Shown, tmp_path: Path, kind: str
) -> None:
    make, word = FILES[kind]
    path = tmp_path / "dự thảo.pdf"
    make(path)
    page = DraftsPage(begin(office, "anna"))
    shown(page, 1150, 650)
    page.activate()
    wait_until(lambda: page.model.around is not None and page.model.id)
    page.form.areas["subject"].insertPlainText(TYPED)

    def answer() -> None:
        dialog = QApplication.activeModalWidget()
        if isinstance(dialog, QFileDialog):
            choose(dialog, path)
        else:
            QTimer.singleShot(20, answer)

    QTimer.singleShot(20, answer)
    page.form.file_asked.emit()
    wait_until(lambda: page.result.text)
    assert word in page.result.text.lower().replace("mb", "MB"), page.result.text
    assert page.model.values.file == ""
    assert page.form.areas["subject"].value == TYPED
    assert office.desk.store.vault.to_upload() == []
    page.close_page()
    page.deleteLater()


def bound(commune: Commune, pages: int) -> None:
    """Let the database grow to so many pages and no further."""
    raw = commune.desk.store._writer.raw_connection()
    raw.execute(f"PRAGMA max_page_count = {pages}")  # type: ignore[attr-defined]
    raw.close()


def test_a_full_disk_keeps_what_is_typed_until_there_is_room(
    page: RegisterPage, commune: Commune
) -> None:
    store = commune.desk.store
    with store.writing() as connection:
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar_one()
    bound(commune, pages)
    long = f"{TYPED} {'báo cáo ' * 4000}".strip()
    page.form.fields["subject"].editor.setPlainText(long)
    page.keep()
    wait_until(lambda: "đĩa" in page._error.text.lower())
    assert page.form.values()["subject"] == long
    bound(commune, 1 << 30)
    page.keep()
    entity = page.model.entry.id
    wait_until(lambda: json.dumps(long) in (store.meta(f"pages.register.draft:{entity}") or ""))
