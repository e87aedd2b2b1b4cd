"""Complete signatures later, and stop a document whose signer's certificate was revoked.

A completed file holds the same signatures and what proves them (EN 319 142-1, 5.5 to 5.7). It
takes the place of the signed one only while that is the current one: whoever signed meanwhile
has his file kept, and completing it is a work of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from app.catalogues.model import Item, item_id
from app.documents.commands import CompleteSignature, ReportRevoked, WithdrawSignatures
from app.documents.model import (
    CompletedFile,
    Direction,
    Document,
    SignatureAlarm,
    SignatureMark,
    State,
)
from app.documents.rules import checks
from app.documents.rules.lineage import ancestors
from app.files.model import FileRef
from app.kernel.actor import Actor
from app.kernel.clock import local_date
from app.kernel.codec import from_json, to_json
from app.kernel.errors import RuleViolation
from app.kernel.event import Event, NewEvent
from app.kernel.feature import Context
from app.kernel.levels import LEVELS, reaches
from app.settings import SETTING_LIST

REQUIRE_TIME = item_id(SETTING_LIST, "require_timestamp", None)
"""The entry by which the province requires a time stamp on all that is issued."""

_OURS = frozenset({"approve", "issue"})


def complete_signature(
    entity: Document | None, command: CompleteSignature, ctx: Context
) -> Sequence[NewEvent]:
    """Put a completed file in the place of the signed one; no event if another stands there."""
    document = checks.own(entity, ctx.actor)
    source = next((f for f in document.files if f.sha256 == command.source), None)
    if source is None:
        return []
    _may_complete(_is_signed(document, command.source), ctx.actor)
    file = checks.checked_files([command.file])[0]
    if file.sha256 == command.source:
        raise RuleViolation("document.unchanged_file", field="file")
    if not command.levels or set(command.levels.values()) - set(LEVELS):
        raise RuleViolation("argument", field="levels")
    ref = FileRef(file.sha256, file.size, file.media, file.name or source.name, source.role)
    made = CompletedFile(file.sha256, source.sha256, dict(command.levels), command.stamped_at)
    return [
        checks.event(
            document.id, "signature_completed", ctx, completed=to_json(made), file=to_json(ref)
        )
    ]


def report_revoked(
    entity: Document | None, command: ReportRevoked, ctx: Context
) -> Sequence[NewEvent]:
    """Raise the alarm; no event if another file stands there, or the alarm is raised already."""
    document = checks.own(entity, ctx.actor)
    current = any(f.sha256 == command.source for f in document.files)
    told = document.alarm is not None and document.alarm.sha256 == command.source
    if not current or told:
        return []
    marks = _is_signed(document, command.source)
    _may_complete(marks, ctx.actor)
    if not command.fields or set(command.fields) - {m.field for m in marks}:
        raise RuleViolation("argument", field="fields")
    return [
        checks.event(
            document.id,
            "signature_revoked",
            ctx,
            source=command.source,
            fields=list(command.fields),
            signer=", ".join(m.signer for m in marks if m.field in command.fields),
        )
    ]


def withdraw_signatures(
    entity: Document | None, command: WithdrawSignatures, ctx: Context
) -> Sequence[NewEvent]:
    """Go back to the page before the authorised person signed; only while the alarm stands."""
    document = checks.own(entity, ctx.actor, Direction.OUTGOING)
    checks.in_state(document, State.SIGNED, State.SEALED)
    if document.alarm is None:
        raise RuleViolation("document.no_alarm")
    unsigned = next(s.source for s in document.signatures if s.purpose == "approve")
    before = _last_sound(document, ancestors(document, unsigned), frozenset(document.alarm.fields))
    if before is None:
        raise RuleViolation("document.file_missing", field="files")
    reason = checks.reason_of(command.reason)
    ref = replace(before, role="main")
    return [
        checks.event(document.id, "signatures_withdrawn", ctx, reason=reason, file=to_json(ref))
    ]


def _last_sound(
    document: Document, borne: frozenset[str], revoked: frozenset[str]
) -> FileRef | None:
    """Return the last version among some files that no revoked opinion stands on."""
    for version in reversed(document.versions):
        sha256 = version.file.sha256
        fields = {m.field for m in marks_in(document, sha256)}
        if sha256 in borne and not fields & revoked:
            return version.file
    return None


def check_issuable(document: Document, ctx: Context) -> None:
    """Raise `document.signature_revoked` or, where it is ordered, `document.timestamp_required`."""
    if document.alarm is not None:
        raise RuleViolation("document.signature_revoked")
    order: Item | None = ctx.get("catalogue", REQUIRE_TIME)
    if order is None or order.label != "yes" or not order.valid_on(local_date(ctx.now)):
        return
    held = [m for f in document.files for m in marks_in(document, f.sha256)]
    if not all(reaches(m.level, "B-T") for m in held):
        raise RuleViolation("document.timestamp_required")


def marks_in(document: Document, sha256: str) -> tuple[SignatureMark, ...]:
    """Return the signatures that a file bears."""
    files = ancestors(document, sha256)
    return tuple(s for s in document.signatures if s.sha256 in files)


def _is_signed(document: Document, sha256: str) -> tuple[SignatureMark, ...]:
    marks = marks_in(document, sha256)
    if not marks:
        raise RuleViolation("document.not_signed")
    return marks


def _may_complete(marks: Sequence[SignatureMark], actor: Actor) -> None:
    """Leave it to the offices that sign and issue, and to whoever signed this himself."""
    signed = {m.person for m in marks} & checks.people_of(actor)
    if not signed:
        checks.has_role(actor, checks.CLERK, checks.LEADER, checks.OFFICE_HEAD)


def _completed(document: Document, event: Event) -> Document:
    made = from_json(CompletedFile, event.data["completed"])
    file = from_json(FileRef, event.data["file"])
    borne = ancestors(document, made.source)

    def better(mark: SignatureMark) -> SignatureMark:
        level = made.levels.get(mark.field, "")
        if mark.sha256 not in borne or reaches(mark.level, level):
            return mark
        at = mark.stamped_at or made.stamped_at
        return replace(mark, level=level, made_level=mark.made_level or mark.level, stamped_at=at)

    return replace(
        document,
        files=tuple(file if f.sha256 == made.source else f for f in document.files),
        signatures=tuple(better(m) for m in document.signatures),
        completed=(*document.completed, made),
    )


def without_completion(document: Document, sha256: str, back_to: str) -> Document:
    """Return the document as if a file had not been completed since `back_to`.

    Somebody signed that earlier file while the completed one was on its way here.
    """
    borne = ancestors(document, sha256)
    if back_to not in borne or back_to == sha256:
        return document
    gone = borne - ancestors(document, back_to)
    kept = tuple(c for c in document.completed if c.sha256 not in gone)

    def as_made(mark: SignatureMark) -> SignatureMark:
        if mark.sha256 not in borne or not mark.made_level:
            return mark
        return replace(mark, level=mark.made_level, made_level="", stamped_at=None)

    return replace(
        document, completed=kept, signatures=tuple(as_made(m) for m in document.signatures)
    )


def _revoked(document: Document, event: Event) -> Document:
    fields = tuple(event.data["fields"])
    return replace(document, alarm=SignatureAlarm(event.data["source"], fields, event.at))


def _withdrawn(document: Document, event: Event) -> Document:
    main = document.main_file
    file = from_json(FileRef, event.data["file"])
    return replace(
        document,
        state=State.NUMBERED,
        files=tuple(file if f == main else f for f in document.files),
        signatures=tuple(s for s in document.signatures if s.purpose not in _OURS),
        alarm=None,
        sealed_by="",
    )


FOLDS: dict[str, Callable[[Document, Event], Document]] = {
    "signature_completed": _completed,
    "signature_revoked": _revoked,
    "signatures_withdrawn": _withdrawn,
}
