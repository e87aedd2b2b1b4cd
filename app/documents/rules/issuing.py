"""Issue, deliver, and let the recipients' states flow back (NĐ 30/2020 Art 17-18, 21.2).

Delivery happens once: the id of what a recipient gets is derived from the issued document
and the recipient, and a second delivery of it is no event at all.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from app.documents.commands import Deliver, Issue, ReportDelivery
from app.documents.model import (
    KIND,
    Channel,
    Delivery,
    DeliveryStatus,
    Direction,
    Document,
    State,
)
from app.documents.rules import checks
from app.documents.rules.completing import check_issuable
from app.documents.rules.lineage import ancestors
from app.documents.rules.outgoing import planned
from app.documents.rules.signing import ATTACHMENT
from app.files.model import FileRef
from app.kernel.codec import to_json
from app.kernel.command import Command
from app.kernel.errors import NotPermitted, RuleViolation
from app.kernel.event import Event, NewEvent
from app.kernel.feature import Context
from app.kernel.ids import derived_id

PDF = "application/pdf"
# Where a delivered document stands tells its issuer the axis' code
TOLD = {
    State.WAITING: DeliveryStatus.REGISTERED,
    State.PASSED: DeliveryStatus.ASSIGNED,
    State.IN_PROGRESS: DeliveryStatus.IN_PROGRESS,
    State.DONE: DeliveryStatus.FINISHED,
}
HANDLED = (
    "refused", "registered", "instructed", "assigned", "handed_on", "opened", "progressed",
    "reported", "finished", "reopened",
)  # fmt: skip


def delivery_id(source: str, agency: str) -> str:
    """Return the id of the incoming document that an issued one becomes at an agency."""
    return derived_id("delivery", source, agency)


def issue(entity: Document | None, command: Issue, ctx: Context) -> Sequence[NewEvent]:
    """Issue a document that has number, both signatures and its files (Art 17, 18)."""
    document = checks.own(entity, ctx.actor, Direction.OUTGOING)
    checks.has_role(ctx.actor, checks.CLERK)
    if document.reserved is None:
        raise RuleViolation("document.number_missing")
    if not document.is_signed:
        raise RuleViolation("document.not_signed")
    if not document.is_sealed:
        raise RuleViolation("document.not_sealed")
    checks.in_state(document, State.SEALED)
    if document.main_file is None:
        raise RuleViolation("document.file_missing", field="files")
    if unsigned_attachments(document):
        raise RuleViolation("document.attachment_unsigned", field="files")
    check_issuable(document, ctx)
    deliveries = planned(command.recipients) if command.recipients else document.deliveries
    if not deliveries:
        raise RuleViolation("document.no_recipient", field="recipients")
    if any(d.unit == document.agency for d in deliveries):
        raise RuleViolation("document.to_itself", field="recipients")
    return [
        checks.event(
            document.id,
            "issued",
            ctx,
            deliveries=[to_json(d) for d in deliveries],
            count=len(deliveries),
        ),
        *answers(document, ctx),
    ]


def unsigned_attachments(document: Document) -> tuple[FileRef, ...]:
    """Return the separate PDF attachments that the agency has not signed (PL I.III.1)."""
    signed = {s.sha256 for s in document.signatures if s.purpose == ATTACHMENT}
    return tuple(
        f
        for f in document.files
        if f.role == "attachment" and f.media == PDF and not signed & ancestors(document, f.sha256)
    )


def answers(document: Document, ctx: Context) -> list[NewEvent]:
    """Note on the incoming document that this one answers it."""
    if not document.reply_to or ctx.get(KIND, document.reply_to) is None:
        return []
    symbol = symbol_of(document)
    return [checks.event(document.reply_to, "answered", ctx, reply=document.id, symbol=symbol)]


def symbol_of(document: Document) -> str:
    """Return number and notation as written: "05/QĐ-UBND"."""
    p = document.particulars
    return "/".join(part for part in (p.number, p.notation) if part)


def deliver(entity: Document | None, command: Deliver, ctx: Context) -> Sequence[NewEvent]:
    """Put an issued document before the recipient's clerk, once."""
    only_system(ctx)
    if entity is not None:
        return []
    if command.id != delivery_id(command.source, command.agency):
        raise RuleViolation("argument", field="id")
    document = Document(
        id=command.id,
        direction=Direction.INCOMING,
        agency=command.agency,
        state=State.TO_RECEIVE,
        particulars=checks.checked(command.particulars),
        created_by=ctx.actor.person,
        created_at=ctx.now,
        channel=Channel.SYSTEM,
        files=command.files,
        arrived_at=ctx.now,
        source=command.source,
        source_agency=command.source_agency,
        related=command.related,
    )
    events = [checks.event(command.id, "delivered", ctx, document=to_json(document))]
    if ctx.get(KIND, command.source) is not None:
        events.append(_told(command.source, command.agency, DeliveryStatus.ARRIVED, ctx.now, ctx))
    for answered in command.related:
        if ctx.get(KIND, answered) is not None:
            symbol = symbol_of(document)
            events.append(checks.event(answered, "answered", ctx, reply=document.id, symbol=symbol))
    return events


def only_system(ctx: Context) -> None:
    """Raise `NotPermitted("document.system")` for people."""
    if not ctx.actor.is_system:
        raise NotPermitted("document.system")


def report_delivery(
    entity: Document | None, command: ReportDelivery, ctx: Context
) -> Sequence[NewEvent]:
    """Take down a recipient's status; the same status twice is no event."""
    only_system(ctx)
    document = checks.existing(entity)
    delivery = delivery_of(document, command.agency)
    if delivery is None:
        raise RuleViolation("document.no_recipient", field="agency")
    if delivery.status is command.status:
        return []
    return [
        _told(
            document.id,
            command.agency,
            command.status,
            command.at,
            ctx,
            checks.clean_text(command.reason, "reason"),
            command.number,
        )
    ]


def delivery_of(document: Document, agency: str) -> Delivery | None:
    """Return what is known of one recipient."""
    return next((d for d in document.deliveries if d.unit == agency), None)


def _told(
    source: str,
    agency: str,
    status: DeliveryStatus,
    at: datetime,
    ctx: Context,
    reason: str = "",
    number: int | None = None,
) -> NewEvent:
    return checks.event(
        source,
        "delivery_reported",
        ctx,
        agency=agency,
        status=status.value,
        on=at.isoformat(),
        reason=reason,
        number=number,
    )


def on_issued(event: Event, ctx: Context) -> Sequence[Command]:
    """Deliver an issued document to every recipient that is in the system."""
    document: Document | None = ctx.get(KIND, event.entity)
    if document is None:
        return []
    unit = ctx.get("unit", document.agency)
    issuer = document.particulars.issuer or (unit.name if unit is not None else "")
    carried = replace(
        document.particulars,
        issuer=issuer,
        issuer_unit=document.agency,
        to_places="",
        kept_by="",
        dossier="",
        note="",
        paper=False,
    )
    files = tuple(f for f in document.files if f.role in ("signed", "attachment"))
    return [
        Deliver(
            id=delivery_id(document.id, d.unit),
            source=document.id,
            source_agency=document.agency,
            agency=d.unit,
            particulars=carried,
            files=files,
            related=_answered_there(document, d.unit, ctx),
        )
        for d in document.deliveries
        if not d.paper
    ]


def _answered_there(document: Document, agency: str, ctx: Context) -> tuple[str, ...]:
    answered: Document | None = ctx.get(KIND, document.reply_to) if document.reply_to else None
    if answered is None or answered.source_agency != agency:
        return ()
    return (answered.source,)


def on_handled(event: Event, ctx: Context) -> Sequence[Command]:
    """Tell the issuer what an act at the recipient means for his document."""
    document: Document | None = ctx.get(KIND, event.entity)
    if document is None or not document.source:
        return []
    issued: Document | None = ctx.get(KIND, document.source)
    known = delivery_of(issued, document.agency) if issued is not None else None
    status = TOLD.get(document.state)
    if event.name == "document.refused":
        status = DeliveryStatus.REFUSED
    if known is None or status is None or not _news(known.status, status):
        return []
    return [
        ReportDelivery(
            id=document.source,
            agency=document.agency,
            status=status,
            at=event.at,
            reason=document.reason if status is DeliveryStatus.REFUSED else "",
            number=document.arrival_number,
        )
    ]


def _news(known: DeliveryStatus, status: DeliveryStatus) -> bool:
    """Tell whether a status says more; only a finished one may become open again."""
    return status > known or (known is DeliveryStatus.FINISHED and status is not known)
