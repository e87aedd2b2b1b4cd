"""The shortcuts answer as the libraries do."""

from __future__ import annotations

import random
from io import BytesIO

import pytest
from asn1crypto import x509
from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.misc import PdfReadError

from signing import quick

RNG = random.Random(30)
HEX = [
    b"<>",
    b"<4d1E>rest",
    b"<4 d\r\n1\tE\x00\x0c>",
    b"<abc>",
    b"<" + RNG.randbytes(20_000).hex().encode() + b">>>",
    b"<" + RNG.randbytes(700_000).hex().encode() + b"> more",
    b"<FEFF00e1>",
    b"<61 % a remark > here\n62>tail",
]
BAD = [b"<61zz>", b"<6161", b"<", b"<" + b"61" * 2_000_000]


@pytest.mark.parametrize("text", HEX)
def test_hex_strings_are_read_as_the_library_reads_them(text: bytes) -> None:
    ours, theirs = BytesIO(b"xx" + text), BytesIO(b"xx" + text)
    for stream in (ours, theirs):
        stream.seek(2)
    found, expected = quick.read_hex(ours), quick._read_slowly(theirs)
    assert (type(found), found, ours.tell()) == (type(expected), expected, theirs.tell())


@pytest.mark.parametrize("text", BAD)
def test_broken_hex_strings_are_refused_as_the_library_refuses_them(text: bytes) -> None:
    with pytest.raises(PdfReadError) as theirs:
        quick._read_slowly(BytesIO(text))
    with pytest.raises(PdfReadError) as ours:
        quick.read_hex(BytesIO(text))
    assert str(ours.value) == str(theirs.value)


def test_the_library_uses_them() -> None:
    import signing.pages  # noqa: F401 - installs them

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
