"""Drafts at work: what surrounds them, opening, the live page, saving and submitting."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, QTimer, Signal
from sqlalchemy import Connection

from app.catalogues.lists import document_types, urgencies
from app.catalogues.load import load_items
from app.desk import Desk
from app.documents.commands import Discard, Draft, Edit, Revise, SetRecipients, Submit
from app.documents.model import KIND, Document
from app.documents.rules.lineage import ancestors
from app.documents.rules.merging import DRAFT, standing, values_of
from app.documents.rules.outgoing import receivers
from app.files.pdf import read_text
from app.flows.receive_file import refuse_secret
from app.forms.compose import DraftDocument, compose
from app.identity import queries as identity
from app.identity.model import Unit
from app.identity.queries import PostRow
from app.kernel.actor import Actor
from app.kernel.clock import local_date
from app.kernel.codec import to_json
from app.kernel.command import Command
from app.kernel.errors import HoaBanError
from app.kernel.fileref import FileRef
from app.kernel.ids import new_id
from ui.bridge.runner import Latest
from ui.bridge.session import Session
from ui.outgoing import model_draft
from ui.outgoing.journal import Journal
from ui.outgoing.model_draft import DraftValues, Office
from ui.outgoing.model_reader import opener
from ui.outgoing.model_recipients import Directory

PREVIEW_MS = 300
_FIELDS = ("subject", "type", "type_name", "notation", "signer", "signer_title", "urgency")


@dataclass(frozen=True, slots=True)
class Around:
    """What a draft needs of the desk: who issues, who can sign, who can receive."""

    office: Office
    leaders: tuple[PostRow, ...] = ()
    directory: Directory = field(default_factory=Directory)
    marks: dict[str, str] | None = None


def around(connection: Connection, actor: Actor, desk: Desk) -> Around:
    """Return what surrounds drafting at the actor's agency; runs on the query lane."""
    today = local_date(desk.clock.now())
    agency: Unit = desk.store.get("unit", actor.agency)
    parent: Unit | None = desk.store.get("unit", agency.parent) if agency.parent else None
    own: Unit | None = desk.store.get("unit", actor.unit)
    items = load_items()
    office = Office(
        agency=agency,
        superior=model_draft.heading(parent.name) if parent and agency.kind == "department" else "",
        drafting=own.abbr if own is not None and own.id != agency.id else "",
        types=document_types(items, today)[:29],
    )
    leaders = identity.posts(connection, actor, today, agency=actor.agency, role="leader")
    units = identity.units(connection, actor, today, agencies_only=True, limit=2000)
    marks = {u.code: u.mark for u in urgencies(items, today)}
    marks["express"] = marks.get("flash", "")
    return Around(office, tuple(leaders), Directory(tuple(units), actor.agency), marks)


class DraftsModel(QObject):
    """Hold one draft that is being written.

    `ready` when what surrounds it is known, `leaving` when another draft is asked for and
    `opened` when it is there, `previewed(object)` bytes or what opens them, `saved(str)` with the draft's id, `written` when the journal has
    it, `failed(HoaBanError)`.
    """

    ready = Signal()
    leaving = Signal()
    opened = Signal()
    previewed = Signal(object)
    saved = Signal(str)
    written = Signal()
    failed = Signal(object)

    def __init__(self, session: Session, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._latest = Latest(session.runner)
        self.journal = Journal(session, self)
        self.journal.written.connect(self._kept)
        self.around: Around | None = None
        self.unsaved: dict[str, DraftValues] = {}
        self.known = False
        self.id = ""
        self.document: Document | None = None
        self.values = DraftValues()
        self._preview_key = ""
        self._asked = 0
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(PREVIEW_MS)
        self._timer.timeout.connect(self._preview)

    def _kept(self, draft: str) -> None:
        if draft == self.id:
            self.written.emit()

    def load(self) -> None:
        """Ask for what surrounds drafting and for what was typed before."""
        desk = self._session.desk
        self._session.query(partial(_around, desk), done=self._take_around)
        if not self.known:
            self.journal.load(self._take_journal)

    def _take_around(self, found: Around) -> None:
        self.around = found
        self.ready.emit()
        self._timer.start()

    def _take_journal(self, found: dict[str, DraftValues]) -> None:
        self.unsaved = found | self.unsaved
        self.known = True
        self.ready.emit()

    # --- opening --------------------------------------------------------------------------

    def begin(self, reply_to: str = "") -> None:
        """Begin a draft, perhaps one that answers an incoming document."""
        self.journal.flush()
        fresh = new_id(self._session.desk.clock.now())
        if not reply_to:
            self._open(fresh, None, DraftValues())
            return
        self._ask(reply_to, lambda found: self._open(fresh, None, model_draft.reply_values(found)))

    def begin_to(self, unit: str) -> None:
        """Begin a draft to a unit of the directory."""
        self.journal.flush()
        fresh = new_id(self._session.desk.clock.now())

        def open_to(found: Unit | None) -> None:
            to = ((found.id, found.name),) if found is not None else ()
            self._open(fresh, None, DraftValues(recipients=to))

        self._ask(unit, open_to, "unit")

    def open(self, draft: str) -> None:
        """Open a saved draft, or one that only the journal knows."""
        self.journal.flush()
        self._ask(draft, lambda found: self._open_found(draft, found))

    def _ask(self, entity: str, take: Callable[[Any], None], kind: str = KIND) -> None:
        """Read what shall be opened; only the newest question is answered, and none is typed into meanwhile."""
        self._asked += 1
        mine = self._asked
        self.leaving.emit()

        def answer(found: Any) -> None:
            if mine == self._asked:
                take(found)

        get = partial(self._session.desk.store.get, kind, entity)
        self._session.work("query", get, answer)

    def _open_found(self, draft: str, found: Document | None) -> None:
        typed = self.unsaved.get(draft)
        if found is None and typed is None:
            self.opened.emit()
            return
        saved = model_draft.values_of(found) if found is not None else DraftValues()
        self._open(draft, found, typed or saved)

    def _open(self, draft: str, document: Document | None, values: DraftValues) -> None:
        self._asked += 1
        self.id, self.document, self.values = draft, document, values
        self._preview_key = ""
        self.opened.emit()
        self._preview()
        if document is None and not values.is_empty:
            self.edit(values)

    # --- typing ---------------------------------------------------------------------------

    def edit(self, values: DraftValues) -> None:
        """Take what was typed: into the journal, and soon onto the page."""
        self.values = values
        if self.id:
            self.unsaved[self.id] = values
            self.journal.remember(self.id, values)
            self._timer.start()

    def take_file(self, path: Path) -> None:
        """Use an existing PDF instead of words; one with a secrecy mark is refused."""
        self._session.work(
            "store", partial(_take_file, self._session.desk, path), self._taken, self.failed.emit
        )

    def _taken(self, file: FileRef) -> None:
        self.edit(replace(self.values, file=file.sha256, file_name=file.name, file_size=file.size))
        self.opened.emit()

    def _preview(self) -> None:
        if self.around is None or not self.id:
            return
        values, desk = self.values, self._session.desk
        if values.file:
            if self._preview_key != values.file:
                self._preview_key = values.file
                self.previewed.emit(opener(desk, values.file))
            return
        form = self.form
        key = model_draft.form_key(form)
        if key == self._preview_key:
            return
        self._preview_key = key
        document = model_draft.document_of(form)
        self._latest.ask(partial(compose, document), self.previewed.emit, self._fail)

    @property
    def form(self) -> dict[str, Any]:
        """Return the decree's form of what is typed."""
        around = self.around
        if around is None:
            return {}
        return model_draft.form_of(self.values, around.office, around.marks or {})

    @property
    def problems(self) -> dict[str, str]:
        """Return what is missing before submitting."""
        if self.around is None:
            return {}
        return model_draft.problems(self.values, self.around.office)

    def _fail(self, error: BaseException) -> None:
        if isinstance(error, HoaBanError):
            self.failed.emit(error)
        else:
            self._session.bug.emit(error)

    # --- saving ---------------------------------------------------------------------------

    def save(self, *, submit: bool = False) -> None:
        """Keep a version; with `submit` put it before the leader who signs."""
        around = self.around
        if around is None or not self.id:
            return
        self.journal.flush()
        draft, values = self.id, self.values
        page = model_draft.document_of(self.form)
        save = Save(draft, self.document, values, around.office, page, submit)
        job = partial(_commands, self._session.desk, self._session.actor, save)
        undo = "outpages.undo.submitted" if submit else ""

        def act(commands: Sequence[Command]) -> None:
            if not commands:
                self._saved(draft, values)
                return
            self._session.act(
                *commands,
                done=lambda _: self._saved(draft, values),
                failed=self.failed.emit,
                undo_text=undo,
            )

        self._session.work("query", job, act, self.failed.emit)

    def _saved(self, draft: str, values: DraftValues) -> None:
        if self.unsaved.get(draft) == values:
            self.unsaved.pop(draft, None)
            self.journal.forget(draft)
        get = partial(self._session.desk.store.get, KIND, draft)
        self._session.work("query", get, lambda found: self._reopened(draft, found))

    def _reopened(self, draft: str, found: Document | None) -> None:
        if draft == self.id:
            self.document = found
        self.saved.emit(draft)

    def discard(self) -> None:
        """Put the draft aside, with what was typed."""
        draft, document = self.id, self.document
        self.unsaved.pop(draft, None)
        self.journal.forget(draft)
        self._open("", None, DraftValues())
        if document is not None:
            self._session.act(Discard(draft), failed=self.failed.emit)
        self.saved.emit("")


def _around(desk: Desk, connection: Connection, actor: Actor) -> Around:
    return around(connection, actor, desk)


@dataclass(frozen=True, slots=True)
class Save:
    """A draft as it shall be kept."""

    id: str
    document: Document | None
    values: DraftValues
    office: Office
    words: DraftDocument
    submit: bool


def _take_file(desk: Desk, path: Path) -> FileRef:
    refuse_secret(read_text(path))
    kept = desk.store.vault.put(path, name=path.name[:120])
    return replace(kept, name=path.name[:120], role="main")


def _file_of(desk: Desk, save: Save) -> FileRef:
    values = save.values
    if values.file:
        return FileRef(values.file, values.file_size, name=values.file_name, role="main")
    name = "du-thao.pdf"
    kept = desk.store.vault.put(compose(save.words), name=name)
    return replace(kept, name=name, role="main")


def _commands(desk: Desk, actor: Actor, save: Save) -> tuple[Command, ...]:
    """Set the page, keep it, and return what brings the record to what was typed."""
    file = _file_of(desk, save)
    composed = not save.values.file
    form: dict[str, Any] = to_json(save.words) if composed else {}
    form["typed"] = asdict(save.values)
    particulars = model_draft.particulars_of(save.values, save.office)
    recipients = model_draft.recipients_of(save.values)
    found: list[Command] = []
    document = save.document
    if document is None:
        found.append(
            Draft(
                save.id, actor.agency, particulars, (file,), reply_to=save.values.reply_to,
                recipients=recipients, form=model_draft.FORM if composed else "", form_values=form,
                related=(save.values.reply_to,) if save.values.reply_to else (),
            )
        )  # fmt: skip
    else:
        found += _changes(document, file, particulars, form)
        if recipients != tuple(model_draft.planned(document)):
            found.append(SetRecipients(save.id, recipients, receivers(document)))
    if save.submit:
        found.append(Submit(save.id, save.values.signer, save.values.signer_name))
    return tuple(found)


def _changes(
    document: Document, file: FileRef, particulars: object, form: dict[str, Any]
) -> list[Command]:
    wanted, had = to_json(particulars), to_json(document.particulars)
    moved = {
        name: getattr(particulars, name) for name in _FIELDS if wanted.get(name) != had.get(name)
    }
    plain = {k: str(v) for k, v in moved.items()}
    before = values_of(document.particulars, plain)
    found: list[Command] = [Edit(document.id, plain, before)] if plain else []
    main = document.main_file
    # A page that bears opinions is still the page that was reviewed
    if main is None or file.sha256 not in ancestors(document, main.sha256):
        base = standing(document, DRAFT)
        found.append(Revise(document.id, file, form_values=form, base=base))
    return found
