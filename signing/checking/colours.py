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
_HEAD = re.compile(rb"[\x00\t\n\f\r ]*<<[^>]{0,200}?/N 3\b[^>]{0,200}>>\s{1,2}stream\r?\n")
_GAP = rb"(?:[\x00\t\n\f\r ]|%[^\r\n]*[\r\n])"
# Whatever a generous reader may take for the number of a generation and the word behind it.
_REST = rb"(?:[.+-][-+.0-9]*)?" + _GAP + rb"+[-+.0-9]+" + _GAP + rb"*obj"


def without_profiles(data: bytes) -> bytes:
    """Return a file of the same length that names sRGB by its short name where that is sure."""
    known: dict[bytes, bool] = {}

    def plain(found: re.Match[bytes]) -> bytes:
        number = found.group(1)
        if number not in known:
            known[number] = _is_srgb(data, number)
        whole = found.group(0)
        return b"/DeviceRGB".ljust(len(whole)) if known[number] else whole

    return _SPACE.sub(plain, data)


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
