"""Find the place of a signature from the words of the page."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import pypdfium2 as pdfium
import pypdfium2.raw as pdfium_c

from app.files.pdfium import PDFIUM
from app.kernel.ports import Box, Purpose
from app.kernel.purposes import FORMS, Place
from signing.pdf.beside import beside_others
from signing.pdf.blanks import template_box
from signing.pdf.forms import POINTS_PER_MM, figures, seal_box, text_box
from signing.pdf.geometry import Rect, page_shape

_MAX_PAGES = 300
_TITLE_REACH = 220.0
"""How far above the name, in points, its title is looked for."""
_INDENT = 12.0
"""How far left of its heading "Nơi nhận" a line of the list may begin, in points."""
_LIST_REACH = 60.0
"""How far under its heading the list is taken to lie beside a signature, in points."""
_WORD_GAP = 20.0
"""A wider gap, in points, parts what stands on one line."""


@dataclass(frozen=True, slots=True)
class _Words:
    """The letters of a page, folded, with the rectangle of each as shown."""

    text: str
    rects: tuple[Rect | None, ...]

    def places(self, wanted: str) -> Iterator[Rect]:
        """Yield the rectangle of every occurrence of some words."""
        needle = _fold(wanted)
        start = self.text.find(needle) if needle else -1
        while start >= 0:
            parts = [r for r in self.rects[start : start + len(needle)] if r is not None]
            if parts:
                yield _union(parts)
            start = self.text.find(needle, start + 1)

    def line_of(self, place: Rect) -> Rect:
        """Return a place with what stands before it on its line."""
        middle, left = (place[1] + place[3]) / 2, place[0]
        level = [r for r in self.rects if r is not None and r[1] <= middle <= r[3]]
        for rect in sorted(level, key=lambda r: -r[0]):
            if left - _WORD_GAP <= rect[2] and rect[0] < left:
                left = rect[0]
        return left, place[1], place[2], place[3]


def find_box(
    pdf: Path | bytes | BinaryIO,
    name: str,
    title: str,
    purpose: Purpose,
    lines: int = 2,
    password: str = "",
) -> Box | None:
    """Return the place for a signature, or None when the words are not on the page.

    Approve: centred between title and name, at the last place where the name stands under its
    title. Issue: the seal over the left third of that. Attachment, copy and incoming documents: top
    right of page 1.
    """
    with PDFIUM:
        document = pdfium.PdfDocument(pdf, password=password or None)
        try:
            return locate(document, name, title, purpose, lines)
        finally:
            document.close()


def locate(
    document: pdfium.PdfDocument, name: str, title: str, purpose: Purpose, lines: int = 2
) -> Box | None:
    """Do as `find_box` in an open document.

    A field for it that a template brings, empty and in sight, goes before what the words tell.
    """
    place = FORMS[purpose].place
    if place is Place.TOP_RIGHT:
        told: Box | None = _text_place(document, lines)
    else:
        signature = _signature_box(document, name, title)
        seal = signature is not None and purpose is not Purpose.APPROVE
        told = seal_box(signature) if signature is not None and seal else signature
    return told if place is Place.NOWHERE else template_box(document, purpose, told) or told


def _text_place(document: pdfium.PdfDocument, lines: int) -> Box:
    shape = page_shape(document, 0)
    page = document[0]
    try:
        return beside_others(page, shape, text_box(*shape.shown_size, lines))
    finally:
        page.close()


def _signature_box(document: pdfium.PdfDocument, name: str, title: str) -> Box | None:
    last = len(document) - 1
    fallback: Box | None = None
    for index in range(last, max(last - _MAX_PAGES, -1), -1):
        words = _read_words(document, index)
        lists = list(words.places("Nơi nhận"))
        for place in reversed(list(words.places(name))):
            if any(_in_list(words.line_of(place), head) for head in lists):
                continue
            above = _title_above(words, title, place)
            if above is not None:
                return _right_of(lists, _between(index, above[1], place))
            if fallback is None:
                fallback = _right_of(lists, _between(index, place[3] + 60.0, place))
    return fallback


def _in_list(line: Rect, head: Rect) -> bool:
    """Tell whether a line belongs to the list of recipients, which lies at the left (Decree 30)."""
    return line[1] < head[3] and head[0] - _INDENT <= line[0] <= head[2]


def _right_of(lists: list[Rect], box: Box) -> Box:
    """Narrow a box that reaches over the heading of the list of recipients beside it."""
    top = box.y + box.height + _LIST_REACH
    fence = max((head[2] for head in lists if head[3] > box.y and head[1] < top), default=0.0)
    right = box.x + box.width
    left = min(max(box.x, fence + 2), right - box.height)
    return Box(box.page, left, box.y, right - left, box.height)


def _title_above(words: _Words, title: str, name: Rect) -> Rect | None:
    """Return the nearest title over the name; its last line counts when it has several."""
    wanted = [line for line in title.splitlines() if line.strip()][-1:]
    near = [
        rect
        for line in wanted
        for rect in words.places(line)
        if 0 <= rect[1] - name[3] <= _TITLE_REACH and rect[0] < name[2] and rect[2] > name[0]
    ]
    return min(near, key=lambda rect: rect[1], default=None)


def _between(page: int, upper: float, name: Rect) -> Box:
    size = figures()["signature_mm"]
    width = size["width"] * POINTS_PER_MM
    gap = upper - name[3]
    height = min(size["height"] * POINTS_PER_MM, gap - 2)
    height = max(height, size["smallest_height"] * POINTS_PER_MM)
    middle_x, middle_y = (name[0] + name[2]) / 2, name[3] + gap / 2
    return Box(page, middle_x - width / 2, middle_y - height / 2, width, height)


def _read_words(document: pdfium.PdfDocument, index: int) -> _Words:
    shape = page_shape(document, index)
    page = document[index]
    text_page = page.get_textpage()
    letters: list[str] = []
    rects: list[Rect | None] = []
    try:
        for number in range(text_page.count_chars()):
            letter = chr(pdfium_c.FPDFText_GetUnicode(text_page, number))
            if unicodedata.combining(letter) and letters:
                letters[-1] = unicodedata.normalize("NFC", letters[-1] + letter)
                continue
            if letter.isspace():
                if letters and letters[-1] != " ":
                    letters.append(" ")
                    rects.append(None)
                continue
            letters.append(letter)
            rects.append(shape.to_shown(text_page.get_charbox(number, loose=False)))
    finally:
        text_page.close()
        page.close()
    return _Words("".join(_lower(letter) for letter in letters), tuple(rects))


def _fold(text: str) -> str:
    composed = unicodedata.normalize("NFC", text)
    return " ".join("".join(_lower(letter) for letter in composed).split())


def _lower(letter: str) -> str:
    """Lower one letter, keeping it one letter so that places still count."""
    low = letter.lower()
    return low if len(low) == 1 else letter[0]


def _union(parts: list[Rect]) -> Rect:
    return (
        min(p[0] for p in parts),
        min(p[1] for p in parts),
        max(p[2] for p in parts),
        max(p[3] for p in parts),
    )
