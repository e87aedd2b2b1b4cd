"""The signing box: what waits for my signature, the page of one of them, and the words on it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

from PySide6.QtCore import QObject, Signal

from app.documents import queries
from app.documents.commands import Approve, Decline, ReleaseNumber
from app.documents.model import KIND, State
from app.documents.rows import DocumentRow, ListPage
from app.flows.places import KeptPlace, keep_place
from app.kernel.changes import Changes
from app.kernel.clock import local_date
from app.kernel.command import Command
from app.kernel.errors import HoaBanError
from app.kernel.ports import Box, Purpose
from ui.bridge.session import Session
from ui.outgoing import model_keys
from ui.outgoing.model_keys import Key
from ui.outgoing.model_preview import Preview, preview_of
from ui.outgoing.model_run import Run

READY = frozenset({State.SUBMITTED, State.APPROVED, State.NUMBERED})


@dataclass
class SignItem:
    """One document that waits.

    `phase` is "", number, show, wait, sign, done or failed; `seen` tells what of it the person
    looked at (`Preview.content`).
    """

    row: DocumentRow
    phase: str = ""
    error: str = ""
    seen: str = ""

    @property
    def ready(self) -> bool:
        """Tell whether it may be signed now."""
        return self.row.state in READY and self.row.has_file and self.phase != "done"


class BoxModel(QObject):
    """Hold the box and the keys.

    `listed` when rows or their states changed, `keyed` when the keys did, `previewed(Preview)`
    with what is to be shown, `blank(HoaBanError)` when there is nothing to show.
    """

    listed = Signal()
    keyed = Signal()
    previewed = Signal(object)
    blank = Signal(object)

    def __init__(self, session: Session, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.session = session
        self.wanted = ""
        self.boxes: dict[str, Box] = {}
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
        current = self.item(self.wanted)
        return (current.row.id,) if current is not None and current.ready else ()

    # --- loading --------------------------------------------------------------------------

    def load(self) -> None:
        """Ask for the box."""
        today = local_date(self.session.desk.clock.now())
        self.session.query(queries.signing_box, today, done=self._take)

    def load_keys(self) -> None:
        """Ask the tokens which keys are there; no PIN is needed."""
        desk, actor = self.session.desk, self.session.actor
        owners = model_keys.person_names(actor)
        self.session.work("token", partial(model_keys.keys_of, desk, owners), self._take_keys)

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
        # Every signature of a long run would have the whole box read anew
        if changes.touches(KIND) and not (self.run is not None and self.run.many):
            self.load()
            if self.run is None and self.wanted and changes.touches(KIND, self.wanted):
                self.show(self.wanted)

    @property
    def left(self) -> tuple[str, ...]:
        """Return what has its number and was not signed: a run ended before it came to them."""
        if self.run is not None:
            return ()
        return tuple(
            i.row.id
            for i in self.items
            if i.ready and i.row.state is State.NUMBERED and i.phase != "failed"
        )

    def check_all(self) -> None:
        """Choose everything that may be signed, or nothing if all of it is chosen."""
        ready = {i.row.id for i in self.items if i.ready}
        self.checked = set() if ready == self.checked else ready
        self.listed.emit()

    def looked(self, found: Preview) -> None:
        """Take note that the person has a document's page before him."""
        item = self.item(found.document.id)
        if item is not None and item.seen != found.content:
            item.seen = found.content
            self.listed.emit()

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
        self.wanted = document
        if not document:
            self.shown = None
            self.blank.emit(None)
            return
        self.session.work(
            "query",
            partial(preview_of, self.session.desk, self.session.actor, document),
            lambda found: self._show(document, found),
            lambda error: self._fail_show(document, error),
        )

    def _show(self, document: str, found: Preview) -> None:
        if document == self.wanted:
            self.shown = found
            self.previewed.emit(found)

    def _fail_show(self, document: str, error: HoaBanError) -> None:
        if document == self.wanted:
            self.shown = None
            self.blank.emit(error)

    def box_for(self, preview: Preview) -> Box | None:
        """Return where the person moved the box to, or where the words put it."""
        return self.boxes.get(preview.document.id) or preview.box

    def move_box(self, box: Box) -> None:
        """Remember where the person moved the box to."""
        if self.shown is not None:
            self.boxes[self.shown.document.id] = box

    def keep_place(self, box: Box, pages: int) -> None:
        """Keep the place for the next documents of this type in the unit."""
        found = self.shown
        if found is None:
            return
        place = KeptPlace.of(box, pages, found.words)
        store, agency = self.session.desk.store, self.session.actor.agency
        kind = found.document.particulars.type
        keep = partial(keep_place, store, agency, kind, Purpose.APPROVE, place)
        self.session.work("store", keep, lambda _: self.session.say("outpages.sign.place_kept"))

    # --- words ----------------------------------------------------------------------------

    def approve(self, document: str) -> None:
        """Approve; it is signed later."""
        self.session.act(Approve(document), undo_text="outpages.undo.approved")

    def decline(self, document: str, reason: str) -> None:
        """Return to the drafter with a reason; a reserved number is released first."""
        item = self.item(document)
        commands: list[Command] = []
        if item is not None and item.row.state in (State.NUMBERED, State.AWAITING_NUMBER):
            commands.append(ReleaseNumber(document, reason))
        commands.append(Decline(document, reason))
        undo = "outpages.undo.declined" if len(commands) == 1 else ""
        self.session.act(*commands, undo_text=undo)
