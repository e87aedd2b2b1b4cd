"""Notes, corrections and files of documents in both directions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from app.documents.commands import AddNote, Attach, Detach, Edit
from app.documents.model import Direction, Document, State
from app.documents.rules import checks
from app.documents.rules.outgoing import IN_HAND, drafted
from app.documents.rules.outlook import readable
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


def edit(entity: Document | None, command: Edit, ctx: Context) -> Sequence[NewEvent]:
    """Change fields; the event keeps what stood there before."""
    document = checks.own(entity, ctx.actor)
    if not command.changes:
        return []
    new = checks.patched(document, command.changes)
    may_edit(document, frozenset(command.changes), ctx)
    before, after = to_json(document.particulars), to_json(new)
    moved = {n for n in command.changes if before.get(n) != after.get(n)}
    if not moved:
        return []
    return [
        checks.event(
            document.id,
            "edited",
            ctx,
            changes=_values(after, moved, new),
            before=_values(before, moved, document.particulars),
        )
    ]


def _values(written: dict[str, Any], names: set[str], particulars: Any) -> dict[str, Any]:
    """Return JSON values of some fields, defaults too, so that both ends are told."""
    return {n: written.get(n, getattr(particulars, n)) for n in sorted(names)}


def may_edit(document: Document, names: frozenset[str], ctx: Context) -> None:
    """Let the clerk edit incoming ones, the drafter his draft; numbers are never edited.

    Raises `NotPermitted("document.role")` or `RuleViolation("document.locked", field)`.
    """
    if document.direction is Direction.INCOMING:
        checks.has_role(ctx.actor, checks.CLERK, checks.OFFICE_HEAD)
        return
    if names & {"number", "issued"}:
        raise RuleViolation("document.locked", field="number")
    if checks.CLERK in ctx.actor.roles and names <= CLERKS_OWN:
        return
    drafted(document, ctx.actor, *IN_HAND)


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
