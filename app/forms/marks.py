"""The lines of text that the agency's signature shows at the top right of a page.

Decree 30/2020, Annex I, part I.III.1 and part II: what it is, whose it is, and the time of
signing; ordinary letters. They are Vietnamese whatever language the screen speaks.
"""

from __future__ import annotations

import json
from datetime import date, datetime
from functools import lru_cache

from app.kernel.clock import VIETNAM
from app.kernel.texts import resource


@lru_cache(maxsize=1)
def _words() -> dict[str, str]:
    loaded: dict[str, str] = json.loads(resource("forms", "marks.json").read_text(encoding="utf-8"))
    return loaded


def time_line(at: datetime) -> str:
    """Return the time of signing to the second, with Vietnam's zone (ISO 8601)."""
    return f"{at.astimezone(VIETNAM):%d/%m/%Y %H:%M:%S} +07:00"


def arrival_lines(number: int, day: date, agency: str, at: datetime) -> tuple[str, ...]:
    """Return the mark on a received document: number and day of arrival, agency, time."""
    first = _words()["arrival"].format(number=number, day=f"{day:%d/%m/%Y}")
    return (first, agency, time_line(at))


def copy_lines(form: str, agency: str, at: datetime) -> tuple[str, ...]:
    """Return box 14 of a copy: the form of copy, the copying agency, time."""
    return (_words()[form], agency, time_line(at))
