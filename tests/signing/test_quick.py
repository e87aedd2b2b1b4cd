"""The shortcuts answer as the libraries do."""

from __future__ import annotations

import random
from collections.abc import Callable
from io import BytesIO
from pathlib import Path

import pytest
from asn1crypto import x509
from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.pdf_utils.misc import PdfReadError
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko_certvalidator.util import ConsList

from signing.pdf import quick

RNG = random.Random(30)
HEX = [
    b"<>",
    b"<4d1E>rest",
    b"<4 d\r\n1\tE\x00\x0c>",
    b"<abc>",
    b"<" + RNG.randbytes(20_000).hex().encode() + b">>>",
    b"<" + RNG.randbytes(100_000).hex().encode() + b"> more",
    b"<FEFF00e1>",
    b"<61 % a remark > here\n62>tail",
]
BAD = [b"<61zz>", b"<6161", b"<", b"<" + b"61" * 20_000]


@pytest.mark.parametrize("text", HEX)
def test_hex_strings_are_read_as_the_library_reads_them(text: bytes) -> None:
    ours, theirs = BytesIO(b"xx" + text), BytesIO(b"xx" + text)
    for stream in (ours, theirs):
        stream.seek(2)
    found, expected = quick.read_hex(ours), quick._read_slowly(theirs)
    assert (type(found), found, ours.tell()) == (type(expected), expected, theirs.tell())


@pytest.mark.parametrize("text", BAD)
def test_broken_hex_strings_are_refused_as_the_library_refuses_them(
    text: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The last one is longer than all blocks together
    monkeypatch.setattr(quick, "_MAX_BLOCK", 16 << 10)
    with pytest.raises(PdfReadError) as theirs:
        quick._read_slowly(BytesIO(text))
    with pytest.raises(PdfReadError) as ours:
        quick.read_hex(BytesIO(text))
    assert str(ours.value) == str(theirs.value)


def test_the_library_uses_them() -> None:
    import signing.pdf.pages  # noqa: F401 - installs them

    assert generic.read_hex_string_from_stream is quick.read_hex
    assert x509.Name.__eq__ is quick.same_name


def test_names_are_the_same_by_bytes_or_by_the_standard() -> None:
    name = x509.Name.build({"common_name": "Lò Văn Mẫu", "country_name": "VN"})
    same = x509.Name.load(name.dump())
    spaced = x509.Name.build({"common_name": "lò  văn mẫu", "country_name": "VN"})
    other = x509.Name.build({"common_name": "Lò Văn Mau", "country_name": "VN"})
    assert quick.same_name(name, same)
    assert quick.same_name(name, spaced)
    assert not quick.same_name(name, other)
    assert not quick.same_name(name, "Lò Văn Mẫu")


WORDS = [
    b"",
    b"/",
    b"obj",
    b"12 0",
    b"true>>",
    b"a" * 63 + b" ",
    b"b" * 64,
    b"c" * 200 + b"(x)",
    b"x%",
]


@pytest.mark.parametrize("text", WORDS)
def test_words_are_read_as_the_library_reads_them(text: bytes) -> None:
    ours, theirs = BytesIO(b"xx" + text), BytesIO(b"xx" + text)
    for stream in (ours, theirs):
        stream.seek(2)
    assert quick.read_word(ours) == quick._LIBRARY["word"](theirs)
    assert ours.tell() == theirs.tell()


def test_every_byte_ends_a_word_or_does_not_as_in_the_library() -> None:
    for byte in range(256):
        text = b"ab" + bytes((byte,)) + b"cd"
        assert quick.read_word(BytesIO(text)) == quick._LIBRARY["word"](BytesIO(text)), byte


def test_every_name_is_decoded_or_refused_as_in_the_library() -> None:
    texts = [b"ab" + bytes((byte,)) + b"c" for byte in range(256)]
    for text in (*texts, b"", b"A#20B", b"A#2", b"A#zz", "tên".encode()):
        found, expected = decoded(quick.decode_name, text), decoded(quick._LIBRARY["name"], text)
        assert (type(found), found) == (type(expected), expected)


def decoded(way: Callable[[bytes], object], text: bytes) -> object:
    """Return the name, or what refused it said."""
    try:
        return way(text)
    except PdfReadError as refused:
        return [str(refused)]


def test_a_tagged_name_is_the_same_name() -> None:
    name = x509.Name.build({"common_name": "Lò Văn Mẫu", "country_name": "VN"})
    general = x509.GeneralName("directory_name", name)
    tagged = x509.GeneralName.load(general.dump()).chosen
    assert tagged.dump() != name.dump()
    assert quick.same_name(tagged, name)
    assert quick.same_name(name, tagged)
    assert quick.hashable(tagged) == quick._LIBRARY["hashable"].fget(name)
    spaced = x509.Name.build({"common_name": "lò  văn mẫu", "country_name": "VN"})
    assert quick.hashable(spaced) == quick.hashable(name)
    assert not quick.same_name(name, "Lò Văn Mẫu")


def test_equal_paths_hash_alike() -> None:
    one, two = (ConsList.sing("/Root").cons("/Pages").cons(n) for n in (3, 3))
    assert (one == two, quick.path_hash(one)) == (True, quick.path_hash(two))
    assert len({one, two, one.cons("/P"), ConsList.empty()}) == 3


def test_the_last_change_of_an_object_is_the_library_s(letter: Path) -> None:
    writer = IncrementalPdfFileWriter(BytesIO(letter.read_bytes()))
    writer.root["/Lang"] = generic.TextStringObject("vi")
    writer.update_root()
    out = BytesIO()
    writer.write(out)
    xrefs = PdfFileReader(out).xrefs
    refs = [r for n in range(xrefs.total_revisions) for r in xrefs.explicit_refs_in_revision(n)]
    for _ in range(2):
        found = [quick.last_change(xrefs, ref) for ref in refs]
        assert found == [quick._LIBRARY["change"](xrefs, ref) for ref in refs]
    assert set(found) == {0, 1}
    with pytest.raises(KeyError):
        quick.last_change(xrefs, generic.Reference(9_999))


def test_a_revision_is_seen_as_the_library_sees_it(letter: Path) -> None:
    writer = IncrementalPdfFileWriter(BytesIO(letter.read_bytes()))
    writer.root["/Lang"] = generic.TextStringObject("vi")
    writer.update_root()
    out = BytesIO()
    writer.write(out)
    seen = []
    for way in (quick.uninstall, quick.install):
        way()
        revision = PdfFileReader(BytesIO(out.getvalue())).get_historical_resolver(0)
        revision._load_reverse_xref_cache()
        usages = revision._indirect_object_access_cache
        assert "/Lang" not in revision.root or str(revision.root["/Lang"]) != "vi"
        seen.append({str(ref): {str(path) for path in paths} for ref, paths in usages.items()})
        assert all(ref.get_pdf_handler() is revision for ref in [revision.root.raw_get("/Pages")])
    assert seen[0] == seen[1]
    assert len(seen[0]) > 5
