"""The rules of reserved blocks: numbers set apart for a device that has no line.

A block belongs to one device and to one year's book. The server alone sets numbers apart, and
the server alone decides what becomes of those that were not used: it knows what followed them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from itertools import chain, count, islice

from app.kernel.clock import local_date
from app.kernel.codec import from_json, to_json
from app.kernel.errors import Conflict, RuleViolation
from app.kernel.event import Event, NewEvent
from app.kernel.feature import Context
from app.registers.commands import ReserveBlock, ReturnBlock, VoidBlock
from app.registers.model import Block, Register, RegisterMode
from app.registers.numbering import book_of, checked_reason, released, voided
from app.registers.scope import known, line, own

MAX_BLOCK = 100


def reserve_block(
    _: Register | None, command: ReserveBlock, context: Context
) -> Sequence[NewEvent]:
    """Set the next numbers apart for the sending device; on the desk the wish is recorded."""
    book, first = book_of(context, command.id)
    own(book.agency, context)
    if book.mode is not RegisterMode.BLOCK:
        raise RuleViolation("register.no_blocks", field="id")
    if not 1 <= command.size <= MAX_BLOCK:
        raise RuleViolation("register.block_size", field="size", most=MAX_BLOCK)
    if command.until < local_date(context.now) or command.until.year != book.year:
        raise RuleViolation("register.block_until", field="until", year=book.year)
    there = book.block_of(context.device)
    if there is not None:
        if there.numbers:
            raise Conflict("register.block_held")
        # Closed on both sides: no number of it comes back that the server would then refuse
        used_up = {"block": there.epoch, "reason": ""}
        first.append(NewEvent("register", book.id, "register.block_closed", used_up))
    if not context.authoritative:
        return [*first, NewEvent("register", book.id, "register.block_asked")]
    numbers = tuple(islice(chain(book.released, count(book.next)), command.size))
    block = Block(
        device=context.device,
        person=context.actor.person,
        epoch=book.epoch + 1,
        reserved=numbers,
        numbers=numbers,
        until=command.until,
    )
    data = {"block": block.epoch, "reserved": to_json(block)}
    return [*first, NewEvent("register", book.id, "register.block_reserved", data)]


def return_block(
    register: Register | None, command: ReturnBlock, context: Context
) -> Sequence[NewEvent]:
    """Close the sending device's block; last year's goes back with it."""
    closed = _closed(known(register), context.device, command.reason, context, lost=False)
    if not closed:
        raise RuleViolation("register.block_gone", field="id")
    return closed


def void_block(
    register: Register | None, command: VoidBlock, context: Context
) -> Sequence[NewEvent]:
    """Close a lost device's block, with its neighbours in time; none of it is given again."""
    closed = _closed(known(register), command.device, command.reason, context, lost=True)
    if not closed:
        raise RuleViolation("register.no_block", field="device")
    return closed


def _closed(
    book: Register, device: str, reason: str, context: Context, *, lost: bool
) -> list[NewEvent]:
    why = checked_reason(reason)
    events: list[NewEvent] = []
    for one in line(book, context):
        block = one.block_of(device)
        if block is None:
            continue
        data = {"block": block.epoch, "reason": why}
        events.append(NewEvent("register", one.id, "register.block_closed", data))
        if context.authoritative:
            events += _unused(one, block, why, context, lost=lost)
    return events


def _unused(
    book: Register, block: Block, reason: str, context: Context, *, lost: bool
) -> Iterable[NewEvent]:
    """Return what becomes of the free numbers: given again from the end of the book, or void.

    A lost device may have put on paper what it had no line to tell; a closed year gives none.
    """
    back = list(book.released)
    open_year = book.year == local_date(context.now).year
    for n in reversed(block.numbers):
        now = replace(book, released=tuple(back))
        if open_year and not lost and now.goes_back(n):
            back.append(n)
            yield from released(book.id, {"n": n}, reason)
        else:
            yield voided(book.id, n, reason)


def apply_block(book: Register, event: Event) -> Register:
    """Return the book after an event that names the epoch of one of its blocks."""
    epoch, data = event.data["block"], event.data
    match event.name:
        case "register.block_reserved":
            return _reserved(book, from_json(Block, data["reserved"]))
        case "register.drawn":
            return _left(book, epoch, lambda b: tuple(x for x in b.numbers if x > data["n"]))
        case "register.released":
            return _left(book, epoch, lambda b: tuple(sorted({data["n"], *b.numbers})))
        case "register.block_closed":
            return replace(book, blocks=tuple(b for b in book.blocks if b.epoch != epoch))
        case _:
            return book


def struck(book: Register, n: int) -> Register:
    """Return the book after a released number was struck through."""
    blocks = (replace(b, numbers=tuple(x for x in b.numbers if x != n)) for b in book.blocks)
    left = tuple(x for x in book.released if x != n)
    return replace(book, released=left, blocks=tuple(blocks))


def _reserved(book: Register, block: Block) -> Register:
    return replace(
        book,
        blocks=(*book.blocks, block),
        epoch=block.epoch,
        next=max(book.next, block.numbers[-1] + 1),
        released=tuple(n for n in book.released if n not in block.numbers),
    )


def _left(book: Register, epoch: int, left: Callable[[Block], tuple[int, ...]]) -> Register:
    blocks = (replace(b, numbers=left(b)) if b.epoch == epoch else b for b in book.blocks)
    return replace(book, blocks=tuple(blocks))
