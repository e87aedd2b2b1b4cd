"""Small helps for SQL that is made of many values."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from typing import Any

# (kind, id) of an entity
Key = tuple[str, str]

dumps: Callable[[Any], str] = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


def chunks(items: Sequence[Any], size: int = 500) -> Iterator[Sequence[Any]]:
    """Yield slices of at most `size`, below SQLite's limit of variables."""
    for start in range(0, len(items), size):
        yield items[start : start + size]


def marks(count: int, width: int = 1) -> str:
    """Return SQL placeholders: `?,?,?`, or `(?,?),(?,?)` for rows of two."""
    one = "?" if width == 1 else f"({','.join('?' * width)})"
    return ",".join([one] * count)
