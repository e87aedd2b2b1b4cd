"""Look at every file that has arrived: its signatures, marks of secrecy, its words for search.

One step looks at one file and keeps what it found in one transaction, so that it can be called
again and again on a lane, stopped between files, and goes on after a crash where it was.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import timedelta
from typing import Any, BinaryIO, Protocol

from sqlalchemy import Connection

from app.documents.model import KIND, Document
from app.documents.projection import set_text
from app.documents.secrecy import secrecy_mark
from app.files import checks
from app.files.pdf import PdfText, read_text
from app.kernel.changes import Broadcast, Changes
from app.kernel.clock import Clock
from app.kernel.errors import Damaged, RuleViolation, Unavailable
from app.kernel.ports import CancelToken, FileReport, Verifier

# A file that stays "unknown" with a line, for want of a root, is judged again once a day
_AGAIN = timedelta(days=1)
_NO_TEXT = PdfText(0, ())
Work = Callable[[str, CancelToken | None], Any]


class Files(Protocol):
    """The encrypted files of the profile."""

    def open(self, sha256: str) -> Any:
        """Return a seekable reader."""


class Store(Protocol):
    """The desk's store as this worker sees it."""

    changes: Broadcast
    clock: Clock

    @property
    def vault(self) -> Files:
        """Return the files."""

    def reader(self) -> AbstractContextManager[Connection]:
        """Yield a connection that reads."""

    def writing(self) -> AbstractContextManager[Connection]:
        """Yield the connection that writes."""

    def get(self, kind: str, entity: str) -> Any:
        """Return an entity or None."""


class ArrivalWorker:
    """Check the files of documents that lie in the vault and index their words, step by step.

    `on_line` tells whether revocation may be asked about now; what was judged "unknown"
    without a line is judged again with one.
    """

    def __init__(self, store: Store, verifier: Verifier, on_line: Callable[[], bool]) -> None:
        self._store = store
        self._verifier = verifier
        self._on_line = on_line
        self._files: deque[str] = deque()
        self._documents: deque[str] = deque()
        self._passed: set[str] = set()
        self._read: dict[str, PdfText] = {}

    def step(self, cancel: CancelToken | None = None) -> bool:
        """Look at one file or index one document; False when nothing is left for now.

        Raises `Cancelled`; then nothing was kept of the work at hand.
        """
        if not self._files and not self._documents:
            self._look_around()
        if self._documents:
            self._guarded(self.index, self._documents.popleft(), cancel)
        elif self._files:
            self._guarded(self.check, self._files.popleft(), cancel)
        else:
            return False
        return True

    def check(self, sha256: str, cancel: CancelToken | None = None) -> FileReport:
        """Look at a file now, keep what was found and tell of it.

        Raises `Unavailable("vault.missing")` while it is not here, `Damaged("vault.damaged")`.
        """
        offline = not self._on_line()
        with self._store.vault.open(sha256) as stream:
            report = self._verifier.verify(stream, offline=offline)
            _go_on(cancel)
            read = _text_of(stream)
        _go_on(cancel)
        secret = any(secrecy_mark(text) for text in read.texts)
        with self._store.writing() as connection:
            now = self._store.clock.now()
            checks.keep(connection, sha256, report, now, secret=secret, offline=offline)
            documents = checks.holders(connection, sha256, KIND)
        # Most documents have one file: its words are at hand when its document comes next.
        self._read = {sha256: read}
        self._documents.extend(documents)
        told = {(KIND, document) for document in documents} | {(checks.KIND, sha256)}
        self._store.changes(Changes.of(told))
        return report

    def index(self, document_id: str, cancel: CancelToken | None = None) -> None:
        """Put the words of a document's checked files into search; none of one kept back."""
        document: Document | None = self._store.get(KIND, document_id)
        with self._store.reader() as connection:
            readable = checks.readable(connection, KIND, document_id)
        texts = []
        for file in document.files if document is not None else ():
            if file.sha256 in readable:
                texts.append(self._text(file.sha256).whole)
            _go_on(cancel)
        with self._store.writing() as connection:
            set_text(connection, document_id, "\n".join(texts))
            checks.mark_indexed(connection, KIND, document_id)

    def _guarded(self, work: Work, subject: str, cancel: CancelToken | None) -> None:
        """Do a piece of work; what cannot be read in this session must not stop the others."""
        try:
            work(subject, cancel)
        except (Damaged, Unavailable):
            self._passed.add(subject)

    def _look_around(self) -> None:
        """Find what was never looked at or indexed, then what a line may settle."""
        with self._store.writing() as connection:
            checks.forget_orphans(connection)
        with self._store.reader() as connection:
            documents = checks.unindexed(connection, KIND)
            files = checks.unchecked(connection, KIND)
            if not files and self._on_line():
                files = checks.unsettled(connection, self._store.clock.now() - _AGAIN)
        self._documents.extend(d for d in documents if d not in self._passed)
        self._files.extend(f for f in files if f not in self._passed)

    def _text(self, sha256: str) -> PdfText:
        if sha256 not in self._read:
            with self._store.vault.open(sha256) as stream:
                return _text_of(stream)
        return self._read[sha256]


def _text_of(stream: BinaryIO) -> PdfText:
    """Return the words of a file; a scan, a damaged or foreign file has none."""
    try:
        return read_text(stream)
    except (RuleViolation, Damaged):
        return _NO_TEXT


def _go_on(cancel: CancelToken | None) -> None:
    if cancel is not None:
        cancel.raise_if_cancelled()
