"""From what people type to a search expression that respects tones.

A query without tones matches every form (đ as d); one with tones matches its own form, and
every form when its own is nowhere.
"""

from __future__ import annotations

from app.kernel.text import fold, is_folded, normal

MAX_WORDS = 12


def words_of(text: str) -> list[str]:
    """Return the words to look for, at most twelve, in small letters and one normal form."""
    words = normal(text).lower().replace('"', " ").split()
    return [w for w in words if any(c.isalnum() for c in w)][:MAX_WORDS]


def expressions(text: str) -> tuple[str, ...]:
    """Return FTS5 expressions to try in turn; none for a text without a word.

    The last word is taken as a beginning, since people look while they type.
    """
    words = words_of(text)
    if not words:
        return ()
    folded = _expression("folded", [fold(w) for w in words])
    if all(is_folded(w) for w in words):
        return (folded,)
    return (_expression("exact", words), folded)


def _expression(column: str, words: list[str]) -> str:
    terms = [f'"{w}"' for w in words[:-1]] + [f'"{words[-1]}"*']
    return f"{column} : ({' AND '.join(terms)})"
