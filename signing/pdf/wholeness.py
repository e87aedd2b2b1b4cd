"""Whether a file ends where its last revision ends: a download that broke off is not signed.

Each revision ends with %%EOF and the next one begins behind it (ISO 32000-1, 7.5.6), so what is
left of a file that lost its end reads as the document it was before, without its last changes.
Anything else behind the last mark, such as a mail gateway's lines, is no part of a document.
"""

from __future__ import annotations

import re
from io import SEEK_END
from typing import BinaryIO

from app.kernel.errors import Damaged

_MARK = b"%%EOF"
_CHUNK = 1 << 20
_HEAD = 1024
_NEAR = 2048
_BLANK = b"\x00\t\n\f\r "
_COMMENTS = re.compile(rb"(?:[\x00\t\n\f\r ]+|%[^\r\n]*[\r\n])*")
# An object, a table, a trailer or the end of a stream, or as much as is there of their first words.
_BEGUN = re.compile(
    rb"\d+\s+\d+\s+obj\b|\d+(?:\s+\d+(?:\s+ob?)?)?\s*\Z"
    rb"|(?:xref|trailer|startxref|endobj|endstream)\b"
    rb"|(?:x|xr|xre|t|tr|tra|trai|trail|traile|s|st|sta|star|start|startx|startxr|startxre)\Z"
)
# The mark itself may lack its end: everything that a reader needs stands before it.
_ENDED = re.compile(rb"startxref\s+(\d+)\s+%?%?E?O?\s*\Z")
_SECTION = re.compile(rb"(?:xref|\d+\s+\d+\s+obj)\b")
_LINEARIZED = re.compile(
    rb"/Linearized\b.{0,256}?/L\s+(\d+)|/L\s+(\d+).{0,256}?/Linearized\b", re.DOTALL
)
_FIRST_PAGE = re.compile(rb"startxref\s+0\s+%%EOF\s*\Z")


def check_whole(stream: BinaryIO) -> None:
    """Raise `Damaged("pdf_cut_short")` for a file that lost the end of its last revision."""
    size = stream.seek(0, SEEK_END)
    end = _last_mark(stream, size)
    if end is None:
        return  # no revision is whole: whether anything can be read is for the reader to say
    tail = _begins(stream, end)
    if _BEGUN.match(tail) and not _is_ended(stream, end, size):
        raise Damaged("pdf_cut_short")
    if not tail and _lacks_pages(stream, end, size):
        raise Damaged("pdf_cut_short")


def _last_mark(stream: BinaryIO, size: int) -> int | None:
    """Return where the last %%EOF ends."""
    start, after = size, b""
    while start > 0:
        before, start = start, max(0, start - _CHUNK)
        stream.seek(start)
        block = stream.read(before - start)
        place = (block + after).rfind(_MARK)
        if place >= 0:
            return start + place + len(_MARK)
        after = block[: len(_MARK) - 1]
    return None


def _begins(stream: BinaryIO, end: int) -> bytes:
    """Return the first bytes behind a place that are neither blank nor comment."""
    stream.seek(end)
    found = stream.read(_NEAR)
    blank = _COMMENTS.match(found)
    return found[blank.end() :] if blank is not None else found


def _is_ended(stream: BinaryIO, end: int, size: int) -> bool:
    """Tell whether a revision that lacks its mark names its own table all the same."""
    stream.seek(max(end, size - _NEAR))
    told = _ENDED.search(stream.read())
    place = int(told.group(1)) if told is not None else 0
    if place < end:
        return False
    stream.seek(place)
    return _SECTION.match(stream.read(64)) is not None


def _lacks_pages(stream: BinaryIO, end: int, size: int) -> bool:
    """Tell whether only the part for the first page of a linearized file is there (Annex F)."""
    stream.seek(0)
    said = _LINEARIZED.search(stream.read(_HEAD))
    if said is None or int(said.group(1) or said.group(2)) <= size:
        return False
    stream.seek(max(0, end - 64))
    return _FIRST_PAGE.search(stream.read(min(end, 64))) is not None
