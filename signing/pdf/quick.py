"""Shortcuts inside the libraries, each with the same answer as the long way.

Checking a file spent most of its time in the functions that are replaced here.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any, BinaryIO

from asn1crypto import x509  # type: ignore[import-untyped]
from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.reader import HistoricalResolver
from pyhanko.pdf_utils.xref import XRefCache
from pyhanko_certvalidator.util import ConsList

_HEX = re.compile(rb"[0-9A-Fa-f]*")
_BLANK = b" \t\r\n\x00\x0c"
_FIRST_BLOCK = 256
_MAX_BLOCK = 1 << 20
# Blanks and delimiters end a word (ISO 32000-1, 7.2.2).
_WORD_END = re.compile(rb"[\x00\t\n\f\r ()<>\[\]{}/%]")
_WORD = 64
# A name without escapes and without bytes that would need them (7.3.5).
_PLAIN_NAME = re.compile(rb"(?:(?![#()<>\[\]{}/%])[!-~])*")
_NAMES = 4096
_LIBRARY: dict[str, Any] = {
    "hex": generic.read_hex_string_from_stream,
    "word": generic.read_until_delimiter,  # type: ignore[attr-defined]
    "name": generic._decode_name,  # noqa: SLF001
    "same": x509.Name.__eq__,
    "hashable": x509.Name.hashable,
    "subsume": HistoricalResolver._subsume_object,  # noqa: SLF001
    "path": ConsList.__hash__,
    "change": XRefCache.get_last_change,
}
_COMPOSED = (generic.DictionaryObject, generic.ArrayObject, generic.DecryptedObjectProxy)
_OURS: dict[str, Any] = {}
_read_slowly = _LIBRARY["hex"]
_compare_slowly = _LIBRARY["same"]


def install() -> None:
    """Put the shortcuts in place; a second time changes nothing."""
    _put(_OURS)


def uninstall() -> None:
    """Give the libraries their own ways back, to compare the two."""
    _put(_LIBRARY)


def _put(ways: dict[str, Any]) -> None:
    generic.read_hex_string_from_stream = ways["hex"]
    generic.read_until_delimiter = ways["word"]  # type: ignore[attr-defined]
    generic._decode_name = ways["name"]  # noqa: SLF001
    x509.Name.__eq__ = ways["same"]
    x509.Name.hashable = ways["hashable"]
    HistoricalResolver._subsume_object = ways["subsume"]  # type: ignore[method-assign]  # noqa: SLF001
    ConsList.__hash__ = ways["path"]  # type: ignore[method-assign]
    XRefCache.get_last_change = ways["change"]  # type: ignore[method-assign]


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


def read_word(stream: BinaryIO) -> bytes:
    """Read up to a blank or a delimiter, in one block where the word is short.

    The library reads one byte at a time.
    """
    start = stream.tell()
    block = stream.read(_WORD)
    end = _WORD_END.search(block)
    if end is None:
        stream.seek(start)
        long: bytes = _LIBRARY["word"](stream)
        return long
    stream.seek(start + end.start())
    return block[: end.start()]


def decode_name(text: bytes) -> Any:
    """Decode a name; one with escapes or strange bytes is left to the library."""
    if _PLAIN_NAME.fullmatch(text) is None:
        return _LIBRARY["name"](text)
    return generic.NameObject("/" + text.decode("ascii"))


def same_name(name: x509.Name, other: Any) -> bool:
    """Compare two names; the same bytes need no preparing of strings (RFC 4518)."""
    if not isinstance(other, x509.Name):
        return bool(_compare_slowly(name, other))
    # The name inside may bear a tag of where it stands; what it chose bears none.
    mine, theirs = name.chosen.dump(), other.chosen.dump()
    return mine == theirs or _same(mine, theirs)


def hashable(name: x509.Name) -> str:
    """Return the prepared text of a name, prepared once for the same bytes."""
    return _prepared(name.chosen.dump())


@lru_cache(_NAMES)
def _same(mine: bytes, theirs: bytes) -> bool:
    return bool(x509.RDNSequence.load(mine) == x509.RDNSequence.load(theirs))


@lru_cache(_NAMES)
def _prepared(name: bytes) -> str:
    return str(x509.RDNSequence.load(name).hashable)


def subsume(resolver: HistoricalResolver, value: Any) -> Any:
    """Bring an object into a revision; what holds no other object is returned as it is.

    The library makes a new reference for every number first, and forgets it again.
    """
    if isinstance(value, generic.IndirectObject):
        return generic.IndirectObject(  # type: ignore[no-untyped-call]
            value.idnum, value.generation, resolver
        )
    if isinstance(value, _COMPOSED):
        return _LIBRARY["subsume"](resolver, value)
    return value


def path_hash(path: ConsList[Any]) -> int:
    """Hash the last two steps of a path; equal paths share them, so sets stay what they are."""
    tail = path.tail
    return hash((path.head, tail.head if tail is not None else None))


def last_change(xrefs: XRefCache, ref: generic.Reference) -> int:
    """Return the revision that changed an object last, looked for once.

    The tables of a reader do not change; the library goes through all of them each time.
    """
    found: dict[tuple[int, int], int] = xrefs.__dict__.setdefault("_found_changes", {})
    key = (ref.idnum, ref.generation)
    if key not in found:
        found[key] = _LIBRARY["change"](xrefs, ref)
    return found[key]


_OURS |= {
    "hex": read_hex,
    "word": read_word,
    "name": decode_name,
    "same": same_name,
    "hashable": property(hashable),
    "subsume": subsume,
    "path": path_hash,
    "change": last_change,
}
