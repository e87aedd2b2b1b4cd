"""Draft the reply to an incoming document, with all that is known filled in."""

from __future__ import annotations

from dataclasses import replace

from app.documents.commands import Draft
from app.documents.model import Direction, Document, Particulars, Recipient
from app.documents.rules.issuing import symbol_of
from app.files.model import FileRef
from app.forms.compose import DraftDocument
from app.identity.model import Unit
from app.kernel.actor import Actor
from app.kernel.codec import to_json
from app.kernel.errors import RuleViolation
from app.registers.notation import notation

FORM = "document"


def reply_particulars(answered: Document, agency: Unit, field_abbr: str, about: str) -> Particulars:
    """Return the particulars of a reply by official letter.

    `about` is a text with `{symbol}` and `{subject}`, such as "trả lời văn bản số …".
    Raises `RuleViolation("document.direction")` for one that is not incoming.
    """
    if answered.direction is not Direction.INCOMING:
        raise RuleViolation("document.direction")
    p = answered.particulars
    return Particulars(
        subject=about.format(symbol=symbol_of(answered), subject=p.subject)[:500],
        type="CV",
        notation=notation("", agency.abbr, field_abbr)[:30],
        issuer=agency.name,
        issuer_unit=agency.id,
        urgency=p.urgency,
        dossier=p.dossier,
    )


def reply_recipients(answered: Document) -> tuple[Recipient, ...]:
    """Return the issuer as the recipient; on paper where it is not in the system."""
    p = answered.particulars
    unit = answered.source_agency or p.issuer_unit
    if not unit and not p.issuer:
        return ()
    return (Recipient(unit, p.issuer, paper=not unit),)


def reply_draft(
    reply_id: str,
    actor: Actor,
    answered: Document,
    particulars: Particulars,
    file: FileRef,
    words: DraftDocument | None = None,
) -> Draft:
    """Return the command that begins the reply; `words` when it was composed here."""
    return Draft(
        id=reply_id,
        agency=actor.agency,
        particulars=particulars,
        files=(replace(file, role="main"),),
        reply_to=answered.id,
        recipients=reply_recipients(answered),
        form=FORM if words is not None else "",
        form_values=to_json(words) if words is not None else {},
        related=(answered.id,),
    )
