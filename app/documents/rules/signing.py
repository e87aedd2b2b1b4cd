"""Reserve the number, record the signatures, in the decree's order (Art 15.3, 32)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TypeVar

from app.documents.commands import (
    AttachSignature,
    GiveNumber,
    ReleaseNumber,
    ReserveNumber,
    Seal,
)
from app.documents.model import KIND, Direction, Document, SignatureMark, State
from app.documents.rules import checks
from app.documents.rules.incoming import in_book
from app.documents.rules.outgoing import approving, signed_source, to_decide
from app.files.model import FileRef
from app.kernel.clock import local_date
from app.kernel.codec import to_json
from app.kernel.errors import Conflict, RuleViolation
from app.kernel.event import NewEvent
from app.kernel.feature import Context
from app.registers.notation import format_number
from app.registers.numbering import confirm, draw, origin_number, release

BOOK = "outgoing"
APPROVE, ISSUE, ATTACHMENT = "approve", "issue", "attachment"


Asked = TypeVar("Asked", ReserveNumber, GiveNumber)


def prepare_number(_: Document | None, command: Asked, ctx: Context) -> Asked:
    """Draw the number where this device holds the book."""
    number, epoch = origin_number(ctx, command.register)
    return replace(command, number=number, epoch=epoch)


def reserve_number(
    entity: Document | None, command: ReserveNumber, ctx: Context
) -> Sequence[NewEvent]:
    """Reserve number and date when the leader is about to sign (Art 15.3).

    Where another device holds the book the document waits for a number of that device.
    """
    document = to_decide(entity, ctx.actor, State.SUBMITTED, State.APPROVED)
    return _reserved(document, command, ctx, waits=True)


def give_number(entity: Document | None, command: GiveNumber, ctx: Context) -> Sequence[NewEvent]:
    """Give a document that waits its number and date, drawn where the book is held.

    Raises `RuleViolation("register.held")` on any other device.
    """
    document = checks.own(entity, ctx.actor, Direction.OUTGOING)
    checks.in_state(document, State.AWAITING_NUMBER)
    return _reserved(document, command, ctx, waits=False)


def _reserved(
    document: Document, command: ReserveNumber | GiveNumber, ctx: Context, *, waits: bool
) -> Sequence[NewEvent]:
    in_book(command.register, document.agency, BOOK)
    if command.issued != local_date(ctx.now):
        raise RuleViolation("document.issued_today", field="issued")
    number, drawn = draw(
        ctx, command.register, command.number, command.epoch, KIND, document.id, reserve=True,
        waits=waits,
    )  # fmt: skip
    return [
        checks.event(
            document.id,
            "number_reserved",
            ctx,
            register=command.register,
            number=number,
            written="" if number is None else format_number(number),
            issued=command.issued.isoformat(),
        ),
        *drawn,
    ]


def release_number(
    entity: Document | None, command: ReleaseNumber, ctx: Context
) -> Sequence[NewEvent]:
    """Give a number back that nothing was signed with."""
    document = checks.own(entity, ctx.actor, Direction.OUTGOING)
    if not ctx.actor.roles & {checks.CLERK, checks.OFFICE_HEAD}:
        approving(document, ctx.actor)
    checks.in_state(document, State.AWAITING_NUMBER, State.NUMBERED)
    reason = checks.reason_of(command.reason)
    freed: list[NewEvent] = []
    if document.reserved is not None:
        freed = release(ctx, document.number_register, document.reserved, reason)
    return [
        checks.event(document.id, "number_released", ctx, reason=reason, number=document.reserved),
        *freed,
    ]


def attach_signature(
    entity: Document | None, command: AttachSignature, ctx: Context
) -> Sequence[NewEvent]:
    """Record the authorised person's signature, or the agency's on a separate attachment."""
    document = checks.own(entity, ctx.actor, Direction.OUTGOING)
    if command.purpose == ATTACHMENT:
        checks.has_role(ctx.actor, checks.CLERK)
        checks.in_state(document, State.SIGNED, State.SEALED)
        if signed_source(document, command.source).role != "attachment":
            raise RuleViolation("document.purpose", field="purpose")
        return [_signed(document, command, "attachment_signed", ATTACHMENT, ctx)]
    if command.purpose != APPROVE:
        raise RuleViolation("document.purpose", field="purpose")
    approving(document, ctx.actor)
    if document.state is State.AWAITING_NUMBER or document.reserved is None:
        raise Conflict("document.number_waiting")
    checks.in_state(document, State.NUMBERED)
    _is_main(document, command.source)
    kept = confirm(ctx, document.number_register, document.reserved)
    return [_signed(document, command, "signed", APPROVE, ctx), *kept]


def seal(entity: Document | None, command: Seal, ctx: Context) -> Sequence[NewEvent]:
    """Record the agency's signature: only over the authorised person's (Art 32)."""
    document = checks.own(entity, ctx.actor, Direction.OUTGOING)
    checks.has_role(ctx.actor, checks.CLERK)
    if not document.is_signed:
        raise RuleViolation("document.not_signed")
    checks.in_state(document, State.SIGNED)
    _is_main(document, command.source)
    return [_signed(document, command, "sealed", ISSUE, ctx)]


def _is_main(document: Document, source: str) -> FileRef:
    file = signed_source(document, source)
    main = document.main_file
    if main is None or main.sha256 != file.sha256:
        raise Conflict("document.wrong_source")
    return file


def _signed(
    document: Document, command: AttachSignature | Seal, name: str, purpose: str, ctx: Context
) -> NewEvent:
    source = signed_source(document, command.source)
    file = checks.checked_files([command.file])[0]
    if file.sha256 == command.source:
        raise RuleViolation("document.unchanged_file", field="file")
    role = "attachment" if purpose == ATTACHMENT else "signed"
    signer = checks.needed_text(command.signer, "signer")
    mark = SignatureMark(
        sha256=file.sha256,
        source=source.sha256,
        purpose=purpose,
        signer=signer,
        person=ctx.actor.person,
        at=ctx.now,
        level=command.level,
        field=command.field_name,
    )
    ref = FileRef(file.sha256, file.size, file.media, file.name or source.name, role)
    over = command.source if command.source != source.sha256 else ""
    return checks.event(
        document.id, name, ctx, mark=to_json(mark), file=to_json(ref), signer=signer, over=over
    )
