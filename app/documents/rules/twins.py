"""Suspected twins: found by the server, linked both ways, and decided by people.

Nothing is deleted: of two that are the same one keeps its number, and the other's stays in the
book, struck through with the reason (NĐ 30/2020 Art 22: each number has its row).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from app.documents.commands import NoteLikeness, PartTwins, VoidTwin
from app.documents.likeness import LIKENESS, PARTED, SAME, SUSPECTED, Likeness, Twin
from app.documents.model import KIND, Direction, Document, State
from app.documents.rules import checks, states
from app.documents.rules.incoming import untouched
from app.documents.rules.issuing import only_system
from app.documents.words import symbol_key
from app.kernel.command import Command
from app.kernel.errors import Conflict, RuleViolation
from app.kernel.event import Event, NewEvent
from app.kernel.feature import Context
from app.kernel.ids import derived_id
from app.kernel.text import fold
from app.registers.numbering import void

_COMPARED = frozenset({"number", "notation", "issued", "issuer"})


def keys(document: Document) -> dict[str, str]:
    """Return the ids of the likenesses of a document, each with what is alike."""
    p, found = document.particulars, dict[str, str]()
    if p.number:
        day = p.issued.isoformat() if p.issued else ""
        symbol = symbol_key(p.number, p.notation)
        found[derived_id(LIKENESS, document.agency, symbol, fold(p.issuer), day)] = "symbol"
    if document.main_file is not None:
        found[derived_id(LIKENESS, document.agency, document.main_file.sha256)] = "file"
    return found


def on_likely(event: Event, ctx: Context) -> Sequence[Command]:
    """Look for twins of a document that was registered, or whose symbol was corrected."""
    document: Document | None = ctx.get(KIND, event.entity)
    corrected = event.name != "document.edited" or _COMPARED & event.data["changes"].keys()
    if document is None or not document.register or not corrected:
        return []
    if document.direction is not Direction.INCOMING:
        return []
    return [NoteLikeness(name, document.id, why) for name, why in keys(document).items()]


def note_likeness(
    entity: Likeness | None, command: NoteLikeness, ctx: Context
) -> Sequence[NewEvent]:
    """Write a document down under a key, and link it with those that stand there."""
    only_system(ctx)
    document: Document = checks.existing(ctx.get(KIND, command.document))
    known = entity.documents if entity is not None else ()
    found: list[NewEvent] = []
    if document.id not in known:
        found.append(NewEvent(LIKENESS, command.id, "likeness.noted", {"document": document.id}))
    linked = {t.id for t in document.twins}
    for name in known:
        other: Document | None = ctx.get(KIND, name)
        if other is None or name in linked or name == document.id:
            continue
        if other.state is State.DISCARDED or command.id not in keys(other):
            continue
        found += _both(document, other, "twinned", ctx, why=command.why)
    return found


def _both(one: Document, two: Document, name: str, ctx: Context, why: str = "") -> list[NewEvent]:
    return [
        checks.event(a.id, name, ctx, twin=b.id, why=why, number=b.arrival_number)
        for a, b in ((one, two), (two, one))
    ]


def suspected(document: Document, other: str) -> Twin:
    """Return a twin that waits for a decision; `Conflict("document.no_twin")` for none."""
    found = next((t for t in document.twins if t.id == other and t.verdict == SUSPECTED), None)
    if found is None:
        raise Conflict("document.no_twin")
    return found


def part(entity: Document | None, command: PartTwins, ctx: Context) -> Sequence[NewEvent]:
    """Say that two documents are not the same; they are never suspected again."""
    document, other = _pair(entity, command.twin, ctx)
    return _both(document, other, "twins_parted", ctx)


def _pair(entity: Document | None, twin: str, ctx: Context) -> tuple[Document, Document]:
    document = checks.own(entity, ctx.actor, Direction.INCOMING)
    checks.has_role(ctx.actor, checks.CLERK, checks.OFFICE_HEAD)
    suspected(document, twin)
    return document, checks.own(ctx.get(KIND, twin), ctx.actor, Direction.INCOMING)


def void_twin(entity: Document | None, command: VoidTwin, ctx: Context) -> Sequence[NewEvent]:
    """Say that a document is the same as another, which stays: its own number is struck through.

    Raises `Conflict("document.acted_on")` where somebody has worked on it.
    """
    document, kept = _pair(entity, command.twin, ctx)
    for one in (document, kept):
        if one.state is State.DISCARDED:
            raise Conflict("document.state", state=one.state.value)
    untouched(document, states.children(document.items, ""))
    if document.replies:
        raise Conflict("document.acted_on")
    if not kept.register:
        raise RuleViolation("document.not_registered")
    reason = checks.reason_of(command.reason)
    number = document.arrival_number
    struck = [] if number is None else void(ctx, document.register, number, reason)
    return [
        checks.event(
            document.id,
            "twin_voided",
            ctx,
            twin=kept.id,
            reason=reason,
            number=kept.arrival_number,
        ),
        checks.event(kept.id, "twin_joined", ctx, twin=document.id, number=number),
        *struck,
    ]


# --- folds -----------------------------------------------------------------------------------


def apply_likeness(likeness: Likeness | None, event: Event) -> Likeness:
    """Return the documents under a key after an event."""
    held = likeness.documents if likeness is not None else ()
    return Likeness(event.entity, (*held, event.data["document"]))


def _twinned(document: Document, event: Event) -> Document:
    twin = Twin(event.data["twin"], event.data.get("why", ""))
    return replace(document, twins=(*document.twins, twin))


def _told(document: Document, event: Event, verdict: str) -> Document:
    name = event.data["twin"]
    twins = tuple(replace(t, verdict=verdict) if t.id == name else t for t in document.twins)
    return replace(document, twins=twins)


def _parted(document: Document, event: Event) -> Document:
    return _told(document, event, PARTED)


def _joined(document: Document, event: Event) -> Document:
    return _told(document, event, SAME)


def _voided(document: Document, event: Event) -> Document:
    told = _told(document, event, SAME)
    # What nobody has worked on is taken back with the number
    return replace(told, state=State.DISCARDED, items=(), reason=event.data["reason"])


FOLDS = {
    "twinned": _twinned,
    "twins_parted": _parted,
    "twin_joined": _joined,
    "twin_voided": _voided,
}
