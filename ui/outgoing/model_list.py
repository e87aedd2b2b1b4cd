"""How an outgoing document looks in lists: its state in words, its card, what is not yet sent."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from app.desk import Desk
from app.documents import lists
from app.documents.model import Delivery, DeliveryStatus, Document, State, Urgency
from app.documents.rows import Ask, DocumentRow, TimelineRow
from app.kernel.actor import Actor
from app.kernel.clock import VIETNAM
from app.kernel.texts import Texts
from app.store.replica import Replica
from ui.documents.words import doubt_badges
from ui.kit.cards import CardRow
from ui.kit.timeline import TimelineItem

TONES = {
    State.DRAFT: "neutral",
    State.DECLINED: "warn",
    State.SUBMITTED: "info",
    State.APPROVED: "info",
    State.AWAITING_NUMBER: "warn",
    State.NUMBERED: "info",
    State.SIGNED: "info",
    State.SEALED: "accent",
    State.ISSUED: "ok",
    State.DISCARDED: "neutral",
}
SHOWN_EVENTS = frozenset(
    {
        "drafted", "revised", "submitted", "submit_withdrawn", "approved", "approval_withdrawn",
        "declined", "decline_withdrawn", "number_reserved", "number_released", "signed",
        "attachment_signed", "sealed", "issued", "edited", "noted", "opinion_signed",
        "copy_signed",
    }
)  # fmt: skip
STUCK_AFTER = timedelta(days=2)
_STUCK = (DeliveryStatus.SENT, DeliveryStatus.ARRIVED)
_STATUS_TONES = {
    DeliveryStatus.SENT: "neutral",
    DeliveryStatus.ARRIVED: "info",
    DeliveryStatus.REFUSED: "bad",
    DeliveryStatus.REGISTERED: "info",
    DeliveryStatus.ASSIGNED: "info",
    DeliveryStatus.IN_PROGRESS: "info",
    DeliveryStatus.FINISHED: "ok",
}


@dataclass(frozen=True, slots=True)
class OutRow:
    """A row of a list, and whether an act on it still waits to be sent."""

    row: DocumentRow
    pending: bool = False

    @property
    def id(self) -> str:
        """Return the document's id."""
        return self.row.id


def fetch_rows(desk: Desk, actor: Actor, ask: Ask, offset: int, limit: int) -> Sequence[OutRow]:
    """Return a window of a list; runs on the query lane."""
    waiting = waiting_ids(desk)
    found = desk.query(lists.rows, actor, ask, offset, limit)
    return tuple(OutRow(row, row.id in waiting) for row in found)


def count_rows(desk: Desk, actor: Actor, ask: Ask) -> int:
    """Return how many rows a list has; runs on the query lane."""
    return desk.query(lists.count, actor, ask)


def waiting_ids(desk: Desk) -> frozenset[str]:
    """Return the documents with acts that the server has not received."""
    items = Replica(desk.store).items()
    return frozenset(item.entity for item in items if item.state in ("held", "queued", "sent"))


def state_text(texts: Texts, state: State) -> str:
    """Return the state of an outgoing document in words."""
    return texts(f"outpages.state.{state.value}")


def card_of(texts: Texts, found: OutRow, today: date) -> CardRow:
    """Return the card of a row."""
    row = found.row
    badges = [(state_text(texts, row.state), TONES.get(row.state, "neutral"))]
    if row.urgency is not Urgency.NORMAL:
        badges.append((texts(f"outpages.urgency.{row.urgency.value}"), "bad"))
    if row.state is State.ISSUED and row.recipients:
        came = texts("outpages.delivered", done=row.delivered, all=row.recipients)
        badges.append((came, "ok" if row.delivered == row.recipients else "neutral"))
    signed = "ok" if row.sealed else "neutral" if row.signed else ""
    shield = texts("outpages.shield.sealed" if row.sealed else "outpages.shield.signed")
    return CardRow(
        sender=row.type_name or texts("outpages.document"),
        date=day_text(texts, row.issued, today) if row.issued else "",
        subject=row.subject or texts("outpages.no_subject"),
        notation=row.symbol if row.number else row.drafter_name,
        badges=(*badges, *doubt_badges(texts, row)),
        shield=signed,
        shield_text=shield if signed else "",
        pending=texts("outpages.pending") if found.pending else "",
        unread=False,
    )


def day_text(texts: Texts, day: date | None, today: date) -> str:
    """Return a day as lists have it: today, 20/11, 20/11/2025."""
    if day is None:
        return ""
    if day == today:
        return texts("outpages.today")
    return day.strftime("%d/%m" if day.year == today.year else "%d/%m/%Y")


def moment_text(at: datetime | None) -> str:
    """Return a time in Vietnam: 20/11/2026 08:03."""
    return at.astimezone(VIETNAM).strftime("%d/%m/%Y %H:%M") if at is not None else ""


def title_of(texts: Texts, document: Document) -> str:
    """Return symbol and subject."""
    p = document.particulars
    symbol = "/".join(part for part in (p.number, p.notation) if part) if p.number else ""
    return " · ".join(part for part in (symbol, p.subject or texts("outpages.no_subject")) if part)


def facts_of(texts: Texts, document: Document) -> tuple[tuple[str, str], ...]:
    """Return label and value of the strip above the page."""
    p = document.particulars
    approver = document.approval.name if document.approval is not None else ""
    found = (
        ("outpages.fact.type", p.type_name),
        ("outpages.fact.date", p.issued.strftime("%d/%m/%Y") if p.issued else ""),
        ("outpages.fact.signer", p.signer or approver),
        ("outpages.fact.drafter", document.drafter_name),
        ("outpages.fact.pages", str(p.pages) if p.pages else ""),
    )
    return tuple((texts(key), value) for key, value in found if value)


def is_stuck(document: Document, delivery: Delivery, now: datetime) -> bool:
    """Tell whether nobody has registered it at a recipient for two days, or it was refused."""
    if delivery.paper or document.issued_at is None:
        return False
    if delivery.status is DeliveryStatus.REFUSED:
        return True
    since = delivery.steps[-1].at if delivery.steps else document.issued_at
    return delivery.status in _STUCK and now - since > STUCK_AFTER


def delivery_items(texts: Texts, document: Document, now: datetime) -> tuple[TimelineItem, ...]:
    """Return one entry per recipient, the stuck ones first and marked."""
    found = []
    ordered = sorted(document.deliveries, key=lambda d: (not is_stuck(document, d, now), d.name))
    for delivery in ordered:
        stuck = is_stuck(document, delivery, now)
        what = texts("outpages.paper_only") if delivery.paper else status_text(texts, delivery)
        if document.state is not State.ISSUED:
            what = texts("outpages.not_issued")
        lines = [
            f"{moment_text(s.at)} {texts(f'outpages.status.{s.status.value}')}"
            for s in delivery.steps
        ]
        reason = delivery.steps[-1].reason if delivery.steps else ""
        tone = "bad" if stuck else _STATUS_TONES[delivery.status]
        found.append(
            TimelineItem(
                who=delivery.name,
                what=texts("outpages.stuck", what=what) if stuck else what,
                when="\n".join(lines),
                done=delivery.status is not DeliveryStatus.SENT,
                note=reason,
                tone="bad" if stuck else "ok" if tone == "ok" else "",
            )
        )
    return tuple(found)


def status_text(texts: Texts, delivery: Delivery) -> str:
    """Return where a document stands at a recipient, with its arrival number there."""
    number = next((s.number for s in reversed(delivery.steps) if s.number is not None), None)
    said = texts(f"outpages.status.{delivery.status.value}")
    return said if number is None else texts("outpages.arrived_as", status=said, number=number)


def timeline_items(texts: Texts, rows: Sequence[TimelineRow]) -> tuple[TimelineItem, ...]:
    """Return what happened to a document, oldest first."""
    found = []
    for row in rows:
        if row.name not in SHOWN_EVENTS:
            continue
        when = moment_text(row.at)
        note = str(row.data.get("reason") or row.data.get("text") or "")
        found.append(
            TimelineItem(
                who=str(row.data.get("by") or texts("outpages.system")),
                what=texts(
                    f"outpages.event.{row.name}",
                    to=row.data.get("to", ""),
                    number=row.data.get("written", ""),
                ),
                when=texts("outpages.unsent", when=when) if row.provisional else when,
                note=note,
                pending=row.provisional,
            )
        )
    return tuple(found)
