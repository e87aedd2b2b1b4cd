"""The visible forms of the decree: where they lie and what is seen."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path

import pypdfium2 as pdfium
import pytest
from PIL import Image
from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter

from app.kernel.errors import RuleViolation
from app.kernel.ports import Box, Purpose
from signing.pdf.appearance import Stamp, demo_seal, stamp_pdf
from signing.pdf.forms import seal_box, seal_size
from signing.pdf.geometry import PageShape
from signing.pdf.placement import find_box
from tests.signing.conftest import NAME, TITLE, Office, Pins, typeset

BLUE, RED = (20, 60, 190), (205, 20, 25)
DPI_SCALE = 2.0


def picture(path: Path, page: int = 0) -> Image.Image:
    """Return a page as a person sees it, signatures included."""
    document = pdfium.PdfDocument(path)
    document.init_forms()
    image = document[page].render(scale=DPI_SCALE, may_draw_forms=True).to_pil().convert("RGB")
    document.close()
    return image


def extent(image: Image.Image, colour: tuple[int, int, int]) -> tuple[float, float, float, float]:
    """Return left, bottom, right, top in points of the pixels near a colour."""
    wide, high = image.size
    near = [
        (i % wide, i // wide)
        for i, pixel in enumerate(image.get_flattened_data())
        if all(abs(a - b) < 40 for a, b in zip(pixel, colour, strict=True))
    ]
    xs, ys = [p[0] for p in near], [p[1] for p in near]
    return (
        min(xs) / DPI_SCALE,
        (high - max(ys)) / DPI_SCALE,
        max(xs) / DPI_SCALE,
        (high - min(ys)) / DPI_SCALE,
    )


def test_the_signature_lies_between_title_and_name(letter: Path) -> None:
    box = find_box(letter, NAME, TITLE, Purpose.APPROVE)
    assert box is not None
    assert box.page == 0
    document = pdfium.PdfDocument(letter)
    text = document[0].get_textpage()
    assert TITLE in text.get_text_bounded(box.x, box.y + box.height, 595, box.y + box.height + 30)
    assert NAME in text.get_text_bounded(box.x - 20, box.y - 30, 595, box.y)
    assert not text.get_text_bounded(box.x, box.y, box.x + box.width, box.y + box.height).strip()
    document.close()


def test_the_seal_covers_the_left_third_in_real_size() -> None:
    signature = Box(2, 300, 200, 120, 60)
    seal = seal_box(signature)
    assert seal.width == seal.height == seal_size() == pytest.approx(36 / 25.4 * 72)
    assert seal.x + seal.width == pytest.approx(340, abs=0.1)
    assert seal.y + seal.height / 2 == pytest.approx(230)
    assert seal.page == signature.page


@pytest.mark.parametrize("rotation", [0, 90, 180, 270])
def test_places_survive_rotation_and_cropping(rotation: int) -> None:
    shape = PageShape(20, 30, 520, 730, rotation)
    box = Box(0, 40, 50, 100, 60)
    x1, y1, x2, y2 = shape.to_shown(shape.to_own(box))
    assert (x1, y1, x2 - x1, y2 - y1) == pytest.approx((40, 50, 100, 60))
    assert shape.shown_size == ((700, 500) if rotation in {90, 270} else (500, 700))


@pytest.mark.parametrize("rotation", [0, 90, 180, 270])
def test_pictures_stand_upright_on_every_page(office: Office, letter: Path, rotation: int) -> None:
    turned = letter.with_name("turned.pdf")
    turned.write_bytes(_turn(letter.read_bytes(), rotation))
    wide = _turned_letter_width(turned)
    box = Box(0, 200, 150, 140, 60)
    signed = office.sign(turned, Purpose.APPROVE, box=box)
    left, bottom, right, top = extent(picture(signed.path), BLUE)
    assert wide > right > left
    assert box.x - 1 <= left < right <= box.x + box.width + 1
    assert box.y - 1 <= bottom < top <= box.y + box.height + 1
    assert right - left > top - bottom


def test_blue_signature_and_red_seal_are_seen_where_they_belong(
    office: Office, letter: Path
) -> None:
    signed = office.sign(letter, Purpose.APPROVE)
    sealed = office.sign(signed.path, Purpose.ISSUE)
    assert signed.box is not None
    assert sealed.box is not None
    wanted = seal_box(signed.box)
    assert (sealed.box.x, sealed.box.y) == pytest.approx((wanted.x, wanted.y), abs=0.05)
    image = picture(sealed.path)
    blue, red = extent(image, BLUE), extent(image, RED)
    assert signed.box.x <= blue[0] < blue[2] <= signed.box.x + signed.box.width
    assert red[2] - red[0] == pytest.approx(seal_size(), abs=4)
    assert red[0] < blue[0] < red[2] < blue[2]


@pytest.mark.parametrize("purpose", [Purpose.INCOMING, Purpose.ATTACHMENT, Purpose.COPY])
def test_attachments_and_copies_bear_text_and_no_picture(
    office: Office, letter: Path, purpose: Purpose
) -> None:
    lines = ("Số: 05/QĐ-UBND", "16/09/2019 09:12:30 +07:00")
    signed = office.sign(letter, purpose, lines=lines)
    assert signed.box is not None
    assert signed.box.page == 0
    assert signed.box.x + signed.box.width > 500
    assert signed.box.y > 780
    form = pdfium.PdfDocument(stamp_pdf(Stamp(200, 30, b"", lines)))
    assert form[0].get_textpage().get_text_range().split("\r\n") == list(lines)
    form.close()
    dark = extent(picture(signed.path).crop((0, 0, 1190, 120)), (0, 0, 0))
    assert dark[2] / 595 > 0.8


def test_lines_of_text_stand_apart_by_their_leading() -> None:
    lines = ("Sao", "Bon", "16/09/2019 09:12:30 +07:00")
    form = pdfium.PdfDocument(stamp_pdf(Stamp(200, 39.5, b"", lines)))
    text = form[0].get_textpage()
    words = text.get_text_range()
    feet = [text.get_charbox(words.index(line), loose=True)[1] for line in lines]
    form.close()
    assert [feet[0] - feet[1], feet[1] - feet[2]] == pytest.approx([12.5, 12.5], abs=0.1)


def test_a_second_block_of_text_stands_beside_the_first(office: Office, letter: Path) -> None:
    lines = ("Sao y", "UBND xã Mẫu", "16/09/2019 09:12:30 +07:00")
    copy = office.sign(letter, Purpose.COPY, lines=lines)
    marked = office.sign(copy.path, Purpose.INCOMING, lines=lines)
    assert copy.box is not None and marked.box is not None
    assert marked.box.y == copy.box.y
    assert 0 <= marked.box.x < marked.box.x + marked.box.width < copy.box.x
    third = office.sign(marked.path, Purpose.INCOMING, lines=lines)
    assert third.box == copy.box, "without room it stands where it belongs, and can be moved"


def test_no_place_is_said_and_a_given_box_is_used(office: Office, letter: Path) -> None:
    assert find_box(letter, "Không Có Tên", TITLE, Purpose.APPROVE) is None
    with office.signer() as signer:
        job = office.job(signer, letter, Purpose.APPROVE, signer_name="Không Có Tên")
        pins = Pins()
        with pytest.raises(RuleViolation) as caught:
            signer.sign(job, pins)
        assert (caught.value.code, caught.value.field, pins.asked) == (
            "sign_place_unknown",
            "box",
            [],
        )
    box = Box(0, 50, 60, 100, 50)
    assert office.sign(letter, Purpose.APPROVE, signer_name="?", box=box).box == box


def test_the_last_place_under_the_title_wins_over_later_mentions(tmp_path: Path) -> None:
    body = f"#align(center)[*{TITLE}* #v(70pt) *{NAME}*]\n#pagebreak()\nBản sao gửi {NAME}."
    path = tmp_path / "two.pdf"
    path.write_bytes(typeset(body))
    box = find_box(path, NAME, TITLE, Purpose.APPROVE)
    assert box is not None
    assert box.page == 0


def test_decomposed_letters_are_found_too(tmp_path: Path) -> None:
    import unicodedata

    path = tmp_path / "nfd.pdf"
    path.write_bytes(typeset(f"#align(center)[*{TITLE}* #v(70pt) *{NAME}*]"))
    split = unicodedata.normalize("NFD", NAME)
    assert find_box(path, split, TITLE, Purpose.APPROVE) == find_box(
        path, NAME, TITLE, Purpose.APPROVE
    )


def test_a_demonstration_seal_says_sample() -> None:
    image = Image.open(BytesIO(demo_seal("UBND xã")))
    assert image.mode == "RGBA"
    assert image.getpixel((0, 0)) == (0, 0, 0, 0)
    assert demo_seal("UBND xã") != demo_seal("UBND phường")


def _turn(data: bytes, rotation: int) -> bytes:
    writer = IncrementalPdfFileWriter(BytesIO(data))
    reference = writer.root["/Pages"]["/Kids"].raw_get(0)
    page = reference.get_object()
    page[generic.NameObject("/Rotate")] = generic.NumberObject(rotation)
    page[generic.NameObject("/CropBox")] = generic.ArrayObject(
        [generic.NumberObject(n) for n in (20, 30, 560, 800)]
    )
    writer.mark_update(reference)
    out = BytesIO()
    writer.write(out)
    return out.getvalue()


def _turned_letter_width(path: Path) -> float:
    document = pdfium.PdfDocument(path)
    width: float = document[0].get_size()[0]
    document.close()
    return width
