"""What one reader takes for the document and another does not: gaps, strays, doubled entries.

These are judged on the bytes behind the first signature, where only honest programs of offices
should have written.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from typing import Any, BinaryIO

from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.misc import PdfStrictReadError
from pyhanko.pdf_utils.xref import XRefSectionType

_WORD = re.compile(rb"obj\b")
_NUMBERS = re.compile(rb"(?<![0-9])\d{1,10}[\x00\t\n\f\r ]+\d{1,5}[\x00\t\n\f\r ]+\Z")
_END = re.compile(rb"startxref\s+(\d+)\s+%%EOF")
_BLANK = b"\x00\t\n\f\r "
_DIGITS = b"0123456789"
_SIGHT = 512


def fills_gap(stream: BinaryIO, byte_range: list[int], contents: bytes) -> bool:
    """Tell whether the signed ranges leave out the signature itself, in hex, and nothing more."""
    if len(byte_range) != 4 or byte_range[0] != 0:
        return False
    start, end = byte_range[1], byte_range[2]
    if end - start != len(contents) * 2 + 2:
        return False
    stream.seek(start)
    return stream.read(end - start).lower() == b"<" + contents.hex().encode() + b">"


def holds_sha1(signature: Any) -> bool:
    """Tell whether the signed content is the digest of the ranges (ISO 32000-1, 12.8.3.3.1)."""
    digest = hashlib.sha1(usedforsecurity=False)
    ranges, stream = [int(value) for value in signature.byte_range], signature.reader.stream
    for start, length in zip(ranges[::2], ranges[1::2], strict=True):
        stream.seek(start)
        digest.update(stream.read(length))
    content = signature.signed_data["encap_content_info"]["content"]
    return bool(bytes(content) == digest.digest())


def strays(reader: Any, start: int) -> list[tuple[int, str]]:
    """Return where, after a place in the file, there is what no table of objects names.

    A reader that rebuilds the tables would take it for the newest state of the document
    (ISO 32000-2, 7.5.4 knows no such object), another would never see it.
    """
    stream = reader.stream
    stream.seek(start)
    tail = stream.read()
    listed = _listed(reader)
    found = [
        (start + place, "unlisted_object")
        for place in _objects(tail)
        if start + place not in listed
    ]
    ends = list(_END.finditer(tail))
    last = ends[-1].end() if ends else 0
    if tail[last:].strip(_BLANK):
        found.append((start + len(tail), "appended_data"))
    known = {reader.xrefs.get_startxref_for_revision(n) for n in range(_count(reader))}
    found += [
        (start + match.start(), "appended_data")
        for match in ends
        if int(match.group(1)) not in known
    ]
    return found


def _objects(data: bytes) -> Iterator[int]:
    """Yield where objects begin: the word is looked for first, the numbers before it then.

    Numbers and blanks that run on out of sight count: no honest program writes them.
    """
    for word in _WORD.finditer(data):
        first = max(0, word.start() - _SIGHT)
        before = data[first : word.start()]
        numbers = _NUMBERS.search(before)
        if numbers is not None:
            yield first + numbers.start()
        elif first and not before.strip(_BLANK + _DIGITS):
            yield first


def is_ambiguous(reader: Any, revision: int) -> bool:
    """Tell whether a revision says a thing twice: some readers take the first, some the last.

    Raises pyHanko's errors on what cannot be read at all.
    """
    lenient, reader.strict = reader.strict, True
    try:
        for reference in reader.xrefs.explicit_refs_in_revision(revision):
            place = reader.xrefs.get_historical_ref(reference, revision)
            if place is not None:
                reader._read_object(reference, place)  # noqa: SLF001 : the only way past its cache
        _read_trailer(reader, revision)
    except PdfStrictReadError:
        return True
    finally:
        reader.strict = lenient
    return False


def _read_trailer(reader: Any, revision: int) -> None:
    meta = reader.xrefs.get_xref_container_info(revision)
    if meta.xref_section_type is XRefSectionType.STREAM:
        reader._read_object(meta.stream_ref, meta.start_location)  # noqa: SLF001 : as above
        return
    reference = generic.TrailerReference(reader)  # type: ignore[no-untyped-call]
    reader.stream.seek(meta.end_location)
    generic.DictionaryObject.read_from_stream(reader.stream, reference)


def _count(reader: Any) -> int:
    return int(reader.xrefs.total_revisions)


def _listed(reader: Any) -> set[int]:
    """Return the places of all objects that a table names, and of the tables themselves."""
    places: set[int] = set()
    for revision in range(_count(reader)):
        for reference in reader.xrefs.explicit_refs_in_revision(revision):
            place = reader.xrefs.get_historical_ref(reference, revision)
            if isinstance(place, int):
                places.add(place)
        meta = reader.xrefs.get_xref_container_info(revision)
        places |= {meta.declared_startxref, meta.start_location}
    return places
