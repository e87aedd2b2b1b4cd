"""The document to sign on, the key that signs, and how far the signing is."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject, Signal

from app.documents.model import KIND, CopyForm
from app.files.model import FileRef
from app.kernel.changes import Changes
from app.kernel.errors import HoaBanError
from app.kernel.ports import Box, Purpose
from ui.bridge.runner import Cancellation
from ui.bridge.session import Session
from ui.marking import work
from ui.marking.work import Ask, Seen
from ui.outgoing.model_keys import AskedPin, Key


class MarkModel(QObject):
    """Hold what is asked, seen and signed.

    `keyed` when the keys were found, `formed` when the forms of a copy are known, `seen` when
    the page changed, `blind(HoaBanError)` where a rule or a missing file stands against it,
    `moved` around signing, `ended(HoaBanError | None)` after it.
    """

    keyed = Signal()
    formed = Signal()
    seen = Signal()
    blind = Signal(object)
    moved = Signal()
    ended = Signal(object)

    def __init__(self, session: Session, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._cancel: Cancellation | None = None
        self.ask: Ask | None = None
        self.page: Seen | None = None
        self.forms: tuple[CopyForm, ...] = ()
        self.keys: tuple[Key, ...] | None = None
        self.made: FileRef | None = None
        session.changed.connect(self._changed)

    @property
    def key(self) -> Key | None:
        """Return the key that lives longest."""
        return self.keys[0] if self.keys else None

    @property
    def running(self) -> bool:
        """Tell whether the key is at work."""
        return self._cancel is not None

    # --- what is asked --------------------------------------------------------------------

    def open(self, purpose: Purpose, document: str) -> None:
        """Begin to sign on a document for a purpose."""
        self.ask, self.page, self.made = Ask(purpose, document), None, None
        self.forms = ()
        self.load_keys()
        if purpose is not Purpose.COPY:
            self._see()
            return
        ask, desk, actor = self.ask, self._session.desk, self._session.actor
        job = partial(work.forms_of, desk, actor, document)
        self._session.work("query", job, partial(self._take_forms, ask), partial(self._stop, ask))

    def choose_form(self, form: CopyForm) -> None:
        """Copy in another form."""
        if self.ask is not None and not self.running:
            self.ask, self.page = replace(self.ask, form=form), None
            self._see()

    def take_extract(self, path: Path) -> None:
        """Take the page of an extract from the disk."""
        ask = self.ask
        if ask is None or self.running:
            return
        job = partial(work.take_extract, self._session.desk, path)
        self._session.work("store", job, partial(self._extracted, ask), partial(self._stop, ask))

    def _extracted(self, ask: Ask, file: FileRef) -> None:
        if ask is self.ask:
            self.ask = replace(ask, extract=file)
            self._see()

    def _take_forms(self, ask: Ask, forms: tuple[CopyForm, ...]) -> None:
        if ask is not self.ask:
            return
        self.forms = forms
        self.formed.emit()
        if forms:
            self.choose_form(forms[0])

    def load_keys(self) -> None:
        """Ask the tokens which keys may sign for the purpose; no PIN is needed."""
        if self.ask is None:
            return
        purpose = self.ask.purpose
        self.keys = None
        self.keyed.emit()
        job = partial(work.keys_of, self._session.desk, self._session.actor, purpose)
        self._session.work("token", job, partial(self._take_keys, purpose))

    def _take_keys(self, purpose: Purpose, keys: tuple[Key, ...]) -> None:
        if self.ask is not None and purpose is self.ask.purpose:
            self.keys = keys
            self.keyed.emit()

    # --- what is seen ---------------------------------------------------------------------

    def _see(self) -> None:
        ask = self.ask
        if ask is None:
            return
        job = partial(work.see, self._session.desk, self._session.actor, ask)
        self._session.work("query", job, partial(self._take, ask), partial(self._stop, ask))

    def _take(self, ask: Ask, found: Seen) -> None:
        if ask is self.ask and self.made is None and not self.running:
            self.page = found
            self.seen.emit()

    def _stop(self, ask: Ask, error: HoaBanError) -> None:
        if ask is self.ask and self.made is None and not self.running:
            self.page = None
            self.blind.emit(error)

    def _changed(self, changes: Changes) -> None:
        ask, idle = self.ask, self.made is None and not self.running
        if ask is not None and idle and changes.touches(KIND, ask.document):
            self._see()

    # --- signing --------------------------------------------------------------------------

    def start(self, text: str, box: Box | None) -> None:
        """Sign what is shown."""
        page, key = self.page, self.key
        if page is None or key is None or self.running or not page.data:
            return
        cancel = self._cancel = Cancellation()
        prompts = AskedPin(self._session.prompts)
        desk, actor = self._session.desk, self._session.actor
        job = partial(work.sign, desk, actor, page, work.With(key, text, box), prompts, cancel)
        self.moved.emit()
        self._session.work("token", job, self._signed, self._failed)

    def stop(self) -> None:
        """Ask a signature under way to stop."""
        if self._cancel is not None:
            self._cancel.cancel()

    def _signed(self, file: FileRef) -> None:
        self._cancel, self.made = None, file
        self.moved.emit()
        self.ended.emit(None)

    def _failed(self, error: HoaBanError) -> None:
        self._cancel = None
        self.moved.emit()
        self.ended.emit(error)
        self._see()
        self.load_keys()
