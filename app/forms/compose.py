"""A draft in the decree's layout: what stands in boxes 1 to 13 (NĐ 30/2020, annex I)."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime, time
from pathlib import Path

from app.forms.render import render

SAMPLE = "TÀI LIỆU MẪU"
_BLANK = "\u00a0" * 6


@dataclass(frozen=True, slots=True)
class DraftDocument:
    """The words of a document, as yet without signature and seal.

    `agency` may hold line breaks. `type_name` is empty for an official letter, whose subject
    then stands under the number. `authority` are the lines before the title ("TM. …", "KT. …").
    `issuer` and `resolves` are the lines of a decision around its grounds. A paragraph that
    begins "Điều 1." has that part bold, one that begins "II. " is a heading.
    """

    agency: str
    notation: str
    subject: str
    paragraphs: tuple[str, ...]
    signer_title: str
    signer_name: str
    superior: str = ""
    number: str = ""
    place: str = ""
    date: date | None = None
    type_name: str = ""
    addressees: tuple[str, ...] = ()
    issuer: str = ""
    grounds: tuple[str, ...] = ()
    resolves: str = ""
    recipients: tuple[str, ...] = ()
    authority: tuple[str, ...] = ()
    urgency: str = ""
    initials: str = ""
    contact: str = ""
    watermark: str = ""


def compose(draft: DraftDocument, *, fonts: Path | None = None) -> bytes:
    """Return the draft as PDF/A-2b; number and day stay blank where they are not known yet."""
    data = asdict(draft) | {
        "date": None,
        "title": draft.subject or draft.type_name,
        "author": draft.agency.replace("\n", " "),
        "number_line": number_line(draft.number, draft.notation),
        "date_line": date_line(draft.place, draft.date),
    }
    made_at = datetime.combine(draft.date or date(2000, 1, 1), time(), UTC)
    return render("document", data, fonts=fonts, made_at=made_at)


def number_line(number: str, notation: str) -> str:
    """Return "Số: 05/QĐ-UBND": below ten with a leading nought, blank when not known."""
    shown = number.zfill(2) if number else _BLANK
    return f"Số: {shown}/{notation}"


def date_line(place: str, day: date | None) -> str:
    """Return place and date; days below 10 and months 1, 2 with a leading nought."""
    if day is None:
        return f"{place}, ngày{_BLANK}tháng{_BLANK}năm{_BLANK}"
    month = f"{day.month:02d}" if day.month < 3 else str(day.month)
    return f"{place}, ngày {day.day:02d} tháng {month} năm {day.year}"
