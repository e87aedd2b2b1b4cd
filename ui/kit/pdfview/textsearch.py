"""Find and select in the text of pages; pure functions."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass

from app.kernel.text import fold, is_folded, normal
from ui.kit.pdfview.document import PageText, Rect


@dataclass(frozen=True, slots=True)
class Hit:
    """Characters `start` up to `end` of a page."""

    page: int
    start: int
    end: int


def find(page: int, text: str, query: str) -> list[Hit]:
    """Return where a query stands; without tones it matches every form, over line ends too."""
    wanted = fold(normal(query))
    if not wanted:
        return []
    folded, places = _folded(text)
    exact = None if is_folded(normal(query)) else normal(query).lower()
    hits = []
    at = folded.find(wanted)
    while at >= 0:
        hit = Hit(page, places[at], places[at + len(wanted) - 1] + 1)
        end = _with_marks(text, hit.end)
        found = normal(unicodedata.normalize("NFC", text[hit.start : end])).lower()
        if exact is None or found == exact:
            hits.append(Hit(page, hit.start, end))
        at = folded.find(wanted, at + 1)
    return hits


def _folded(text: str) -> tuple[str, list[int]]:
    letters: list[str] = []
    places: list[int] = []
    for place, char in enumerate(text):
        plain = " " if char.isspace() or not char.isprintable() else fold(char)
        if plain == " " and letters and letters[-1] == " ":
            continue
        letters.extend(plain)
        places.extend([place] * len(plain))
    return "".join(letters), places


def _with_marks(text: str, end: int) -> int:
    while end < len(text) and unicodedata.combining(text[end]):
        end += 1
    return end


def letter_at(page: PageText, x: float, y: float) -> int | None:
    """Return the character nearest to a point, preferring those on its line."""
    best: int | None = None
    nearest = float("inf")
    for place, (left, bottom, right, top) in enumerate(page.boxes):
        if right <= left or top <= bottom:
            continue
        across = max(left - x, 0.0, x - right)
        down = max(bottom - y, 0.0, y - top)
        distance = across + 8 * down
        if distance < nearest:
            best, nearest = place, distance
    return best


def word_at(text: str, place: int) -> tuple[int, int]:
    """Return the word around a character."""
    start = end = place
    while start > 0 and not text[start - 1].isspace():
        start -= 1
    while end < len(text) and not text[end].isspace():
        end += 1
    return start, end


def strips(page: PageText, start: int, end: int) -> list[Rect]:
    """Return one rectangle per line of the characters from start up to end."""
    lines: list[Rect] = []
    for left, bottom, right, top in page.boxes[start:end]:
        if right <= left or top <= bottom:
            continue
        if lines:
            last = lines[-1]
            overlap = min(top, last[3]) - max(bottom, last[1])
            if overlap > 0.4 * min(top - bottom, last[3] - last[1]) and left >= last[0] - 1:
                lines[-1] = (
                    min(last[0], left),
                    min(last[1], bottom),
                    max(last[2], right),
                    max(last[3], top),
                )
                continue
        lines.append((left, bottom, right, top))
    return lines


def copied(page: PageText, start: int, end: int) -> str:
    """Return selected text in NFC with plain line ends."""
    text = unicodedata.normalize("NFC", page.text[start:end])
    return text.replace("\r\n", "\n").replace("\r", "\n").replace("\x02", "")
