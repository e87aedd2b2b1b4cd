"""One outgoing document on the screen: its detail, its file, the verdict on its signatures."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import BinaryIO

from PySide6.QtCore import QObject, Signal

from app.desk import Desk
from app.documents import details
from app.documents.model import KIND, Document
from app.documents.rows import Detail
from app.files.model import FileRef
from app.kernel.changes import Changes
from app.kernel.errors import HoaBanError
from app.kernel.ports import FileReport
from ui.bridge.session import Session
from ui.documents import verdicts


class OutgoingReader(QObject):
    """Hold the document that a page shows.

    `shown` when detail or document changed, `file(object)` a callable that opens its file or
    None, `verified(object)` a `FileReport` or None, `failed(HoaBanError)`.
    """

    shown = Signal()
    file = Signal(object)
    verified = Signal(object)
    failed = Signal(object)

    def __init__(self, session: Session, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._wanted = ""
        self._file = ""
        self.detail: Detail | None = None
        session.changed.connect(self._changed)

    @property
    def document(self) -> Document | None:
        """Return the document shown."""
        return self.detail.document if self.detail is not None else None

    @property
    def wanted(self) -> str:
        """Return the id that was asked for last."""
        return self._wanted

    def show(self, document: str) -> None:
        """Show a document; "" shows none."""
        if document == self._wanted and self.detail is not None:
            return
        self._wanted, self._file, self.detail = document, "", None
        if document:
            self._load()
        else:
            self.shown.emit()

    def reload(self) -> None:
        """Ask again for what is shown."""
        if self._wanted:
            self._load()

    def _load(self) -> None:
        wanted = self._wanted
        self._session.query(
            details.detail,
            wanted,
            done=lambda found: self._take(wanted, found),
            failed=lambda error: self._fail(wanted, error),
        )

    def _take(self, wanted: str, found: Detail) -> None:
        if wanted != self._wanted:
            return
        self.detail = found
        self.shown.emit()
        main = found.document.main_file
        if main is None:
            self._file = ""
            self.file.emit(None)
        elif main.sha256 != self._file:
            self._open(main)

    def _open(self, file: FileRef) -> None:
        self._file = file.sha256
        self.verified.emit(None)
        desk = self._session.desk
        here = partial(desk.store.vault.here, file.sha256)
        self._session.work("query", here, lambda found: self._found(file, found))

    def _found(self, file: FileRef, here: bool) -> None:
        if file.sha256 != self._file:
            return
        if not here:
            self._file = ""
            self.file.emit(None)
            return
        desk = self._session.desk
        self.file.emit(opener(desk, file.sha256))
        document = self.document
        if document is not None and document.signatures:
            check = partial(verdicts.check, desk, file.sha256)
            self._session.work(
                "check", check, lambda report: self._verdict(file, report), self.failed.emit
            )

    def _verdict(self, file: FileRef, report: FileReport) -> None:
        if file.sha256 == self._file:
            self.verified.emit(report)

    def _fail(self, wanted: str, error: HoaBanError) -> None:
        if wanted == self._wanted:
            self.failed.emit(error)

    def _changed(self, changes: Changes) -> None:
        if self._wanted and (changes.touches(KIND, self._wanted) or changes.touches("file")):
            self._load()


def opener(desk: Desk, sha256: str) -> Callable[[], BinaryIO]:
    """Return what opens a file of the vault; nothing plain touches the disk."""
    return partial(desk.open_file, sha256)
