"""Draw sRGB without a profile: PDFium's picture is the same, and it is made several times faster.

PDFium converts every pixel of a picture with an ICC profile, but for one form of sRGB that it
knows. Pictures of signatures mostly bear another form. Its very bytes are known here, and only
they are passed over, so that no colour comes out differently: a profile that an attacker made
is still drawn as it is.
"""

from __future__ import annotations

import hashlib
import re
import zlib

# SHA-256 of profiles that give each of the 256³ colours back as PDFium draws DeviceRGB.
_SRGB = {"c56e1685d888f5edb92fe07f2750f387f8fe8e91b32ff8fb0b56bfbbb9458353"}
_MAX_PROFILE = 1 << 16
_SPACE = re.compile(rb"\[ ?/ICCBased (\d{1,9}) 0 R ?\]")
# An object of its own; elsewhere it might be a word of a text.
_ALONE = re.compile(
    rb"(?:(?<=obj)|(?<=obj )|(?<=obj\n)|(?<=obj\r\n))" + _SPACE.pattern + rb"(?=\s*endobj)"
)
_HEAD = re.compile(rb"[\x00\t\n\f\r ]*<<[^>]{0,200}?/N 3\b[^>]{0,200}>>\s{1,2}stream\r?\n")
_STREAM = b"stream"
_MAX_HEAD = 4096
# A dictionary in which nothing can hide: no string, no comment, no letter in disguise.
_WHOLE = re.compile(rb"\s*<<[^()%#]*>>\s*\Z")
_LENGTH = re.compile(rb"/Length(?![A-Za-z0-9])")
_DIRECT = re.compile(rb"/Length\s+(\d{1,10})\s*(?=[/>])")
_LINE = re.compile(rb"\r?\n")
_END = re.compile(rb"(?:\r?\n|\r)?endstream")
_GAP = rb"(?:[\x00\t\n\f\r ]|%[^\r\n]*[\r\n])"
# Whatever a generous reader may take for the number of a generation and the word behind it.
_REST = rb"(?:[.+-][-+.0-9]*)?" + _GAP + rb"+[-+.0-9]+" + _GAP + rb"*obj"


def without_profiles(data: bytes) -> bytes:
    """Return a file of the same length that names sRGB by its short name where that is sure.

    Nothing changes within a stream, nor in a file in which it is not plain where streams end: in
    what a page draws the name might draw what the array does not.
    """
    known: dict[bytes, bool] = {}

    def plain(found: re.Match[bytes]) -> bytes:
        number = found.group(1)
        if number not in known:
            known[number] = _is_srgb(data, number)
        whole = found.group(0)
        return b"/DeviceRGB".ljust(len(whole)) if known[number] else whole

    parts, place = [], 0
    for begin, head, end in _outside(data) if _SPACE.search(data) else ():
        parts += [
            data[place:begin],
            _ALONE.sub(plain, data[begin:head]),
            _SPACE.sub(plain, data[head:end]),
        ]
        place = end
    return b"".join((*parts, data[place:]))


def _outside(data: bytes) -> list[tuple[int, int, int]]:
    """Return the parts between streams: where each begins, its last dictionary too, and ends.

    Every stream must say its length itself, and end there at the first such word behind it: then
    no reader takes for a dictionary what another draws. Else there is none.
    """
    found: list[tuple[int, int, int]] = []
    before, place = 0, data.find(_STREAM)
    while place >= 0:
        head = data.rfind(b"obj", max(before, place - _MAX_HEAD), place) + 3
        size = _length(data[head:place])
        content = _LINE.match(data, place + len(_STREAM))
        if size is None or content is None:
            return []
        end = _END.match(data, content.end() + size)
        last = data.find(_STREAM, content.end())
        if end is None or end.end() != last + len(_STREAM):
            return []
        found.append((before, head, place))
        before = end.end()
        place = data.find(_STREAM, before)
    return [*found, (before, len(data), len(data))]


def _length(head: bytes) -> int | None:
    """Return the length that a stream's dictionary says in the plainest way."""
    whole = _WHOLE.match(head) and head.count(b"<<") == head.count(b">>")
    said = _DIRECT.findall(head)
    if not whole or len(said) != 1 or len(_LENGTH.findall(head)) != 1:
        return None
    return int(said[0])


def _is_srgb(data: bytes, number: bytes) -> bool:
    """Tell whether an object is the known profile, and said once: no reader sees another."""
    places = [m for m in re.finditer(number + _REST, data) if _begins(data, m.start())]
    if len(places) != 1:
        return False
    head = _HEAD.match(data, places[0].end())
    if head is None or b"/FlateDecode" not in head.group(0):
        return False
    packed = data[head.end() : head.end() + _MAX_PROFILE]
    try:
        profile = zlib.decompressobj().decompress(packed, _MAX_PROFILE)
    except zlib.error:
        return False
    return hashlib.sha256(profile).hexdigest() in _SRGB


def _begins(data: bytes, place: int) -> bool:
    """Tell whether a number begins at a place, signs and noughts before it apart."""
    before = data[max(0, place - 64) : place].rstrip(b"0+-.")
    return not before[-1:].isdigit()
