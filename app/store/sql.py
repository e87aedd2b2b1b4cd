"""Small helps for SQL that is made of many values."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from typing import Any

import orjson

# (kind, id) of an entity
Key = tuple[str, str]

_SLOW = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


def dumps(value: Any) -> str:
    """Return compact JSON: the one spelling in tables, on the wire and in hashes."""
    try:
        return orjson.dumps(value).decode()
    except TypeError:
        # Whole numbers beyond 64 bits and halves of characters, which Python's own can spell.
        return _SLOW(value)


def text_sum(text: str) -> str:
    """Return the sum by which both sides compare the text of a row."""
    return hashlib.sha256(text.encode()).hexdigest()[:8]


def chunks(items: Sequence[Any], size: int = 500) -> Iterator[Sequence[Any]]:
    """Yield slices of at most `size`, below SQLite's limit of variables."""
    for start in range(0, len(items), size):
        yield items[start : start + size]


def marks(count: int, width: int = 1) -> str:
    """Return SQL placeholders: `?,?,?`, or `(?,?),(?,?)` for rows of two."""
    one = "?" if width == 1 else f"({','.join('?' * width)})"
    return ",".join([one] * count)
