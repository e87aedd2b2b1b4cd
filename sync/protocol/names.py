"""Ids and hashes as bytes: half of what a pull carries is their hexadecimal digits.

Beside a page's text go the bytes of all UUIDs and SHA-256 that stand in it as whole strings; in
the text each leaves one control character, which JSON itself never holds. Any text comes back
as it was.
"""

from __future__ import annotations

import re

from app.kernel.errors import Damaged

# A page's names: this, their length in digits, a line's end, the bytes.
HEAD = b"\x03"
_UUID, _SHA256 = b"\x01", b"\x02"
_SIZES = {_UUID: 32, _SHA256: 64}
_HEX = b"[0-9a-f]"
_NAME = re.compile(rb'"(%b{8}-%b{4}-%b{4}-%b{4}-%b{12}|%b{64})"' % ((_HEX,) * 6))
_HOLE = re.compile(b"([\x01\x02])")
_MOST = 4 << 20


def taken_out(text: bytes) -> tuple[bytes, bytes]:
    """Return what goes ahead of a page, and the page without its names."""
    parts = _NAME.split(text)
    found = parts[1::2]
    if not found:
        return b"", text
    parts[1::2] = [_SHA256 if len(name) == 64 else _UUID for name in found]
    raw = bytes.fromhex(b"".join(found).replace(b"-", b"").decode())
    return b"%b%d\n%b" % (HEAD, len(raw), raw), b"".join(parts)


def length(digits: bytes) -> int:
    """Return how many bytes of names follow; raises `Damaged("sync.frame")`."""
    if not (digits.isdigit() and len(digits) < 9 and int(digits) <= _MOST):
        raise Damaged("sync.frame")
    return int(digits)


class Names:
    """The names of a page, to be put back in their order."""

    def __init__(self, raw: bytes = b"") -> None:
        self._digits = raw.hex().encode()
        self._at = 0

    def put_back(self, line: bytes) -> bytes:
        """Return a line with its names; raises `Damaged("sync.frame")` where there are none."""
        if _UUID not in line and _SHA256 not in line:
            return line
        parts = _HOLE.split(line)
        parts[1::2] = [self._next(mark) for mark in parts[1::2]]
        return b"".join(parts)

    def _next(self, mark: bytes) -> bytes:
        size = _SIZES[mark]
        d = self._digits[self._at : self._at + size]
        if len(d) < size:
            raise Damaged("sync.frame")
        self._at += size
        if mark == _SHA256:
            return b'"%b"' % d
        return b'"%b-%b-%b-%b-%b"' % (d[:8], d[8:12], d[12:16], d[16:20], d[20:])
