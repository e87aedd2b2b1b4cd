"""Reserve the number, record the signatures, in the decree's order (Art 15.3, 32)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, TypeVar

from app.documents.commands import (
    AttachSignature,
    GiveNumber,
    ReleaseNumber,
    ReserveNumber,
    Seal,
    SignArrival,
    SignCopy,
    SignOpinion,
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


Signing = AttachSignature | Seal | SignOpinion | SignArrival | SignCopy
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
        return [signed(document, command, "attachment_signed", ATTACHMENT, ctx, "attachment")]
    if command.purpose != APPROVE:
        raise RuleViolation("document.purpose", field="purpose")
    approving(document, ctx.actor)
    if document.state is State.AWAITING_NUMBER or document.reserved is None:
        raise Conflict("document.number_waiting")
    checks.in_state(document, State.NUMBERED)
    is_main(document, command.source)
    kept = confirm(ctx, document.number_register, document.reserved)
    return [signed(document, command, "signed", APPROVE, ctx), *kept]


def seal(entity: Document | None, command: Seal, ctx: Context) -> Sequence[NewEvent]:
    """Record the agency's signature: only over the authorised person's (Art 32)."""
    document = checks.own(entity, ctx.actor, Direction.OUTGOING)
    checks.has_role(ctx.actor, checks.CLERK)
    if not document.is_signed:
        raise RuleViolation("document.not_signed")
    checks.in_state(document, State.SIGNED)
    is_main(document, command.source)
    return [signed(document, command, "sealed", ISSUE, ctx)]


def is_main(document: Document, source: str) -> FileRef:
    """Return the file that the document is; `Conflict("document.wrong_source")` for others."""
    file = signed_source(document, source)
    main = document.main_file
    if main is None or main.sha256 != file.sha256:
        raise Conflict("document.wrong_source")
    return file


def signed(
    document: Document,
    command: Signing,
    name: str,
    purpose: str,
    ctx: Context,
    role: str = "signed",
    **more: Any,
) -> NewEvent:
    """Return the event of a signature whose file takes the place of its source."""
    source = signed_source(document, command.source)
    over = command.source if command.source != source.sha256 else ""
    data = made(command, purpose, ctx, source, role)
    return checks.event(document.id, name, ctx, over=over, **data, **more)


def made(
    command: Signing, purpose: str, ctx: Context, source: FileRef, role: str, form: str = ""
) -> dict[str, Any]:
    """Return what an event says of a signature: its mark, its file and the signer.

    Raises `RuleViolation("document.unchanged_file")` where nothing was added.
    """
    file = checks.checked_files([command.file])[0]
    if file.sha256 == command.source:
        raise RuleViolation("document.unchanged_file", field="file")
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
        form=form,
    )
    ref = FileRef(file.sha256, file.size, file.media, file.name or source.name, role)
    return {"mark": to_json(mark), "file": to_json(ref), "signer": signer}
