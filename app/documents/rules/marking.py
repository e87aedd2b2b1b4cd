"""Sign beside the way of a document: an opinion, the mark of arrival, a copy.

None of them is the signature of the authorised person or the seal (NĐ 30/2020 Art 32), none
moves the document on, and none can be undone: what was signed stays signed. The checks stand
apart from the commands, because they are asked before the PIN too.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from app.documents.commands import SignArrival, SignCopy, SignOpinion
from app.documents.model import CopyForm, Direction, Document, SignatureMark, State, Version
from app.documents.rules import checks, completing
from app.documents.rules.incoming import registered
from app.documents.rules.lineage import ancestors
from app.documents.rules.outlook import readable
from app.documents.rules.signing import is_main, made, signed
from app.files.model import FileRef
from app.kernel.actor import Actor
from app.kernel.codec import from_json
from app.kernel.errors import Conflict, NotPermitted, RuleViolation
from app.kernel.event import Event, NewEvent
from app.kernel.feature import Context

COMMENT, INCOMING, COPY = "comment", "incoming", "copy"
PDF = "application/pdf"
IN_REVIEW = (State.SUBMITTED, State.APPROVED)
"""Before, the page still changes; after, number and signatures stand on it."""


def may_opine(document: Document, actor: Actor) -> FileRef:
    """Return the page that the actor may sign an opinion on: a draft in review that he sees.

    Raises `NotPermitted` with `document.agency` or, for one who acts for another,
    `document.own_key`; `Conflict("document.state")`.
    """
    checks.own(document, actor, Direction.OUTGOING)
    if not readable(document, actor):
        raise NotPermitted("document.agency")
    if actor.acting_for:
        raise NotPermitted("document.own_key")
    checks.in_state(document, *IN_REVIEW)
    return _page(document)


def may_mark_arrival(document: Document, actor: Actor) -> FileRef:
    """Return the received page that the clerk may mark: registered, with its number, once.

    Raises `RuleViolation("document.not_registered")`, `Conflict` with
    `document.number_waiting` or `document.marked`.
    """
    checks.own(document, actor, Direction.INCOMING)
    checks.has_role(actor, checks.CLERK)
    registered(document)
    if document.arrival_number is None or document.arrival_date is None:
        raise Conflict("document.number_waiting")
    page = _page(document)
    if arrival_mark(document) is not None:
        raise Conflict("document.marked")
    return page


def may_copy(document: Document, actor: Actor, form: CopyForm) -> None:
    """Let the clerk copy what was issued or registered.

    Sao y and sao lục are made of paper; an electronic document needs none, since the signed
    file itself is forwarded (NĐ 30/2020 Art 25): `RuleViolation("document.copy_electronic")`.
    """
    checks.own(document, actor)
    checks.has_role(actor, checks.CLERK)
    if document.direction is Direction.OUTGOING:
        checks.in_state(document, State.ISSUED)
    else:
        registered(document)
    if form is CopyForm.EXTRACT:
        return
    if document.direction is Direction.OUTGOING or not document.particulars.paper:
        raise RuleViolation("document.copy_electronic", field="form")
    _page(document)


def arrival_mark(document: Document) -> SignatureMark | None:
    """Return the mark of arrival that the document's file bears, or None."""
    main = document.main_file
    borne = ancestors(document, main.sha256) if main is not None else frozenset()
    found = (s for s in document.signatures if s.purpose == INCOMING and s.sha256 in borne)
    return next(found, None)


def as_received(document: Document) -> str:
    """Return the hash of the page as it came, before the mark of arrival; "" for none."""
    mark = arrival_mark(document)
    if mark is not None:
        return mark.source
    main = document.main_file
    return main.sha256 if main is not None else ""


def sign_opinion(entity: Document | None, command: SignOpinion, ctx: Context) -> Sequence[NewEvent]:
    """Record an opinion; the page that bears it is the draft's next version."""
    document = checks.existing(entity)
    page = may_opine(document, ctx.actor)
    is_main(document, command.source)
    text = checks.needed_text(command.text, "text")
    return [signed(document, command, "opinion_signed", COMMENT, ctx, page.role, text=text)]


def sign_arrival(entity: Document | None, command: SignArrival, ctx: Context) -> Sequence[NewEvent]:
    """Record the mark of arrival, which must say what the book says."""
    document = checks.existing(entity)
    page = may_mark_arrival(document, ctx.actor)
    is_main(document, command.source)
    if (command.number, command.arrival_date) != (document.arrival_number, document.arrival_date):
        raise Conflict("document.mark_differs")
    return [
        signed(document, command, "arrival_signed", INCOMING, ctx, page.role, number=command.number)
    ]


def sign_copy(entity: Document | None, command: SignCopy, ctx: Context) -> Sequence[NewEvent]:
    """Add a signed copy to the document's files."""
    document = checks.existing(entity)
    may_copy(document, ctx.actor, command.form)
    wanted = "" if command.form is CopyForm.EXTRACT else as_received(document)
    if command.source != wanted:
        raise Conflict("document.wrong_source")
    checks.checked_files((*document.files, command.file))
    source = FileRef(command.source, 0, command.file.media)
    data = made(command, COPY, ctx, source, COPY, command.form.value)
    return [checks.event(document.id, "copy_signed", ctx, form=command.form.value, **data)]


def _page(document: Document) -> FileRef:
    main = document.main_file
    if main is None or main.media != PDF:
        raise RuleViolation("document.file_missing", field="files")
    return main


def placed(document: Document, event: Event) -> Document:
    """Return the document with a signed file in the place of its source."""
    mark = from_json(SignatureMark, event.data["mark"])
    over = event.data.get("over", "")
    if over:
        document = completing.without_completion(document, mark.source, over)
    file = from_json(FileRef, event.data["file"])
    return replace(
        document,
        files=tuple(file if f.sha256 == mark.source else f for f in document.files),
        signatures=(*document.signatures, mark),
    )


def _opinion_signed(document: Document, event: Event) -> Document:
    file = from_json(FileRef, event.data["file"])
    number = len(document.versions) + 1
    version = Version(number, file, event.person, event.at, event.data["text"])
    return replace(placed(document, event), versions=(*document.versions, version))


def _copy_signed(document: Document, event: Event) -> Document:
    file = from_json(FileRef, event.data["file"])
    mark = from_json(SignatureMark, event.data["mark"])
    return replace(document, files=(*document.files, file), signatures=(*document.signatures, mark))


FOLDS: dict[str, Callable[[Document, Event], Document]] = {
    "opinion_signed": _opinion_signed,
    "arrival_signed": placed,
    "copy_signed": _copy_signed,
}
