"""Take a proposal or leave it: both are acts with a name, for those who may edit its field."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from app.documents.commands import LeaveProposal, TakeProposal
from app.documents.model import LIMITS, Document
from app.documents.rules import checks
from app.documents.rules.editing import may_edit
from app.documents.rules.merging import DRAFT, MERGES, standing, values_of
from app.kernel.actor import Actor
from app.kernel.errors import Conflict
from app.kernel.event import NewEvent
from app.kernel.feature import Context
from app.kernel.merge import Merge, Proposal, merge_texts


def waiting(document: Document, name: str) -> Proposal:
    """Return a proposal that waits; `Conflict("document.proposal_gone")` for none."""
    found = next((p for p in document.proposals if p.id == name), None)
    if found is None:
        raise Conflict("document.proposal_gone")
    return found


def prepare_take(entity: Document | None, command: TakeProposal, _: Context) -> TakeProposal:
    """Note what stands where the decision is made."""
    document = checks.existing(entity)
    found = waiting(document, command.proposal)
    return replace(command, seen={found.field: standing(document, found.field), **command.seen})


def take(entity: Document | None, command: TakeProposal, ctx: Context) -> Sequence[NewEvent]:
    """Put a proposal in the place of what stands, unless that has changed since it was decided."""
    document = checks.own(entity, ctx.actor)
    found = waiting(document, command.proposal)
    may_decide(document, found, ctx.actor)
    stands = standing(document, found.field)
    whole = MERGES[found.field] is not Merge.TEXT
    if whole and command.seen.get(found.field, stands) != stands:
        raise Conflict("document.proposal_moved")
    said: dict[str, Any] = {"proposal": found.id, "to": found.name}
    if found.field == DRAFT:
        said["draft"] = found.value
    else:
        new = checks.patched(document, {found.field: _text(found, stands)})
        said["changes"] = values_of(new, (found.field,))
        said["before"] = {found.field: stands}
    return [checks.event(document.id, "proposal_taken", ctx, **said)]


def _text(found: Proposal, stands: Any) -> Any:
    """Return what taking puts into a field; a long text keeps what was merged since."""
    if MERGES[found.field] is not Merge.TEXT:
        return found.value
    text = merge_texts(found.over or "", stands or "", found.value or "").other
    return text if len(text) <= LIMITS[found.field] else found.value


def leave(entity: Document | None, command: LeaveProposal, ctx: Context) -> Sequence[NewEvent]:
    """Leave what stands; the author of a proposal may, and those who may edit its field."""
    document = checks.own(entity, ctx.actor)
    found = waiting(document, command.proposal)
    if found.person not in checks.people_of(ctx.actor):
        may_decide(document, found, ctx.actor)
    said = (
        {"draft": found.value} if found.field == DRAFT else {"changes": {found.field: found.words}}
    )
    return [
        checks.event(document.id, "proposal_left", ctx, proposal=found.id, to=found.name, **said)
    ]


def may_decide(document: Document, found: Proposal, actor: Actor) -> None:
    """Raise what keeps the actor from taking a proposal: he may not edit its field."""
    # The words of a draft may be changed by those who may change what it is about
    may_edit(document, frozenset({"subject" if found.field == DRAFT else found.field}), actor)
