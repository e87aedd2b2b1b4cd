"""What is signed as PDF/A is PDF/A after, as far as the structure tells."""

from __future__ import annotations

from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
import typst
from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.reader import PdfFileReader

from app.kernel.ports import Box, Purpose, Verdict
from signing.pdf.archive import archive_part
from tests.signing.conftest import FONTS, LETTER, Office
from tests.signing.test_forms import picture

BOX = Box(0, 300, 260, 120, 60)
FORBIDDEN = {"/JS", "/JavaScript", "/AA", "/A", "/EmbeddedFiles", "/AF", "/LZWDecode", "/Launch"}
TRANSPARENT = {"/SMask", "/BM", "/SMaskInData", "/Group"}
DEVICE = {"/DeviceRGB", "/DeviceCMYK"}


def archived(part: int) -> bytes:
    """Return the letter as PDF/A."""
    fonts = typst.Fonts(include_system_fonts=False, font_paths=[str(FONTS)])
    head = "#set document(date: datetime(year: 2026, month: 3, day: 2))\n"
    head += '#set text(font: "Liberation Serif", size: 13pt)\n'
    source = (head + LETTER).encode()
    return bytes(typst.compile(source, font_paths=fonts, pdf_standards=f"a-{part}b"))


def walked(value: Any, seen: set[int]) -> Iterator[Any]:
    """Yield everything below a value, once."""
    if isinstance(value, generic.IndirectObject):
        if value.idnum in seen:
            return
        seen.add(value.idnum)
        value = value.get_object()
    yield value
    if isinstance(value, generic.DictionaryObject):
        for key in value:
            if key not in {"/P", "/Parent", "/Contents"}:
                yield key
                yield from walked(value.raw_get(key), seen)
    elif isinstance(value, generic.ArrayObject):
        for place in range(len(value)):
            yield from walked(value.raw_get(place), seen)


def added(reader: PdfFileReader) -> list[Any]:
    """Return everything below the signature fields."""
    return list(walked(reader.root["/AcroForm"].raw_get("/Fields"), set()))


@pytest.mark.parametrize("part", [1, 2, 3])
def test_an_archived_file_stays_one(office: Office, tmp_path: Path, part: int) -> None:
    path = tmp_path / "archived.pdf"
    path.write_bytes(archived(part))
    before = PdfFileReader(BytesIO(path.read_bytes()))
    assert archive_part(before.root) == part
    tsa = office.authority.tsa_url
    signed = office.sign(path, Purpose.APPROVE, box=BOX, tsa=tsa)
    assert signed.path is not None
    sealed = office.sign(signed.path, Purpose.ISSUE, tsa=tsa)
    assert sealed.path is not None
    copied = office.sign(sealed.path, Purpose.COPY, lines=("SAO Y", "UBND xã Mẫu"), tsa=tsa)
    assert copied.path is not None
    assert office.verifier().verify(copied.path).verdict is Verdict.VALID
    after = PdfFileReader(BytesIO(copied.path.read_bytes()), strict=True)

    assert after.root["/Metadata"].data == before.root["/Metadata"].data
    assert after.root.raw_get("/Metadata") == before.root.raw_get("/Metadata")
    assert after.root["/OutputIntents"] == before.root["/OutputIntents"]
    found = added(after)
    names = {item for item in found if isinstance(item, str)}
    assert "/AP" in names
    assert not names & FORBIDDEN
    if part == 1:
        assert not names & TRANSPARENT
        assert "/Mask" in names, "pictures are cut out"
        states = [item for item in found if isinstance(item, dict)]
        opaque = [state[key] for state in states for key in ("/CA", "/ca") if key in state]
        assert all(value == 1 for value in opaque), "nothing shines through (ISO 19005-1, 6.4)"
        assert not after.has_xref_stream
    if names & DEVICE:
        assert "/OutputIntents" in before.root
    fonts = [f for f in found if isinstance(f, dict) and f.get("/Type") == "/FontDescriptor"]
    assert fonts, "the copy's words are set in a font"
    assert all({"/FontFile2", "/FontFile3"} & set(font) for font in fonts)
    for field in after.root["/AcroForm"]["/Fields"]:
        widget = field.get_object()
        assert widget["/F"] & 0b100, "printed"
        assert not widget["/F"] & 0b100011, "neither hidden nor unseen (ISO 19005-1, 6.5.3)"
    assert not after.root["/AcroForm"].get("/NeedAppearances")


def test_the_stamp_of_an_old_archive_looks_as_on_paper(office: Office, tmp_path: Path) -> None:
    shown = {}
    for part in (1, 2):
        path = tmp_path / f"{part}.pdf"
        path.write_bytes(archived(part))
        signed = office.sign(path, Purpose.APPROVE, box=BOX)
        assert signed.path is not None
        shown[part] = picture(signed.path).convert("L")
    assert shown[1].size == shown[2].size
    differing = sum(abs(a - b) > 40 for a, b in zip(*map(_bytes, shown.values()), strict=True))
    assert differing < len(_bytes(shown[1])) // 500


def _bytes(image: Any) -> bytes:
    return bytes(image.tobytes())
