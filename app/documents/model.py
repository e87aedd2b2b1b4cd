"""The document: one kind for both directions, and the note that somebody read it.

Names of fields follow NĐ 30/2020 Annex VI; `LIMITS` holds its lengths.
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from datetime import date, datetime
from enum import StrEnum
from typing import Any

from app.documents.likeness import Twin
from app.files.model import FileRef
from app.kernel.ids import derived_id
from app.kernel.merge import Proposal

KIND = "document"
READING = "reading"


class Direction(StrEnum):
    """Which way a document goes."""

    INCOMING = "incoming"
    OUTGOING = "outgoing"


class Urgency(StrEnum):
    """Thường, khẩn, thượng khẩn, hỏa tốc."""

    NORMAL = "normal"
    URGENT = "urgent"
    VERY_URGENT = "very_urgent"
    EXPRESS = "express"

    @property
    def rank(self) -> int:
        """Return 0 for ordinary up to 3 for the most urgent."""
        return list(Urgency).index(self)


class Secrecy(StrEnum):
    """Không mật, mật, tối mật, tuyệt mật; only the first may enter the system."""

    NONE = "none"
    SECRET = "mat"
    TOP_SECRET = "toi_mat"
    ULTRA_SECRET = "tuyet_mat"


class Channel(StrEnum):
    """How an incoming document came."""

    PAPER = "paper"
    SCAN = "scan"
    SYSTEM = "system"


class State(StrEnum):
    """Where a document, or one person's item of it, stands."""

    TO_RECEIVE = "to_receive"
    TO_REGISTER = "to_register"
    WAITING = "waiting"
    IN_PROGRESS = "in_progress"
    PASSED = "passed"
    RETURNED = "returned"
    DONE = "done"
    DRAFT = "draft"
    SUBMITTED = "submitted"
    DECLINED = "declined"
    APPROVED = "approved"
    AWAITING_NUMBER = "awaiting_number"
    NUMBERED = "numbered"
    SIGNED = "signed"
    SEALED = "sealed"
    ISSUED = "issued"
    DISCARDED = "discarded"


class Role(StrEnum):
    """What an item asks of its holder: chủ trì, phối hợp, để biết."""

    LEAD = "lead"
    CO = "co"
    INFO = "info"


class CopyForm(StrEnum):
    """Forms of copies: sao y, sao lục, trích sao (NĐ 30/2020 Art 3, 25)."""

    TRUE = "sao_y"
    AGAIN = "sao_luc"
    EXTRACT = "trich_sao"


class DeliveryStatus(StrEnum):
    """The axis' codes of a document's fate at a recipient (QCVN 102:2016)."""

    SENT = "00"
    ARRIVED = "01"
    REFUSED = "02"
    REGISTERED = "03"
    ASSIGNED = "04"
    IN_PROGRESS = "05"
    FINISHED = "06"


@dataclass(frozen=True, slots=True)
class Particulars:
    """What is written on a document, or about it, before anybody acts.

    `type` is the code of the document type; `pages`, `copies` count (0 = not known);
    `to_places` is column 7 of the incoming register, `dossier` the file's code.
    """

    subject: str = ""
    type: str = ""
    type_name: str = ""
    number: str = ""
    notation: str = ""
    issued: date | None = None
    issuer: str = ""
    issuer_unit: str = ""
    issuer_code: str = ""
    signer: str = ""
    signer_title: str = ""
    language: str = "Tiếng Việt"
    pages: int = 0
    copies: int = 0
    paper: bool = False
    urgency: Urgency = Urgency.NORMAL
    secrecy: Secrecy = Secrecy.NONE
    due: date | None = None
    requires_reply: bool = False
    to_places: str = ""
    kept_by: str = ""
    dossier: str = ""
    note: str = ""


# NĐ 30/2020 Annex VI Part II: longest text, or greatest whole number, of each field
LIMITS: dict[str, int] = {
    "subject": 500,
    "type": 20,
    "type_name": 100,
    "number": 11,
    "notation": 30,
    "issuer": 200,
    "issuer_unit": 64,
    "issuer_code": 35,
    "signer": 50,
    "signer_title": 100,
    "language": 30,
    "pages": 999,
    "copies": 999,
    "to_places": 1000,
    "kept_by": 200,
    "dossier": 20,
    "note": 500,
}
PARTICULARS = frozenset(f.name for f in fields(Particulars))


@dataclass(frozen=True, slots=True)
class Assignee:
    """Whom a giver names: a person, or a unit whose head will take it."""

    role: Role
    person: str = ""
    unit: str = ""
    name: str = ""
    due: date | None = None


@dataclass(frozen=True, slots=True)
class Item:
    """What one person or department owes for an incoming document.

    `parent` is the item of the giver ("" for the one that the clerk presented);
    `presented` marks a leader's item that waits for his instruction; `done_with` is the item
    whose finishing completed this one too.
    """

    id: str
    role: Role
    person: str = ""
    unit: str = ""
    name: str = ""
    due: date | None = None
    state: State = State.WAITING
    parent: str = ""
    presented: bool = False
    giver: str = ""
    giver_name: str = ""
    given_at: datetime | None = None
    text: str = ""
    opened_at: datetime | None = None
    progress: str = ""
    result: str = ""
    reason: str = ""
    done_at: datetime | None = None
    done_with: str = ""

    @property
    def is_open(self) -> bool:
        """Tell whether the holder himself still owes something."""
        return self.state in (State.WAITING, State.IN_PROGRESS)

    @property
    def is_live(self) -> bool:
        """Tell whether somebody, the holder or one he handed it to, still owes something."""
        return self.is_open or self.state is State.PASSED


@dataclass(frozen=True, slots=True)
class Version:
    """One version of a draft's PDF; versions are kept for ever (NĐ 30/2020 Art 3)."""

    n: int
    file: FileRef
    person: str
    at: datetime
    note: str = ""


@dataclass(frozen=True, slots=True)
class SignatureMark:
    """A signature that a person or the agency put on a file.

    `level` is its level as it is now, `made_level` as it was made; `stamped_at` is the time
    that a later time stamp proves, beside `at`, the signer's own. `form` is that of a copy.
    """

    sha256: str
    source: str
    purpose: str
    signer: str
    person: str
    at: datetime
    level: str = ""
    field: str = ""
    made_level: str = ""
    stamped_at: datetime | None = None
    form: str = ""


@dataclass(frozen=True, slots=True)
class CompletedFile:
    """A signed file that took the place of `source`: the same signatures, better proven."""

    sha256: str
    source: str
    levels: dict[str, str]
    stamped_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class SignatureAlarm:
    """That the certificate of signatures (by field) was found revoked, in which file."""

    sha256: str
    fields: tuple[str, ...]
    at: datetime


@dataclass(frozen=True, slots=True)
class Recipient:
    """To whom a document is issued; `paper` when only paper goes there."""

    unit: str
    name: str
    paper: bool = False


@dataclass(frozen=True, slots=True)
class Step:
    """One status reported by a recipient, with its time there."""

    status: DeliveryStatus
    at: datetime
    reason: str = ""
    number: int | None = None


@dataclass(frozen=True, slots=True)
class Delivery:
    """What became of an issued document at one recipient."""

    unit: str
    name: str
    paper: bool = False
    status: DeliveryStatus = DeliveryStatus.SENT
    steps: tuple[Step, ...] = ()


@dataclass(frozen=True, slots=True)
class Approval:
    """Whom a draft was submitted to, and what he said."""

    person: str
    name: str = ""
    submitted_at: datetime | None = None
    decided_at: datetime | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Document:
    """A document of one agency.

    `register`, `arrival_number` and `arrival_date` are of incoming ones (number None while
    the server has not given it); `number_register`, `reserved` of outgoing ones. `source` is
    the issuer's document that was delivered here, `reply_to` the incoming one that a draft
    answers, `replies` what answered this one. `proposals` are edits that met another's and wait
    for somebody to take or leave them, `twins` documents that are or were thought to be the same.
    """

    id: str
    direction: Direction
    agency: str
    state: State
    particulars: Particulars
    created_by: str = ""
    created_at: datetime | None = None
    channel: Channel = Channel.SYSTEM
    files: tuple[FileRef, ...] = ()
    register: str = ""
    arrival_number: int | None = None
    arrival_date: date | None = None
    arrived_at: datetime | None = None
    registered_at: datetime | None = None
    transferred_on: date | None = None
    items: tuple[Item, ...] = ()
    instruction: str = ""
    reason: str = ""
    drafter: str = ""
    drafter_name: str = ""
    drafting_unit: str = ""
    form: str = ""
    form_values: dict[str, Any] = field(default_factory=dict)
    versions: tuple[Version, ...] = ()
    approval: Approval | None = None
    number_register: str = ""
    reserved: int | None = None
    signatures: tuple[SignatureMark, ...] = ()
    completed: tuple[CompletedFile, ...] = ()
    alarm: SignatureAlarm | None = None
    sealed_by: str = ""
    issued_at: datetime | None = None
    deliveries: tuple[Delivery, ...] = ()
    source: str = ""
    source_agency: str = ""
    reply_to: str = ""
    replies: tuple[str, ...] = ()
    reply_numbers: tuple[str, ...] = ()
    related: tuple[str, ...] = ()
    proposals: tuple[Proposal, ...] = ()
    twins: tuple[Twin, ...] = ()

    @property
    def main_file(self) -> FileRef | None:
        """Return the file that the document is, or None for paper without a scan."""
        return next((f for f in self.files if f.role in ("main", "signed", "original")), None)

    def item(self, item_id: str) -> Item | None:
        """Return an item by id."""
        return next((i for i in self.items if i.id == item_id), None)

    @property
    def is_signed(self) -> bool:
        """Tell whether the authorised person has signed."""
        return any(s.purpose == "approve" for s in self.signatures)

    @property
    def is_sealed(self) -> bool:
        """Tell whether the agency has signed."""
        return any(s.purpose == "issue" for s in self.signatures)


@dataclass(frozen=True, slots=True)
class Reading:
    """That a person opened the file of a document; written once, never changed."""

    id: str
    document: str
    person: str
    agency: str
    name: str = ""
    at: datetime | None = None


def reading_id(document: str, person: str) -> str:
    """Return the id of the reading of a document by a person."""
    return derived_id(READING, document, person)
