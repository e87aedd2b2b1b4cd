"""The reader's view model: one document, its file, its verdict, its acts."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any, BinaryIO

from PySide6.QtCore import QObject, Signal

from app.desk import Desk
from app.documents import details
from app.documents.commands import MarkRead
from app.documents.model import KIND, Document, reading_id
from app.documents.rows import Detail
from app.files.model import FileRef
from app.kernel.actor import Actor
from app.kernel.changes import Changes
from app.kernel.clock import local_date
from app.kernel.codec import from_json
from app.kernel.errors import HoaBanError
from app.kernel.ports import FileReport
from ui.bridge.session import Session
from ui.documents import intake, verdicts
from ui.documents.acts import Offer, offers
from ui.documents.words import Step, steps


@dataclass(frozen=True, slots=True)
class Related:
    """Another document that this one answers, is answered by, or refers to."""

    id: str
    direction: str
    symbol: str
    subject: str


@dataclass(frozen=True, slots=True)
class Loaded:
    """All that the reader shows at once."""

    detail: Detail
    related: tuple[Related, ...] = ()


class ReaderModel(QObject):
    """Hold what the reader shows.

    `shown` when there is another document or state of it (`detail` None: nothing to show),
    `file_ready(object)` with a callable that opens the file, `file_missing` when it is not on
    this desk yet, `file_secret` when it bears a mark of secrecy and is kept back, `file_secret` when it bears a mark of secrecy and is kept back, `verified(object FileReport | None)`, `failed(object)`.
    """

    shown = Signal()
    file_ready = Signal(object)
    file_missing = Signal()
    file_secret = Signal()
    verified = Signal(object)
    failed = Signal(object)

    def __init__(self, session: Session, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._wanted = ""
        self._open_sha256 = ""
        self.loaded: Loaded | None = None
        self.report: FileReport | None = None
        self.file: FileRef | None = None
        session.changed.connect(self._changed)

    @property
    def detail(self) -> Detail | None:
        """Return the document shown, or None."""
        return self.loaded.detail if self.loaded is not None else None

    @property
    def document(self) -> Document | None:
        """Return the document itself, or None."""
        return self.detail.document if self.detail is not None else None

    @property
    def offers(self) -> tuple[Offer, ...]:
        """Return the acts that the document offers to the actor, the primary one first."""
        return offers(self.detail, self._session.actor) if self.detail is not None else ()

    @property
    def steps(self) -> tuple[Step, ...]:
        """Return the timeline and what is still owed."""
        if self.detail is None:
            return ()
        session = self._session
        today = local_date(session.desk.clock.now())
        return steps(session.texts, self.detail, session.actor.person, today)

    def show(self, document: str) -> None:
        """Load a document; "" empties the reader."""
        if document != self._wanted:
            self._open_sha256 = ""
        self._wanted = document
        if not document:
            self.loaded, self.report, self.file = None, None, None
            self.shown.emit()
            return
        self._load(document)

    def _load(self, document: str) -> None:
        ask = partial(_load, self._session.desk)
        self._session.query(
            ask,
            document,
            done=lambda loaded: self._take(document, loaded),
            failed=lambda error: self._fail(document, error),
        )

    def show_file(self, file: FileRef) -> None:
        """Show another file of the document, such as an attachment."""
        self._open_sha256 = ""
        self._open(file)

    def opened(self) -> None:
        """Take note that the file is on the screen: the document is read."""
        document = self.document
        if document is None or self.detail is None:
            return
        person = self._session.actor.person
        held = [i for i in document.items if i.is_open and i.opened_at is None]
        mine = any(i.person == person or i.id == self.detail.my_item for i in held)
        if mine or all(r.person != person for r in self.detail.readings):
            command = MarkRead(reading_id(document.id, person), document.id)
            self._session.act(command, failed=lambda _: None)

    def _take(self, document: str, loaded: Loaded) -> None:
        if document != self._wanted:
            return
        self.loaded = loaded
        self.shown.emit()
        file = loaded.detail.document.main_file
        if file is None:
            self.file, self.report = None, None
            self.verified.emit(None)
            self.opened()
        elif file.sha256 != self._open_sha256:
            self._open(file)

    def _open(self, file: FileRef) -> None:
        self.file, self.report = file, None
        self._open_sha256 = file.sha256
        self.verified.emit(None)
        desk = self._session.desk
        self._session.work(
            "query", lambda: intake.where(desk, file), lambda where: self._found(file, where)
        )

    def _found(self, file: FileRef, where: intake.Where) -> None:
        if file.sha256 != self._open_sha256:
            return
        if where is intake.Where.SECRET:
            self.file_secret.emit()
            return
        if where is intake.Where.MISSING:
            self._open_sha256 = ""
            self.file_missing.emit()
            return
        self.file_ready.emit(opener(self._session.desk, file.sha256))
        if file.media == intake.PDF:
            self._verify(file)

    def _verify(self, file: FileRef) -> None:
        desk = self._session.desk
        self._session.work(
            "check",
            lambda: verdicts.check(desk, file.sha256),
            lambda report: self._verdict(file, report),
            lambda _: None,
        )

    def _verdict(self, file: FileRef, report: FileReport) -> None:
        if file.sha256 == self._open_sha256:
            self.report = report
            self.verified.emit(report)

    def _fail(self, document: str, error: HoaBanError) -> None:
        if document == self._wanted:
            self.loaded = None
            self.failed.emit(error)

    def _changed(self, changes: Changes) -> None:
        if not self._wanted:
            return
        if (
            changes.touches(KIND, self._wanted)
            or changes.touches("event")
            or (not self._open_sha256 and changes.touches("file"))
        ):
            self._load(self._wanted)


def opener(desk: Desk, sha256: str) -> Callable[[], BinaryIO]:
    """Return a callable that opens a file of the vault, for the lane that draws it."""
    return lambda: desk.open_file(sha256)


def _load(desk: Desk, connection: Any, actor: Actor, document: str) -> Loaded:
    detail = details.detail(connection, actor, document)
    found = detail.document
    ids = dict.fromkeys(i for i in (found.reply_to, *found.replies, *found.related) if i)
    return Loaded(detail, tuple(_related(desk, i) for i in ids if desk.store.raw(KIND, i)))


def _related(desk: Desk, document: str) -> Related:
    other = from_json(Document, desk.store.raw(KIND, document) or {})
    p = other.particulars
    symbol = "/".join(part for part in (p.number, p.notation) if part)
    return Related(other.id, other.direction.value, symbol, p.subject)
