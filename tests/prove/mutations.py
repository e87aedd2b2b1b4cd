"""Mutate signed PDFs: bytes, blocks, tokens, numbers, tables, objects, ends."""

from __future__ import annotations

import re
from random import Random

from tests.signing.attacks.raw import ENDLESS, GAPS, READERS

_NUMBER = re.compile(rb"(?<![0-9.])\d{1,10}(?![0-9.])")
_OBJECT = re.compile(rb"\n\d{1,10} 0 obj.{0,20000}?endobj", re.DOTALL)
_NAME = re.compile(rb"/[A-Za-z]{2,20}")
_ODD = (0, 1, -1, 2**31 - 1, 2**32, 2**63, 10**20, 7)
_TOKENS = (
    b"<<", b">>", b"[", b"]", b"(", b")", b"<", b">", b"%", b"R", b"null", b"true", b"stream",
    b"endstream", b"endobj", b"xref", b"trailer", b"startxref", b"%%EOF", b"/Kids", b"/Parent",
    b"/Prev", b"/Length", b"/Contents", b"/ByteRange", b"/Fields", b"/Annots", b"/Root", b"/AP",
    b"/Type/ObjStm", b"/Type/XRef", b"/Filter/FlateDecode", b"/Encrypt", b"/DSS", b"1 0 R",
    b"#00", b"\x00", b"\r", b"((((((((((", b"[[[[[[[[[[", b"<<<<<<<<<<", b"-", b".", b"1e9",
)  # fmt: skip
_WHOLE = [*ENDLESS.values(), *GAPS.values(), *(make for make, _ in READERS.values())]


def mutated(data: bytes, random: Random) -> bytes:
    """Return a mutation, the same for the same state of chance."""
    for _ in range(random.choice((1, 1, 1, 2, 3, 6))):
        if len(data) < 16:
            break
        data = random.choice(_WAYS)(data, random)
    return data


def _flip(data: bytes, random: Random) -> bytes:
    changed = bytearray(data)
    for _ in range(random.choice((1, 1, 4, 16))):
        changed[_place(data, random)] ^= 1 << random.randrange(8)
    return bytes(changed)


def _place(data: bytes, random: Random) -> int:
    """Return a place, more often outside streams: near a word of the structure."""
    if random.random() < 0.3:
        return random.randrange(len(data))
    words = (
        b"obj",
        b"xref",
        b"trailer",
        b"/Type",
        b"/ByteRange",
        b"/Contents",
        b"/V ",
        b"/AcroForm",
    )
    start = data.find(random.choice(words), random.randrange(len(data)))
    return min(len(data) - 1, max(0, start) + random.randrange(60))


def _span(data: bytes, random: Random) -> tuple[int, int]:
    start = _place(data, random)
    return start, min(len(data), start + random.choice((1, 4, 16, 100, 1000, 5000)))


def _move(data: bytes, random: Random) -> bytes:
    start, end = _span(data, random)
    rest = data[:start] + data[end:]
    to = _place(rest, random) if rest else 0
    return rest[:to] + data[start:end] + rest[to:]


def _double(data: bytes, random: Random) -> bytes:
    start, end = _span(data, random)
    to = _place(data, random)
    return data[:to] + data[start:end] + data[to:]


def _delete(data: bytes, random: Random) -> bytes:
    start, end = _span(data, random)
    return data[:start] + data[end:]


def _overwrite(data: bytes, random: Random) -> bytes:
    start, end = _span(data, random)
    to = min(_place(data, random), len(data) - (end - start))
    return data[: max(0, to)] + data[start:end] + data[max(0, to) + end - start :]


def _token(data: bytes, random: Random) -> bytes:
    start, token = _place(data, random), random.choice(_TOKENS)
    over = len(token) if random.random() < 0.8 else 0
    return data[:start] + token + data[start + over :]


def _swap(pattern: re.Pattern[bytes], data: bytes, random: Random) -> tuple[bytes, bytes, bytes]:
    start = _place(data, random)
    match = pattern.search(data, start) or pattern.search(data)
    if match is None:
        return data, b"", b""
    return data[: match.start()], match.group(), data[match.end() :]


def _number(data: bytes, random: Random) -> bytes:
    before, old, after = _swap(_NUMBER, data, random)
    if not old:
        return data
    near = int(old) + random.choice((-1, 1, 10, -10, 1000))
    new = b"%d" % random.choice((*_ODD, near, near))
    if random.random() < 0.7:
        # The same width keeps the places in the tables right, and so the file readable.
        new = new.zfill(len(old))[-len(old) :]
    return before + new + after


def _name(data: bytes, random: Random) -> bytes:
    before, old, after = _swap(_NAME, data, random)
    names = _NAME.findall(data, random.randrange(len(data)))
    return before + (random.choice(names[:200]) if old and names else old) + after


def _object(data: bytes, random: Random) -> bytes:
    """Append an object once more, with or without a mutation, named or unnamed by a table."""
    _, old, _ = _swap(_OBJECT, data, random)
    if not old:
        return data
    number = int(old.split(None, 1)[0])
    old = _token(old, random) if random.random() < 0.5 else old
    start = len(data) + 1
    data += old + b"\n"
    if random.random() < 0.7:
        found = re.findall(rb"startxref\s+(\d+)", data)
        roots = re.findall(rb"/Root \d+ 0 R", data)
        prev, root = (found or [b"0"])[-1], (roots or [b""])[-1]
        table = b"xref\n%d 1\n%010d 00000 n \ntrailer\n<</Size 999/Prev %b %b>>" % (
            number, start, prev, root,
        )  # fmt: skip
        data += table + b"\nstartxref\n%d\n%%%%EOF\n" % len(data)
    return data


def _cut(data: bytes, random: Random) -> bytes:
    ends = [match.end() for match in re.finditer(rb"%%EOF\s?", data)]
    if ends and random.random() < 0.5:
        return data[: random.choice(ends)]
    return data[: random.randrange(1, len(data))]


def _attack(data: bytes, random: Random) -> bytes:
    try:
        return random.choice(_WHOLE)(data)
    except (ValueError, AssertionError, LookupError):
        return data


_WAYS = (
    _flip, _flip, _flip, _flip, _overwrite, _overwrite, _token, _token, _token, _number, _number,
    _number, _name, _object, _object, _object, _object, _attack, _attack, _cut, _move, _double,
    _delete,
)  # fmt: skip
