"""What the registration form reads of the desk; none of it is for the GUI thread."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from functools import partial
from typing import Any

from app.desk import Desk
from app.documents import lists
from app.documents.model import KIND, Direction, Document, Particulars
from app.documents.rows import Ask, View
from app.documents.rules.checks import LOCKED
from app.files.model import FileRef
from app.identity import queries as directory
from app.kernel.actor import Actor
from app.kernel.codec import from_json
from app.registers import register_id
from ui.documents import intake
from ui.documents.form import Values, values_from

BOOK = "incoming"
DRAFT = "pages.register.draft:"
NEW = "pages.register.new"
_QUEUE = 200


@dataclass(frozen=True, slots=True)
class NewPaper:
    """A paper or scanned document that was begun here and is in no book yet."""

    id: str
    file: FileRef | None = None


@dataclass(frozen=True, slots=True)
class Lists:
    """What the form offers to choose from."""

    types: Mapping[str, str]
    leaders: Mapping[str, str]
    issuers: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Entry:
    """One document before the form; `read` holds what page 1 proposed, `locked` the fields
    that are not for the clerk to change.
    """

    id: str
    document: Document | None
    file: FileRef | None
    values: Values
    read: Values = field(default_factory=dict)
    locked: frozenset[str] = frozenset()
    secret: str = ""


@dataclass(frozen=True, slots=True)
class Preview:
    """The number that the document will get; None when the server gives it."""

    number: int | None
    book: str


def queue(desk: Desk, actor: Actor, today: date) -> tuple[tuple[str, ...], tuple[NewPaper, ...]]:
    """Return what waits to be registered: documents that came, and papers begun here."""
    ask = Ask(Direction.INCOMING, View.TO_REGISTER, today=today)
    rows = desk.query(lists.rows, actor, ask, 0, _QUEUE)
    kept = desk.store.meta(NEW)
    news = tuple(from_json(NewPaper, n) for n in json.loads(kept)) if kept else ()
    # The most urgent first, then in the order in which they came
    ranked = sorted(rows, key=lambda row: -row.urgency.rank)
    return tuple(row.id for row in ranked), news


@dataclass(frozen=True, slots=True)
class _Here:
    """As much of a rule's context as drawing a number needs."""

    desk: Desk
    actor: Actor

    @property
    def device(self) -> str:
        """Return the id of this device."""
        return self.desk.store.device

    @property
    def now(self) -> datetime:
        """Return the time of this device."""
        return self.desk.clock.now()

    @property
    def clock_off(self) -> timedelta:
        """Return how far the server's clock is ahead."""
        return self.desk.store.server_time.ahead

    def get(self, kind: str, entity: str) -> Any:
        """Return an entity as the desk shows it."""
        return self.desk.store.get(kind, entity)


def preview(desk: Desk, actor: Actor, today: date) -> Preview:
    """Return the number that the next document would get."""
    book = register_id(actor.agency, today.year, BOOK)
    return Preview(intake.next_number(_Here(desk, actor), book), book)


def offers(desk: Desk, actor: Actor, today: date) -> Lists:
    """Return what the form offers to choose from."""
    leaders = desk.query(partial(directory.posts, agency=actor.agency, role="leader"), actor, today)
    units = desk.query(partial(directory.units, agencies_only=True), actor, today)
    return Lists(
        types=intake.document_types(desk, today),
        leaders={p.person: f"{p.name} · {p.title}" for p in leaders},
        issuers=tuple(u.name for u in units),
    )


def entry(desk: Desk, entity: str, new: NewPaper | None) -> Entry:
    """Return one document before the form, with what page 1 proposes and what was typed before."""
    document: Document | None = desk.store.get(KIND, entity)
    file = document.main_file if document is not None else new.file if new is not None else None
    values = values_from(document.particulars if document is not None else Particulars())
    read, secret = intake.read(desk, file)
    locked = frozenset(LOCKED) if document is not None and document.source else frozenset()
    kept = desk.store.meta(DRAFT + entity)
    drafted: Values = json.loads(kept) if kept else {}
    shown = {n: v for n, v in read.items() if not values.get(n) or n == "urgency"}
    if document is not None and document.source:
        shown = {}
    entry = Entry(entity, document, file, values | shown | drafted, shown, locked, secret)
    return replace(entry, read={n: v for n, v in shown.items() if entry.values.get(n) == v})
