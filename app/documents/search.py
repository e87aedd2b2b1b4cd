"""From what people type to a search expression that respects tones.

A query without tones matches every form (đ as d); one with tones matches its own form, and
every form when its own is nowhere. In the index a word with tones stands twice, as written
and folded, so neither kind of query needs to know where it looks.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Iterable
from functools import lru_cache

from app.documents.model import Direction
from app.kernel.text import fold, is_folded, normal

MAX_WORDS = 12
# Beginnings are looked up in an index of two and three letters; one letter is a whole word
_LEAST_PREFIX = 2
_WORD = re.compile(r"[^\W_]+")
# No word of a document begins so; the tags are letters and digits, as the tokeniser wants
_TAG = "zqx"
EVERYBODY = "*"


def indexed(text: str) -> str:
    """Return the words of a text as they are put into the index: both forms of each."""
    tidy = unicodedata.normalize("NFC", text).lower()
    return f"{tidy} {' '.join(filter(None, map(_other_form, tidy.split())))}"


@lru_cache(maxsize=65536)
def _other_form(word: str) -> str:
    plain = fold(word)
    return "" if plain == word else plain


def tags(values: Iterable[str]) -> str:
    """Return the tags that a document bears in the index, such as its state and its people."""
    return " ".join(_tag(value) for value in sorted(set(values)))


def reader_tag(who: str, direction: Direction, *, is_open: bool) -> str:
    """Return the one tag of who may see a document, its direction, and whether it is open."""
    return f"{who} {direction.value}{' open' if is_open else ''}"


@lru_cache(maxsize=4096)
def _tag(value: str) -> str:
    return _TAG + hashlib.sha256(value.encode()).hexdigest()[:12]


def tagged(*groups: Iterable[str]) -> str:
    """Return the expression that asks for one tag of every group that names any."""
    parts = (" OR ".join(f'"{_tag(v)}"' for v in sorted(set(group))) for group in groups)
    return " AND ".join(f"({part})" for part in parts if part)


def words_of(text: str) -> list[str]:
    """Return the words to look for, at most twelve, in small letters and one normal form."""
    return _WORD.findall(normal(text).lower())[:MAX_WORDS]


def expressions(text: str) -> tuple[str, ...]:
    """Return FTS5 expressions to try in turn; none for a text without a word.

    The last word is taken as a beginning, since people look while they type.
    """
    words = words_of(text)
    if not words:
        return ()
    folded = _expression([fold(w) for w in words])
    if all(is_folded(w) for w in words):
        return (folded,)
    return (_expression(words), folded)


def _expression(words: list[str]) -> str:
    last = f'"{words[-1]}"' + ("*" if len(words[-1]) >= _LEAST_PREFIX else "")
    return " AND ".join([*(f'"{w}"' for w in words[:-1]), last])
