"""Edits that meet another's: merged where they can be, else proposals to take or leave."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from enum import StrEnum
from typing import Any

from app.documents.model import LIMITS, PARTICULARS, Document, Particulars
from app.documents.rules import checks
from app.files.model import FileRef
from app.kernel.codec import from_json, to_json
from app.kernel.event import Event, NewEvent
from app.kernel.feature import Context
from app.kernel.ids import derived_id
from app.kernel.merge import Clash, Merge, Proposal, merge_fields

DRAFT = "draft"
RECIPIENTS = "recipients"
# How two people's edits of a field come together; a version of a draft is one whole
MERGES: dict[str, Merge] = {
    **dict.fromkeys(PARTICULARS, Merge.PLAIN),
    "note": Merge.TEXT,
    RECIPIENTS: Merge.APPEND,
    DRAFT: Merge.PLAIN,
}


_DEFAULTS: dict[str, Any] = {
    n: v.value if isinstance(v := getattr(Particulars(), n), StrEnum) else v for n in PARTICULARS
}


def values_of(particulars: Particulars, names: Iterable[str]) -> dict[str, Any]:
    """Return JSON values of some fields, defaults too, so that both ends are told."""
    written = to_json(particulars)
    return {n: written.get(n, _DEFAULTS[n]) for n in sorted(names)}


def standing(document: Document, field: str) -> Any:
    """Return what stands in the field of a proposal; for a draft the number of its version."""
    if field == DRAFT:
        main = document.main_file
        held = (v.n for v in document.versions if main and v.file.sha256 == main.sha256)
        return next(held, 0)
    return values_of(document.particulars, (field,))[field]


def merged(
    document: Document, wanted: Particulars, before: Mapping[str, Any], names: Iterable[str]
) -> tuple[Particulars, tuple[Clash, ...]]:
    """Return the particulars that stand after an edit of some fields, and what clashes."""
    chosen = frozenset(names)
    found = merge_fields(
        MERGES,
        before,
        values_of(document.particulars, chosen),
        values_of(wanted, chosen),
        LIMITS,
    )
    if not found.values:
        return document.particulars, found.clashes
    standing = to_json(document.particulars)
    return from_json(Particulars, {**standing, **found.values}), found.clashes


def begun(
    document: Document, before: Mapping[str, Any], person: str
) -> tuple[dict[str, Any], tuple[Proposal, ...]]:
    """Return the bases of an edit, and the open proposals of its author that it goes on from.

    Such an edit is measured from where the proposal began.
    """
    gone_on = tuple(
        p
        for p in document.proposals
        if p.person == person and p.field in before and before[p.field] == p.words
    )
    return {**before, **{p.field: p.base for p in gone_on}}, gone_on


def proposed(
    document: Document,
    clashes: Sequence[Clash],
    ctx: Context,
    instead: Sequence[Proposal] = (),
) -> list[NewEvent]:
    """Return the event that keeps what clashed as proposals, in place of earlier ones."""
    if not clashes and not instead:
        return []
    new = [
        Proposal(
            derived_id("proposal", ctx.command_id, clash.field),
            clash.field,
            clash.value,
            clash.base,
            clash.over,
            clash.typed,
            ctx.actor.person,
            ctx.actor.name,
            ctx.now,
            ctx.command_id,
        )
        for clash in clashes
    ]
    return [
        checks.event(
            document.id,
            "proposed" if new else "proposal_passed",
            ctx,
            proposals=[to_json(p) for p in new],
            instead=[p.id for p in instead],
            changes={p.field: p.words for p in new if p.field != DRAFT},
            draft=any(p.field == DRAFT for p in new) or None,
        )
    ]


def fold_proposed(document: Document, event: Event) -> Document:
    """Keep proposals, in place of those that they go on from."""
    gone = set(event.data.get("instead", ()))
    kept = tuple(p for p in document.proposals if p.id not in gone)
    new = tuple(from_json(Proposal, p) for p in event.data.get("proposals", ()))
    return replace(document, proposals=(*kept, *new))


def fold_taken(document: Document, event: Event) -> Document:
    """Put a proposal in the place of what stood."""
    data = event.data
    kept = tuple(p for p in document.proposals if p.id != data["proposal"])
    draft = data.get("draft")
    if draft:
        return _version_taken(replace(document, proposals=kept), draft)
    values = {**to_json(document.particulars), **data.get("changes", {})}
    return settled(replace(document, proposals=kept, particulars=from_json(Particulars, values)))


def _version_taken(document: Document, draft: Mapping[str, Any]) -> Document:
    version = next(v for v in document.versions if v.n == draft["n"])
    others = tuple(f for f in document.files if f.role != "main")
    file: FileRef = replace(version.file, role="main")
    values = draft.get("form_values") or document.form_values
    return replace(document, files=(file, *others), form_values=values)


def fold_left(document: Document, event: Event) -> Document:
    """Put a proposal aside."""
    kept = tuple(p for p in document.proposals if p.id != event.data["proposal"])
    return replace(document, proposals=kept)


def settled(document: Document) -> Document:
    """Drop the proposals whose value stands by now."""
    kept = tuple(
        p for p in document.proposals if p.field == DRAFT or standing(document, p.field) != p.value
    )
    return document if kept == document.proposals else replace(document, proposals=kept)
