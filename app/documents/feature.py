"""What documents bring to the product."""

from __future__ import annotations

from collections.abc import Sequence

from app.documents import commands as c
from app.documents import details, rows, undo
from app.documents.commands.measuring import MeasureTimeliness
from app.documents.doubts import DoubtProjection
from app.documents.grants import GRANTS
from app.documents.likeness import LIKENESS, Likeness
from app.documents.model import KIND, READING, Document, Reading
from app.documents.projection import PROJECTIONS
from app.documents.rules import (
    announcing,
    completing,
    editing,
    fold,
    handling,
    incoming,
    issuing,
    marking,
    merging,
    outgoing,
    outlook,
    proposals,
    signing,
    timeliness,
    twins,
)
from app.kernel.command import Command
from app.kernel.event import Event
from app.kernel.feature import Context, Decide, Feature, Handler, Kind, React

HANDLE = "document.handle"
DRAFT = "document.draft"
APPROVE = "document.approve"


def _plain(command: type[Command], permission: str, decide: Decide) -> Handler:
    return Handler(command, KIND, permission, decide)


_INCOMING = (
    Handler(c.Receive, KIND, "document.receive", incoming.receive, undo=undo.discard),
    _plain(c.Refuse, "document.refuse", incoming.refuse),
    Handler(c.Register, KIND, "document.register", incoming.register, incoming.prepare_register),
    Handler(c.Present, KIND, "document.present", incoming.present, undo=undo.present),
    _plain(c.WithdrawPresent, "document.present", incoming.withdraw_present),
    Handler(c.Instruct, KIND, "document.instruct", incoming.instruct, undo=undo.instruct),
    _plain(c.WithdrawInstruction, "document.instruct", incoming.withdraw_instruction),
    Handler(c.Assign, KIND, "document.assign", handling.assign, undo=undo.given),
    Handler(c.HandOn, KIND, "document.hand_on", handling.hand_on, undo=undo.given),
    _plain(c.WithdrawAssign, "document.hand_on", handling.withdraw_assign),
    Handler(c.TakeAsInfo, KIND, HANDLE, handling.take_as_info, undo=undo.take_as_info),
    _plain(c.RestoreRole, HANDLE, handling.restore_role),
    _plain(c.ReportProgress, HANDLE, handling.progress),
    _plain(c.ReportResult, HANDLE, handling.report),
    Handler(c.ReturnItem, KIND, HANDLE, handling.return_item, undo=undo.return_item),
    _plain(c.WithdrawReturn, HANDLE, handling.withdraw_return),
    Handler(c.Finish, KIND, HANDLE, handling.finish, undo=undo.finish),
    _plain(c.Reopen, HANDLE, handling.reopen),
    _plain(c.SignArrival, "document.sign_arrival", marking.sign_arrival),
)
_BOTH = (
    _plain(c.AddNote, "document.note", editing.note),
    Handler(c.Edit, KIND, "document.edit", editing.edit, editing.prepare_edit, undo.edit),
    Handler(c.TakeProposal, KIND, "document.edit", proposals.take, proposals.prepare_take),
    _plain(c.LeaveProposal, "document.edit", proposals.leave),
    _plain(c.PartTwins, "document.edit", twins.part),
    _plain(c.VoidTwin, "document.register", twins.void_twin),
    Handler(c.Attach, KIND, "document.attach", editing.attach, undo=undo.attach),
    _plain(c.Detach, "document.attach", editing.detach),
    Handler(c.MarkRead, READING, "document.read", handling.mark_read),
    _plain(c.Discard, DRAFT, outgoing.discard),
    _plain(c.SignCopy, "document.sign_copy", marking.sign_copy),
)
_OUTGOING = (
    Handler(c.Draft, KIND, DRAFT, outgoing.draft, undo=undo.discard),
    _plain(c.Revise, DRAFT, outgoing.revise),
    Handler(
        c.SetRecipients,
        KIND,
        "document.set_recipients",
        outgoing.set_recipients,
        outgoing.prepare_recipients,
        undo.set_recipients,
    ),
    Handler(c.Submit, KIND, DRAFT, outgoing.submit, undo=undo.submit),
    _plain(c.WithdrawSubmit, DRAFT, outgoing.withdraw_submit),
    Handler(c.Approve, KIND, APPROVE, outgoing.approve, undo=undo.approve),
    _plain(c.WithdrawApproval, APPROVE, outgoing.withdraw_approval),
    Handler(c.Decline, KIND, APPROVE, outgoing.decline, undo=undo.decline),
    _plain(c.WithdrawDecline, APPROVE, outgoing.withdraw_decline),
    Handler(
        c.ReserveNumber,
        KIND,
        "document.reserve_number",
        signing.reserve_number,
        signing.prepare_number,
    ),
    Handler(
        c.GiveNumber,
        KIND,
        "document.give_number",
        signing.give_number,
        signing.prepare_number,
    ),
    _plain(c.ReleaseNumber, "document.release_number", signing.release_number),
    _plain(c.AttachSignature, "document.sign", signing.attach_signature),
    _plain(c.Seal, "document.seal", signing.seal),
    _plain(c.CompleteSignature, "document.complete", completing.complete_signature),
    _plain(c.ReportRevoked, "document.complete", completing.report_revoked),
    _plain(c.WithdrawSignatures, "document.withdraw_signatures", completing.withdraw_signatures),
    _plain(c.SignOpinion, "document.sign_opinion", marking.sign_opinion),
    _plain(c.Issue, "document.issue", issuing.issue),
)
_SERVER = (
    _plain(c.Deliver, "document.deliver", issuing.deliver),
    _plain(c.ReportDelivery, "document.deliver", issuing.report_delivery),
    Handler(c.NoteLikeness, LIKENESS, "document.deliver", twins.note_likeness),
    Handler(MeasureTimeliness, timeliness.TIMELINESS, "document.deliver", timeliness.measure),
)


def _registered(event: Event, ctx: Context) -> Sequence[Command]:
    """Tell the issuer, and look for twins."""
    return [*issuing.on_handled(event, ctx), *twins.on_likely(event, ctx)]


_REACTIONS: dict[str, React] = {
    "document.issued": issuing.on_issued,
    **{f"document.{name}": issuing.on_handled for name in issuing.HANDLED},
    "document.registered": _registered,
    "document.edited": twins.on_likely,
}

FEATURE = Feature(
    name="documents",
    kinds=(
        Kind(
            KIND,
            Document,
            fold.apply,
            outlook.buckets,
            files=outlook.files,
            readable=outlook.readable,
            pressing=outlook.pressing,
            merges=merging.MERGES,
        ),
        Kind(
            READING,
            Reading,
            fold.apply_reading,
            outlook.reading_buckets,
            readable=outlook.reading_readable,
        ),
        # No desk holds these
        Kind(LIKENESS, Likeness, twins.apply_likeness, lambda _: frozenset()),
        Kind(
            timeliness.TIMELINESS,
            timeliness.Timeliness,
            timeliness.apply,
            timeliness.buckets,
            derived=True,
        ),
    ),
    handlers=(*_INCOMING, *_BOTH, *_OUTGOING, *_SERVER),
    reactions=_REACTIONS,
    errands={"document.issued": announcing.on_issued},
    derivations=(timeliness.DERIVATION,),
    projections=(*PROJECTIONS, DoubtProjection()),
    lists={
        "document": details.list_documents,
        "timeline": details.list_timeline,
        "register_book": details.list_register_book,
        "delivery": details.list_deliveries,
    },
    rows={
        "document": (rows.DocumentRow,),
        "timeline": (rows.TimelineRow,),
        "register_book": (rows.IncomingBookRow, rows.OutgoingBookRow),
        "delivery": (rows.DeliveryRow,),
    },
    grants=GRANTS,
)
