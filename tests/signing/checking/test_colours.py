"""sRGB is drawn without its profile, and nothing else is: the picture stays what it was."""

from __future__ import annotations

import os
import re
import zlib
from io import BytesIO

import pytest
from PIL import Image, ImageChops, ImageFilter

from signing.checking import shown
from signing.checking.colours import without_profiles
from signing.checking.readers import _objects
from signing.checking.shown import Pictures

SPACE = re.compile(rb"\[ ?/ICCBased (\d+) 0 R ?\]")


def test_a_signature_looks_the_same_without_its_profile(
    victim: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    quick = without_profiles(victim)
    assert len(quick) == len(victim)
    assert quick.count(b"/DeviceRGB") == victim.count(b"/DeviceRGB") + 2
    one = Pictures(BytesIO(victim)).page(len(victim), 0)
    monkeypatch.setattr(shown, "without_profiles", bytes)
    other = Pictures(BytesIO(victim)).page(len(victim), 0)
    assert one.tobytes() == other.tobytes()


def test_every_colour_comes_out_as_the_profile_has_it(victim: bytes) -> None:
    """Draw a picture of 32³ colours by the profile and by the name."""
    steps = [round(n * 255 / 31) for n in range(32)]
    pixels = bytes(v for r in steps for g in steps for b in steps for v in (r, g, b))
    by_profile = _picture_file(pixels, profile_of(victim))
    by_name = without_profiles(by_profile)
    assert b"/DeviceRGB" in by_name
    assert _drawn(by_profile) == _drawn(by_name)


@pytest.mark.parametrize(
    "more",
    [
        b"\n{n} 0 obj\n<< >>\nendobj\n",
        b"\n0{n}  00 obj\n<< >>\nendobj\n",
        b"\n+{n} %x\n 0 %y\r obj\n<< >>\nendobj\n",
        b"\n{n}.5 0 obj\n<< >>\nendobj\n",
    ],
)
def test_a_profile_that_is_said_twice_stays(victim: bytes, more: bytes) -> None:
    numbers = {m.group(1) for m in SPACE.finditer(victim)}
    doubled = victim + b"".join(more.replace(b"{n}", number) for number in numbers)
    assert without_profiles(doubled) == doubled


def test_a_profile_of_somebody_else_stays(victim: bytes) -> None:
    profile = bytearray(profile_of(victim))
    profile[-1] ^= 1
    other = _picture_file(bytes(3 * 32**3), bytes(profile))
    assert without_profiles(other) == other
    broken = _picture_file(bytes(3 * 32**3), b"").replace(b"/FlateDecode", b"/AnotherOne!")
    assert without_profiles(broken) == broken


TRICK = b"[/ICCBased 6 0 R] Do"


@pytest.mark.parametrize(
    "show",
    [
        TRICK,
        b"(/ColorSpace[/ICCBased 6 0 R]) Tj",
        b"% endstream\n" + TRICK,
        b"% endstream\nendobj\n9 0 obj\n<</Length 0" + TRICK + b" % >>\nstream\n\nendstream\n",
    ],
)
def test_what_a_page_draws_is_never_changed(victim: bytes, show: bytes) -> None:
    """An array draws nothing where a name would draw: a cover that only our check lifts."""
    tricky = _picture_file(bytes(3 * 256 * 128), profile_of(victim), show)
    assert without_profiles(tricky).count(show) == 1


@pytest.mark.parametrize(
    ("plain", "odd"),
    [(b"/Length %d>>", b"/Length 99 0 R>>"), (b"/Length %d>>", b"/L#65ngth 1/Length %d>>"),
     (b"/Length %d>>", b"/Length %d/Length 1>>"), (b"/Length %d>>", b"/Length %d%%>>\n>>")],
)  # fmt: skip
def test_nothing_changes_where_the_end_of_a_stream_is_not_sure(
    victim: bytes, plain: bytes, odd: bytes
) -> None:
    sure = _picture_file(bytes(3 * 256 * 128), profile_of(victim), b"/P Do")
    said = odd % 5 if b"%d" in odd else odd
    unsure = sure.replace(plain % 5, said)
    assert without_profiles(sure) != sure and unsure != sure
    assert without_profiles(unsure) == unsure


@pytest.mark.parametrize("size", [(1, 1), (3, 2), (90, 40)])
def test_neighbours_are_those_of_a_filter_of_five_by_five(size: tuple[int, int]) -> None:
    picture = Image.frombytes("L", size, os.urandom(size[0] * size[1]))
    widest = shown._spread(picture, ImageChops.lighter)
    darkest = shown._spread(picture, ImageChops.darker)
    assert widest.tobytes() == picture.filter(ImageFilter.MaxFilter(5)).tobytes()
    assert darkest.tobytes() == picture.filter(ImageFilter.MinFilter(5)).tobytes()


@pytest.mark.parametrize(
    ("data", "places"),
    [
        (b"12 0 obj", [0]),
        (b"x12\r\n0\x00obj<<", [1]),
        (b"12 0 object 7 0 objx", []),
        (b"a 12345678901 0 obj", []),
        (b"1 0 obj 2 0 R endobj 3 1 obj", [0, 21]),
        (b"obj 12 obj", []),
        (b"%" * 900 + b"5" + b" " * 600 + b"0 obj", [991]),
        (b"%" * 900 + b"5 " + b"0" + b" " * 600 + b"obj", [991]),
    ],
)
def test_objects_are_found_where_any_reader_finds_them(data: bytes, places: list[int]) -> None:
    assert list(_objects(data)) == places


def profile_of(data: bytes) -> bytes:
    """Return the profile of the first picture in colours of a file."""
    for space in SPACE.finditer(data):
        head = re.search(rb"\n%s 0 obj[^>]*/N 3[^>]*>>\s*stream\r?\n" % space.group(1), data)
        if head is not None:
            return zlib.decompressobj().decompress(data[head.end() :])
    raise AssertionError("no picture in colours")


SHOW = b"q 192 0 0 96 0 0 cm /P Do Q"


def _picture_file(pixels: bytes, profile: bytes, show: bytes = SHOW) -> bytes:
    """Return a file with one picture of 256 by 128 pixels that fills its page, one to one."""
    packed, icc = zlib.compress(pixels), zlib.compress(profile)
    side = b"/Width 256/Height 128/BitsPerComponent 8/Filter/FlateDecode"
    side += b"/ColorSpace[/ICCBased 6 0 R]"
    box = b"/MediaBox[0 0 192 96]"
    objects = [
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<</Type/Page/Parent 2 0 R%s/Contents 4 0 R/Resources<</XObject<</P 5 0 R>>>>>>" % box,
        b"<</Length %d>>\nstream\n%s\nendstream" % (len(show), show),
        b"<</Subtype/Image%s/Length %d>>\nstream\n%s\nendstream" % (side, len(packed), packed),
        b"<</Length %d/N 3/Filter /FlateDecode>>\nstream\n%s\nendstream" % (len(icc), icc),
    ]
    out, places = b"%PDF-1.7\n", []
    for number, body in enumerate(objects, 1):
        places.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    end = b"trailer\n<</Size 7/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n" % len(out)
    return out + b"xref\n0 7\n0000000000 65535 f \n" + table + end


def _drawn(data: bytes) -> bytes:
    import pypdfium2 as pdfium

    document = pdfium.PdfDocument(data)
    page = document[0]
    bitmap = page.render(scale=shown.DOTS)
    drawn = bitmap.to_pil().tobytes()
    for part in (bitmap, page, document):
        part.close()
    assert len(set(drawn)) > 1
    return drawn
