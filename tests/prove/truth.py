"""Tell whether a verdict lies: only what was really signed may be called so."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable

from app.kernel.ports import FileReport, Verdict

_RANGE = re.compile(rb"/ByteRange\s*\[\s*(\d+)\s+(\d+)\s+(\d+)\s+(\d+)\s*\]")


class Signed:
    """The bytes that were really signed, by their digests."""

    def __init__(self, seeds: Iterable[bytes]) -> None:
        self._known: set[tuple[tuple[int, ...], bytes]] = set()
        for data in seeds:
            for match in _RANGE.finditer(data):
                borders = tuple(map(int, match.groups()))
                self._known.add((borders, covered(data, borders)))

    def lies(self, report: FileReport, data: bytes) -> bool:
        """Tell whether more signatures are called whole than hold bytes that were signed.

        Whole is what every verdict but invalid says: for lack of a chain, of a status or of a
        time nothing is found altered.
        """
        claimed = sum(s.verdict is not Verdict.INVALID for s in report.signatures)
        if not claimed:
            return False
        whole = sum(covered(data, borders) == digest for borders, digest in self._known)
        return whole < claimed


def covered(data: bytes, borders: tuple[int, ...]) -> bytes:
    """Return the digest of the bytes that a range covers."""
    first, length, second, rest = borders
    told = hashlib.sha256(data[first : first + length])
    told.update(data[second : second + rest])
    return told.digest()
