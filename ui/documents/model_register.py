"""Vào sổ: the queue of what waits, the form of one document, its drafts, twins and number."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date
from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject, Signal

from app.documents import queries
from app.documents.commands import Present, Receive, Refuse, Register
from app.documents.model import KIND, Channel, Particulars
from app.documents.rows import TwinRow
from app.kernel.changes import Changes
from app.kernel.clock import local_date
from app.kernel.codec import to_json
from app.kernel.command import Command
from app.kernel.errors import HoaBanError
from app.kernel.ids import new_id
from app.registers import register_id
from ui.bridge.session import Session
from ui.documents import intake
from ui.documents import register_reads as reads
from ui.documents.form import Values, particulars_of, split_symbol
from ui.documents.register_reads import Entry, Lists, NewPaper, Preview


class RegisterModel(QObject):
    """Hold the queue and the entry before the form.

    `queued` when the queue moved, `entered` when another entry is shown, `previewed`,
    `twins_found(tuple)`, `registered(bool)`, `failed(HoaBanError)`.
    """

    queued = Signal()
    entered = Signal()
    listed = Signal()
    previewed = Signal()
    twins_found = Signal(object)
    registered = Signal(str)
    failed = Signal(object)

    def __init__(self, session: Session, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self.queue: tuple[str, ...] = ()
        self.news: tuple[NewPaper, ...] = ()
        self.entry: Entry | None = None
        self.preview = Preview(None, "")
        self.lists = Lists({}, {}, ())
        self._wanted = ""
        self._written: dict[str, str] = {}
        self.busy = self._read = False
        # Pages are built before anybody looks at them; a document is opened only then
        self.active = False
        session.changed.connect(self._changed)
        self.load()

    @property
    def today(self) -> date:
        """Return today in Vietnam."""
        return local_date(self._session.desk.clock.now())

    @property
    def place(self) -> tuple[int, int]:
        """Return which of how many waiting documents is before the form."""
        at = self.queue.index(self._wanted) + 1 if self._wanted in self.queue else 0
        return at, len(self.queue)

    def load(self) -> None:
        """Ask for the queue, the number that comes next, and what the form offers."""
        desk, actor, today = self._session.desk, self._session.actor, self.today
        work = self._session.work
        work("query", lambda: reads.queue(desk, actor, today), self._take_queue)
        work("query", lambda: reads.preview(desk, actor, today), self._take_preview)
        if not self.lists.types:
            work("query", lambda: reads.offers(desk, actor, today), self._take_lists)

    def open(self, entity: str) -> None:
        """Put a document before the form."""
        self._wanted = entity
        desk = self._session.desk
        new = next((n for n in self.news if n.id == entity), None)
        self._session.work(
            "query",
            lambda: reads.entry(desk, entity, new),
            lambda entry: self._enter(entity, entry),
            self.failed.emit,
        )

    def step(self, by: int) -> None:
        """Go to the next or the previous of the queue."""
        if self.queue:
            at = self.queue.index(self._wanted) if self._wanted in self.queue else -by
            self.open(self.queue[(at + by) % len(self.queue)])

    def begin(self, path: Path | None = None) -> None:
        """Begin a new paper document, or a scanned one with its file."""
        desk = self._session.desk

        def work() -> NewPaper:
            file = intake.take_in(desk, path) if path is not None else None
            return NewPaper(new_id(desk.clock.now()), file)

        self._session.work("store", work, self._begun, self.failed.emit)

    def drop(self) -> None:
        """Put a new document aside that nothing is to become of."""
        gone = self._wanted
        if any(n.id == gone for n in self.news):
            self._keep_news(tuple(n for n in self.news if n.id != gone))
            self._forget(gone)
            self.queue = tuple(i for i in self.queue if i != gone)
            self._advance()

    def keep_draft(self, values: Values) -> None:
        """Keep what is typed, so that nothing is lost whatever happens."""
        if self.entry is None:
            return
        entity, text = self.entry.id, json.dumps(values)
        if self._written.get(entity) == text:
            return
        self._written[entity] = text
        store = self._session.desk.store

        def failed(error: HoaBanError) -> None:
            # It stays in the window and is tried again with the next letter
            self._written.pop(entity, None)
            self.failed.emit(error)

        self._session.work(
            "store", lambda: store.set_meta(reads.DRAFT + entity, text), lambda _: None, failed
        )

    def look_for_twins(self, values: Mapping[str, str]) -> None:
        """Ask for documents that may be the same one."""
        entry = self.entry
        if entry is None:
            return
        number, notation = split_symbol(values.get("symbol", ""))
        issued = values.get("issued", "")
        ask = partial(
            queries.twins,
            sha256=entry.file.sha256 if entry.file else "",
            number=number,
            notation=notation,
            issued=date.fromisoformat(issued) if issued else None,
            besides=entry.id,
        )
        self._session.query(ask, done=lambda found: self._tell_twins(entry.id, found))

    def register(self, values: Values, leader: str, arrival: date) -> None:
        """Enter the document in the book, and present it where a leader is named."""
        entry = self.entry
        if entry is None or self.busy:
            return
        try:
            commands = self._commands(entry, values, leader, arrival)
        except HoaBanError as error:
            self.failed.emit(error)
            return
        self.busy = True
        self._session.act(*commands, done=lambda _: self._done(entry.id), failed=self._refused)

    def refuse(self, reason: str) -> None:
        """Send the document back to its sender."""
        entry = self.entry
        if entry is not None and entry.document is not None:
            self._session.act(
                Refuse(entry.id, reason),
                done=lambda _: self._done(entry.id),
                failed=self._refused,
            )

    def particulars(self, values: Values) -> Particulars:
        """Return what the form says; raises `RuleViolation` naming the field at fault."""
        entry = self.entry
        base = entry.document.particulars if entry and entry.document else Particulars()
        return particulars_of(values, base, self.lists.types)

    def default_due(self, urgency: str) -> date:
        """Return the usual deadline from today for a degree of urgency."""
        desk = self._session.desk
        name = "deadline_days" if urgency in ("", "normal") else "deadline_days_urgent"
        return desk.calendar.add_working_days(self.today, desk.settings.number(name))

    # --- inside ------------------------------------------------------------------------

    def _commands(self, entry: Entry, values: Values, leader: str, arrival: date) -> list[Command]:
        particulars = self.particulars(values)
        actor = self._session.actor
        book = register_id(actor.agency, arrival.year, reads.BOOK)
        commands: list[Command] = []
        if entry.document is None:
            channel = Channel.SCAN if entry.file is not None else Channel.PAPER
            files = (entry.file,) if entry.file is not None else ()
            commands.append(Receive(entry.id, actor.agency, particulars, channel, files))
            commands.append(Register(entry.id, book, arrival))
        else:
            before = entry.document.particulars
            typed = None if particulars == before else particulars
            commands.append(
                Register(entry.id, book, arrival, typed, before=before if typed else None)
            )
        if leader:
            name = self.lists.leaders.get(leader, "").split(" · ")[0]
            commands.append(Present(entry.id, leader, name))
        return commands

    def _done(self, entity: str) -> None:
        self.busy = False
        self._keep_news(tuple(n for n in self.news if n.id != entity))
        self._forget(entity)
        following = self._after(entity)
        self.queue = tuple(i for i in self.queue if i != entity)
        self.registered.emit(entity)
        self.open(following) if following else self._advance()
        self.load()

    def _after(self, entity: str) -> str:
        """Return who comes after a document in the queue, "" for nobody."""
        if entity not in self.queue:
            return self.queue[0] if self.queue else ""
        at = self.queue.index(entity)
        rest = self.queue[at + 1 :] + self.queue[:at]
        return rest[0] if rest else ""

    def _advance(self) -> None:
        if self.queue:
            self.open(self.queue[0])
        else:
            self._wanted, self.entry = "", None
            self.entered.emit()
        self.queued.emit()

    def _refused(self, error: HoaBanError) -> None:
        self.busy = False
        self.failed.emit(error)

    def _forget(self, entity: str) -> None:
        self._written.pop(entity, None)
        store = self._session.desk.store
        self._session.work(
            "store", lambda: store.set_meta(reads.DRAFT + entity, ""), lambda _: None
        )

    def _begun(self, new: NewPaper) -> None:
        self._keep_news((*self.news, new))
        self.queue = (*self.queue, new.id)
        self.queued.emit()
        self.open(new.id)

    def _keep_news(self, news: tuple[NewPaper, ...]) -> None:
        if news == self.news:
            return
        self.news = news
        text = json.dumps([to_json(n) for n in news])
        store = self._session.desk.store
        self._session.work("store", lambda: store.set_meta(reads.NEW, text), lambda _: None)

    def _enter(self, entity: str, entry: Entry) -> None:
        if entity != self._wanted:
            return
        self.entry = entry
        self.entered.emit()
        self.queued.emit()

    def _take_queue(self, found: tuple[tuple[str, ...], tuple[NewPaper, ...]]) -> None:
        waiting, kept = found
        if not self._read:
            # From now on this model alone changes them, and knows more than an older answer
            self._read = True
            self._keep_news((*kept, *(n for n in self.news if n not in kept)))
        self.queue = (*waiting, *(n.id for n in self.news))
        self.queued.emit()
        if self.entry is None and self.active and self._wanted not in self.queue:
            self._advance()

    def _take_preview(self, preview: Preview) -> None:
        self.preview = preview
        self.previewed.emit()

    def _take_lists(self, lists: Lists) -> None:
        self.lists = lists
        self.listed.emit()

    def _tell_twins(self, entity: str, found: tuple[TwinRow, ...]) -> None:
        if self.entry is not None and self.entry.id == entity:
            self.twins_found.emit(found)

    def _changed(self, changes: Changes) -> None:
        if changes.touches(KIND) or changes.touches("register"):
            self.load()
