"""Vietnamese text: one normal form, folding for search, and order for people."""

from __future__ import annotations

import unicodedata
from functools import lru_cache

# Vietnamese order of letters: a ă â b c d đ e ê ... (TCVN 6909:2001 character set)
_ALPHABET = "aăâbcdđeêfghijklmnoôơpqrstuưvwxyz"
_LETTER = {letter: f"{place:02d}" for place, letter in enumerate(_ALPHABET, start=10)}
# Tones rank after letters: none, huyền, hỏi, ngã, sắc, nặng
_TONES = {"\u0300": "1", "\u0309": "2", "\u0303": "3", "\u0301": "4", "\u0323": "5"}
_SHAPES = {"\u0302", "\u0306", "\u031b"}


def normal(text: str) -> str:
    """Return the NFC form without control characters, outer or doubled blanks."""
    composed = unicodedata.normalize("NFC", text)
    return " ".join("".join(c if c.isprintable() else " " for c in composed).split())


@lru_cache(maxsize=65536)
def _fold_char(char: str) -> str:
    if char in "đĐ":
        return "d"
    decomposed = unicodedata.normalize("NFD", char)
    return "".join(c for c in decomposed if not unicodedata.combining(c)).lower()


def fold(text: str) -> str:
    """Return the text in small letters without tones and shapes, đ as d."""
    composed = unicodedata.normalize("NFC", text)
    if composed.isascii():
        return composed.lower()
    return "".join(map(_fold_char, composed))


def is_folded(text: str) -> bool:
    """Tell whether a query carries no tone, shape or đ, and so matches every form."""
    return fold(text) == unicodedata.normalize("NFC", text).lower()


def sort_key(text: str) -> str:
    """Return a key that orders by letters in Vietnamese order first, by tones second."""
    letters: list[str] = []
    tones: list[str] = []
    for char in unicodedata.normalize("NFC", text).lower():
        decomposed = unicodedata.normalize("NFD", char)
        tone = next((_TONES[c] for c in decomposed if c in _TONES), "0")
        bare = unicodedata.normalize(
            "NFC", "".join(c for c in decomposed if c not in _TONES or c in _SHAPES)
        )
        letters.append(_LETTER.get(bare, f"0{bare}" if bare.isalnum() else " "))
        tones.append(tone)
    return "".join(letters) + "\x00" + "".join(tones)


def name_key(full_name: str) -> str:
    """Return the key that orders people by given name, then middle names, then family name."""
    words = full_name.split()
    return "\x01".join(sort_key(word) for word in (*words[-1:], *words[:-1]))
