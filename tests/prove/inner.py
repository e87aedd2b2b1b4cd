"""Mutate what lies packed inside signed PDFs: the bytes of a signature, and compressed streams."""

from __future__ import annotations

import re
import zlib
from random import Random

_CONTENTS = re.compile(rb"/Contents ?<([0-9A-Fa-f]{64,})>")
_STREAM = re.compile(rb"/Length (\d+)[^>]{0,200}>>\s*stream\r?\n|>>\s*stream\r?\n")
_RANGE = re.compile(rb"/ByteRange ?\[([0-9 ]{1,80})\]")
_MOST = 1 << 20
_TAGS = (0x02, 0x03, 0x04, 0x05, 0x06, 0x17, 0x18, 0x30, 0x31, 0xA0, 0xA1, 0x80)


def contents(data: bytes, random: Random) -> bytes:
    """Mutate the DER of a signature and write it back in the same width."""
    found = list(_CONTENTS.finditer(data))
    if not found:
        return data
    match = random.choice(found)
    text = match.group(1)
    raw = bytes.fromhex(text[: len(text) // 2 * 2].decode())
    packed = _der(raw, random).hex().encode()[: len(text)].ljust(len(text), b"0")
    return data[: match.start(1)] + packed + data[match.end(1) :]


def _der(raw: bytes, random: Random) -> bytes:
    """Return DER with one value more, less, another, or of another size or kind."""
    used = len(raw.rstrip(b"\0")) or 1
    out, at = bytearray(raw), _element(raw, random.randrange(used))
    if at is None:
        out[random.randrange(used)] ^= 1 << random.randrange(8)
        return bytes(out)
    start, body, end = at
    way = random.randrange(7)
    if way == 0:
        out[start] = random.choice(_TAGS)
    elif way == 1:
        out[start + 1] = random.choice((0, 1, 0x7F, 0x80, 0x81, 0x84, 0xFF))
    elif way == 2:
        del out[start:end]
    elif way == 3:
        out[end:end] = out[start:end]
    elif way == 4 and end > body:
        out[random.randrange(body, end)] = random.randrange(256)
    elif way == 5:
        other = _element(raw, random.randrange(used))
        if other is not None:
            out[start:end] = raw[other[0] : other[2]]
    else:
        out[body:end] = bytes(end - body)
    return bytes(out)


def _element(raw: bytes, near: int) -> tuple[int, int, int] | None:
    """Return start, body and end of the next thing that looks like a value of DER."""
    for start in range(near, min(near + 40, len(raw) - 2)):
        size = raw[start + 1]
        if raw[start] not in _TAGS:
            continue
        if size < 0x80:
            body = start + 2
        elif size in (0x81, 0x82):
            body = start + 2 + (size & 3)
            size = int.from_bytes(raw[start + 2 : body])
        else:
            continue
        if body + size <= len(raw):
            return start, body, body + size
    return None


def stream(data: bytes, random: Random) -> bytes:
    """Mutate what a compressed stream holds; its size is told anew where it is told beside it."""
    found = list(_STREAM.finditer(data))
    if not found:
        return data
    match = random.choice(found)
    packer = zlib.decompressobj()
    try:
        inner = bytearray(packer.decompress(data[match.end() :], _MOST))
    except zlib.error:
        return data
    for _ in range(random.choice((1, 1, 3, 8))):
        if inner:
            inner[random.randrange(len(inner))] = random.choice(b"0123456789 /<>[]()Rn\x00\xff")
    packed = zlib.compress(bytes(inner), random.choice((1, 6, 9)))
    rest = data[match.end() :][: -len(packer.unused_data) or None]
    before, after = data[: match.end()], packer.unused_data
    if match.group(1) is not None:
        told = b"%d" % len(packed)
        before = data[: match.start(1)] + told + data[match.end(1) : match.end()]
    elif len(packed) < len(rest):
        packed = packed.ljust(len(rest), b"\0")
    return before + packed + after


def byte_range(data: bytes, random: Random) -> bytes:
    """Move the borders of a signature, sometimes so that the whole file stays covered."""
    found = list(_RANGE.finditer(data))
    if not found:
        return data
    match = random.choice(found)
    numbers = [int(n) for n in match.group(1).split()[:4]]
    step = random.choice((-1, 1, 2, -2, 16, -16, 1000))
    if len(numbers) == 4 and random.random() < 0.5:
        numbers[2] += step
        numbers[3] -= step
    elif numbers:
        place = random.randrange(len(numbers))
        numbers[place] = random.choice((0, numbers[place] + step, len(data), 2**31, -1))
    text = b" ".join(b"%d" % n for n in numbers)
    return data[: match.start(1)] + text.ljust(len(match.group(1))) + data[match.end(1) :]
