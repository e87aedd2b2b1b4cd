"""What the clerk still does for a document: number, signatures, seal, recipients, issue."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import partial

from PySide6.QtCore import QObject, Signal

from app.desk import Desk
from app.documents import lists
from app.documents.commands import GiveNumber, Issue, SetRecipients
from app.documents.model import Direction, Document, Recipient, State
from app.documents.rows import Ask, View
from app.documents.rules.issuing import unsigned_attachments
from app.documents.rules.signing import BOOK
from app.files.model import FileRef
from app.flows.seal_document import SealRequest, seal_document
from app.flows.signing import Appearance
from app.identity.model import Unit
from app.kernel.actor import Actor
from app.kernel.clock import local_date
from app.kernel.errors import HoaBanError
from app.kernel.ports import FileReport, Verdict
from app.registers.model import register_id
from ui.bridge.runner import Cancellation
from ui.bridge.session import Session
from ui.outgoing import model_keys
from ui.outgoing.model_keys import AskedPin, Key, ports_of
from ui.outgoing.model_list import OutRow, waiting_ids

VIEWS = (View.TO_NUMBER, View.TO_SEAL, View.TO_ISSUE)
_SHOWN = 200
_BROKEN = (Verdict.INVALID, Verdict.UNREADABLE, Verdict.UNSIGNED)


@dataclass(frozen=True, slots=True)
class Check:
    """One line of the checklist; `state` is ok, todo or bad, `value` what stands there."""

    name: str
    state: str
    value: str = ""


def checks_of(document: Document, report: FileReport | None) -> tuple[Check, ...]:
    """Return the clerk's checklist (NĐ 30/2020 Art 15-18, 32)."""
    p = document.particulars
    apart = [f for f in document.files if f.role == "attachment"]
    open_ones = unsigned_attachments(document)
    broken = report is not None and report.verdict in _BROKEN
    signer = next((s.signer for s in document.signatures if s.purpose == "approve"), "")
    seal = next((s.signer for s in document.signatures if s.purpose == "issue"), "")
    names = str(len(document.deliveries))
    return (
        Check("number", _done(bool(p.number)), f"{p.number}/{p.notation}" if p.number else ""),
        Check(
            "date", _done(p.issued is not None), p.issued.strftime("%d/%m/%Y") if p.issued else ""
        ),
        Check("signature", "bad" if broken else _done(document.is_signed), signer),
        Check("seal", _done(document.is_sealed), seal),
        Check("recipients", _done(bool(document.deliveries)), names),
        Check("attachments", _done(not open_ones), f"{len(apart) - len(open_ones)}/{len(apart)}"),
    )


def _done(done: bool) -> str:
    return "ok" if done else "todo"


def may_issue(document: Document) -> bool:
    """Tell whether nothing is left but to issue."""
    return document.state is State.SEALED and all(
        c.state == "ok" for c in checks_of(document, None)
    )


def missing_files(desk: Desk, document: Document) -> int:
    """Return how many files of a document are not on this desk; runs on the query lane."""
    return sum(not desk.store.vault.here(file.sha256) for file in document.files)


def fetch_both(desk: Desk, actor: Actor, today: date, text: str) -> Sequence[OutRow]:
    """Return what waits for a number, a seal, or to be issued; runs on the query lane."""
    waiting = waiting_ids(desk)
    found: list[OutRow] = []
    for view in VIEWS:
        ask = Ask(Direction.OUTGOING, view, text=text, today=today)
        rows = desk.query(lists.rows, actor, ask, 0, _SHOWN)
        found += [OutRow(row, row.id in waiting) for row in rows]
    return found


class SealModel(QObject):
    """Hold the agency's key and seal with it.

    `keyed` when keys were found, `busy(bool)` around sealing, `sealed(FileRef)`, `failed(error)`.
    """

    keyed = Signal()
    busy = Signal(bool)
    sealed = Signal(object)
    failed = Signal(object)

    def __init__(self, session: Session, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._cancel: Cancellation | None = None
        self.keys: tuple[Key, ...] | None = None

    @property
    def key(self) -> Key | None:
        """Return the agency's key that lives longest."""
        return self.keys[0] if self.keys else None

    @property
    def running(self) -> bool:
        """Tell whether a seal is being put."""
        return self._cancel is not None

    def load_keys(self) -> None:
        """Ask the tokens for the agency's key."""
        desk, actor = self._session.desk, self._session.actor
        self._session.work("token", partial(_agency_keys, desk, actor), self._take)

    def _take(self, keys: tuple[Key, ...]) -> None:
        self.keys = keys
        self.keyed.emit()

    def seal(self, document: Document) -> None:
        """Put the agency's signature on the document and its separate attachments."""
        if self.key is None or self.running:
            return
        cancel = self._cancel = Cancellation()
        self.busy.emit(self.running)
        desk, actor = self._session.desk, self._session.actor
        prompts = AskedPin(self._session.prompts)
        job = partial(_seal, desk, actor, document, self.key, prompts, cancel)
        self._session.work("token", job, self._sealed, self._failed)

    def stop(self) -> None:
        """Ask a seal under way to stop."""
        if self._cancel is not None:
            self._cancel.cancel()

    def give_number(self, document: Document) -> None:
        """Give number and date from the book that this desk holds."""
        today = local_date(self._session.desk.clock.now())
        book = register_id(document.agency, today.year, BOOK)
        self._session.act(GiveNumber(document.id, book, today))

    def issue(self, document: str) -> None:
        """Issue; there is no way back."""
        self._session.act(Issue(document))

    def set_recipients(self, document: str, recipients: tuple[Recipient, ...]) -> None:
        """Choose other recipients."""
        self._session.act(SetRecipients(document, recipients), undo_text="outpages.undo.recipients")

    def _sealed(self, file: FileRef) -> None:
        self._cancel = None
        self.busy.emit(self.running)
        self.sealed.emit(file)

    def _failed(self, error: HoaBanError) -> None:
        self._cancel = None
        self.busy.emit(self.running)
        self.failed.emit(error)


def _agency_keys(desk: Desk, actor: Actor) -> tuple[Key, ...]:
    unit: Unit | None = desk.store.get("unit", actor.agency)
    return model_keys.keys_of(desk, model_keys.agency_names(unit))


def _seal(
    desk: Desk,
    actor: Actor,
    document: Document,
    key: Key,
    prompts: AskedPin,
    cancel: Cancellation,
) -> FileRef:
    unit: Unit | None = desk.store.get("unit", actor.agency)
    look = Appearance(
        image=model_keys.seal_image(desk, key.certificate, unit.short or unit.name if unit else ""),
        title=document.particulars.signer_title,
    )
    owners = model_keys.agency_names(unit)
    request = SealRequest(document.id, key.certificate, look, owners)
    with desk.signer.one_pin():
        return seal_document(ports_of(desk, prompts), actor, request, cancel)
