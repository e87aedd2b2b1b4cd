"""What people ask of outgoing documents, and the server of itself."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, ClassVar

from app.documents.model import DeliveryStatus, Particulars, Recipient
from app.files.model import FileRef
from app.kernel.command import Command


@dataclass(frozen=True, slots=True)
class Draft(Command):
    """Begin an outgoing document; `form` and `form_values` when it was composed here."""

    NAME: ClassVar[str] = "document.draft"

    agency: str
    particulars: Particulars
    files: tuple[FileRef, ...] = ()
    reply_to: str = ""
    recipients: tuple[Recipient, ...] = ()
    form: str = ""
    form_values: dict[str, Any] = field(default_factory=dict)
    related: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Discard(Command):
    """Undo `Draft`: put a draft that was never submitted aside."""

    NAME: ClassVar[str] = "document.discard"


@dataclass(frozen=True, slots=True)
class Revise(Command):
    """Put a new version of the PDF; earlier versions are kept.

    `base` is the number of the version that it was made of, 0 where that is not known.
    """

    NAME: ClassVar[str] = "document.revise"

    file: FileRef
    note: str = ""
    form_values: dict[str, Any] = field(default_factory=dict)
    base: int = 0


@dataclass(frozen=True, slots=True)
class SetRecipients(Command):
    """Choose to whom the document will be issued; `before` are those seen before."""

    NAME: ClassVar[str] = "document.set_recipients"

    recipients: tuple[Recipient, ...]
    before: tuple[Recipient, ...] | None = None


@dataclass(frozen=True, slots=True)
class Submit(Command):
    """Submit a draft to the leader who will sign it."""

    NAME: ClassVar[str] = "document.submit"

    leader: str
    leader_name: str = ""
    text: str = ""


@dataclass(frozen=True, slots=True)
class WithdrawSubmit(Command):
    """Take a draft back while the leader has not decided."""

    NAME: ClassVar[str] = "document.withdraw_submit"


@dataclass(frozen=True, slots=True)
class Approve(Command):
    """Approve a submitted draft; it then waits for the signature."""

    NAME: ClassVar[str] = "document.approve"

    text: str = ""


@dataclass(frozen=True, slots=True)
class WithdrawApproval(Command):
    """Undo `Approve` while no number is reserved."""

    NAME: ClassVar[str] = "document.withdraw_approval"


@dataclass(frozen=True, slots=True)
class Decline(Command):
    """Return a submitted draft to its drafter with a reason."""

    NAME: ClassVar[str] = "document.decline"

    reason: str


@dataclass(frozen=True, slots=True)
class WithdrawDecline(Command):
    """Undo `Decline` while the drafter has not revised."""

    NAME: ClassVar[str] = "document.withdraw_decline"


@dataclass(frozen=True, slots=True)
class ReserveNumber(Command):
    """Reserve number and date when the leader is about to sign.

    `number` and `epoch` are filled on the way; None means that the document waits for one:
    the server's, or that of the device which holds the book.
    """

    NAME: ClassVar[str] = "document.reserve_number"

    register: str
    issued: date
    number: int | None = None
    epoch: int | None = None


@dataclass(frozen=True, slots=True)
class GiveNumber(Command):
    """Give number and date to a document that waits for them, where the book is held."""

    NAME: ClassVar[str] = "document.give_number"

    register: str
    issued: date
    number: int | None = None
    epoch: int | None = None


@dataclass(frozen=True, slots=True)
class ReleaseNumber(Command):
    """Give a reserved number back with a reason; nothing may be signed with it."""

    NAME: ClassVar[str] = "document.release_number"

    reason: str


@dataclass(frozen=True, slots=True)
class AttachSignature(Command):
    """Record a signature: `file` is the signed file that takes the place of `source`."""

    NAME: ClassVar[str] = "document.attach_signature"

    file: FileRef
    source: str
    purpose: str
    signer: str
    level: str = ""
    field_name: str = ""


@dataclass(frozen=True, slots=True)
class Seal(Command):
    """Record the agency's signature, by the clerk, after the authorised person's (Art 32)."""

    NAME: ClassVar[str] = "document.seal"

    file: FileRef
    source: str
    signer: str
    level: str = ""
    field_name: str = ""


@dataclass(frozen=True, slots=True)
class CompleteSignature(Command):
    """Put a completed file in the place of `source`, if that still is the current one.

    `levels` says by field what each signature has reached.
    """

    NAME: ClassVar[str] = "document.complete_signature"

    file: FileRef
    source: str
    levels: dict[str, str]
    stamped_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class ReportRevoked(Command):
    """Report that certificates of signatures in the current file were found revoked."""

    NAME: ClassVar[str] = "document.report_revoked"

    source: str
    fields: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class WithdrawSignatures(Command):
    """Take back signatures with a revoked certificate, so that the document is signed anew."""

    NAME: ClassVar[str] = "document.withdraw_signatures"

    reason: str


@dataclass(frozen=True, slots=True)
class Issue(Command):
    """Issue a sealed document to its recipients; cannot be undone."""

    NAME: ClassVar[str] = "document.issue"

    recipients: tuple[Recipient, ...] = ()


# --- the server only ---------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Deliver(Command):
    """Put an issued document before a recipient's clerk; `id` is derived, so it comes once."""

    NAME: ClassVar[str] = "document.deliver"

    source: str
    source_agency: str
    agency: str
    particulars: Particulars
    files: tuple[FileRef, ...] = ()
    related: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ReportDelivery(Command):
    """Tell the issuer what became of his document (`id`) at a recipient."""

    NAME: ClassVar[str] = "document.report_delivery"

    agency: str
    status: DeliveryStatus
    at: datetime
    reason: str = ""
    number: int | None = None
