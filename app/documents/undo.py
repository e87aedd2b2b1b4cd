"""The inverse of each act that can be taken back.

Each function takes the document as it was before the act, and the act.
"""

from __future__ import annotations

from typing import Any

from app.documents import commands as c
from app.documents.model import Document, Recipient, Role
from app.kernel.codec import to_json


def present(_: Document | None, command: c.Present) -> c.WithdrawPresent:
    """Undo presenting."""
    return c.WithdrawPresent(command.id)


def instruct(_: Document | None, command: c.Instruct) -> c.WithdrawInstruction:
    """Undo an instruction."""
    return c.WithdrawInstruction(command.id)


def given(_: Document | None, command: c.Assign | c.HandOn) -> c.WithdrawAssign:
    """Undo assigning or handing on."""
    return c.WithdrawAssign(command.id, command.item)


def take_as_info(document: Document | None, command: c.TakeAsInfo) -> c.RestoreRole | None:
    """Undo turning a co-operating item into one for information."""
    item = document.item(command.item) if document is not None else None
    if item is None or item.role is not Role.CO:
        return None
    return c.RestoreRole(command.id, command.item, item.role)


def return_item(_: Document | None, command: c.ReturnItem) -> c.WithdrawReturn:
    """Undo returning."""
    return c.WithdrawReturn(command.id, command.item)


def finish(_: Document | None, command: c.Finish) -> c.Reopen:
    """Undo finishing."""
    return c.Reopen(command.id, command.item)


def edit(document: Document | None, command: c.Edit) -> c.Edit | None:
    """Undo a correction by putting the earlier values back."""
    if document is None:
        return None
    before: dict[str, Any] = to_json(document.particulars)
    plain = document.particulars
    earlier = {n: before.get(n, getattr(plain, n, None)) for n in command.changes}
    return c.Edit(command.id, earlier, dict(command.changes))


def attach(_: Document | None, command: c.Attach) -> c.Detach:
    """Undo attaching."""
    return c.Detach(command.id, command.file.sha256)


def discard(_: Document | None, command: c.Draft | c.Receive) -> c.Discard:
    """Undo beginning a document."""
    return c.Discard(command.id)


def submit(_: Document | None, command: c.Submit) -> c.WithdrawSubmit:
    """Undo submitting."""
    return c.WithdrawSubmit(command.id)


def approve(_: Document | None, command: c.Approve) -> c.WithdrawApproval:
    """Undo approving."""
    return c.WithdrawApproval(command.id)


def decline(_: Document | None, command: c.Decline) -> c.WithdrawDecline:
    """Undo declining."""
    return c.WithdrawDecline(command.id)


def set_recipients(document: Document | None, command: c.SetRecipients) -> c.SetRecipients | None:
    """Undo the choice of recipients."""
    if document is None:
        return None
    before = tuple(Recipient(d.unit, d.name, d.paper) for d in document.deliveries)
    return c.SetRecipients(command.id, before, command.recipients)
