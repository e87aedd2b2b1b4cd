"""How many of a unit's incoming documents with a deadline were handled in time.

Counted are those that arrived in a year and are owed: handled, or not handled though the deadline
is past. An agency answers for the whole document, a department for what it led; what came back
unhandled counts for nobody.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from app.documents.commands.measuring import MeasureTimeliness
from app.documents.model import KIND, Direction, Document, Item, Role, State
from app.documents.rules.issuing import only_system
from app.kernel.clock import local_date
from app.kernel.event import Event, NewEvent
from app.kernel.feature import Context, Derivation, Shares

TIMELINESS = "timeliness"
_UNCOUNTED = frozenset({State.TO_RECEIVE, State.TO_REGISTER, State.RETURNED, State.DISCARDED})
# Nobody's tree of units is deeper; a circle in it ends here.
_DEEPEST = 8


@dataclass(frozen=True, slots=True)
class Timeliness:
    """The share of a unit's documents of one year that were handled in time, as of a day."""

    id: str
    unit: str
    year: int
    numerator: int
    denominator: int
    on: date
    homes: tuple[str, ...] = ()


def figure_id(unit: str, year: int) -> str:
    """Name the figure of a unit and a year."""
    return f"{unit}:{year}"


def parts(document: Document, day: date) -> Shares:
    """Return what a document adds to the figures of its agency and of those who led it."""
    found: dict[str, tuple[int, int]] = {}
    for unit, due, done in _owed(document):
        name = figure_id(unit, (document.arrival_date or day).year)
        n, d = _judged(due, done, day)
        have = found.get(name, (0, 0))
        found[name] = (have[0] + n, have[1] + d)
    return found


def turns(document: Document, day: date) -> date | None:
    """Return the day on which what is not handled by then is late."""
    open_ = [due for _, due, done in _owed(document) if done is None and due >= day]
    return min(open_) + timedelta(days=1) if open_ else None


def measure(
    held: Timeliness | None, command: MeasureTimeliness, ctx: Context
) -> Sequence[NewEvent]:
    """Write a figure down; the same one for the same day is no event."""
    only_system(ctx)
    homes = _homes(command.id.rpartition(":")[0], ctx)
    now = (command.numerator, command.denominator, command.on, homes)
    if held is not None and (held.numerator, held.denominator, held.on, held.homes) == now:
        return []
    data = {
        "numerator": command.numerator,
        "denominator": command.denominator,
        "on": command.on.isoformat(),
        "homes": list(homes),
    }
    return [NewEvent(TIMELINESS, command.id, "timeliness.measured", data)]


def apply(_held: Timeliness | None, event: Event) -> Timeliness:
    """Return the figure as an event says it."""
    unit, _, year = event.entity.rpartition(":")
    data = event.data
    return Timeliness(
        event.entity,
        unit,
        int(year),
        int(data["numerator"]),
        int(data["denominator"]),
        date.fromisoformat(data["on"]),
        tuple(data["homes"]),
    )


def buckets(figure: Timeliness) -> frozenset[str]:
    """Return who sees it: the unit, its agency, and the agency above."""
    return frozenset(figure.homes)


def _owed(document: Document) -> Iterator[tuple[str, date, date | None]]:
    """Yield who owes the document until when, and when it was handled."""
    counted = document.direction is Direction.INCOMING and document.arrival_date is not None
    if not counted or document.state in _UNCOUNTED:
        return
    whole = document.particulars.due
    if whole is not None:
        done = _last(document.items) if document.state is State.DONE else None
        yield document.agency, whole, done
    for item in document.items:
        due = item.due or whole
        led = item.role is Role.LEAD and item.unit not in ("", document.agency)
        if led and due is not None and item.state is not State.RETURNED:
            yield item.unit, due, _last([item]) if item.state is State.DONE else None


def _last(items: Iterable[Item]) -> date | None:
    return max((local_date(i.done_at) for i in items if i.done_at is not None), default=None)


def _judged(due: date, done: date | None, day: date) -> tuple[int, int]:
    if done is not None:
        return int(done <= due), 1
    return 0, int(day > due)


def _homes(unit: str, ctx: Context) -> tuple[str, ...]:
    """Return the unit's bucket, its agency's, and that of the agency above."""
    homes, agencies, step = [f"unit:{unit}"], 0, ctx.get("unit", unit)
    for _ in range(_DEEPEST):
        if step is None or agencies == 2:
            break
        if step.is_agency:
            homes.append(f"agency:{step.id}")
            agencies += 1
        step = ctx.get("unit", step.parent) if step.parent else None
    return tuple(sorted(homes))


DERIVATION = Derivation(
    TIMELINESS,
    KIND,
    parts,
    turns,
    MeasureTimeliness,
    lambda name, day: name.endswith(f":{day.year}"),
)
