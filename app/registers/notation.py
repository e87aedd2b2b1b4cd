"""How numbers and notations are written (NĐ 30/2020 PL I.II.3)."""

from __future__ import annotations

from datetime import date

_LEADING_ZERO_BELOW = 10
_SHORT_MONTHS = 2


def format_number(n: int) -> str:
    """Write a number: a leading 0 below 10, never a mark between thousands."""
    return f"0{n}" if n < _LEADING_ZERO_BELOW else str(n)


def notation(type_abbr: str, agency_abbr: str, field_abbr: str = "") -> str:
    """Build the notation after the slash.

    A typed document writes type and agency ("QĐ-UBND"); an official letter has no type and
    writes agency and drafting unit or field ("UBND-VX").
    """
    parts = (type_abbr, agency_abbr) if type_abbr else (agency_abbr, field_abbr)
    return "-".join(part for part in parts if part)


def full_number(n: int, notation_text: str) -> str:
    """Join number and notation: "05/QĐ-UBND"."""
    return f"{format_number(n)}/{notation_text}"


def format_date_line(place: str, day: date) -> str:
    """Write place and date: "Mường Thanh, ngày 05 tháng 01 năm 2026".

    Days below 10 and months 1 and 2 take a leading 0 (PL I.II.4).
    """
    month = f"0{day.month}" if day.month <= _SHORT_MONTHS else str(day.month)
    return f"{place}, ngày {format_number(day.day)} tháng {month} năm {day.year}"
