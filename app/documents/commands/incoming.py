"""What people ask of incoming documents, and of documents in both directions."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, ClassVar

from app.documents.model import Assignee, Channel, Particulars, Role
from app.files.model import FileRef
from app.kernel.command import Command


@dataclass(frozen=True, slots=True)
class Receive(Command):
    """Take in a paper, scanned or foreign document; it waits to be registered."""

    NAME: ClassVar[str] = "document.receive"

    agency: str
    particulars: Particulars
    channel: Channel = Channel.PAPER
    files: tuple[FileRef, ...] = ()
    arrived_at: datetime | None = None
    related: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Refuse(Command):
    """Send a misrouted document back to its sender (NĐ 30/2020 Art 21.2)."""

    NAME: ClassVar[str] = "document.refuse"

    reason: str


@dataclass(frozen=True, slots=True)
class Register(Command):
    """Enter a document in the incoming register; `number` and `epoch` are filled on the way.

    `particulars` are those of the form when the clerk corrected them, else None; `before` those
    that the form was opened with.
    """

    NAME: ClassVar[str] = "document.register"

    register: str
    arrival_date: date
    particulars: Particulars | None = None
    number: int | None = None
    epoch: int | None = None
    before: Particulars | None = None


@dataclass(frozen=True, slots=True)
class Present(Command):
    """Present a registered document to a leader for his instruction."""

    NAME: ClassVar[str] = "document.present"

    leader: str
    leader_name: str = ""
    proposal: str = ""


@dataclass(frozen=True, slots=True)
class WithdrawPresent(Command):
    """Take the document back from the leader while he has not instructed."""

    NAME: ClassVar[str] = "document.withdraw_present"


@dataclass(frozen=True, slots=True)
class Instruct(Command):
    """Write the leader's instruction and assign.

    One who is not the leader acts for him with the authority "paper" and the scanned `slip`,
    or by a delegation.
    """

    NAME: ClassVar[str] = "document.instruct"

    text: str
    assignees: tuple[Assignee, ...] = ()
    due: date | None = None
    slip: FileRef | None = None


@dataclass(frozen=True, slots=True)
class WithdrawInstruction(Command):
    """Take an instruction back while nobody has acted on it."""

    NAME: ClassVar[str] = "document.withdraw_instruction"

    item: str = ""


@dataclass(frozen=True, slots=True)
class Assign(Command):
    """Assign one's own item to people of one's department; `item` is that item."""

    NAME: ClassVar[str] = "document.assign"

    item: str
    assignees: tuple[Assignee, ...]
    text: str = ""


@dataclass(frozen=True, slots=True)
class WithdrawAssign(Command):
    """Take back what one handed on from an item while nobody has acted on it."""

    NAME: ClassVar[str] = "document.withdraw_assign"

    item: str


@dataclass(frozen=True, slots=True)
class HandOn(Command):
    """Hand one's own item on to a colleague or another unit."""

    NAME: ClassVar[str] = "document.hand_on"

    item: str
    assignees: tuple[Assignee, ...]
    text: str = ""


@dataclass(frozen=True, slots=True)
class TakeAsInfo(Command):
    """Turn one's own item into "for information"."""

    NAME: ClassVar[str] = "document.take_as_info"

    item: str


@dataclass(frozen=True, slots=True)
class RestoreRole(Command):
    """Undo `TakeAsInfo`: take the earlier role again."""

    NAME: ClassVar[str] = "document.restore_role"

    item: str
    role: Role


@dataclass(frozen=True, slots=True)
class ReportProgress(Command):
    """Write an opinion or the progress of one's item."""

    NAME: ClassVar[str] = "document.progress"

    item: str
    text: str


@dataclass(frozen=True, slots=True)
class ReportResult(Command):
    """Report the result of one's item; it stays open until it is finished."""

    NAME: ClassVar[str] = "document.report"

    item: str
    result: str
    files: tuple[FileRef, ...] = ()


@dataclass(frozen=True, slots=True)
class ReturnItem(Command):
    """Give an item back to its giver with a reason."""

    NAME: ClassVar[str] = "document.return"

    item: str
    reason: str


@dataclass(frozen=True, slots=True)
class WithdrawReturn(Command):
    """Take a returned item again while its giver has not acted."""

    NAME: ClassVar[str] = "document.withdraw_return"

    item: str


@dataclass(frozen=True, slots=True)
class Finish(Command):
    """Finish one's item."""

    NAME: ClassVar[str] = "document.finish"

    item: str
    result: str = ""


@dataclass(frozen=True, slots=True)
class Reopen(Command):
    """Open a finished item again, and what was completed with it."""

    NAME: ClassVar[str] = "document.reopen"

    item: str
    reason: str = ""


# --- both directions ---------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class AddNote(Command):
    """Add an opinion to the timeline."""

    NAME: ClassVar[str] = "document.note"

    text: str


@dataclass(frozen=True, slots=True)
class Edit(Command):
    """Change fields of the particulars; `changes` maps field names to their JSON values.

    `before` holds the values that the author saw when he began; his desk fills in the rest.
    """

    NAME: ClassVar[str] = "document.edit"

    changes: dict[str, Any] = field(default_factory=dict)
    before: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class TakeProposal(Command):
    """Put a proposal in the place of what stands; `seen` is what stood when it was decided."""

    NAME: ClassVar[str] = "document.take_proposal"

    proposal: str
    seen: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class LeaveProposal(Command):
    """Leave what stands and put a proposal aside; the timeline keeps its words."""

    NAME: ClassVar[str] = "document.leave_proposal"

    proposal: str


@dataclass(frozen=True, slots=True)
class Attach(Command):
    """Add a file."""

    NAME: ClassVar[str] = "document.attach"

    file: FileRef


@dataclass(frozen=True, slots=True)
class Detach(Command):
    """Undo `Attach` of a file that no signature covers."""

    NAME: ClassVar[str] = "document.detach"

    sha256: str


@dataclass(frozen=True, slots=True)
class MarkRead(Command):
    """Record that the actor opened the file; `id` is `reading_id(document, person)`."""

    NAME: ClassVar[str] = "document.mark_read"

    document: str


# --- the same document twice ---------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class NoteLikeness(Command):
    """Write a document down under a key that twins share; `id` is the key's, the server asks."""

    NAME: ClassVar[str] = "document.note_likeness"

    document: str
    why: str


@dataclass(frozen=True, slots=True)
class PartTwins(Command):
    """Say that two suspected twins are two documents."""

    NAME: ClassVar[str] = "document.part_twins"

    twin: str


@dataclass(frozen=True, slots=True)
class VoidTwin(Command):
    """Say that a document is the same as its `twin`, which stays; its own number is void."""

    NAME: ClassVar[str] = "document.void_twin"

    twin: str
    reason: str
