"""The invented documents of the demonstration province, dated around a given day.

Units are real, people and matters are invented; every page says that it is a sample. Words
lie in `resources/demo/papers.json`, with `{due}`, `{today}`, `{month}`, `{year}`, `{next}` for days.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import cache
from typing import Any

from app.catalogues.calendars import calendar_from
from app.catalogues.lists import DocumentType, document_types, urgencies
from app.catalogues.load import load_items
from app.catalogues.units import load_units
from app.forms.compose import SAMPLE, DraftDocument, compose
from app.kernel.calendar import WorkingCalendar
from app.kernel.texts import resource

MISROUTED = "misrouted"
BROKEN = "broken"
DUPLICATE = "duplicate"
_LETTER = "CV"
_DECISION = "QD"
# Types that an agency sends upwards, with "Kính gửi" (NĐ 30/2020, box 9a).
_ADDRESSED = frozenset({_LETTER, "TTR", "GM"})
_STEP = 1


@dataclass(frozen=True, slots=True)
class Paper:
    """One sample document; `to` are the units that get it, `addressed` those it names.

    `flaw` is "", "duplicate" (of `copy_of`, byte for byte), "misrouted" or "broken" (its
    signature is to be broken by whoever signs it). `signer` is the login of the one who signs.
    """

    key: str
    sender: str
    to: tuple[str, ...]
    addressed: tuple[str, ...]
    type_code: str
    type_name: str
    number: str
    notation: str
    subject: str
    day: date
    paragraphs: tuple[str, ...]
    signer: str
    signer_name: str
    signer_title: str
    due: date | None = None
    urgency: str = "normal"
    superior: str = ""
    agency: str = ""
    place: str = ""
    authority: tuple[str, ...] = ()
    issuer: str = ""
    grounds: tuple[str, ...] = ()
    file_under: str = ""
    flaw: str = ""
    copy_of: str = ""


def papers(today: date) -> tuple[Paper, ...]:
    """Return the sample documents, in the order of their days, numbered by sender."""
    plan = _plan("papers.json")
    maker = _Maker(today, plan["senders"])
    made = {e["key"]: maker.paper(e) for e in plan["papers"] if "copy_of" not in e}
    numbered = {paper.key: paper for paper in _numbered(made.values(), maker.first_numbers)}
    for entry in plan["papers"]:
        if "copy_of" in entry:
            numbered[entry["key"]] = maker.copy(entry, numbered[entry["copy_of"]])
    return tuple(sorted(numbered.values(), key=lambda paper: paper.day))


def render_paper(paper: Paper) -> bytes:
    """Return the paper as PDF/A, marked as a sample on every page; same paper, same bytes."""
    return compose(draft_of(paper))


def draft_of(paper: Paper) -> DraftDocument:
    """Return the words of a paper as they stand in the decree's boxes."""
    letter, decision = paper.type_code == _LETTER, paper.type_code == _DECISION
    names = {unit.id: unit.name for unit in _units()}
    return DraftDocument(
        superior=paper.superior,
        agency=paper.agency,
        number=paper.number,
        notation=paper.notation,
        place=paper.place,
        date=paper.day,
        type_name="" if letter else paper.type_name,
        subject=paper.subject,
        addressees=_addressees(paper, names),
        issuer=paper.issuer if decision else "",
        grounds=paper.grounds,
        resolves="QUYẾT ĐỊNH:" if decision else "",
        paragraphs=paper.paragraphs,
        recipients=_recipients(paper, names),
        authority=() if decision and not paper.superior else paper.authority,
        signer_title=paper.signer_title,
        signer_name=paper.signer_name,
        urgency=_marks()[paper.urgency],
        watermark=SAMPLE,
    )


class _Maker:
    """Turn the entries of the plan into papers of a given day."""

    def __init__(self, today: date, senders: Mapping[str, Any]) -> None:
        self._today = today
        self._senders = senders
        self._types = _types()
        self._calendar = calendar_from(load_items())
        self._names = {p["login"]: p["name"] for p in _plan("province.json")["people"]}
        self._places = {unit.id: unit.place for unit in _units()}
        self.first_numbers = {s["unit"]: int(s["number"]) for s in senders.values()}

    def paper(self, entry: Mapping[str, Any]) -> Paper:
        sender = self._senders[entry["from"]]
        day = _worked(self._calendar, self._today - timedelta(days=entry["ago"]), -1)
        due = self._due(entry["due"], day)
        kind = self._types[entry["type"]]
        named = entry.get("addressed", "").split() or entry["to"]
        return Paper(
            key=entry["key"],
            sender=sender["unit"],
            to=self._units(entry["to"]),
            addressed=self._units(named),
            type_code=kind.code,
            type_name=kind.name.removesuffix(" (cá biệt)"),
            number="",
            notation=_notation(kind, sender["abbr"], entry["unit"]),
            subject=self._fill(entry["subject"], due),
            day=day,
            paragraphs=tuple(self._fill(words, due) for words in entry["body"]),
            signer=sender["signer"],
            signer_name=self._names[sender["signer"]],
            signer_title=sender["title"],
            due=due,
            urgency=entry.get("urgency", "normal"),
            superior=sender["superior"],
            agency=sender["agency"],
            place=self._places[sender["unit"]],
            authority=tuple(sender["authority"]),
            issuer=sender["issuer"],
            grounds=tuple(entry.get("grounds", ())),
            file_under=entry["unit"] or sender["file"],
            flaw=entry.get("flaw", ""),
        )

    def copy(self, entry: Mapping[str, Any], original: Paper) -> Paper:
        to = self._units(entry["to"])
        return replace(original, key=entry["key"], to=to, flaw=DUPLICATE, copy_of=original.key)

    def _due(self, offset: int | None, day: date) -> date | None:
        if offset is None:
            return None
        wished = self._today + timedelta(days=offset)
        due = _worked(self._calendar, wished, 1 if offset >= 0 else -1)
        return max(due, day)

    def _units(self, keys: Iterable[str]) -> tuple[str, ...]:
        return tuple(self._senders[key]["unit"] for key in keys)

    def _fill(self, words: str, due: date | None) -> str:
        return words.format(
            due=f"{due:%d/%m/%Y}" if due else "",
            today=f"{self._today:%d/%m/%Y}",
            month=self._today.month,
            year=self._today.year,
            next=self._today.year + 1,
        )


def _numbered(made: Iterable[Paper], first: Mapping[str, int]) -> Iterable[Paper]:
    """Yield the papers with rising numbers, one series for each sender."""
    last = dict(first)
    for paper in sorted(made, key=lambda paper: paper.day):
        last[paper.sender] += _STEP
        yield replace(paper, number=str(last[paper.sender]))


def _notation(kind: DocumentType, agency: str, drafted_by: str) -> str:
    """Return the notation (NĐ 30/2020, PL I.II.3): type and agency, or agency and drafter."""
    return f"{kind.abbr}-{agency}" if kind.abbr else f"{agency}-{drafted_by}"


def _addressees(paper: Paper, names: Mapping[str, str]) -> tuple[str, ...]:
    if paper.type_code not in _ADDRESSED:
        return ()
    return tuple(names[unit] for unit in paper.addressed)


def _recipients(paper: Paper, names: Mapping[str, str]) -> tuple[str, ...]:
    kept = f"Lưu: VT, {paper.file_under}."
    if _addressees(paper, names):
        return ("Như trên;", kept)
    return (*(f"{names[unit]};" for unit in paper.addressed), kept)


def _worked(calendar: WorkingCalendar, day: date, step: int) -> date:
    while not calendar.is_working(day):
        day += timedelta(days=step)
    return day


def _plan(name: str) -> dict[str, Any]:
    text = resource("demo", name).read_text(encoding="utf-8")
    plan: dict[str, Any] = json.loads(text)
    return plan


@cache
def _units() -> tuple[Any, ...]:
    return load_units()


@cache
def _marks() -> dict[str, str]:
    known = urgencies(load_items(), date(2020, 3, 5))
    return {u.code: u.mark if u.width else "" for u in known}


@cache
def _types() -> dict[str, DocumentType]:
    return {kind.code: kind for kind in document_types(load_items(), date(2020, 3, 5))}
