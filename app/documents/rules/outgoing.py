"""Draft, revise, submit, approve or decline (NĐ 30/2020 Art 10-12)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from app.documents.commands import (
    Approve,
    Decline,
    Discard,
    Draft,
    Revise,
    SetRecipients,
    Submit,
    WithdrawApproval,
    WithdrawDecline,
    WithdrawSubmit,
)
from app.documents.model import (
    Approval,
    Delivery,
    Direction,
    Document,
    Recipient,
    State,
    Version,
)
from app.documents.rules import checks
from app.documents.rules.incoming import leads
from app.documents.rules.lineage import current_file
from app.documents.rules.merging import DRAFT, MERGES, RECIPIENTS, proposed, standing
from app.files.model import FileRef
from app.kernel.actor import Actor
from app.kernel.codec import from_json, to_json
from app.kernel.errors import Conflict, NotPermitted, RuleViolation
from app.kernel.event import NewEvent
from app.kernel.feature import Context
from app.kernel.merge import Clash, merge_fields

MAX_RECIPIENTS = 500
IN_HAND = (State.DRAFT, State.DECLINED)


def draft(entity: Document | None, command: Draft, ctx: Context) -> Sequence[NewEvent]:
    """Begin an outgoing document."""
    checks.absent(entity)
    if command.agency != ctx.actor.agency:
        raise NotPermitted("document.agency")
    if command.reply_to:
        answered: Document | None = ctx.get("document", command.reply_to)
        checks.own(answered, ctx.actor, Direction.INCOMING)
    files = checks.checked_files(command.files)
    document = Document(
        id=command.id,
        direction=Direction.OUTGOING,
        agency=command.agency,
        state=State.DRAFT,
        particulars=replace(checks.checked(command.particulars), number="", issued=None),
        created_by=ctx.actor.person,
        created_at=ctx.now,
        files=files,
        drafter=ctx.actor.person,
        drafter_name=ctx.actor.name,
        drafting_unit=ctx.actor.unit,
        form=command.form,
        form_values=command.form_values,
        versions=tuple(Version(1, f, ctx.actor.person, ctx.now) for f in files if f.role == "main"),
        deliveries=planned(command.recipients),
        reply_to=command.reply_to,
        related=command.related,
    )
    return [checks.event(command.id, "drafted", ctx, document=to_json(document))]


def planned(recipients: Sequence[Recipient]) -> tuple[Delivery, ...]:
    """Return the deliveries to come; each recipient once, at most five hundred.

    Raises `RuleViolation("document.recipient_twice")` or `("document.recipient_count")`.
    """
    if len({r.unit or r.name for r in recipients}) != len(recipients):
        raise RuleViolation("document.recipient_twice", field="recipients")
    if len(recipients) > MAX_RECIPIENTS:
        raise RuleViolation("document.recipient_count", field="recipients", limit=MAX_RECIPIENTS)
    return tuple(
        Delivery(r.unit, checks.clean_text(r.name, "recipients", 200), r.paper or not r.unit)
        for r in recipients
    )


def drafted(entity: Document | None, actor: Actor, *allowed: State) -> Document:
    """Return a draft in one of the states that the actor may work on.

    That is its drafter, the clerk, the office head, or the head of its department.
    """
    document = checks.own(entity, actor, Direction.OUTGOING)
    heads = checks.DEPARTMENT_HEAD in actor.roles and actor.unit == document.drafting_unit
    helps = bool(actor.roles & {checks.CLERK, checks.OFFICE_HEAD})
    if not (document.drafter in checks.people_of(actor) or heads or helps):
        raise NotPermitted("document.not_yours")
    checks.in_state(document, *allowed)
    return document


def discard(entity: Document | None, _: Discard, ctx: Context) -> Sequence[NewEvent]:
    """Put a draft aside that nobody else has seen, or a paper not yet in the book."""
    document = checks.own(entity, ctx.actor)
    if document.direction is Direction.INCOMING:
        checks.has_role(ctx.actor, checks.CLERK)
        checks.in_state(document, State.TO_REGISTER)
    else:
        drafted(document, ctx.actor, State.DRAFT)
    if document.approval is not None:
        raise Conflict("document.acted_on")
    return [checks.event(document.id, "discarded", ctx)]


def revise(entity: Document | None, command: Revise, ctx: Context) -> Sequence[NewEvent]:
    """Put a new version; the leader who signs may have number and date set in by it."""
    document = checks.own(entity, ctx.actor, Direction.OUTGOING)
    if document.state is State.NUMBERED:
        approving(document, ctx.actor)
    else:
        drafted(document, ctx.actor, *IN_HAND)
    file = replace(checks.checked_files([command.file])[0], role="main")
    if any(v.file.sha256 == file.sha256 for v in document.versions):
        raise RuleViolation("document.same_version", field="file")
    n, note = len(document.versions) + 1, checks.clean_text(command.note, "note")
    said: dict[str, Any] = {"file": to_json(file), "n": n, "text": note}
    if command.base and command.base != standing(document, DRAFT):
        # Another version came between: both are kept, and people choose
        value = {"n": n, "form_values": command.form_values}
        earlier = [
            p for p in document.proposals if p.field == DRAFT and p.person == ctx.actor.person
        ]
        clash = Clash(DRAFT, value, command.base, standing(document, DRAFT))
        kept = checks.event(document.id, "version_kept", ctx, **said)
        return [kept, *proposed(document, [clash], ctx, earlier)]
    return [checks.event(document.id, "revised", ctx, **said, form_values=command.form_values)]


def set_recipients(
    entity: Document | None, command: SetRecipients, ctx: Context
) -> Sequence[NewEvent]:
    """Choose the recipients at any time before the document is issued."""
    document = checks.own(entity, ctx.actor, Direction.OUTGOING)
    if document.state is State.ISSUED:
        raise Conflict("document.state", state=document.state.value)
    if not (ctx.actor.roles & {checks.CLERK, checks.OFFICE_HEAD, checks.LEADER}):
        drafted(document, ctx.actor, *IN_HAND)
    deliveries = [to_json(d) for d in planned(_chosen(document, command))]
    return [checks.event(document.id, "recipients_set", ctx, deliveries=deliveries)]


def prepare_recipients(
    entity: Document | None, command: SetRecipients, _: Context
) -> SetRecipients:
    """Note who stood there where the choice was made."""
    if entity is None or command.before is not None:
        return command
    return replace(command, before=receivers(entity))


def receivers(document: Document) -> tuple[Recipient, ...]:
    """Return to whom a document is to go."""
    return tuple(Recipient(d.unit, d.name, d.paper) for d in document.deliveries)


def _chosen(document: Document, command: SetRecipients) -> tuple[Recipient, ...]:
    """Return the recipients after a choice: what others added meanwhile stays."""
    planned(command.recipients)
    if command.before is None:
        return command.recipients
    base, theirs, mine = (
        [to_json(r) for r in held]
        for held in (command.before, receivers(document), command.recipients)
    )
    found = merge_fields(MERGES, {RECIPIENTS: base}, {RECIPIENTS: theirs}, {RECIPIENTS: mine})
    chosen = found.values.get(RECIPIENTS, theirs)
    named = {r["unit"] or r["name"]: from_json(Recipient, r) for r in chosen}
    return tuple(named.values())


def submit(entity: Document | None, command: Submit, ctx: Context) -> Sequence[NewEvent]:
    """Submit a draft with its PDF to a leader."""
    document = drafted(entity, ctx.actor, *IN_HAND)
    if document.main_file is None:
        raise RuleViolation("document.file_missing", field="files")
    leads(ctx, command.leader, document.agency)
    approval = Approval(command.leader, command.leader_name, ctx.now)
    return [
        checks.event(
            document.id,
            "submitted",
            ctx,
            approval=to_json(approval),
            to=command.leader_name or command.leader,
            text=checks.clean_text(command.text, "text"),
        )
    ]


def withdraw_submit(entity: Document | None, _: WithdrawSubmit, ctx: Context) -> Sequence[NewEvent]:
    """Take a draft back while the leader has not decided."""
    document = drafted(entity, ctx.actor, State.SUBMITTED)
    return [checks.event(document.id, "submit_withdrawn", ctx)]


def approving(document: Document, actor: Actor) -> None:
    """Raise `NotPermitted("document.not_yours")` unless it was submitted to the actor."""
    if document.approval is None or document.approval.person not in checks.people_of(actor):
        raise NotPermitted("document.not_yours")


def to_decide(entity: Document | None, actor: Actor, *allowed: State) -> Document:
    """Return a document of these states that was submitted to the actor."""
    document = checks.own(entity, actor, Direction.OUTGOING)
    approving(document, actor)
    checks.in_state(document, *allowed)
    return document


def approve(entity: Document | None, command: Approve, ctx: Context) -> Sequence[NewEvent]:
    """Approve a draft; it then waits for number and signature."""
    document = to_decide(entity, ctx.actor, State.SUBMITTED)
    text = checks.clean_text(command.text, "text")
    return [checks.event(document.id, "approved", ctx, text=text)]


def withdraw_approval(
    entity: Document | None, _: WithdrawApproval, ctx: Context
) -> Sequence[NewEvent]:
    """Take an approval back before a number is reserved."""
    document = to_decide(entity, ctx.actor, State.APPROVED)
    return [checks.event(document.id, "approval_withdrawn", ctx)]


def decline(entity: Document | None, command: Decline, ctx: Context) -> Sequence[NewEvent]:
    """Return a draft to its drafter with a reason; a reserved number is released first."""
    document = to_decide(entity, ctx.actor, State.SUBMITTED, State.APPROVED)
    reason = checks.reason_of(command.reason)
    return [checks.event(document.id, "declined", ctx, reason=reason, to=document.drafter_name)]


def withdraw_decline(
    entity: Document | None, _: WithdrawDecline, ctx: Context
) -> Sequence[NewEvent]:
    """Take a refusal back while the drafter has not revised or submitted again."""
    document = to_decide(entity, ctx.actor, State.DECLINED)
    return [checks.event(document.id, "decline_withdrawn", ctx)]


def signed_source(document: Document, sha256: str) -> FileRef:
    """Return the file that a signature was put on, or what completed it since.

    Raises `Conflict("document.wrong_source")` for another.
    """
    found = current_file(document, sha256)
    if found is None:
        raise Conflict("document.wrong_source")
    return found
