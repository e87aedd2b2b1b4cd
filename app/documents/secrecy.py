"""State secrets never enter this system (Luật BVBMNN 29/2018 Art 5.5, NĐ 26/2020 Art 4.7)."""

from __future__ import annotations

import re
import unicodedata

MARKS = ("TUYỆT MẬT", "TỐI MẬT", "MẬT")
_FRAME = re.compile(r"^[\s\W_]+|[\s\W_]+$")
_SPACED = re.compile(r"(?<!\S)(?:\S )+\S(?!\S)")


def secrecy_mark(text: str) -> str | None:
    """Return the secrecy mark that stands alone on a line of a page's text, or None.

    Box 10a of NĐ 30/2020 PL I holds the mark in capitals; a sentence that speaks of secrets
    does not. Letters set apart ("M Ậ T") count.
    """
    for line in unicodedata.normalize("NFC", text).splitlines():
        bare = _FRAME.sub("", line)
        if _SPACED.fullmatch(bare):
            bare = bare.replace(" ", "")
        squeezed = bare.replace(" ", "")
        for mark in MARKS:
            if squeezed == mark.replace(" ", ""):
                return mark
    return None
