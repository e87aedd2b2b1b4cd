"""What the pages of documents say: days, deadlines, urgency, and the steps of the timeline."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from app.documents.model import Channel, Document, Item, Role, Urgency
from app.documents.rows import Detail, DocumentRow, TimelineRow
from app.kernel.clock import VIETNAM
from app.kernel.texts import Texts

SOON_DAYS = 2
Badge = tuple[str, str]
_URGENT_TONE = {Urgency.URGENT: "warn", Urgency.VERY_URGENT: "bad", Urgency.EXPRESS: "bad"}
# Events that are said with whom and what; all others by their plain text
_FULLER = {
    "registered": "pages.event.registered",
    "presented": "pages.event.presented",
    "assigned": "pages.event.assigned",
    "handed_on": "pages.event.handed_on",
    "returned": "pages.event.returned",
    "answered": "pages.event.answered",
    "edited": "pages.event.edited",
    "proposed": "pages.event.proposed",
    "proposal_taken": "pages.event.proposal_taken",
    "proposal_left": "pages.event.proposal_left",
    "submitted": "pages.event.submitted",
    "declined": "pages.event.declined",
    "number_reserved": "pages.event.number_reserved",
    "number_released": "pages.event.number_released",
}
# Steps that only repeat what another step of the same act says
_SILENT = frozenset({"recipients_set"})


@dataclass(frozen=True, slots=True)
class Step:
    """One entry of the timeline as it is shown; `done` False is still to come."""

    who: str
    what: str
    when: str
    done: bool = True
    note: str = ""
    pending: bool = False


def day(value: date | None) -> str:
    """Write a day as dd/mm/yyyy."""
    return "" if value is None else f"{value:%d/%m/%Y}"


def near_day(texts: Texts, value: date | None, today: date) -> str:
    """Write a day as people say it: today, dd/mm, or with the year when it is another one."""
    if value is None:
        return ""
    if value == today:
        return texts("pages.today")
    return f"{value:%d/%m}" if value.year == today.year else day(value)


def moment(texts: Texts, at: datetime | None, today: date) -> str:
    """Write a time in Vietnam: the hour alone today, else with the day."""
    if at is None:
        return ""
    local = at.astimezone(VIETNAM)
    hour = f"{local:%H:%M}"
    return hour if local.date() == today else f"{near_day(texts, local.date(), today)} {hour}"


def full_moment(at: datetime | None) -> str:
    """Write a time in Vietnam to the second."""
    return "" if at is None else f"{at.astimezone(VIETNAM):%d/%m/%Y %H:%M:%S}"


def due_badge(texts: Texts, due: date | None, today: date, *, is_open: bool = True) -> Badge | None:
    """Return the badge of a deadline; days are those of the calendar."""
    if due is None:
        return None
    if not is_open:
        return due_day(texts, due, today), "neutral"
    left = (due - today).days
    if left < 0:
        return texts("pages.due.over", n=-left), "bad"
    if left == 0:
        return texts("pages.due.today"), "warn"
    return texts("pages.due.left", n=left), "warn" if left <= SOON_DAYS else "neutral"


def due_day(texts: Texts, due: date | None, today: date) -> str:
    """Write a deadline: due today, or due on a day."""
    if due is None:
        return ""
    if due == today:
        return texts("pages.due.today")
    return texts("pages.due.day", day=near_day(texts, due, today))


def urgency_badge(texts: Texts, urgency: Urgency) -> Badge | None:
    """Return the badge of a degree of urgency, none for an ordinary document."""
    tone = _URGENT_TONE.get(urgency)
    return None if tone is None else (texts(f"documents.urgency.{urgency.value}"), tone)


def row_badges(texts: Texts, row: DocumentRow, today: date) -> tuple[Badge, ...]:
    """Return what a row says at a glance: urgency, deadline, my role, the paper original."""
    closed = row.state.value in ("done", "returned", "issued", "discarded")
    due = due_badge(texts, row.my_due or row.due, today, is_open=not closed)
    found: list[Badge | None] = [urgency_badge(texts, row.urgency), due]
    if closed:
        found.append((texts(f"documents.state.{row.state.value}"), "neutral"))
    elif row.arrival_number is None and not row.number_waiting:
        found.append((texts("documents.state.to_register"), "info"))
    if row.number_waiting:
        found.append((texts("pages.number_waiting"), "warn"))
    if row.my_role is Role.INFO:
        found.append((texts("documents.role.info"), "neutral"))
    found += doubt_badges(texts, row)
    return tuple(badge for badge in found if badge is not None)


def doubt_badges(texts: Texts, row: DocumentRow) -> list[Badge]:
    """Return the marks of what waits for somebody to decide."""
    found: list[Badge] = []
    if row.proposals:
        found.append((texts("pages.badge.proposals", n=row.proposals), "warn"))
    if row.twins:
        found.append((texts("pages.badge.twins"), "warn"))
    return found


def file_size(size: int) -> str:
    """Write a size as people read it: 120 KB, 3,4 MB."""
    kilo = size / 1024
    return f"{kilo:.0f} KB" if kilo < 1000 else f"{kilo / 1024:.1f} MB".replace(".", ",")


def steps(texts: Texts, detail: Detail, person: str, today: date) -> tuple[Step, ...]:
    """Return what happened to a document, then what its people still owe."""
    done = [_step(texts, row, person, today) for row in detail.timeline if row.name not in _SILENT]
    return (*done, *_to_come(texts, detail.document, person, today))


def _step(texts: Texts, row: TimelineRow, person: str, today: date) -> Step:
    data = row.data
    who = texts("pages.me") if row.person == person else str(data.get("by") or "")
    when = moment(texts, row.at, today)
    if row.provisional:
        when = f"{when} · {texts('pages.pending')}"
    return Step(
        who=who or texts("pages.system"),
        what=_what(texts, row),
        when=when,
        note=_note(data),
        pending=row.provisional,
    )


def _what(texts: Texts, row: TimelineRow) -> str:
    data = row.data
    names = ", ".join(str(i.get("name") or "") for i in _items(data))
    key = _FULLER.get(row.name, "")
    if row.name == "registered" and data.get("number") is None:
        key = "pages.event.registered_later"
    if row.authority == "paper":
        key = "pages.event.instructed_paper"
    if row.name == "received":
        channel = (data.get("document") or {}).get("channel", Channel.SYSTEM.value)
        return (
            f"{texts('documents.event.received')} · {texts(f'documents.channel.{channel}').lower()}"
        )
    return texts(
        key or f"documents.event.{row.name}",
        number=data.get("number") or data.get("written") or "",
        to=data.get("to") or "",
        names=names,
        symbol=data.get("symbol") or "",
        signer=data.get("signer") or "",
        fields=", ".join(_field_names(texts, data)),
    ).strip()


def _items(data: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for item in data.get("items") or ():
        if isinstance(item, dict):
            yield item


def _field_names(texts: Texts, data: dict[str, Any]) -> Iterator[str]:
    drafts = ("draft",) if data.get("draft") else ()
    for name in (*(data.get("changes") or ()), *drafts):
        key = f"pages.field.{name}"
        if texts.has(key):
            yield texts(key).lower()


def _note(data: dict[str, Any]) -> str:
    for name in ("text", "reason", "result"):
        value = data.get(name)
        if isinstance(value, str) and value:
            return value
    return ""


def _to_come(texts: Texts, document: Document, person: str, today: date) -> Iterator[Step]:
    for item in document.items:
        if item.is_open:
            yield Step(
                who=texts("pages.me") if item.person == person else item.name or item.unit,
                what=texts(f"pages.owes.{_owes(item)}"),
                when=due_day(texts, item.due, today),
                done=False,
            )


def _owes(item: Item) -> str:
    return "instruct" if item.presented else item.role.value


def symbol_of(document: Document) -> str:
    """Return number and notation as written."""
    p = document.particulars
    return "/".join(part for part in (p.number, p.notation) if part)
