"""Shortcuts inside the libraries, each with the same answer as the long way.

Checking a file spent more than half its time in the two functions that are replaced here.
"""

from __future__ import annotations

import re
from typing import Any, BinaryIO

from asn1crypto import x509  # type: ignore[import-untyped]
from pyhanko.pdf_utils import generic

_HEX = re.compile(rb"[0-9A-Fa-f]*")
_BLANK = b" \t\r\n\x00\x0c"
_FIRST_BLOCK = 256
_MAX_BLOCK = 1 << 20
_read_slowly = generic.read_hex_string_from_stream
_compare_slowly = x509.Name.__eq__


def install() -> None:
    """Put the shortcuts in place; a second time changes nothing."""
    generic.read_hex_string_from_stream = read_hex
    x509.Name.__eq__ = same_name


def read_hex(stream: BinaryIO) -> Any:
    """Read a hex string in blocks; whatever is not plain hex is left to the library.

    The library reads one byte at a time, and a signature's contents are tens of thousands.
    """
    start, size, text = stream.tell(), _FIRST_BLOCK, b""
    while b">" not in text and size <= _MAX_BLOCK:
        block = stream.read(size)
        if not block:
            break
        text, size = text + block, size * 8
    body, end, _ = text[1:].partition(b">")
    digits = body.translate(None, _BLANK)
    if not end or len(digits) % 2 or _HEX.fullmatch(digits) is None:
        stream.seek(start)
        return _read_slowly(stream)
    stream.seek(start + len(body) + 2)
    return generic.pdf_string(bytes.fromhex(digits.decode()))


def same_name(name: x509.Name, other: Any) -> bool:
    """Compare two names; the same bytes need no preparing of strings (RFC 4518)."""
    if isinstance(other, x509.Name) and name.dump() == other.dump():
        return True
    return bool(_compare_slowly(name, other))
