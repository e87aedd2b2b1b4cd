"""The leader signs: number and date first, then the page that bears them, then the key.

Wherever it stops, nothing is half done: the reserved number is released, and the document is
what it was.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, replace
from datetime import date

from app.documents.commands import AttachSignature, ReleaseNumber, ReserveNumber, Revise
from app.documents.model import KIND, Document, State
from app.documents.rules.completing import marks_in
from app.files.model import FileRef
from app.files.pdf import read_text
from app.flows.ports import SigningPorts
from app.flows.signing import (
    Appearance,
    check_owner,
    make,
    names_of,
    with_role,
)
from app.forms.compose import DraftDocument, compose
from app.kernel.actor import Actor
from app.kernel.clock import local_date
from app.kernel.codec import from_json
from app.kernel.command import Command
from app.kernel.errors import Conflict, RuleViolation
from app.kernel.levels import least
from app.kernel.ports import CancelToken, CertificateInfo, Purpose, SignedFile
from app.registers.model import (
    EntryState,
    Register,
    RegisterEntry,
    RegisterMode,
    entry_id,
    register_id,
)

FORM = "document"


@dataclass(frozen=True, slots=True)
class SignRequest:
    """Which document, with which key, and how it looks.

    `owners` are the names that the actor's certificate may bear where the directory knows
    others than his own. `release_reason` is what the book says of a number given back.
    """

    document: str
    certificate: CertificateInfo
    look: Appearance
    release_reason: str
    owners: tuple[str, ...] = ()


def sign_document(
    ports: SigningPorts, actor: Actor, request: SignRequest, cancel: CancelToken | None = None
) -> FileRef:
    """Sign a submitted document and answer the signed file.

    Raises `NotPermitted("flow.not_your_key")`, `Conflict("document.number_waiting")` when
    the number has to come from the server (nothing is signed, the act waits),
    `RuleViolation("flow.number_not_on_page")`, and what the signer raises.
    """
    check_owner(request.certificate, names_of(actor, request.owners))
    document = numbered(ports, actor, request.document)
    try:
        commands, file = _signed(ports, document, request, cancel)
        ports.run(actor, *commands)
    except BaseException:
        give_back(ports, actor, request.document, request.release_reason)
        raise
    return file


def numbered(ports: SigningPorts, actor: Actor, document_id: str) -> Document:
    """Return the document with its number and date, reserving them when it has none."""
    if reserved(ports, actor, document_id).state is State.AWAITING_NUMBER:
        # The person waits before the page: one exchange is enough where there is a line.
        ports.exchange()
    return with_its_number(ports, document_id)


def reserved(ports: SigningPorts, actor: Actor, document_id: str) -> Document:
    """Return the document after asking for number and date, which may have to be waited for."""
    document = current(ports, document_id)
    if document.state not in (State.SUBMITTED, State.APPROVED):
        return document
    today = local_date(ports.clock.now())
    register = register_id(document.agency, today.year, "outgoing")
    ports.run(actor, ReserveNumber(document.id, register, today))
    return current(ports, document_id)


def with_its_number(ports: SigningPorts, document_id: str) -> Document:
    """Return the document; `Conflict("document.number_waiting")` while it waits for a number."""
    document = current(ports, document_id)
    if document.state is State.AWAITING_NUMBER:
        raise Conflict("document.number_waiting")
    return document


def current(ports: SigningPorts, document_id: str) -> Document:
    """Return the document as of now; `RuleViolation("document.unknown")` if there is none."""
    found: Document | None = ports.get(KIND, document_id)
    if found is None:
        raise RuleViolation("document.unknown")
    return found


def give_back(ports: SigningPorts, actor: Actor, document_id: str, reason: str) -> None:
    """Release the number of a document that was not signed.

    One that came from another device's book, or that others have followed, stays reserved for
    the next try: it could only be struck through.
    """
    document = current(ports, document_id)
    if document.state is State.NUMBERED and _returns(ports, document):
        ports.run(actor, ReleaseNumber(document_id, reason))


def _returns(ports: SigningPorts, document: Document) -> bool:
    book: Register | None = ports.get("register", document.number_register)
    if document.reserved is not None:
        # One that a withdrawn signature bore is the document's for good
        name = entry_id(document.number_register, document.reserved)
        entry: RegisterEntry | None = ports.get("register_entry", name)
        if entry is not None and entry.state is EntryState.GIVEN:
            return False
    n = document.reserved
    block = book.block_with(n) if book is not None and n is not None else None
    if block is not None and n is not None:
        return block.device == ports.device and block.goes_back(n)
    if book is not None and book.mode is RegisterMode.BLOCK:
        return n is None
    if book is None or book.lease is None:
        return True
    return book.lease.device == ports.device and (n is None or book.goes_back(n))


def _signed(
    ports: SigningPorts,
    document: Document,
    request: SignRequest,
    cancel: CancelToken | None,
) -> tuple[list[Command], FileRef]:
    commands: list[Command] = []
    source = bearing_number(ports, document, commands)
    if cancel is not None:
        cancel.raise_if_cancelled()
    kept, signed = make(
        ports, document.id, source, Purpose.APPROVE, request.certificate, request.look, cancel
    )
    attach = recorded(ports, document.id, source, kept, signed)
    return [*commands, attach], attach.file


def recorded(
    ports: SigningPorts, document: str, source: FileRef, kept: FileRef, signed: SignedFile
) -> AttachSignature:
    """Return the command that records a person's signature; queues what falls short."""
    file = with_role(kept, source.name, "signed")
    borne = [m.level for m in marks_in(current(ports, document), source.sha256)]
    ports.later(document, file.sha256, least((*borne, signed.level)))
    return AttachSignature(
        document,
        file,
        source.sha256,
        Purpose.APPROVE.value,
        signed.signer,
        signed.level,
        signed.field,
    )


def bearing_number(ports: SigningPorts, document: Document, commands: list[Command]) -> FileRef:
    """Return the file that bears number and date: set again, or checked to bear them."""
    main = document.main_file
    if main is None:
        raise RuleViolation("document.file_missing", field="files")
    if document.form != FORM:
        check_bears_number(ports, document, main)
        return main
    composed = compose(with_number(document))
    kept = with_role(ports.vault.put(composed, name=main.name), main.name, "main")
    if kept.sha256 != main.sha256:
        commands.append(Revise(document.id, kept))
    return kept


def content_of(document: Document) -> str:
    """Return the hash of all that a document's page is made of, but number and date."""
    if document.form == FORM:
        words = json.dumps(document.form_values, sort_keys=True, ensure_ascii=False)
        return hashlib.sha256(words.encode()).hexdigest()
    main = document.main_file
    return main.sha256 if main is not None else ""


def with_number(document: Document) -> DraftDocument:
    """Return the draft's words with the number and the date that were reserved."""
    p = document.particulars
    return replace(from_json(DraftDocument, document.form_values), number=p.number, date=p.issued)


def check_bears_number(ports: SigningPorts, document: Document, main: FileRef) -> None:
    """Raise `RuleViolation("flow.number_not_on_page")` unless page 1 bears number and date."""
    with ports.vault.open(main.sha256) as stream:
        text = "".join(read_text(stream, max_pages=1).whole.split())
    p = document.particulars
    symbol = "".join(f"{p.number}/{p.notation}".split())
    if f":{symbol}" not in text and f"Số{symbol}" not in text:
        raise RuleViolation("flow.number_not_on_page", field="file", number=symbol)
    if p.issued is not None and not _bears_date(text, p.issued):
        raise RuleViolation("flow.date_not_on_page", field="file")


def _bears_date(text: str, day: date) -> bool:
    months = {f"{day.month:02d}", str(day.month)}
    days = {f"{day.day:02d}", str(day.day)}
    return any(f"ngày{d}tháng{m}năm{day.year}" in text for d in days for m in months)
