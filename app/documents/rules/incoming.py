"""Receive, refuse, register, present, instruct (NĐ 30/2020 Art 20-23)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from app.documents.commands import (
    Instruct,
    Present,
    Receive,
    Refuse,
    Register,
    WithdrawInstruction,
    WithdrawPresent,
)
from app.documents.model import (
    KIND,
    PARTICULARS,
    Assignee,
    Channel,
    Direction,
    Document,
    Item,
    Particulars,
    Role,
    State,
)
from app.documents.rules import checks, states
from app.documents.rules.merging import merged, proposed, values_of
from app.kernel.actor import Actor
from app.kernel.clock import local_date
from app.kernel.codec import to_json
from app.kernel.errors import Conflict, NotPermitted, RuleViolation
from app.kernel.event import NewEvent
from app.kernel.feature import Context
from app.kernel.ids import derived_id
from app.kernel.merge import Clash
from app.registers.numbering import draw, origin_number

PAPER = "paper"
BOOK = "incoming"


def receive(entity: Document | None, command: Receive, ctx: Context) -> Sequence[NewEvent]:
    """Take in a document that did not come over the line (Art 21.1)."""
    checks.absent(entity)
    if command.agency != ctx.actor.agency:
        raise NotPermitted("document.agency")
    particulars = checks.checked(command.particulars)
    checks.not_future(particulars.issued, ctx, "issued")
    document = Document(
        id=command.id,
        direction=Direction.INCOMING,
        agency=command.agency,
        state=State.TO_REGISTER,
        particulars=replace(
            particulars, paper=particulars.paper or command.channel is Channel.PAPER
        ),
        created_by=ctx.actor.person,
        created_at=ctx.now,
        channel=command.channel,
        files=checks.checked_files(command.files),
        arrived_at=command.arrived_at or ctx.now,
        related=command.related,
    )
    return [checks.event(command.id, "received", ctx, document=to_json(document))]


def refuse(entity: Document | None, command: Refuse, ctx: Context) -> Sequence[NewEvent]:
    """Send back what is not for this agency or not whole (Art 21.2)."""
    document = checks.own(entity, ctx.actor, Direction.INCOMING)
    checks.in_state(document, State.TO_RECEIVE, State.TO_REGISTER)
    return [checks.event(document.id, "refused", ctx, reason=checks.reason_of(command.reason))]


def prepare_register(entity: Document | None, command: Register, ctx: Context) -> Register:
    """Draw the arrival number where this device holds the book, and note what stood before."""
    number, epoch = origin_number(ctx, command.register)
    before = command.before
    if entity is not None and command.particulars is not None:
        before = before or entity.particulars
    return replace(command, number=number, epoch=epoch, before=before)


def register(entity: Document | None, command: Register, ctx: Context) -> Sequence[NewEvent]:
    """Enter in the book, one yearly series for paper and electronic (Art 22.2)."""
    document = checks.own(entity, ctx.actor, Direction.INCOMING)
    checks.in_state(document, State.TO_RECEIVE, State.TO_REGISTER)
    if document.register:
        raise Conflict("document.registered")
    in_book(command.register, document.agency, BOOK)
    checks.not_future(command.arrival_date, ctx, "arrival_date")
    particulars, clashes = _corrected(document, command)
    checks.not_future(particulars.issued, ctx, "issued")
    number, drawn = draw(ctx, command.register, command.number, command.epoch, KIND, document.id)
    corrected = None if particulars == document.particulars else to_json(particulars)
    return [
        checks.event(
            document.id,
            "registered",
            ctx,
            register=command.register,
            number=number,
            arrival_date=command.arrival_date.isoformat(),
            particulars=corrected,
        ),
        *proposed(document, clashes, ctx),
        *drawn,
    ]


def _corrected(document: Document, command: Register) -> tuple[Particulars, tuple[Clash, ...]]:
    """Return the particulars as they stand after the clerk's corrections, and what clashes."""
    if command.particulars is None:
        return checks.changed(document, document.particulars), ()
    wanted = checks.changed(document, command.particulars)
    if command.before is None:
        return wanted, ()
    before, after = (values_of(p, PARTICULARS) for p in (command.before, wanted))
    return merged(document, wanted, before, {n for n in PARTICULARS if before[n] != after[n]})


def in_book(register_id: str, agency: str, book: str) -> None:
    """Raise `RuleViolation("document.book")` for another agency's or another kind of book."""
    if not (register_id.startswith(f"{agency}:") and register_id.endswith(f":{book}")):
        raise RuleViolation("document.book", field="register")


def present(entity: Document | None, command: Present, ctx: Context) -> Sequence[NewEvent]:
    """Put a registered document before a leader (Art 23.1)."""
    document = checks.own(entity, ctx.actor, Direction.INCOMING)
    registered(document)
    if any(i.is_live for i in states.children(document.items, "")):
        raise Conflict("document.presented")
    if document.state is State.DONE:
        raise Conflict("document.state", state=document.state.value)
    leads(ctx, command.leader, document.agency)
    item = root_item(document, ctx, command.leader, command.leader_name)
    proposal = checks.clean_text(command.proposal, "proposal")
    return [
        checks.event(
            document.id,
            "presented",
            ctx,
            item=to_json(item),
            to=command.leader_name or command.leader,
            text=proposal,
        )
    ]


def registered(document: Document) -> None:
    """Raise `RuleViolation("document.not_registered")`: no duty to handle before (Art 22.1).

    One whose number is void, its twin being kept, is `Conflict("document.state")`.
    """
    if not document.register:
        raise RuleViolation("document.not_registered")
    if document.state is State.DISCARDED:
        raise Conflict("document.state", state=document.state.value)


def leads(ctx: Context, person: str, agency: str) -> None:
    """Raise `RuleViolation("document.not_leader")` unless the person leads the agency."""
    if not checks.serves(ctx, person, agency, checks.LEADER, checks.OFFICE_HEAD):
        raise RuleViolation("document.not_leader", field="leader")


def root_item(document: Document, ctx: Context, leader: str, name: str) -> Item:
    """Make the item of the leader to whom a document is presented."""
    return Item(
        id=derived_id("item", ctx.command_id, "root"),
        role=Role.LEAD,
        person=leader,
        name=name,
        due=document.particulars.due,
        presented=True,
        giver=ctx.actor.person,
        giver_name=ctx.actor.name,
        given_at=ctx.now,
    )


def withdraw_present(
    entity: Document | None, _: WithdrawPresent, ctx: Context
) -> Sequence[NewEvent]:
    """Take back what the leader has not acted on."""
    document = checks.own(entity, ctx.actor, Direction.INCOMING)
    root = next((i for i in document.items if i.presented and i.is_live), None)
    if root is None:
        raise Conflict("document.not_presented")
    untouched(document, (root,))
    return [checks.event(document.id, "present_withdrawn", ctx, items=[root.id])]


def untouched(document: Document, items: Sequence[Item]) -> None:
    """Raise `Conflict("document.acted_on")` if a holder did more than read."""
    if any(states.has_acted(document.items, i) for i in items):
        raise Conflict("document.acted_on")


def instruct(entity: Document | None, command: Instruct, ctx: Context) -> Sequence[NewEvent]:
    """Write the instruction: lead, co-operating, deadline of each (Art 23.2, 23.4)."""
    document = checks.own(entity, ctx.actor, Direction.INCOMING)
    registered(document)
    leader = instructing(ctx.actor)
    if ctx.actor.authority == PAPER and command.slip is None:
        raise RuleViolation("document.slip_missing", field="slip")
    item, new_root = item_to_instruct(document, leader, ctx)
    today = local_date(ctx.now)
    checks.check_due(command.due, ctx, None)
    whole = command.due or document.particulars.due
    checks.check_assignees(command.assignees, document, ctx, whole)
    if all(a.role is Role.INFO for a in command.assignees):
        checks.may_close(document, item)
    slip = None
    if command.slip is not None:
        slip = to_json(checks.checked_files([replace(command.slip, role="slip")])[0])
    given = new_items(command.assignees, item.id, command.text, ctx)
    return [
        checks.event(
            document.id,
            "instructed",
            ctx,
            item=item.id,
            root=to_json(new_root) if new_root else None,
            items=[to_json(i) for i in given],
            text=checks.needed_text(command.text, "text"),
            due=command.due.isoformat() if command.due else None,
            slip=slip,
            on=today.isoformat(),
        )
    ]


def instructing(actor: Actor) -> str:
    """Return the leader whose instruction it is; `NotPermitted("document.role")` for none."""
    if actor.acting_for:
        return actor.acting_for
    checks.has_role(actor, checks.LEADER, checks.OFFICE_HEAD)
    return actor.person


def item_to_instruct(document: Document, leader: str, ctx: Context) -> tuple[Item, Item | None]:
    """Return the leader's item, and the same once more if it has to be made first."""
    mine = [i for i in document.items if i.person == leader and i.is_open]
    if mine:
        return next((i for i in mine if i.presented), mine[0]), None
    if any(i.is_live for i in states.children(document.items, "")):
        raise NotPermitted("document.not_yours")
    if document.state is State.DONE:
        raise Conflict("document.state", state=document.state.value)
    leads(ctx, leader, document.agency)
    name = ctx.actor.name if leader == ctx.actor.person else ""
    root = root_item(document, ctx, leader, name)
    return root, root


def new_items(
    assignees: Sequence[Assignee], parent: str, text: str, ctx: Context
) -> tuple[Item, ...]:
    """Make the items that a giver hands out."""
    return tuple(
        Item(
            id=derived_id("item", ctx.command_id, str(place)),
            role=a.role,
            person=a.person,
            unit=a.unit,
            name=a.name,
            due=a.due,
            parent=parent,
            giver=ctx.actor.acting_for or ctx.actor.person,
            giver_name=ctx.actor.name,
            given_at=ctx.now,
            text=text,
        )
        for place, a in enumerate(assignees)
    )


def withdraw_instruction(
    entity: Document | None, command: WithdrawInstruction, ctx: Context
) -> Sequence[NewEvent]:
    """Take an instruction back while nobody acted on it."""
    document = checks.own(entity, ctx.actor, Direction.INCOMING)
    leader = instructing(ctx.actor)
    mine = [
        i
        for i in document.items
        if i.person == leader and not i.is_open and command.item in ("", i.id)
    ]
    if not mine:
        raise Conflict("document.nothing_to_withdraw")
    given = states.last_given(document.items, mine[-1].id)
    untouched(document, given)
    return [
        checks.event(
            document.id,
            "instruction_withdrawn",
            ctx,
            item=mine[-1].id,
            items=[i.id for i in given],
        )
    ]
