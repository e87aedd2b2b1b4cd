"""Attacks on the bytes: gaps, wrapping, tables that readers take differently, endless structures."""

from __future__ import annotations

import re
import struct
from collections.abc import Callable, Mapping

Attack = Callable[[bytes], bytes]

_RANGE = re.compile(rb"/ByteRange ?\[ ?(\d+) (\d+) (\d+) (\d+) ?\]")
EVIL = b"BT /F1 30 Tf 60 700 Td (9) Tj ET"


def gap(data: bytes) -> tuple[int, int]:
    """Return where the first signature's contents begin and end, brackets included."""
    match = _RANGE.search(data)
    assert match is not None
    _, length, second, _ = (int(part) for part in match.groups())
    return length, second


def update(data: bytes, objects: dict[int, bytes], trailer: bytes = b"", prev: int = -1) -> bytes:
    """Append objects with a classic table; the trailer takes the newest root."""
    data += b"\n"
    places = {}
    for number, body in objects.items():
        places[number] = len(data)
        data += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    return data + table(data, places, trailer, prev)


def table(data: bytes, places: dict[int, int], trailer: bytes = b"", prev: int = -1) -> bytes:
    """Return a table that names places, to stand at the end of some data."""
    lines = b"".join(
        b"%d 1\n%010d 00000 n \n" % (number, place) for number, place in sorted(places.items())
    )
    prev = last_table(data) if prev < 0 else prev
    trailer = trailer or b"/Root %d 0 R" % root(data)
    start = len(data)
    return (
        b"xref\n0 1\n0000000000 65535 f \n%strailer\n<</Size 900 /Prev %d %s>>\nstartxref\n%d\n%%%%EOF\n"
        % (
            lines,
            prev,
            trailer,
            start,
        )
    )


def last_table(data: bytes) -> int:
    """Return where the newest table stands."""
    return int(data[data.rindex(b"startxref") + 9 :].split()[0])


def root(data: bytes) -> int:
    """Return the number of the catalog."""
    return int(re.findall(rb"/Root (\d+) 0 R", data)[-1])


def body(data: bytes, number: int) -> bytes:
    """Return the newest text of an object."""
    start = data.rindex(b"\n%d 0 obj" % number)
    start = data.index(b"obj", start) + 3
    return data[start : data.index(b"endobj", start)].strip()


def page(data: bytes) -> int:
    """Return the number of the first page."""
    kids = re.search(rb"/Kids\s*\[\s*(\d+) 0 R", body(data, pages(data)))
    assert kids is not None
    return int(kids.group(1))


def pages(data: bytes) -> int:
    """Return the number of the root of the pages."""
    found = re.search(rb"/Pages (\d+) 0 R", body(data, root(data)))
    assert found is not None
    return int(found.group(1))


def _in_gap(make: Callable[[bytes], bytes]) -> Attack:
    """Write something else of the same length between the signed ranges."""

    def attack(data: bytes) -> bytes:
        start, end = gap(data)
        new = make(data[start:end])
        assert len(new) == end - start
        return data[:start] + new + data[end:]

    return attack


def _short(old: bytes, more: bytes) -> bytes:
    """Return the contents without their padding, and something in the room that is won."""
    digits = old[1:-1].rstrip(b"0")
    digits += b"0" * (len(digits) % 2 + 8)
    return b"<" + digits + b">" + more.ljust(len(old) - len(digits) - 2)


def _wrapped(data: bytes) -> bytes:
    """Put foreign bytes between the ranges and shift all that follows (ISO 32000-2, 12.8.1)."""
    _, end = gap(data)
    return data[:end] + b" /Foreign (" + EVIL + b") " + data[end:]


def _second_signature(data: bytes) -> bytes:
    """Write the signature anew, with ranges that jump over what was wrapped in."""
    match = re.search(rb"/V (\d+) 0 R", data)
    assert match is not None
    number = int(match.group(1))
    start, end = gap(data)
    old = body(data[: end + 4000], number)
    moved = _RANGE.sub(b"/ByteRange [0 %d %d %d]" % (start, end + 500, 4000), old)
    return update(data, {number: moved})


def _unlisted_page(data: bytes) -> bytes:
    """Append a page's newest text without naming it in the table."""
    number = page(data)
    stray = b"\n%d 0 obj\n<</Type/Page/MediaBox[0 0 9 9]>>\nendobj\n" % number
    return data + stray + table(data + stray, {})


def _junk(data: bytes) -> bytes:
    return data + b"%d 0 obj\n<</Type/Page/MediaBox[0 0 9 9]>>\nendobj\n" % page(data)


def _two_ends(data: bytes) -> bytes:
    """Append a second, older way in behind a replaced page."""
    old = last_table(data)
    evil = update(data, {page(data): b"<</Type/Page/MediaBox[0 0 9 9]>>"})
    return evil + b"startxref\n%d\n%%%%EOF\n" % old


def _tables_only(data: bytes) -> bytes:
    """Name other places of the signed part for known objects, and add nothing else."""
    places = [m.start() + 1 for m in re.finditer(rb"\n\d+ 0 obj", data)]
    return data + table(data, {page(data): places[-1]})


def other_catalog(data: bytes) -> bytes:
    match = re.search(rb"/Catalog (\d+) 0 R", data)
    assert match is not None
    return data + table(data, {}, b"/Root %s 0 R" % match.group(1))


def _freed(data: bytes) -> bytes:
    number = page(data)
    start = len(data)
    return (
        data
        + b"xref\n%d 1\n0000000000 00001 f \ntrailer\n<</Size 900 /Prev %d /Root %d 0 R>>"
        % (
            number,
            last_table(data),
            root(data),
        )
        + b"\nstartxref\n%d\n%%%%EOF\n" % start
    )


def _on_pages(text: bytes) -> Attack:
    return lambda data: update(data, {pages(data): text % {b"self": b"%d 0 R" % pages(data)}})


def _on_root(entry: bytes, more: dict[int, bytes]) -> Attack:
    """Add an entry to the catalog, and the objects that it leads to."""

    def attack(data: bytes) -> bytes:
        number = root(data)
        new = body(data, number)
        new = new[: new.rindex(b">>")] + entry + b">>"
        return update(data, {number: new} | more)

    return attack


def _stream_ring(data: bytes) -> bytes:
    """Keep a page in a stream of objects that is kept within itself."""
    number, start = page(data), len(data)
    entries = struct.pack(">BIH", 2, 881, 0) * 2 + struct.pack(">BIH", 1, start, 0)
    head = b"<</Type/XRef/Size 900/W[1 4 2]/Index[%d 1 881 1 882 1]/Root %d 0 R/Prev %d/Length %d>>"
    head %= (number, root(data), last_table(data), len(entries))
    stream = b"882 0 obj\n%b\nstream\n%b\nendstream\nendobj\n" % (head, entries)
    return data + stream + b"startxref\n%d\n%%%%EOF\n" % start


def _own_table(data: bytes) -> bytes:
    return data + table(data, {}, prev=len(data))


def _two_tables(data: bytes) -> bytes:
    first = len(data)
    second = data + table(data, {}, prev=first + 200)
    second = second.ljust(first + 200)
    return second + table(second, {}, prev=first)


def _flipped(data: bytes) -> bytes:
    start, _ = gap(data)
    place = data.index(b"stream", start // 3)
    return data[: place + 20] + bytes([data[place + 20] ^ 1]) + data[place + 21 :]


GAPS: Mapping[str, Attack] = {
    "a comment in the gap": _in_gap(lambda old: _short(old, b"%" + EVIL)),
    "objects in the gap": _in_gap(lambda old: _short(old, b"/Foreign (" + EVIL + b")")),
    "second contents in the gap": _in_gap(lambda old: _short(old, b"/Contents <3000>")),
    "a second range in the gap": _in_gap(lambda old: _short(old, b"/ByteRange [0 9 99 9]")),
    "null in the gap": _in_gap(lambda old: b"null".ljust(len(old))),
    "no hex in the gap": _in_gap(lambda old: old[:-9] + b"zzzzzzzz>"),
    "blanks in the gap": _in_gap(lambda old: old[:-9] + b"        >"),
    "foreign bytes wrapped in": _wrapped,
    "a second signature over wrapped bytes": _second_signature,
    "a flipped byte": _flipped,
    "a range renamed": lambda data: data.replace(b"/ByteRange", b"/ByteRangf", 1),
    "contents renamed": lambda data: data.replace(b"/Contents <", b"/Contentz <", 1),
}


def _twice(data: bytes) -> bytes:
    """Give the catalog a second tree of pages, which hides among objects that nothing names."""
    number = root(data)
    new = body(data, number)
    new = new[: new.rindex(b">>")] + b"/Pages 880 0 R>>"
    tree = b"<</Type/Pages/Count 1/Kids[881 0 R]>>"
    evil = b"<</Type/Page/Parent 880 0 R/MediaBox[0 0 200 200]>>"
    return update(data, {number: new, 880: tree, 881: evil})


READERS: Mapping[str, tuple[Attack, str]] = {
    "an object that no table names": (_unlisted_page, "unlisted_object"),
    "an object behind the end": (_junk, "unlisted_object"),
    "words behind the end": (lambda data: data + b"\nfurther words\n", "appended_data"),
    "an entry said twice": (_twice, "ambiguous_object"),
    "a root said twice": (
        lambda data: data + table(data, {}, b"/Root %d 0 R /Root 1 0 R" % root(data)),
        "ambiguous_object",
    ),
    "two ends": (_two_ends, "appended_data"),
    "a table alone": (_tables_only, "changed_after"),
    "a page set free": (_freed, "changed_after"),
}

ENDLESS: Mapping[str, Attack] = {
    "pages within themselves": _on_pages(b"<</Type/Pages/Count 1/Kids[%(self)b]>>"),
    "pages within their parent": _on_pages(
        b"<</Type/Pages/Count 9/Kids[<</Type/Pages/Count 9/Kids[%(self)b]>>]>>"
    ),
    "deep arrays": _on_root(b"/Lang " + b"[" * 3000 + b"]" * 3000, {}),
    "deep dictionaries": _on_root(b"/Lang " + b"<</A " * 3000 + b"1" + b">>" * 3000, {}),
    "an outline in a ring": _on_root(
        b"/Outlines 880 0 R", {880: b"<</First 881 0 R>>", 881: b"<</Next 881 0 R>>"}
    ),
    "names in a ring": _on_root(b"/Names <</Dests 880 0 R>>", {880: b"<</Kids[880 0 R]>>"}),
    "fields in a ring": _on_root(
        b"/AcroForm <</Fields[880 0 R]>>", {880: b"<</T(a)/FT/Sig/Kids[880 0 R]/Parent 880 0 R>>"}
    ),
    "a reference to itself": _on_root(b"/Lang 880 0 R", {880: b"880 0 R"}),
    "streams of objects in a ring": _stream_ring,
    "a table before itself": _own_table,
    "two tables before each other": _two_tables,
    "a table before the file": lambda data: data + table(data, {}, prev=10**9),
    "a huge table": lambda data: (
        data + table(data, {}).replace(b"xref\n", b"xref\n0 2000000000\n", 1)
    ),
}
