"""Set a register of documents in the decree's form, for printing and binding.

NĐ 30/2020 Art 16.2.b and 22.3.b: a register kept in the system is printed with all its columns
and bound. A voided number keeps its line, with the reason in the last column.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import chain
from typing import Any

from sqlalchemy import Connection

from app.documents import details
from app.documents.rows import IncomingBookRow, OutgoingBookRow
from app.forms import sheets
from app.kernel.actor import Actor
from app.kernel.clock import local_date
from app.kernel.errors import RuleViolation
from app.kernel.ports import CancelToken, Progress
from app.registers.model import EntryState, parts_of
from app.registers.notation import format_number
from app.registers.queries import count_entries, entries

_WINDOW = 500
_COLUMNS = 10
# Where the number and the note stand among the ten columns
_PLACES = {sheets.INCOMING: (1, 9), sheets.OUTGOING: (0, 9)}
Line = tuple[int, tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which register, from which day to which, and the heading of its cover."""

    register: str
    since: date
    until: date
    agency: str
    superior: str = ""
    volume: int = 1
    voided: str = ""


def print_register(
    connection: Connection, actor: Actor, wanted: Wanted, cancel: CancelToken, progress: Progress
) -> bytes:
    """Return the register as PDF/A-2b; not for the GUI thread.

    `voided` is the word before the reason of a voided number. Raises
    `RuleViolation("forms.no_rows")` where the days hold no number, `Cancelled` when stopped.
    """
    _, year, book = parts_of(wanted.register)
    total = count_entries(connection, actor, wanted.register)
    found: dict[int, tuple[str, ...]] = {}
    for n, cells in chain(
        _voided(connection, actor, wanted, book), _written(connection, actor, wanted, book)
    ):
        found[n] = cells
        if not len(found) % _WINDOW:
            cancel.raise_if_cancelled()
            progress(len(found), max(total, len(found)))
    if not found:
        raise RuleViolation("forms.no_rows", field="since")
    numbers = sorted(found)
    cancel.raise_if_cancelled()
    progress(0, 0)
    made = sheets.register(
        sheets.Register(
            book,
            wanted.agency,
            year,
            tuple(found[n] for n in numbers),
            wanted.since,
            wanted.until,
            format_number(numbers[0]),
            format_number(numbers[-1]),
            wanted.volume,
            wanted.superior,
        )
    )
    cancel.raise_if_cancelled()
    return made


def _written(connection: Connection, actor: Actor, wanted: Wanted, book: str) -> Iterator[Line]:
    if book == sheets.INCOMING:
        for row in _all(details.incoming_book, connection, actor, wanted.register):
            if row.arrival_number is not None and _within(row.arrival_date, wanted):
                yield row.arrival_number, incoming_line(row)
    else:
        for out in _all(details.outgoing_book, connection, actor, wanted.register):
            if out.number is not None and _within(out.issued, wanted):
                yield out.number, outgoing_line(out)


def _all(
    ask: Callable[..., Sequence[Any]], connection: Connection, actor: Actor, register: str
) -> Iterator[Any]:
    offset = 0
    while found := ask(connection, actor, register, offset, _WINDOW):
        yield from found
        offset += len(found)


def _voided(connection: Connection, actor: Actor, wanted: Wanted, book: str) -> Iterator[Line]:
    number, note = _PLACES[book]

    def ask(held: Connection, who: Actor, register: str, offset: int, limit: int) -> Sequence[Any]:
        return entries(held, who, register, EntryState.VOIDED.value, offset, limit)

    for entry in _all(ask, connection, actor, wanted.register):
        if _within(_day(entry.at), wanted):
            cells = [""] * _COLUMNS
            cells[number] = entry.number
            cells[note] = ": ".join(part for part in (wanted.voided, entry.reason) if part)
            yield entry.n, tuple(cells)


def incoming_line(row: IncomingBookRow) -> tuple[str, ...]:
    """Return the ten columns of an incoming document as texts."""
    number = "" if row.arrival_number is None else str(row.arrival_number)
    return (
        _shown(row.arrival_date), number, row.issuer, row.symbol, _shown(row.issued),
        row.type_and_subject, row.receivers, _shown(row.transferred_on), row.receipt, row.note,
    )  # fmt: skip


def outgoing_line(row: OutgoingBookRow) -> tuple[str, ...]:
    """Return the ten columns of an outgoing document as texts."""
    return (
        row.symbol, _shown(row.issued), row.type_and_subject, row.signer, row.recipients,
        row.kept_by, str(row.copies or ""), _shown(row.sent_on), row.receipt, row.note,
    )  # fmt: skip


def _within(day: date | None, wanted: Wanted) -> bool:
    return day is not None and wanted.since <= day <= wanted.until


def _day(at: str) -> date:
    return local_date(datetime.fromisoformat(at))


def _shown(day: date | None) -> str:
    return "" if day is None else f"{day:%d/%m/%Y}"
