"""Read the fields of the registration form from the first page's text.

The layout is the decree's (NĐ 30/2020 PL I): issuer, number and notation at the left, place
and date at the right, then the type's name and the subject, or "V/v" under the number. What
is found is a proposal; people confirm it.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from datetime import date

_NUMBER = re.compile(
    r"^\W*Số\s*:?\s*(\d{1,11})\s*/\s*([^\W_][\w.&]*(?:\s*[-–/]\s*[^\W_][\w.&]*)*)", re.MULTILINE
)
# A line that begins so belongs to the line above it: "ỦY BAN NHÂN DÂN" / "XÃ MƯỜNG NHÉ"
_PLACES = ("TỈNH ", "XÃ ", "PHƯỜNG ", "HUYỆN ", "THÀNH PHỐ ", "THỊ XÃ ", "THỊ TRẤN ", "VÀ ")
_SAMPLE = "TÀI LIỆU MẪU"
_DATE = re.compile(r"ngày\s+(\d{1,2})\s+tháng\s+(\d{1,2})\s+năm\s+(\d{4})", re.IGNORECASE)
_ABOUT = re.compile(r"^\W*(?:V/v\s+Về việc|V/v|Về việc)\s*:?\s*(.+)", re.IGNORECASE)
_MOTTO = ("CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM", "CỘNG HOÀ XÃ HỘI CHỦ NGHĨA VIỆT NAM")
_TYPES = {
    "NGHỊ QUYẾT": "NQ", "QUYẾT ĐỊNH": "QD", "CHỈ THỊ": "CT", "QUY CHẾ": "QC", "QUY ĐỊNH": "QYD",
    "THÔNG CÁO": "TC", "THÔNG BÁO": "TB", "HƯỚNG DẪN": "HD", "CHƯƠNG TRÌNH": "CTR",
    "KẾ HOẠCH": "KH", "PHƯƠNG ÁN": "PA", "ĐỀ ÁN": "DEAN", "DỰ ÁN": "DUAN", "BÁO CÁO": "BC",
    "BIÊN BẢN": "BB", "TỜ TRÌNH": "TTR", "HỢP ĐỒNG": "HOPDONG", "CÔNG ĐIỆN": "CD",
    "GIẤY MỜI": "GM", "GIẤY GIỚI THIỆU": "GGT", "GIẤY ỦY QUYỀN": "GUQ", "PHIẾU GỬI": "PG",
    "PHIẾU CHUYỂN": "PC", "PHIẾU BÁO": "PB",
}  # fmt: skip
_URGENCY = {"HỎA TỐC": "express", "THƯỢNG KHẨN": "very_urgent", "KHẨN": "urgent"}
_MAX_SUBJECT_LINES = 5
_MAX_ISSUER = 200
_MAX_SUBJECT = 500


@dataclass(frozen=True, slots=True)
class Suggestion:
    """Proposed fields; empty where nothing was found."""

    number: str = ""
    notation: str = ""
    issued: date | None = None
    issuer: str = ""
    subject: str = ""
    type: str = ""
    type_name: str = ""
    urgency: str = ""


def suggest(text: str) -> Suggestion:
    """Return what the text of page 1 says of number, date, issuer, type and subject."""
    composed = unicodedata.normalize("NFC", text)
    lines = [" ".join(line.split()) for line in composed.splitlines()]
    lines = [line for line in lines if line]
    joined = "\n".join(lines)
    number = _NUMBER.search(joined)
    kind, at = _type(lines)
    return Suggestion(
        number=number.group(1) if number else "",
        notation=_notation(number.group(2)) if number else "",
        issued=_issued(joined),
        issuer=_issuer(lines),
        subject=_subject(lines, at),
        type=_TYPES.get(kind, "CV" if _about(lines) is not None else ""),
        type_name=kind.capitalize() if kind else "",
        urgency=next((_URGENCY[m] for line in lines if (m := line.strip(" .*")) in _URGENCY), ""),
    )


def _notation(text: str) -> str:
    return "".join(text.replace("–", "-").split())


def _issued(text: str) -> date | None:
    found = _DATE.search(text)
    if found is None:
        return None
    day, month, year = (int(part) for part in found.groups())
    try:
        return date(year, month, day)
    except ValueError:
        return None


def _issuer(lines: list[str]) -> str:
    """Return the last name in capitals above the number; the superior stands before it."""
    upper: list[str] = []
    for line in lines:
        if _NUMBER.match(line) or line in _TYPES:
            break
        bare = line
        for motto in _MOTTO:
            bare = bare.replace(motto, "").strip()
        if len(bare) > 3 and bare == bare.upper() and any(c.isalpha() for c in bare):
            upper.append(bare)
    kept = [line for line in upper if line not in _URGENCY and line != _SAMPLE]
    if len(kept) > 1 and kept[-1].startswith(_PLACES):
        kept[-2:] = [f"{kept[-2]} {kept[-1]}"]
    return kept[-1][:_MAX_ISSUER] if kept else ""


def _type(lines: list[str]) -> tuple[str, int]:
    for place, line in enumerate(lines):
        if line in _TYPES:
            return line, place
    return "", -1


def _about(lines: list[str]) -> int | None:
    return next((place for place, line in enumerate(lines) if _ABOUT.match(line)), None)


def _subject(lines: list[str], type_at: int) -> str:
    if type_at >= 0:
        return _gathered(lines[type_at + 1 :])
    at = _about(lines)
    if at is None:
        return ""
    found = _ABOUT.match(lines[at])
    first = found.group(1) if found else ""
    return _gathered([first, *lines[at + 1 :]])


def _gathered(lines: list[str]) -> str:
    """Join lines up to where the body begins."""
    kept: list[str] = []
    for line in lines[:_MAX_SUBJECT_LINES]:
        stop = re.match(r"^(Kính gửi|Căn cứ|Thực hiện|Theo |Điều 1|[IVX]+\.|1\.|_{3,}|-{3,})", line)
        if stop or _DATE.search(line) or line == line.upper():
            break
        kept.append(line)
    return " ".join(kept)[:_MAX_SUBJECT]
