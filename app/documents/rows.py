"""The rows that screens show, all frozen and plain."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import Any

from app.documents.model import (
    DeliveryStatus,
    Direction,
    Document,
    Role,
    State,
    Step,
    Urgency,
)


class Chip(StrEnum):
    """A quick filter over a list; chips combine with "and"."""

    UNREAD = "unread"
    OVERDUE = "overdue"
    DUE_TODAY = "due_today"
    URGENT = "urgent"
    EXPRESS = "express"
    MY_LEAD = "my_lead"
    AWAITING_ME = "awaiting_me"
    UNSIGNED = "unsigned"
    NO_NUMBER = "no_number"
    PAPER = "paper"
    TO_DECIDE = "to_decide"


class View(StrEnum):
    """A saved view over incoming or outgoing documents."""

    ALL = "all"
    OPEN = "open"
    TO_RECEIVE = "to_receive"
    TO_REGISTER = "to_register"
    TO_PRESENT = "to_present"
    TO_INSTRUCT = "to_instruct"
    HANDLING = "handling"
    RETURNED = "returned"
    DONE = "done"
    DRAFTS = "drafts"
    SUBMITTED = "submitted"
    TO_SIGN = "to_sign"
    TO_NUMBER = "to_number"
    TO_SEAL = "to_seal"
    TO_ISSUE = "to_issue"
    ISSUED = "issued"


@dataclass(frozen=True, slots=True)
class DocumentRow:
    """One line of a list; `my_*` tell of the reader's own item, if he has one.

    `proposals` and `twins` count what waits for somebody to decide. `verdict` is that of `app.files.checks.verdicts` on the main file: "" while not checked.
    """

    id: str
    direction: Direction
    state: State
    arrival_number: int | None
    arrival_date: date | None
    number: str
    notation: str
    symbol: str
    issued: date | None
    issuer: str
    subject: str
    type_name: str
    urgency: Urgency
    due: date | None
    signer: str
    lead_name: str
    drafter_name: str
    unread: bool
    overdue: bool
    awaiting_me: bool
    signed: bool
    sealed: bool
    paper: bool
    has_file: bool
    number_waiting: bool
    file_sha256: str = ""
    my_item: str = ""
    my_role: Role | None = None
    my_state: State | None = None
    my_due: date | None = None
    recipients: int = 0
    delivered: int = 0
    verdict: str = ""
    proposals: int = 0
    twins: int = 0


@dataclass(frozen=True, slots=True)
class Ask:
    """What a list shall show; `text` is what was typed in the quick filter."""

    direction: Direction
    view: View = View.OPEN
    chips: tuple[Chip, ...] = ()
    text: str = ""
    today: date = date.max


@dataclass(frozen=True, slots=True)
class ListPage:
    """A window on a list: the rows from `offset`, and how many match in all."""

    rows: tuple[DocumentRow, ...]
    total: int
    offset: int = 0


@dataclass(frozen=True, slots=True)
class WorkRow:
    """One thing that the reader owes: handle, instruct, sign, seal, register…

    `task` is a code with the text `documents.task.<task>`.
    """

    document: str
    item: str
    task: str
    direction: Direction
    role: Role | None
    state: State
    symbol: str
    arrival_number: int | None
    subject: str
    issuer: str
    urgency: Urgency
    due: date | None
    overdue: bool
    unread: bool
    giver_name: str
    text: str


@dataclass(frozen=True, slots=True)
class DeliveryRow:
    """What became of one issued document at one recipient."""

    document: str
    symbol: str
    subject: str
    issued: date | None
    unit: str
    name: str
    paper: bool
    status: DeliveryStatus
    at: datetime | None
    reason: str
    arrival_number: int | None
    steps: tuple[Step, ...] = ()


@dataclass(frozen=True, slots=True)
class TimelineRow:
    """One entry of the timeline; its text is `documents.event.<name>` with `data`.

    `name` is the part after "document."; `provisional` until the server's own has come.
    """

    id: str
    name: str
    person: str
    post: str
    acting_for: str | None
    authority: str
    at: datetime
    server_at: datetime | None
    data: dict[str, Any] = field(default_factory=dict)

    @property
    def provisional(self) -> bool:
        """Tell whether only this desk knows of it yet."""
        return self.server_at is None


@dataclass(frozen=True, slots=True)
class ReadingRow:
    """Who opened the file, and when."""

    person: str
    name: str
    at: datetime | None


@dataclass(frozen=True, slots=True)
class Detail:
    """All that the reader pane shows of a document."""

    document: Document
    timeline: tuple[TimelineRow, ...]
    readings: tuple[ReadingRow, ...]
    my_item: str = ""


@dataclass(frozen=True, slots=True)
class TwinRow:
    """A document that may be the same one; `why` is "file" or "symbol"."""

    id: str
    why: str
    direction: Direction
    state: State
    arrival_number: int | None
    arrival_date: date | None
    symbol: str
    issuer: str
    issued: date | None
    subject: str


@dataclass(frozen=True, slots=True)
class IncomingBookRow:
    """The ten columns of the register of incoming documents (NĐ 30/2020 PL IV.VI)."""

    id: str
    arrival_date: date | None
    arrival_number: int | None
    issuer: str
    symbol: str
    issued: date | None
    type_and_subject: str
    receivers: str
    transferred_on: date | None
    receipt: str
    note: str


@dataclass(frozen=True, slots=True)
class OutgoingBookRow:
    """The ten columns of the register of outgoing documents (NĐ 30/2020 PL IV.I)."""

    id: str
    symbol: str
    issued: date | None
    type_and_subject: str
    signer: str
    recipients: str
    kept_by: str
    copies: int
    sent_on: date | None
    receipt: str
    note: str
    number: int | None = None


@dataclass(frozen=True, slots=True)
class Hit:
    """One document found by the palette or the full search."""

    id: str
    direction: Direction
    state: State
    symbol: str
    arrival_number: int | None
    subject: str
    issuer: str
    issued: date | None
