"""The decree's forms around a document: the slip of opinions and the printed registers.

NĐ 30/2020 annex IV; a register kept in the system is printed with all its columns and bound
(Art 16.2.b, 22.3.b).
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any

from app.forms.compose import date_line
from app.forms.render import render
from app.kernel.errors import RuleViolation
from app.kernel.texts import resource

INCOMING = "incoming"
OUTGOING = "outgoing"
_COLUMNS = 10


@dataclass(frozen=True, slots=True)
class Opinion:
    """What one person wrote, and who he is with the day, in one line."""

    text: str
    who: str


@dataclass(frozen=True, slots=True)
class Slip:
    """A "Phiếu giải quyết văn bản đến"; an empty part leaves room to write by hand."""

    agency: str
    document_line: str
    place: str = ""
    date: date | None = None
    superior: str = ""
    leader: tuple[Opinion, ...] = ()
    unit: tuple[Opinion, ...] = ()
    handler: tuple[Opinion, ...] = ()
    watermark: str = ""


@dataclass(frozen=True, slots=True)
class Register:
    """A register to print: `book` incoming or outgoing, each row its ten columns as texts.

    `first` and `last` are numbers as shown; `volume` counts the bound volumes of the year.
    """

    book: str
    agency: str
    year: int
    rows: tuple[tuple[str, ...], ...]
    since: date
    until: date
    first: str
    last: str
    volume: int = 1
    superior: str = ""
    watermark: str = ""


def slip(form: Slip) -> bytes:
    """Return the slip of opinions as PDF/A-2b."""
    data = asdict(form) | {
        "date": None,
        "title": form.document_line,
        "author": form.agency.replace("\n", " "),
        "date_line": date_line(form.place, form.date),
    }
    return render("slip", data)


def register(form: Register) -> bytes:
    """Return a register with its cover as PDF/A-2b.

    Raises `RuleViolation("forms.register")` for an unknown book or a row not of ten columns.
    """
    layout = _layouts().get(form.book)
    if layout is None or any(len(row) != _COLUMNS for row in form.rows):
        raise RuleViolation("forms.register", field="book" if layout is None else "rows")
    data = layout | {
        "author": form.agency.replace("\n", " "),
        "agency": form.agency,
        "superior": form.superior,
        "watermark": form.watermark,
        "rows": form.rows,
        "year_line": f"Năm {form.year}",
        "dates_line": f"Từ ngày {form.since:%d/%m/%Y} đến ngày {form.until:%d/%m/%Y}",
        "numbers_line": f"Từ số {form.first} đến số {form.last}",
        "volume_line": f"Quyển số {form.volume:02d}",
    }
    return render("register", data)


def _layouts() -> dict[str, dict[str, Any]]:
    text = resource("forms", "registers.json").read_text(encoding="utf-8")
    layouts: dict[str, dict[str, Any]] = json.loads(text)
    return layouts
