"""Signing what waits in the box: one document as it is shown, or many with one PIN.

One document gets its number and date, the page that bears them is shown, and only the bytes on
the screen go to the key. Of many, each can be looked at before; all get their numbers, then one
key signs them in one go, and what was looked at is compared with what goes to the key.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

from PySide6.QtCore import QObject, QTimer, Signal

from app.files.model import FileRef
from app.flows.sign_document import numbered
from app.kernel.batch import PieceState
from app.kernel.errors import Cancelled, DeviceProblem, HoaBanError
from ui.bridge.session import Session
from ui.outgoing import model_keys, model_run
from ui.outgoing.model_box import BoxModel
from ui.outgoing.model_keys import AskedPin, Key, ports_of
from ui.outgoing.model_preview import Preview, preview_of
from ui.outgoing.model_run import Run, Wanted

_LOOK_MS = 100
_NUMBER_WAITS = "document.number_waiting"


class SigningModel(BoxModel):
    """Hold the box and the run.

    `moved` as a run goes on, `asking(Run)` before the PIN of many is asked, `ended(Run | None,
    HoaBanError | None)` when a run is over or could not begin.
    """

    moved = Signal()
    asking = Signal(object)
    ended = Signal(object, object)

    def __init__(self, session: Session, parent: QObject | None = None) -> None:
        super().__init__(session, parent)
        self._look = QTimer(self)
        self._look.setInterval(_LOOK_MS)
        self._look.timeout.connect(self._hear)

    def start(self, documents: Sequence[str]) -> None:
        """Begin a run over documents."""
        key = self.key
        if self.run is not None or key is None or not documents:
            return
        items = {i.row.id: i for i in self.items}
        wanted = [Wanted(d, self.boxes.get(d), items[d].seen) for d in documents if d in items]
        reason = self.session.texts("outpages.released_reason")
        run = Run(wanted, key, AskedPin(self.session.prompts), reason, total=len(wanted))
        self.run = run
        for one in wanted:
            self._set(one.document, "number")
        if run.many:
            self._look.start()
            job = partial(model_run.number_all, self.session.desk, self.session.actor, run)
            self.session.work("store", job, self._all_numbered, self._over)
        else:
            self._number(wanted[0].document)
        self._tell()

    def stop(self) -> None:
        """Stop after what is under way; numbers that were not used are given back."""
        if self.run is not None:
            self.run.stop()

    def pause(self, on: bool) -> None:
        """Sign nothing more for a while, or go on."""
        if self.run is not None:
            (self.run.control.pause if on else self.run.control.go_on)()
            self._tell()

    def go_on(self) -> None:
        """Sign what an earlier run left, if its key is there; the PIN is asked again."""
        desk, owners = self.session.desk, model_keys.person_names(self.session.actor)

        def found(keys: tuple[Key, ...]) -> None:
            self._take_keys(keys)
            if keys:
                self.start(self.left)
            else:
                self.ended.emit(None, DeviceProblem("token_gone", "token_gone"))

        self.session.work("token", partial(model_keys.keys_of, desk, owners), found)

    def give_left_back(self) -> None:
        """Give the numbers back of what an earlier run left."""
        reason = self.session.texts("outpages.released_reason")
        prompts = AskedPin(self.session.prompts)
        desk, actor = self.session.desk, self.session.actor
        job = partial(model_run.release, desk, actor, prompts, self.left, reason)
        self.session.work("store", job, lambda _: self.load())

    # --- one document, as it is shown -----------------------------------------------------

    def _number(self, document: str) -> None:
        run = self._running()
        desk, actor = self.session.desk, self.session.actor
        ports = ports_of(desk, run.prompts)

        def reserve() -> Preview:
            numbered(ports, actor, document)
            return preview_of(desk, actor, document)

        self.session.work("store", reserve, self._numbered, self._over)

    def _numbered(self, found: Preview) -> None:
        self._running().shown = found
        self.wanted, self.shown = found.document.id, found
        self._set(found.document.id, "show")
        self._tell()
        self.previewed.emit(found)

    def page_shown(self) -> None:
        """Go on: the numbered page is on the screen."""
        run = self.run
        if run is None or run.shown is None:
            return
        preview, run.shown = run.shown, None
        desk, actor = self.session.desk, self.session.actor
        document = preview.document.id
        job: Callable[[], Any]
        if run.cancel.asked:
            job = partial(model_run.release, desk, actor, run.prompts, [document], run.reason)
            self.session.work("store", job, lambda _: self._over(Cancelled()), self._over)
            return
        self._set(document, "sign")
        self._tell()
        job = partial(model_run.sign_shown, desk, actor, run, preview, self.box_for(preview))
        self.session.work("token", job, self._signed, self._over)

    def _signed(self, _: FileRef) -> None:
        self._done(self._running().wanted[0].document)
        self._finish(None)

    # --- many documents, one key ----------------------------------------------------------

    def _all_numbered(self, refused: Mapping[str, HoaBanError]) -> None:
        run = self._running()
        for document, error in refused.items():
            self._refuse(run, document, error)
        run.wanted = [w for w in run.wanted if w.document not in refused]
        for one in run.wanted:
            self._set(one.document, "wait")
        if not run.wanted:
            self._finish(next(iter(refused.values())))
            return
        run.signing = True
        self.asking.emit(run)
        self._tell()
        job = partial(model_run.sign_all, self.session.desk, self.session.actor, run)
        self.session.work("token", job, lambda _: self._over(run.control.halted), self._over)

    def _refuse(self, run: Run, document: str, error: HoaBanError) -> None:
        waits = error.code == _NUMBER_WAITS
        run.waiting += waits
        run.refused += not waits
        self._set(document, "" if waits else "failed", self.session.explain(error))

    def _hear(self) -> None:
        """Take in what became of documents since the last look."""
        run = self.run
        if run is None:
            return
        for outcome in run.control.outcomes(run.heard):
            run.heard += 1
            if outcome.state is PieceState.DONE:
                self._done(outcome.id)
            elif outcome.error is not None:
                error = outcome.error
                self._set(outcome.id, "failed", self.session.explain(error))
                self._look_again(outcome.id, error)
        self._tell()

    def _look_again(self, document: str, error: HoaBanError) -> None:
        item = self.item(document)
        if item is not None and error.code == "pdf_not_as_shown":
            item.seen = ""

    # --- the end --------------------------------------------------------------------------

    def _over(self, error: HoaBanError | None) -> None:
        """End the run; what is neither signed nor failed waits."""
        run = self._running()
        self._hear()
        told = error is not None and not run.many and not isinstance(error, Cancelled)
        if error is not None and told:
            self._refuse(run, run.wanted[0].document, error)
        for one in run.wanted:
            item = self.item(one.document)
            if item is not None and item.phase not in ("done", "failed"):
                item.phase = ""
        self._finish(error)

    def _finish(self, error: HoaBanError | None) -> None:
        self._look.stop()
        run, self.run = self.run, None
        self._tell()
        self.ended.emit(run, error)
        self.load()
        self.load_keys()

    def _running(self) -> Run:
        if self.run is None:
            raise RuntimeError("no run is going on")
        return self.run

    def _done(self, document: str) -> None:
        self.boxes.pop(document, None)
        self.checked.discard(document)
        self._set(document, "done")

    def _set(self, document: str, phase: str, error: str = "") -> None:
        item = self.item(document)
        if item is not None:
            item.phase, item.error = phase, error

    def _tell(self) -> None:
        self.listed.emit()
        self.moved.emit()
