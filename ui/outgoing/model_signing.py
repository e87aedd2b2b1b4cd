"""The signing box: what waits for my signature, and the signing of it, one after the other.

A run goes through the chosen documents: number and date are reserved, the page that bears
them is shown, and only the bytes on the screen go to the key.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from PySide6.QtCore import QObject, Signal

from app.desk import Desk
from app.documents import queries
from app.documents.commands import Approve, Decline, ReleaseNumber
from app.documents.model import KIND, State
from app.documents.rows import DocumentRow, ListPage
from app.files.model import FileRef
from app.flows.sign_document import SignRequest, give_back, numbered, sign_document
from app.flows.signing import Appearance
from app.kernel.actor import Actor
from app.kernel.changes import Changes
from app.kernel.clock import local_date
from app.kernel.command import Command
from app.kernel.errors import Cancelled, HoaBanError
from app.kernel.ports import Box
from ui.bridge.runner import Cancellation
from ui.bridge.session import Session
from ui.outgoing import model_keys
from ui.outgoing.model_keys import Key, OncePrompts, ports_of
from ui.outgoing.model_preview import Preview, preview_of

READY = frozenset({State.SUBMITTED, State.APPROVED, State.NUMBERED})
_PIN_ENDS = ("pin_", "token_", "flow.not_your_key", "certificate_")


@dataclass
class SignItem:
    """One document that waits; `phase` is "", number, show, sign, done or failed."""

    row: DocumentRow
    phase: str = ""
    error: str = ""

    @property
    def ready(self) -> bool:
        """Tell whether it may be signed now."""
        return self.row.state in READY and self.row.has_file and self.phase != "done"


@dataclass
class Run:
    """What is being signed in one go."""

    queue: list[str]
    key: Key
    prompts: OncePrompts
    cancel: Cancellation = field(default_factory=Cancellation)
    total: int = 0
    done: int = 0
    waiting: int = 0
    current: str = ""
    shown: Preview | None = None


@dataclass(frozen=True, slots=True)
class Task:
    """One signature of a run: what was shown, by which key, at which place."""

    preview: Preview
    key: Key
    box: Box | None
    release_reason: str


Work = Callable[[Desk, Actor, Task, Run], Any]


def request_of(desk: Desk, actor: Actor, task: Task) -> SignRequest:
    """Return the flow's request; reads the picture of the signature."""
    certificate = task.key.certificate
    look = Appearance(
        image=model_keys.signature_image(desk, certificate),
        box=task.box,
        title=task.preview.document.particulars.signer_title,
    )
    document = task.preview.document.id
    names = model_keys.person_names(actor)
    return SignRequest(document, certificate, look, task.release_reason, names)


def sign(desk: Desk, actor: Actor, task: Task, run: Run) -> FileRef:
    """Sign the bytes that were shown."""
    ports = ports_of(desk, run.prompts, task.preview.sha256)
    return sign_document(ports, actor, request_of(desk, actor, task), run.cancel)


def release(desk: Desk, actor: Actor, task: Task, run: Run) -> None:
    """Give the number of a document back that was not signed."""
    give_back(ports_of(desk, run.prompts), actor, request_of(desk, actor, task))


class SigningModel(QObject):
    """Hold the box, the keys and the run.

    `listed` when rows or their states changed, `keyed` when the keys did, `previewed(Preview)`
    with what is to be shown, `blank(HoaBanError)` when there is nothing to show, `moved` as a
    run goes on, `ended(HoaBanError | None)` when it is over.
    """

    listed = Signal()
    keyed = Signal()
    previewed = Signal(object)
    blank = Signal(object)
    moved = Signal()
    ended = Signal(object)

    def __init__(self, session: Session, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._wanted = ""
        self._boxes: dict[str, Box] = {}
        self.items: list[SignItem] = []
        self.checked: set[str] = set()
        self.keys: tuple[Key, ...] | None = None
        self.shown: Preview | None = None
        self.run: Run | None = None
        session.changed.connect(self._changed)

    @property
    def key(self) -> Key | None:
        """Return the key that signs: the person's own that lives longest."""
        return self.keys[0] if self.keys else None

    def item(self, document: str) -> SignItem | None:
        """Return a row by its document."""
        return next((i for i in self.items if i.row.id == document), None)

    @property
    def chosen(self) -> tuple[str, ...]:
        """Return what a run would sign: the ticked ones, else the one that is shown."""
        ticked = tuple(i.row.id for i in self.items if i.row.id in self.checked and i.ready)
        if ticked:
            return ticked
        current = self.item(self._wanted)
        return (current.row.id,) if current is not None and current.ready else ()

    # --- loading --------------------------------------------------------------------------

    def load(self) -> None:
        """Ask for the box."""
        today = local_date(self._session.desk.clock.now())
        self._session.query(queries.signing_box, today, done=self._take)

    def load_keys(self) -> None:
        """Ask the tokens which keys are there; no PIN is needed."""
        desk, actor = self._session.desk, self._session.actor
        owners = model_keys.person_names(actor)
        self._session.work("token", partial(model_keys.keys_of, desk, owners), self._take_keys)

    def _take(self, page: ListPage) -> None:
        known = {i.row.id: i for i in self.items}
        items = []
        for row in page.rows:
            item = known.get(row.id) or SignItem(row)
            item.row = row
            items.append(item)
        gone = [
            i for i in self.items if i.phase == "done" and all(i.row.id != x.row.id for x in items)
        ]
        self.items = items + (gone if self.run is not None else [])
        self.checked &= {i.row.id for i in self.items if i.ready}
        self.listed.emit()

    def _take_keys(self, keys: tuple[Key, ...]) -> None:
        self.keys = keys
        self.keyed.emit()

    def _changed(self, changes: Changes) -> None:
        if changes.touches(KIND):
            self.load()
            if self.run is None and self._wanted and changes.touches(KIND, self._wanted):
                self.show(self._wanted)

    def check(self, document: str, on: bool) -> None:
        """Choose a document for the next run, or not."""
        item = self.item(document)
        if on and item is not None and item.ready:
            self.checked.add(document)
        else:
            self.checked.discard(document)
        self.listed.emit()

    # --- the page that is shown -----------------------------------------------------------

    def show(self, document: str) -> None:
        """Show the bytes that would be signed."""
        self._wanted = document
        if not document:
            self.shown = None
            self.blank.emit(None)
            return
        self._session.work(
            "query",
            partial(preview_of, self._session.desk, document),
            lambda found: self._show(document, found),
            lambda error: self._fail_show(document, error),
        )

    def _show(self, document: str, found: Preview) -> None:
        if document == self._wanted:
            self.shown = found
            self.previewed.emit(found)

    def _fail_show(self, document: str, error: HoaBanError) -> None:
        if document == self._wanted:
            self.shown = None
            self.blank.emit(error)

    def box_for(self, preview: Preview) -> Box | None:
        """Return where the person moved the box to, or where the words put it."""
        return self._boxes.get(preview.document.id) or preview.box

    def move_box(self, box: Box) -> None:
        """Remember where the person moved the box to."""
        if self.shown is not None:
            self._boxes[self.shown.document.id] = box

    # --- words ----------------------------------------------------------------------------

    def approve(self, document: str) -> None:
        """Approve; it is signed later."""
        self._session.act(Approve(document), undo_text="outpages.undo.approved")

    def decline(self, document: str, reason: str) -> None:
        """Return to the drafter with a reason; a reserved number is released first."""
        item = self.item(document)
        commands: list[Command] = []
        if item is not None and item.row.state in (State.NUMBERED, State.AWAITING_NUMBER):
            commands.append(ReleaseNumber(document, reason))
        commands.append(Decline(document, reason))
        undo = "outpages.undo.declined" if len(commands) == 1 else ""
        self._session.act(*commands, undo_text=undo)

    # --- signing --------------------------------------------------------------------------

    def start(self, documents: Sequence[str]) -> None:
        """Begin a run over documents."""
        key = self.key
        if self.run is not None or key is None or not documents:
            return
        prompts = OncePrompts(self._session.prompts)
        self.run = Run(list(documents), key, prompts, total=len(documents))
        for document in documents:
            self._mark(document, "")
        self._next()

    def stop(self) -> None:
        """Stop after what is under way; a number that was not used is given back."""
        if self.run is not None:
            self.run.queue.clear()
            self.run.cancel.cancel()

    def _next(self) -> None:
        run = self.run
        if run is None:
            return
        if not run.queue:
            self._finish(None)
            return
        document = run.current = run.queue.pop(0)
        self._mark(document, "number")
        desk, actor = self._session.desk, self._session.actor
        ports = ports_of(desk, run.prompts)

        def reserve() -> Preview:
            numbered(ports, actor, document)
            return preview_of(desk, document)

        self._session.work("store", reserve, self._numbered, self._not_numbered)

    def _numbered(self, found: Preview) -> None:
        run = self.run
        if run is None:
            return
        run.shown = found
        self._wanted, self.shown = found.document.id, found
        self._mark(found.document.id, "show")
        self.previewed.emit(found)

    def page_shown(self) -> None:
        """Go on: the numbered page is on the screen."""
        run = self.run
        if run is None or run.shown is None:
            return
        preview, run.shown = run.shown, None
        if run.cancel.asked:
            self._give_back(preview)
            return
        self._mark(preview.document.id, "sign")
        self._session.work("token", self._job(sign, run, preview), self._signed, self._not_signed)

    def _job(self, work: Work, run: Run, preview: Preview) -> Callable[[], Any]:
        """Bind what a worker needs; it holds no QObject."""
        reason = self._session.texts("outpages.released_reason")
        task = Task(preview, run.key, self.box_for(preview), reason)
        return partial(work, self._session.desk, self._session.actor, task, run)

    def _give_back(self, preview: Preview) -> None:
        run = self.run
        if run is None:
            return
        job = self._job(release, run, preview)
        self._session.work("store", job, lambda _: self._not_signed(Cancelled()), self._not_signed)

    def _signed(self, _: FileRef) -> None:
        run = self.run
        if run is None:
            return
        run.done += 1
        self._boxes.pop(run.current, None)
        self.checked.discard(run.current)
        self._mark(run.current, "done")
        self._next()

    def _not_numbered(self, error: HoaBanError) -> None:
        run = self.run
        if run is None:
            return
        waiting = error.code == "document.number_waiting"
        run.waiting += waiting
        self._mark(run.current, "" if waiting else "failed", self._session.explain(error))
        if run.queue:
            self._next()
        else:
            self._finish(error)

    def _not_signed(self, error: HoaBanError) -> None:
        run = self.run
        if run is None:
            return
        run.prompts.forget()
        stopped = isinstance(error, Cancelled)
        self._mark(
            run.current,
            "" if stopped else "failed",
            "" if stopped else self._session.explain(error),
        )
        if stopped or error.code.startswith(_PIN_ENDS) or not run.queue:
            self._finish(error)
        else:
            self._next()

    def _finish(self, error: HoaBanError | None) -> None:
        run, self.run = self.run, None
        if run is not None:
            run.prompts.forget()
        self.moved.emit()
        self.ended.emit(error)
        self.load()
        self.load_keys()

    def _mark(self, document: str, phase: str, error: str = "") -> None:
        item = self.item(document)
        if item is not None:
            item.phase, item.error = phase, error
        self.listed.emit()
        self.moved.emit()
