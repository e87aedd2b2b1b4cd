"""JSON from outside, before anything is done with it: depth, numbers and letters that fit.

Python's own parser takes what others refuse: infinities, halves of surrogate pairs, numbers of
any length. None of that goes through both databases, and depth costs a stack.
"""

from __future__ import annotations

import json
import math
import re
from itertools import accumulate
from typing import Any, NoReturn

DEPTH = 64
_BRACKETS = b'[]{}"'
_OTHERS = bytes(b for b in range(256) if b not in _BRACKETS)
_TEXTS = re.compile(rb'"[^"]*"')
_STEPS = {ord("["): 1, ord("{"): 1, ord("]"): -1, ord("}"): -1}
# NUL, which PostgreSQL's texts cannot hold, and what may be half of a pair.
_ODD = re.compile(rb"\x00|\\u0000|\\u[dD][89a-fA-F]")
_LONG = re.compile(rb"\d{19}")
_MOST = (1 << 63) - 1


def parse(body: bytes) -> Any:
    """Return the value of a JSON text; raises `ValueError` for what is none that we take.

    The checks look at the bytes first, so that what is harmless costs hardly more than parsing.
    """
    if depth(body) > DEPTH:
        raise ValueError("too deep")
    whole = _whole if _LONG.search(body) else None
    value = json.loads(body.decode(), parse_constant=_refused, parse_float=_finite, parse_int=whole)
    if _ODD.search(body):
        _look(value)
    return value


def depth(body: bytes) -> int:
    """Return how deep the brackets of a JSON text are nested."""
    bare = body.replace(b"\\\\", b"").replace(b'\\"', b"").translate(None, _OTHERS)
    steps = (_STEPS.get(b, 0) for b in _TEXTS.sub(b"", bare))
    return max(accumulate(steps), default=0)


def _look(value: Any) -> None:
    if isinstance(value, str):
        value.encode()
        if "\0" in value:
            raise ValueError("a letter that no database keeps")
    elif isinstance(value, dict):
        for name, item in value.items():
            _look(name)
            _look(item)
    elif isinstance(value, list):
        for item in value:
            _look(item)


def _whole(text: str) -> int:
    number = int(text)
    if not -_MOST <= number <= _MOST:
        raise ValueError("too large a number")
    return number


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError("too large a number")
    return number


def _refused(name: str) -> NoReturn:
    raise ValueError(name)
