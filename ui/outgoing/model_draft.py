"""What is typed into a draft: kept as plain values, checked, and turned into the decree's form."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from functools import lru_cache
from typing import Any

from app.catalogues.lists import DocumentType
from app.documents.model import Document, Particulars, Recipient, Urgency
from app.forms.compose import DraftDocument
from app.identity.model import Unit
from app.kernel.text import fold, normal
from app.kernel.texts import resource
from app.registers.notation import notation

FORM = "document"
LETTER = "CV"
AUTHORITIES = ("", "TM.", "KT.", "Q.", "TL.", "TUQ.")
_FOR_THE_HEAD = ("KT.", "TL.", "TUQ.")


@lru_cache(maxsize=1)
def words() -> dict[str, Any]:
    """Return the fixed words that drafts carry, as they stand in the resources."""
    text = resource("forms", "draft-words.json").read_text(encoding="utf-8")
    loaded: dict[str, Any] = json.loads(text)
    return loaded


@dataclass(frozen=True, slots=True)
class DraftValues:
    """The fields of the form as typed; lists are lines of text."""

    type: str = LETTER
    notation: str = ""
    subject: str = ""
    addressees: str = ""
    grounds: str = ""
    body: str = ""
    signer: str = ""
    signer_name: str = ""
    signer_title: str = ""
    authority: str = ""
    urgency: str = "normal"
    places: str = ""
    recipients: tuple[tuple[str, str], ...] = ()
    reply_to: str = ""
    file: str = ""
    file_name: str = ""
    file_size: int = 0

    @property
    def is_empty(self) -> bool:
        """Tell whether nothing was typed that would be a loss."""
        return not (self.subject or self.body or self.file or self.recipients)


@dataclass(frozen=True, slots=True)
class Office:
    """Who issues: the agency, what stands above it, the drafting unit, the day's types."""

    agency: Unit
    superior: str = ""
    drafting: str = ""
    types: tuple[DocumentType, ...] = ()

    def type(self, code: str) -> DocumentType:
        """Return a type by code, an official letter for an unknown one."""
        found = next((t for t in self.types if t.code == code), None)
        return found or DocumentType(LETTER, words()["letter"])


def to_json(values: DraftValues) -> str:
    """Return the journal's text."""
    return json.dumps(asdict(values), ensure_ascii=False)


def from_map(data: Mapping[str, Any]) -> DraftValues:
    """Return values from a map; what is missing or of another type counts as not typed."""
    known: dict[str, Any] = {}
    for field in fields(DraftValues):
        value = data.get(field.name)
        if field.name == "recipients":
            pairs = value if isinstance(value, list | tuple) else ()
            known["recipients"] = tuple((str(p[0]), str(p[1])) for p in pairs if len(p) == 2)
        elif type(value) is type(field.default):
            known[field.name] = value
    return DraftValues(**known)


def from_json(text: str) -> DraftValues:
    """Return the values of a journal's text."""
    found = json.loads(text) if text else {}
    return from_map(found if isinstance(found, dict) else {})


def lines_of(text: str) -> tuple[str, ...]:
    """Return the lines that hold something, in NFC."""
    return tuple(line for line in map(normal, text.splitlines()) if line)


def suggested_notation(values: DraftValues, office: Office) -> str:
    """Return the notation that the decree asks for."""
    kind = office.type(values.type)
    return notation(kind.abbr, office.agency.abbr, office.drafting)


def heading(name: str) -> str:
    """Return an agency's name with the line break that its heading has."""
    for collective in words()["collectives"]:
        if name.startswith(f"{collective} "):
            return f"{collective}\n{name[len(collective) + 1 :]}"
    return name


def authority_lines(values: DraftValues, office: Office) -> tuple[str, ...]:
    """Return the lines over the signer's title (NĐ 30/2020 PL I.II.7)."""
    if values.authority == "TM.":
        collective = heading(office.agency.name).splitlines()[0]
        return (f"TM. {collective}",)
    if values.authority == "Q.":
        return ()
    if values.authority not in _FOR_THE_HEAD:
        return ()
    head = "head_of_collective" if is_collective(office.agency) else "head_of_office"
    return (f"{values.authority} {words()[head]}",)


def is_collective(agency: Unit) -> bool:
    """Tell whether an agency acts as a collective, whose head signs on its behalf."""
    return any(agency.name.startswith(c) for c in words()["collectives"])


def place_lines(values: DraftValues) -> tuple[str, ...]:
    """Return the lines of Nơi nhận, the typed ones or what follows from the recipients."""
    typed = lines_of(values.places)
    if typed:
        return typed
    names = [name for _, name in values.recipients]
    kept = words()["kept"]
    if not names:
        return (kept,)
    first = [words()["as_above"]] if lines_of(values.addressees) else []
    listed = [] if first else [f"{name};" for name in names[:6]]
    return (*first, *listed, kept)


def urgency_mark(values: DraftValues, marks: Mapping[str, str]) -> str:
    """Return the words of the stamp, "" for ordinary ones."""
    return "" if values.urgency == Urgency.NORMAL.value else marks.get(values.urgency, "")


def form_of(values: DraftValues, office: Office, marks: Mapping[str, str]) -> dict[str, Any]:
    """Return the arguments of the decree's form as JSON-able values."""
    kind = office.type(values.type)
    letter = kind.code == LETTER
    title = f"Q. {values.signer_title}" if values.authority == "Q." else values.signer_title
    return {
        "agency": heading(office.agency.name),
        "superior": office.superior,
        "notation": values.notation or suggested_notation(values, office),
        "subject": values.subject,
        "paragraphs": list(lines_of(values.body)),
        "signer_title": title,
        "signer_name": values.signer_name,
        "place": office.agency.place,
        "type_name": "" if letter else kind.name.split(" (")[0],
        "addressees": list(lines_of(values.addressees)),
        "issuer": office.agency.name if kind.code == "QD" else "",
        "resolves": words()["resolves"] if kind.code == "QD" else "",
        "grounds": list(lines_of(values.grounds)),
        "recipients": list(place_lines(values)),
        "authority": list(authority_lines(values, office)),
        "urgency": urgency_mark(values, marks),
    }


def document_of(form: Mapping[str, Any], watermark: str = "") -> DraftDocument:
    """Return the form ready to be set as a page."""
    lists = ("paragraphs", "addressees", "grounds", "recipients", "authority")
    known = {f.name for f in fields(DraftDocument)}
    plain: dict[str, Any] = {k: v for k, v in form.items() if k in known and k != "date"}
    plain |= {k: tuple(form.get(k, ())) for k in lists}
    return DraftDocument(**(plain | {"watermark": watermark}))


def form_key(form: Mapping[str, Any]) -> str:
    """Return what tells two forms apart."""
    return hashlib.sha256(json.dumps(form, sort_keys=True).encode()).hexdigest()


def particulars_of(values: DraftValues, office: Office) -> Particulars:
    """Return what the record says of the draft."""
    kind = office.type(values.type)
    return Particulars(
        subject=normal(values.subject),
        type=kind.code,
        type_name=kind.name.split(" (")[0],
        notation=normal(values.notation) or suggested_notation(values, office),
        issuer=office.agency.name,
        issuer_unit=office.agency.id,
        signer=values.signer_name[:50],
        signer_title=values.signer_title[:100],
        urgency=Urgency(values.urgency),
        kept_by="VT",
    )


def recipients_of(values: DraftValues) -> tuple[Recipient, ...]:
    """Return to whom it goes; without a unit only paper can go there."""
    return tuple(Recipient(unit, name, not unit) for unit, name in values.recipients)


def planned(document: Document) -> tuple[Recipient, ...]:
    """Return to whom a saved draft goes."""
    return tuple(Recipient(d.unit, d.name, d.paper) for d in document.deliveries)


def problems(values: DraftValues, office: Office) -> dict[str, str]:
    """Return what is missing before it can be submitted: field to text key."""
    found: dict[str, str] = {}
    if not normal(values.subject):
        found["subject"] = "outpages.need.subject"
    if not values.file and not lines_of(values.body):
        found["body"] = "outpages.need.body"
    if not values.signer:
        found["signer"] = "outpages.need.signer"
    if not values.recipients:
        found["recipients"] = "outpages.need.recipients"
    if not (values.notation or suggested_notation(values, office)):
        found["notation"] = "outpages.need.notation"
    return found


def reply_values(answered: Document, kept: DraftValues | None = None) -> DraftValues:
    """Return a draft that answers an incoming document."""
    p = answered.particulars
    base = kept or DraftValues()
    symbol = "/".join(part for part in (p.number, p.notation) if part)
    day = p.issued.strftime("%d/%m/%Y") if p.issued else ""
    kind = p.type_name or words()["letter"]
    opening = words()["reply_opening"].format(
        type=kind, symbol=symbol, day=day, issuer=p.issuer, subject=p.subject
    )
    to = ((answered.source_agency or p.issuer_unit, p.issuer),) if p.issuer else ()
    return replace(
        base,
        subject=base.subject or words()["reply_subject"].format(type=kind, symbol=symbol),
        addressees=base.addressees or p.issuer,
        body=base.body or opening,
        recipients=base.recipients or to,
        reply_to=answered.id,
    )


def values_of(document: Document) -> DraftValues:
    """Return what was typed when a saved draft was last revised."""
    typed = document.form_values.get("typed")
    p = document.particulars
    kept = from_map(typed) if isinstance(typed, dict) else DraftValues()
    main = document.main_file
    approval = document.approval
    return replace(
        kept,
        subject=p.subject,
        type=p.type or kept.type,
        notation=p.notation,
        signer=kept.signer or (approval.person if approval is not None else ""),
        signer_name=p.signer,
        signer_title=p.signer_title,
        urgency=p.urgency.value,
        recipients=tuple((d.unit, d.name) for d in document.deliveries),
        reply_to=document.reply_to,
        file=main.sha256 if main is not None and not document.form else "",
        file_name=main.name if main is not None and not document.form else "",
        file_size=main.size if main is not None else 0,
    )


def usual_authority(title: str, office: Office) -> str:
    """Return the authority that goes with a leader's title; people may choose another."""
    if fold(title).startswith("pho "):
        return "KT."
    return "TM." if is_collective(office.agency) else ""
