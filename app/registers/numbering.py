"""How numbers leave a book: the pure functions that other features' rules call.

Invariants, whatever the order of calls: every number from `first` below `next` has exactly
one row; no number is given twice; a row is never removed (NĐ 30/2020 Art 15, 22.2).
One command draws at most one number from one book.
"""

from __future__ import annotations

from typing import Any

from app.kernel.clock import local_date
from app.kernel.codec import to_json
from app.kernel.errors import RuleViolation
from app.kernel.event import NewEvent
from app.kernel.feature import Context
from app.registers.model import (
    Block,
    EntryState,
    Register,
    RegisterEntry,
    RegisterMode,
    entry_id,
    parts_of,
    register_id,
)

MIN_REASON = 3
GAP = "gap"
# Numbers are skipped where the server refused what a desk had numbered offline
MAX_GAP = 1000


def book_of(ctx: Context, register: str) -> tuple[Register, list[NewEvent]]:
    """Return the book, and the event that opens it where the new year has none yet.

    The year's first act opens the book from last year's: its name, mode, lease and epoch go
    on, so a desk that holds the book numbers through New Year without a line. Blocks stay with
    their year. Raises
    `RuleViolation("register.unknown")` where there is no book to go on from.
    """
    found: Register | None = ctx.get("register", register)
    if found is not None:
        return found, []
    try:
        agency, year, book = parts_of(register)
    except ValueError as error:
        raise RuleViolation("register.unknown", field="register") from error
    last: Register | None = ctx.get("register", register_id(agency, year - 1, book))
    if last is None:
        raise RuleViolation("register.unknown", field="register")
    opened = Register(
        id=register,
        agency=agency,
        year=year,
        book=book,
        name=last.name,
        mode=last.mode,
        lease=last.lease,
        epoch=last.epoch,
        basis=last.basis,
    )
    return opened, [opened_event(opened)]


def opened_event(register: Register) -> NewEvent:
    """Return the event that opens a book as it is."""
    return NewEvent("register", register.id, "register.opened", to_json(register))


def origin_number(ctx: Context, register: str) -> tuple[int | None, int | None]:
    """Return the number and epoch that this device may give by itself, or (None, None).

    Only a device that holds the book, or a block with numbers left, may; every other one waits
    for the server. Raises `RuleViolation` with `register.clock_off` where the server's clock
    shows another day, `register.clock_back` on an earlier day than that of the last number, and
    `register.block_expired` after the block's last day.
    """
    right = local_date(ctx.now + ctx.clock_off)
    if right != local_date(ctx.now):
        raise RuleViolation("register.clock_off", field="register", day=f"{right:%d/%m/%Y}")
    book, _ = book_of(ctx, register)
    block = book.block_of(ctx.device)
    if block is not None and block.numbers:
        return _next_of(ctx, book, block), block.epoch
    lease = book.lease
    if book.mode is not RegisterMode.LEASED or lease is None or lease.device != ctx.device:
        return None, None
    _not_back(ctx, book, book.next - 1)
    return _following(book), lease.epoch


def _next_of(ctx: Context, book: Register, block: Block) -> int:
    not_expired(ctx, block)
    used = [n for n in block.reserved if n < block.numbers[0]]
    if used:
        _not_back(ctx, book, used[-1])
    return block.numbers[0]


def _not_back(ctx: Context, book: Register, n: int) -> None:
    """Refuse to number on an earlier day than that of the last number, `n`.

    Asked on the device that gives the numbers, whose clock gave the last one its day.
    """
    last: RegisterEntry | None = ctx.get("register_entry", entry_id(book.id, n))
    if last is not None and local_date(last.at) > local_date(ctx.now):
        day = f"{local_date(last.at):%d/%m/%Y}"
        raise RuleViolation("register.clock_back", field="register", day=day)


def draw(
    ctx: Context,
    register: str,
    wanted: int | None,
    epoch: int | None,
    kind: str,
    entity: str,
    *,
    reserve: bool = False,
    waits: bool = False,
) -> tuple[int | None, list[NewEvent]]:
    """Give the next number of a book to an entity, or reserve it.

    `wanted` and `epoch` are what `origin_number` answered on the device of origin. Answers
    (None, []) on a desk that has to wait for the server, and with `waits` also where another
    device holds the book: nobody but the holder gives its numbers. Raises `RuleViolation` with
    `register.fenced` for a stale or foreign lease, `register.block_gone` and
    `register.block_expired` for a block, `register.held` where another device
    holds the book, `register.taken` for a number already given, `register.year` for a book
    of another year.
    """
    book, events = book_of(ctx, register)
    if book.year != local_date(ctx.now).year:
        raise RuleViolation("register.year", field="register", year=book.year)
    if wanted is None and waits and book.lease is not None:
        return None, []
    number, block = _number(ctx, book, wanted, epoch)
    if number is None:
        return None, []
    events += [voided(book.id, gap, GAP) for gap in _skipped(book, block, number)]
    state = EntryState.RESERVED if reserve else EntryState.GIVEN
    data: dict[str, Any] = {"n": number, "state": state.value, "kind": kind, "entity": entity}
    drawn = {"n": number} if block is None else {"n": number, "block": block.epoch}
    events.append(NewEvent("register", book.id, "register.drawn", drawn))
    events.append(_row(book.id, number, data))
    return number, events


def _number(
    ctx: Context, book: Register, wanted: int | None, epoch: int | None
) -> tuple[int | None, Block | None]:
    if wanted is None:
        return _assigned(ctx, book), None
    if book.mode is RegisterMode.BLOCK:
        return wanted, _held_block(ctx, book, wanted, epoch)
    return _leased(ctx, book, wanted, epoch), None


def confirm(ctx: Context, register: str, n: int) -> list[NewEvent]:
    """Make a reserved number a given one; nothing happens to one given already."""
    entry = entry_of(ctx, register, n)
    if entry.state is EntryState.GIVEN:
        return []
    if entry.state is not EntryState.RESERVED:
        raise RuleViolation("register.not_reserved", field="n", n=n)
    return [_row(register, n, {"n": n, "state": EntryState.GIVEN.value})]


def release(ctx: Context, register: str, n: int, reason: str) -> list[NewEvent]:
    """Take a reserved number back.

    It is given again if none in use follows it, else it stays in the book, voided. A number
    of a device that no longer holds the book is voided too: its holder may have gone on.
    """
    entry = entry_of(ctx, register, n)
    if entry.state is not EntryState.RESERVED:
        raise RuleViolation("register.not_reserved", field="n", n=n)
    why = checked_reason(reason)
    book, _ = book_of(ctx, register)
    block = book.block_with(n)
    if block is not None:
        back = block.device == ctx.device and block.goes_back(n)
    else:
        back = book.goes_back(n) and _may_give_back(ctx, book)
    if not back:
        return [voided(register, n, why)]
    where = {"n": n} if block is None else {"n": n, "block": block.epoch}
    return released(register, where, why)


def released(register: str, where: dict[str, int], reason: str) -> list[NewEvent]:
    """Return the events of a number that can be given again, by its book or its block."""
    n = where["n"]
    return [
        NewEvent("register", register, "register.released", where),
        _row(register, n, {"n": n, "state": EntryState.RELEASED.value, "reason": reason}),
    ]


def void(ctx: Context, register: str, n: int, reason: str) -> list[NewEvent]:
    """Strike a number through; it is never given again."""
    entry = entry_of(ctx, register, n)
    if entry.state is EntryState.VOIDED:
        raise RuleViolation("register.voided", field="n", n=n)
    row = voided(register, n, checked_reason(reason))
    if entry.state is EntryState.RELEASED:
        block = book_of(ctx, register)[0].block_with(n)
        if block is not None and block.device != ctx.device:
            # Its device may have given it again, with no line to say so.
            raise RuleViolation("register.in_block", field="n", n=n)
        return [NewEvent("register", register, "register.voided", {"n": n}), row]
    return [row]


def entry_of(ctx: Context, register: str, n: int) -> RegisterEntry:
    """Return the row of a number; `RuleViolation("register.no_number")` where it has none."""
    entry: RegisterEntry | None = ctx.get("register_entry", entry_id(register, n))
    if entry is None:
        raise RuleViolation("register.no_number", field="n", n=n)
    return entry


def checked_reason(reason: str) -> str:
    """Return the reason without outer blanks; `RuleViolation("register.reason")` if none."""
    why = reason.strip()
    if len(why) < MIN_REASON:
        raise RuleViolation("register.reason", field="reason")
    return why


def _following(book: Register) -> int:
    return book.released[0] if book.released else book.next


def _assigned(ctx: Context, book: Register) -> int | None:
    lease = book.lease
    if lease is not None and (ctx.authoritative or lease.device != ctx.device):
        raise RuleViolation("register.held", field="register")
    return _following(book) if ctx.authoritative else None


def _leased(ctx: Context, book: Register, wanted: int, epoch: int | None) -> int:
    lease = book.lease
    if lease is None or (lease.device, lease.epoch) != (ctx.device, epoch):
        raise RuleViolation("register.fenced", field="register")
    if wanted - book.next > MAX_GAP:
        raise RuleViolation("register.gap", field="number", n=wanted)
    if wanted < book.next and wanted not in book.released:
        raise RuleViolation("register.taken", field="number", n=wanted)
    return wanted


def _held_block(ctx: Context, book: Register, wanted: int, epoch: int | None) -> Block:
    block = book.block_of(ctx.device)
    if block is None or block.epoch != epoch:
        raise RuleViolation("register.block_gone", field="register")
    if wanted not in block.numbers:
        raise RuleViolation("register.taken", field="number", n=wanted)
    not_expired(ctx, block)
    return block


def not_expired(ctx: Context, block: Block) -> None:
    """Raise `RuleViolation("register.block_expired")` for an act after the block's last day."""
    if local_date(ctx.now) > block.until:
        day = f"{block.until:%d/%m/%Y}"
        raise RuleViolation("register.block_expired", field="register", day=day)


def _skipped(book: Register, block: Block | None, number: int) -> tuple[int, ...]:
    """Return the numbers that are passed over for ever when a number is given."""
    if block is not None:
        return tuple(n for n in block.numbers if n < number)
    return tuple(n for n in (*book.released, *range(book.next, number)) if n < number)


def _may_give_back(ctx: Context, book: Register) -> bool:
    if book.mode is RegisterMode.BLOCK:
        # The device of a block that was closed meanwhile may have given it again, with no line
        return False
    if book.lease is None:
        return ctx.authoritative
    return book.lease.device == ctx.device


def voided(register: str, n: int, reason: str) -> NewEvent:
    """Return the event of a number that is struck through."""
    return _row(register, n, {"n": n, "state": EntryState.VOIDED.value, "reason": reason})


def _row(register: str, n: int, data: dict[str, Any]) -> NewEvent:
    return NewEvent(
        "register_entry", entry_id(register, n), f"register_entry.{data['state']}", data
    )
