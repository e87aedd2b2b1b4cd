"""Notes, corrections and files of documents in both directions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from app.documents.commands import AddNote, Attach, Detach, Edit
from app.documents.model import PARTICULARS, Direction, Document, Particulars, State
from app.documents.rules import checks
from app.documents.rules.merging import begun, merged, proposed, values_of
from app.documents.rules.outgoing import IN_HAND, drafted
from app.documents.rules.outlook import readable
from app.kernel.actor import Actor
from app.kernel.codec import to_json
from app.kernel.errors import Conflict, NotPermitted, RuleViolation
from app.kernel.event import NewEvent
from app.kernel.feature import Context

# What the clerk may still put down about a document that has left the drafter's hands
CLERKS_OWN = frozenset({"note", "dossier", "kept_by", "copies", "paper"})


def note(entity: Document | None, command: AddNote, ctx: Context) -> Sequence[NewEvent]:
    """Add an opinion."""
    document = checks.existing(entity)
    if not readable(document, ctx.actor):
        raise NotPermitted("document.agency")
    return [checks.event(document.id, "noted", ctx, text=checks.needed_text(command.text, "text"))]


def prepare_edit(entity: Document | None, command: Edit, _: Context) -> Edit:
    """Note what stood where the edit was made, where the page has not said so."""
    if entity is None:
        return command
    known = PARTICULARS & command.changes.keys()
    return replace(command, before={**values_of(entity.particulars, known), **command.before})


def edit(entity: Document | None, command: Edit, ctx: Context) -> Sequence[NewEvent]:
    """Change fields; the event keeps what stood there before.

    A field that another has changed meanwhile stays, and the edit becomes a proposal.
    """
    document = checks.own(entity, ctx.actor)
    if not command.changes:
        return []
    wanted = checks.patched(document, command.changes)
    may_edit(document, frozenset(command.changes), ctx.actor)
    base, gone_on = begun(document, command.before, ctx.actor.person)
    new, clashes = merged(document, wanted, base, command.changes)
    return [*changed(document, new, ctx), *proposed(document, clashes, ctx, gone_on)]


def changed(document: Document, new: Particulars, ctx: Context) -> list[NewEvent]:
    """Return the event of the fields that differ from those that stand."""
    before, after = values_of(document.particulars, PARTICULARS), values_of(new, PARTICULARS)
    moved = {n for n in PARTICULARS if before[n] != after[n]}
    if not moved:
        return []
    return [
        checks.event(
            document.id,
            "edited",
            ctx,
            changes=values_of(new, moved),
            before=values_of(document.particulars, moved),
        )
    ]


def may_edit(document: Document, names: frozenset[str], actor: Actor) -> None:
    """Let the clerk edit incoming ones, the drafter his draft; numbers are never edited.

    Raises `NotPermitted("document.role")`, `RuleViolation("document.locked", field)`, or
    `Conflict("document.state")` for one that was put aside.
    """
    if document.state is State.DISCARDED:
        raise Conflict("document.state", state=document.state.value)
    if document.direction is Direction.INCOMING:
        checks.has_role(actor, checks.CLERK, checks.OFFICE_HEAD)
        return
    if names & {"number", "issued"}:
        raise RuleViolation("document.locked", field="number")
    if checks.CLERK in actor.roles and names <= CLERKS_OWN:
        return
    drafted(document, actor, *IN_HAND)


def attach(entity: Document | None, command: Attach, ctx: Context) -> Sequence[NewEvent]:
    """Add a file; the files of a delivered original and of a signed document stay as they are."""
    document = checks.own(entity, ctx.actor)
    if document.direction is Direction.OUTGOING:
        drafted(document, ctx.actor, *IN_HAND)
    elif not readable(document, ctx.actor):
        raise NotPermitted("document.agency")
    if document.source and command.file.role in ("main", "signed", "original"):
        raise RuleViolation("document.locked", field="files")
    checks.checked_files((*document.files, command.file))
    return [checks.event(document.id, "attached", ctx, file=to_json(command.file))]


def detach(entity: Document | None, command: Detach, ctx: Context) -> Sequence[NewEvent]:
    """Take a file away again that no signature covers and no version is."""
    document = checks.own(entity, ctx.actor)
    found = next((f for f in document.files if f.sha256 == command.sha256), None)
    if found is None:
        raise RuleViolation("document.file_missing", field="files")
    covered = {s.sha256 for s in document.signatures} | {v.file.sha256 for v in document.versions}
    if document.source or found.sha256 in covered or document.state is State.ISSUED:
        raise Conflict("document.file_in_use")
    if document.direction is Direction.OUTGOING:
        drafted(document, ctx.actor, *IN_HAND)
    else:
        checks.has_role(ctx.actor, checks.CLERK, checks.OFFICE_HEAD)
    return [checks.event(document.id, "detached", ctx, sha256=found.sha256, file=found.name)]
