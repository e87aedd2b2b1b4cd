"""Hand on, report, return, finish: what holders of items do (NĐ 30/2020 Art 24)."""

from __future__ import annotations

from collections.abc import Sequence

from app.documents.commands import (
    Assign,
    Finish,
    HandOn,
    MarkRead,
    Reopen,
    ReportProgress,
    ReportResult,
    RestoreRole,
    ReturnItem,
    TakeAsInfo,
    WithdrawAssign,
    WithdrawReturn,
)
from app.documents.model import (
    READING,
    Direction,
    Document,
    Item,
    Reading,
    Role,
    State,
    reading_id,
)
from app.documents.rules import checks, states
from app.documents.rules.incoming import new_items, untouched
from app.documents.rules.outlook import readable
from app.kernel.codec import to_json
from app.kernel.errors import Conflict, NotPermitted, RuleViolation
from app.kernel.event import NewEvent
from app.kernel.feature import Context


def assign(entity: Document | None, command: Assign, ctx: Context) -> Sequence[NewEvent]:
    """Let the head of a department assign his own people."""
    return _give(entity, command, ctx, "assigned")


def hand_on(entity: Document | None, command: HandOn, ctx: Context) -> Sequence[NewEvent]:
    """Hand an item on to others of the agency."""
    return _give(entity, command, ctx, "handed_on")


def _give(
    entity: Document | None, command: Assign | HandOn, ctx: Context, name: str
) -> Sequence[NewEvent]:
    document = checks.own(entity, ctx.actor, Direction.INCOMING)
    item = checks.open_item(document, command.item, ctx.actor)
    if not command.assignees:
        raise RuleViolation("document.nobody", field="assignees")
    whole = item.due or document.particulars.due
    checks.check_assignees(command.assignees, document, ctx, whole)
    if any(a.person and a.person == item.person for a in command.assignees):
        raise RuleViolation("document.to_oneself", field="assignees")
    if all(a.role is Role.INFO for a in command.assignees):
        checks.may_close(document, item)
    text = checks.clean_text(command.text, "text")
    given = new_items(command.assignees, item.id, text, ctx)
    return [
        checks.event(
            document.id,
            name,
            ctx,
            item=item.id,
            items=[to_json(i) for i in given],
            text=text,
        )
    ]


def withdraw_assign(
    entity: Document | None, command: WithdrawAssign, ctx: Context
) -> Sequence[NewEvent]:
    """Take back what one handed on while nobody acted on it."""
    document = checks.own(entity, ctx.actor, Direction.INCOMING)
    item = checks.held_item(document, command.item, ctx.actor)
    given = states.last_given(document.items, item.id)
    if not given:
        raise Conflict("document.nothing_to_withdraw")
    untouched(document, given)
    return [
        checks.event(
            document.id, "assign_withdrawn", ctx, item=item.id, items=[i.id for i in given]
        )
    ]


def take_as_info(entity: Document | None, command: TakeAsInfo, ctx: Context) -> Sequence[NewEvent]:
    """Turn a co-operating item into one for information; a sole lead returns it instead."""
    document = checks.own(entity, ctx.actor, Direction.INCOMING)
    item = checks.open_item(document, command.item, ctx.actor)
    if item.role is Role.INFO:
        raise Conflict("document.item_closed", state=item.role.value)
    beside = states.children(document.items, item.parent)
    if item.role is Role.LEAD and not any(
        i.id != item.id and i.role is Role.LEAD and i.is_live for i in beside
    ):
        raise RuleViolation("document.sole_lead", field="item")
    return [checks.event(document.id, "taken_as_info", ctx, item=item.id, role=item.role.value)]


def restore_role(entity: Document | None, command: RestoreRole, ctx: Context) -> Sequence[NewEvent]:
    """Take the earlier role of an item again."""
    document = checks.own(entity, ctx.actor, Direction.INCOMING)
    item = checks.held_item(document, command.item, ctx.actor)
    if item.role is not Role.INFO or command.role is not Role.CO:
        raise RuleViolation("document.role_unchanged", field="role")
    return [checks.event(document.id, "role_restored", ctx, item=item.id, role=command.role.value)]


def progress(entity: Document | None, command: ReportProgress, ctx: Context) -> Sequence[NewEvent]:
    """Write the progress of an item, or an opinion on it."""
    document = checks.own(entity, ctx.actor, Direction.INCOMING)
    item = checks.held_item(document, command.item, ctx.actor)
    if not item.is_live:
        raise Conflict("document.item_closed", state=item.state.value)
    text = checks.needed_text(command.text, "text")
    return [checks.event(document.id, "progressed", ctx, item=item.id, text=text)]


def report(entity: Document | None, command: ReportResult, ctx: Context) -> Sequence[NewEvent]:
    """Report the result of an item."""
    document = checks.own(entity, ctx.actor, Direction.INCOMING)
    item = checks.open_item(document, command.item, ctx.actor)
    result = checks.needed_text(command.result, "result")
    files = [to_json(f) for f in checks.checked_files(command.files)]
    return [checks.event(document.id, "reported", ctx, item=item.id, result=result, files=files)]


def return_item(entity: Document | None, command: ReturnItem, ctx: Context) -> Sequence[NewEvent]:
    """Give an item back with a reason."""
    document = checks.own(entity, ctx.actor, Direction.INCOMING)
    item = checks.open_item(document, command.item, ctx.actor)
    reason = checks.reason_of(command.reason)
    return [
        checks.event(document.id, "returned", ctx, item=item.id, reason=reason, to=item.giver_name)
    ]


def withdraw_return(
    entity: Document | None, command: WithdrawReturn, ctx: Context
) -> Sequence[NewEvent]:
    """Take a returned item again while its giver has not found another."""
    document = checks.own(entity, ctx.actor, Direction.INCOMING)
    item = checks.held_item(document, command.item, ctx.actor)
    giver = document.item(item.parent)
    others = states.children(document.items, item.parent)
    gone_on = item.role is Role.LEAD and any(
        i.role is Role.LEAD and i.state is not State.RETURNED for i in others
    )
    if item.state is not State.RETURNED or gone_on or (giver and not giver.is_live):
        raise Conflict("document.acted_on")
    return [checks.event(document.id, "return_withdrawn", ctx, item=item.id)]


def finish(entity: Document | None, command: Finish, ctx: Context) -> Sequence[NewEvent]:
    """Finish an item; the automatic rules complete what depends on it."""
    document = checks.own(entity, ctx.actor, Direction.INCOMING)
    item = checks.held_item(document, command.item, ctx.actor)
    if not item.is_live:
        raise Conflict("document.item_closed", state=item.state.value)
    checks.may_close(document, item)
    result = checks.clean_text(command.result, "result")
    return [checks.event(document.id, "finished", ctx, item=item.id, result=result)]


def reopen(entity: Document | None, command: Reopen, ctx: Context) -> Sequence[NewEvent]:
    """Open a finished item again: its holder, its giver, or a leader."""
    document = checks.own(entity, ctx.actor, Direction.INCOMING)
    item = document.item(command.item)
    if item is None:
        raise RuleViolation("document.no_item", field="item")
    is_giver = item.giver in checks.people_of(ctx.actor)
    if not (checks.holds(item, ctx.actor) or is_giver or checks.LEADER in ctx.actor.roles):
        raise NotPermitted("document.not_yours")
    if item.state is not State.DONE:
        raise Conflict("document.item_open")
    reason = checks.clean_text(command.reason, "reason")
    return [checks.event(document.id, "reopened", ctx, item=item.id, reason=reason)]


def mark_read(entity: Reading | None, command: MarkRead, ctx: Context) -> Sequence[NewEvent]:
    """Record once that a person opened the file; his waiting items are then begun."""
    if command.id != reading_id(command.document, ctx.actor.person):
        raise RuleViolation("argument", field="id")
    document = checks.existing(ctx.get("document", command.document))
    if not readable(document, ctx.actor):
        raise NotPermitted("document.agency")
    events: list[NewEvent] = []
    if entity is None:
        reading = Reading(
            command.id,
            document.id,
            ctx.actor.person,
            document.agency,
            ctx.actor.name,
            ctx.now,
        )
        events.append(NewEvent(READING, command.id, "reading.made", {"reading": to_json(reading)}))
    begun = [i.id for i in document.items if _unopened(i) and checks.holds(i, ctx.actor)]
    if begun:
        events.append(checks.event(document.id, "opened", ctx, items=begun))
    return events


def _unopened(item: Item) -> bool:
    return item.is_open and item.opened_at is None
