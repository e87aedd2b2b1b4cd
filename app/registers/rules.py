"""The rules of numbering books: opening, leasing, fencing, voiding, and all effects."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from app.kernel.codec import from_json
from app.kernel.errors import Conflict, RuleViolation
from app.kernel.event import Event, NewEvent
from app.kernel.feature import Context
from app.kernel.text import normal
from app.registers import blocks
from app.registers.commands import (
    FenceRegister,
    LeaseRegister,
    OpenRegister,
    ReturnLease,
    SetMode,
    VoidNumber,
)
from app.registers.model import (
    EntryState,
    Lease,
    Register,
    RegisterEntry,
    RegisterMode,
    parts_of,
)
from app.registers.numbering import MIN_REASON, checked_reason, opened_event, void
from app.registers.scope import known, line, own


def open_register(
    register: Register | None, command: OpenRegister, context: Context
) -> Sequence[NewEvent]:
    """Open a book of an agency and a year; each is opened once."""
    if register is not None:
        raise Conflict("register.exists")
    try:
        agency, year, book = parts_of(command.id)
    except ValueError as error:
        raise RuleViolation("register.unknown", field="id") from error
    own(agency, context)
    if command.mode is RegisterMode.BLOCK:
        # Only an administrator says that a book need not go in the order of time.
        raise RuleViolation("register.mode_not_offered", field="mode")
    name = normal(command.name)
    if not name or not book or command.first < 1:
        raise RuleViolation("register.incomplete", field="first" if name and book else "name")
    opened = Register(
        id=command.id,
        agency=agency,
        year=year,
        book=book,
        name=name,
        mode=command.mode,
        next=command.first,
        first=command.first,
    )
    return [opened_event(opened)]


def set_mode(register: Register | None, command: SetMode, context: Context) -> Sequence[NewEvent]:
    """Change the mode of a book that no device holds."""
    book = known(register)
    own(book.agency, context)
    if book.lease is not None:
        raise Conflict("register.leased")
    if any(block.numbers for block in book.blocks):
        raise Conflict("register.blocks_left")
    data = {"mode": command.mode.value}
    if command.mode is RegisterMode.BLOCK:
        # NĐ 30/2020 Art 15.1 and 22.2 ask for the order of time unless another rule allows it.
        if len(command.basis.strip()) < MIN_REASON:
            raise RuleViolation("register.basis", field="basis")
        data["basis"] = normal(command.basis)
    return [NewEvent("register", book.id, "register.mode_set", data)]


def lease(
    register: Register | None, command: LeaseRegister, context: Context
) -> Sequence[NewEvent]:
    """Let the sending device hold the book, under a new epoch.

    Only the server grants it: on the desk the wish is recorded and no number is given yet.
    """
    book = known(register)
    own(book.agency, context)
    if book.mode is not RegisterMode.LEASED:
        raise RuleViolation("register.not_leasable", field="id")
    if book.lease is not None:
        raise Conflict("register.leased")
    if command.device and command.device != context.device:
        raise RuleViolation("register.other_device", field="device")
    if not context.authoritative:
        return [NewEvent("register", book.id, "register.lease_asked")]
    data = {
        "device": context.device,
        "person": context.actor.person,
        "epoch": book.epoch + 1,
    }
    return [NewEvent("register", book.id, "register.leased", data)]


def return_lease(register: Register | None, _: ReturnLease, context: Context) -> Sequence[NewEvent]:
    """Give the book back; last year's book, if still held, goes back with it."""
    book = known(register)
    if book.lease is None or book.lease.device != context.device:
        raise RuleViolation("register.fenced", field="id")
    return [
        NewEvent("register", b.id, "register.lease_returned")
        for b in line(book, context)
        if b.lease is not None and b.lease.device == context.device
    ]


def fence(
    register: Register | None, command: FenceRegister, context: Context
) -> Sequence[NewEvent]:
    """Take the book, and its neighbours in time that are held, from the holding device."""
    book = known(register)
    if book.lease is None:
        raise RuleViolation("register.not_leased", field="id")
    reason = checked_reason(command.reason)
    return [
        NewEvent("register", b.id, "register.fenced", {"epoch": b.epoch + 1, "reason": reason})
        for b in line(book, context)
        if b.lease is not None and b.lease.device == book.lease.device
    ]


def void_number(
    register: Register | None, command: VoidNumber, context: Context
) -> Sequence[NewEvent]:
    """Strike a number through, by the agency's own people."""
    book = known(register)
    own(book.agency, context)
    return void(context, book.id, command.n, command.reason)


def apply_register(register: Register | None, event: Event) -> Register:
    """Return the book after an event."""
    if event.name == "register.opened":
        return from_json(Register, event.data)
    book = known(register)
    data = event.data
    if "block" in data:
        return blocks.apply_block(book, event)
    match event.name:
        case "register.drawn":
            return _drawn(book, data["n"])
        case "register.released":
            return replace(book, released=tuple(sorted({*book.released, data["n"]})))
        case "register.voided":
            return blocks.struck(book, data["n"])
        case "register.leased":
            return replace(book, lease=from_json(Lease, data), epoch=data["epoch"])
        case "register.lease_returned":
            return replace(book, lease=None)
        case "register.fenced":
            return replace(book, lease=None, epoch=data["epoch"])
        case "register.mode_set":
            mode, basis = RegisterMode(data["mode"]), data.get("basis", "")
            return replace(book, mode=mode, basis=basis, blocks=())
        case _:
            return book


def apply_entry(entry: RegisterEntry | None, event: Event) -> RegisterEntry:
    """Return the row of a number after an event; the bearer stays when none is named."""
    data = event.data
    released = data["state"] == EntryState.RELEASED.value
    bearer = ("", "") if entry is None or released else (entry.kind, entry.entity)
    return RegisterEntry(
        id=event.entity,
        register=event.entity.rsplit(":", 1)[0],
        n=data["n"],
        kind=data.get("kind", bearer[0]),
        entity=data.get("entity", bearer[1]),
        state=EntryState(data["state"]),
        reason=data.get("reason", ""),
        at=event.at,
    )


def _drawn(book: Register, n: int) -> Register:
    later = tuple(x for x in book.released if x > n)
    return replace(book, next=max(book.next, n + 1), released=later)
