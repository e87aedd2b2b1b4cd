"""Ids and hashes beside the text: any page comes back as it was, and a broken one is damaged."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from app.kernel.errors import Damaged
from app.kernel.ids import derived_id
from sync.protocol import codec, names
from sync.protocol.messages import MEDIA_TIGHT, MEDIA_ZSTD, End, Frame, Hello, Mark, RowFrame

ID = "0190a8c0-1111-7222-8333-444455556666"
SHA = hashlib.sha256(b"mau").hexdigest()
# A page as it stands in the unpacked stream: what a later program must still read.
PAGE = (
    b"\x0348\n"
    + bytes.fromhex(ID.replace("-", "") + SHA)
    + b'{"f":"row","kind":"note","id":\x01,"ver":1,"buckets":["x"],"data":{"file":\x02}}\n'
    + b'{"f":"mark","cursor":1}\n'
)
ODD = (ID.upper(), ID[:-1], ID + "0", SHA[:-1], f'a "{ID}" b', "\x01\x02\x03", "\\", f'\\"{SHA}')
NAMES = st.sampled_from((ID, SHA, *ODD)) | st.text() | st.uuids().map(str)


def rows(values: Sequence[str]) -> list[Frame]:
    """Return a reply whose rows hold these texts."""
    found: list[Frame] = [Hello("s", "h", "now", 1)]
    for place, value in enumerate(values):
        data = {"id": derived_id("row", str(place)), "text": value, value: [value]}
        found += [RowFrame("note", data["id"], 1, ("x",), data), Mark(place + 1)]  # type: ignore[arg-type]
    return [*found, End(len(values), caught_up=True)]


def read(raw: bytes, size: int) -> list[Frame]:
    """Read a reply that comes in pieces of a size."""
    unpacker = codec.Unpacker(MEDIA_TIGHT)
    return [f for at in range(0, len(raw), size) for f in unpacker.feed(raw[at : at + size])]


@given(st.lists(NAMES, max_size=8), st.integers(1, 200))
def test_any_reply_comes_back_in_any_pieces(values: list[str], size: int) -> None:
    frames = rows(values)
    assert read(b"".join(codec.pack(frames, MEDIA_TIGHT)), size) == frames


def test_a_page_is_spelt_as_it_always_was() -> None:
    data = {"id": ID, "file": SHA}
    lines = [RowFrame("note", ID, 1, ("x",), data), Mark(1)]
    assert b"".join(names.taken_out(b"".join(map(codec.encode_frame, lines)))) == PAGE
    assert read(zstandard.compress(PAGE), 7) == lines


def test_names_take_half_of_what_their_digits_took() -> None:
    values = [hashlib.sha256(str(n).encode()).hexdigest() for n in range(400)]
    page = [f for f in rows(values) if isinstance(f, RowFrame)]
    frames: list[Frame] = [*page, Mark(1)]
    tight, loose = (len(b"".join(codec.pack(frames, m))) for m in (MEDIA_TIGHT, MEDIA_ZSTD))
    assert tight < 0.8 * loose


@pytest.mark.parametrize(
    "broken",
    [
        PAGE.replace(b"48", b"47"),
        PAGE.replace(b"48", b"16"),
        PAGE.replace(b"\x0348\n", b"\x03x\n"),
        PAGE.replace(b"\x0348\n", b"\x03999999999\n"),
        b"\x03" + b"1" * 40,
        b'{"f":"mark","cursor":\x01}\n',
        b'{"f":"mark"\x030\n,"cursor":1}\n',
    ],
)
def test_a_broken_page_is_damaged(broken: bytes) -> None:
    with pytest.raises(Damaged, match=r"sync\.frame"):
        read(zstandard.compress(broken), 1024)


def test_a_desk_that_knows_no_names_takes_none() -> None:
    with pytest.raises(Damaged, match=r"sync\.frame"):
        list(codec.Unpacker(MEDIA_ZSTD).feed(zstandard.compress(PAGE)))
