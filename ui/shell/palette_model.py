"""What the palette finds: acts, pages, documents, people and units, without diacritics."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from app.kernel.text import fold

MOST = 12


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the palette; `group_key` names the text of its group."""

    group_key: str
    icon: str
    text: str
    detail: str
    run: Callable[[], object]
    shortcut: str = ""


def rank(entries: Iterable[Entry], query: str, most: int = MOST) -> list[Entry]:
    """Return the entries whose words begin with the words of the query, the closest first.

    Matching is without tones; a text that begins with the query comes before one that only
    holds its words, and an exact accented hit before a folded one.
    """
    wanted = fold(query).split()
    scored: list[tuple[int, int, Entry]] = []
    for place, entry in enumerate(entries):
        score = _score(entry, query, wanted)
        if score is not None:
            scored.append((score, place, entry))
    scored.sort(key=lambda item: item[:2])
    return [entry for _, _, entry in scored[:most]]


def _score(entry: Entry, query: str, wanted: Sequence[str]) -> int | None:
    if not wanted:
        return 0
    said = f"{entry.text} {entry.detail}"
    words = fold(said).replace("/", " ").replace("-", " ").split()
    if not all(any(word.startswith(w) or w in fold(said) for word in words) for w in wanted):
        return None
    if entry.text.lower().startswith(query.lower()):
        return 0
    if fold(entry.text).startswith(fold(query)):
        return 1
    initials = all(any(word.startswith(w) for word in words) for w in wanted)
    return 2 if initials else 3
