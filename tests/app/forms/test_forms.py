"""Forms are PDF/A with embedded fonts, in the decree's layout, and data in them is never code."""

from __future__ import annotations

import io
import re
from dataclasses import replace
from datetime import date

import pypdfium2
import pytest
from pyhanko.pdf_utils.generic import IndirectObject
from pyhanko.pdf_utils.reader import PdfFileReader

from app.forms.compose import SAMPLE, DraftDocument, compose, date_line, number_line
from app.forms.render import render
from app.forms.sheets import Opinion, Register, Slip, register, slip
from app.kernel.errors import Damaged, RuleViolation

MM = 72 / 25.4
LETTER = DraftDocument(
    agency="Ủy ban nhân dân\ntỉnh Điện Biên",
    notation="UBND-TH",
    number="4512",
    subject="đẩy nhanh tiến độ giải ngân vốn đầu tư công",
    place="Điện Biên",
    date=date(2026, 11, 20),
    urgency="HỎA TỐC",
    addressees=("Ủy ban nhân dân các xã, phường.",),
    paragraphs=("Rà soát từng dự án, xác định rõ vướng mắc về giải phóng mặt bằng, nghiệm thu.",),
    recipients=("Như trên;", "Lưu: VT, TH."),
    authority=("KT. Chủ tịch",),
    signer_title="Phó Chủ tịch",
    signer_name="Lê Văn Thử",
)
DECISION = replace(
    LETTER,
    type_name="Quyết định",
    notation="QĐ-UBND",
    urgency="",
    addressees=(),
    issuer="Ủy ban nhân dân tỉnh Điện Biên",
    grounds=("Căn cứ chức năng, nhiệm vụ;",),
    resolves="QUYẾT ĐỊNH:",
    paragraphs=("Điều 1. Thành lập Tổ công tác.",),
)
REGISTER = Register(
    book="incoming",
    agency="Ủy ban nhân dân\nxã Mường Phăng",
    year=2026,
    rows=tuple((f"Ô {n}", *(f"c{n}.{c}" for c in range(2, 11))) for n in range(1, 61)),
    since=date(2026, 1, 1),
    until=date(2026, 11, 20),
    first="01",
    last="60",
)


def pages(pdf: bytes) -> list[str]:
    document = pypdfium2.PdfDocument(pdf)
    try:
        return [" ".join(page.get_textpage().get_text_range().split()) for page in document]
    finally:
        document.close()


def box_of(pdf: bytes, words: str) -> tuple[float, float, float, float]:
    """Return left, bottom, right, top in points of the first place of words on page 1."""
    document = pypdfium2.PdfDocument(pdf)
    try:
        text = document[0].get_textpage()
        found = text.search(words).get_next()
        assert found is not None, words
        boxes = [text.get_charbox(found[0] + i) for i in range(found[1])]
        left, bottom, right, top = zip(*boxes, strict=True)
        return min(left), min(bottom), max(right), max(top)
    finally:
        document.close()


def test_a_form_is_pdf_a_2b_with_embedded_fonts() -> None:
    reader = PdfFileReader(io.BytesIO(compose(LETTER)))
    intents = reader.root["/OutputIntents"]
    assert intents[0]["/S"] == "/GTS_PDFA1"
    xmp = reader.root["/Metadata"].data.decode()
    assert re.search(r"pdfaid:part>2<", xmp)
    assert re.search(r"pdfaid:conformance>B<", xmp)
    fonts = descriptors(reader)
    assert fonts
    for descriptor in fonts:
        assert "LiberationSerif" in descriptor["/FontName"]
        assert {"/FontFile", "/FontFile2", "/FontFile3"} & set(descriptor)


def descriptors(reader: PdfFileReader) -> list:  # type: ignore[type-arg]
    found = []
    for number in range(1, int(reader.trailer["/Size"])):
        value = reader.get_object(IndirectObject(number, 0, reader), never_decrypt=False)
        if isinstance(value, dict) and value.get("/Type") == "/FontDescriptor":
            found.append(value)
    return found


def test_vietnamese_reads_back() -> None:
    (page,) = pages(compose(LETTER))
    for words in (
        "CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM",
        "Độc lập - Tự do - Hạnh phúc",
        "ỦY BAN NHÂN DÂN TỈNH ĐIỆN BIÊN",
        "Số: 4512/UBND-TH",
        "V/v đẩy nhanh tiến độ giải ngân",
        "Điện Biên, ngày 20 tháng 11 năm 2026",
        "HỎA TỐC",
        "Kính gửi: Ủy ban nhân dân các xã, phường.",
        "xác định rõ vướng mắc về giải phóng mặt bằng",
        "Nơi nhận:",
        "KT. CHỦ TỊCH PHÓ CHỦ TỊCH",
        "Lê Văn Thử",
    ):
        assert words in page


def test_margins_and_boxes_stand_where_the_decree_puts_them() -> None:
    # NĐ 30/2020 PL I: A4, left 30-35 mm, right 15-20, top 20-25; box 2 left, box 1 right.
    pdf = compose(LETTER)
    document = pypdfium2.PdfDocument(pdf)
    width, height = document[0].get_size()
    document.close()
    assert (round(width / MM), round(height / MM)) == (210, 297)
    body, nation = box_of(pdf, "mặt bằng"), box_of(pdf, "VIỆT NAM")
    agency, title, name = (box_of(pdf, w) for w in ("ỦY BAN", "PHÓ CHỦ TỊCH", "Lê Văn Thử"))
    # An italic capital leans a hair over the margin.
    assert 29.9 <= box_of(pdf, "Nơi nhận")[0] / MM < 32
    assert body[2] / MM <= 190.5
    assert 20 <= (height - agency[3]) / MM < 25
    assert agency[2] < nation[0]
    # Boxes 7a and 7b: room for a seal of real size between title and name.
    assert (title[1] - name[3]) / MM >= 28


def test_a_number_and_a_day_not_known_yet_stay_blank() -> None:
    (page,) = pages(compose(replace(LETTER, number="", date=None, notation="BC-UBND")))
    assert re.search(r"Số:\s*/BC-UBND", page)
    assert re.search(r"ngày\s*tháng\s*năm", page)


@pytest.mark.parametrize(
    ("day", "shown"),
    [
        (date(2020, 1, 5), "X, ngày 05 tháng 01 năm 2020"),
        (date(2020, 2, 15), "X, ngày 15 tháng 02 năm 2020"),
        (date(2020, 3, 5), "X, ngày 05 tháng 3 năm 2020"),
    ],
)
def test_days_and_months_have_their_noughts(day: date, shown: str) -> None:
    # NĐ 30/2020 PL I.II.4
    assert date_line("X", day) == shown
    assert number_line("5", "QĐ-UBND") == "Số: 05/QĐ-UBND"


def test_a_decision_has_its_issuer_grounds_and_articles() -> None:
    (page,) = pages(compose(DECISION))
    order = ["QUYẾT ĐỊNH", "đẩy nhanh", "ỦY BAN NHÂN DÂN TỈNH", "Căn cứ", "QUYẾT ĐỊNH:", "Điều 1."]
    places = [page.index(order[0], 60)]
    for words in order[1:]:
        places.append(page.index(words, places[-1] + 1))
    assert places == sorted(places)
    assert "V/v" not in page


def test_pages_are_numbered_from_the_second_and_marked_as_samples() -> None:
    long = replace(LETTER, paragraphs=LETTER.paragraphs * 60, watermark=SAMPLE)
    found = pages(compose(long))
    assert len(found) >= 3
    assert all(SAMPLE in page for page in found)
    assert not re.match(r"(TÀI LIỆU MẪU )?1 ", found[0])
    assert re.search(r"(^|MẪU )2 Rà soát|(^|MẪU )2 ", found[1])
    assert "Lê Văn Thử" in found[-1]
    assert SAMPLE not in pages(compose(LETTER))[0]


def test_many_recipients_stay_whole() -> None:
    names = tuple(f"Ủy ban nhân dân xã Thử {n}" for n in range(1, 46))
    page = " ".join(pages(compose(replace(LETTER, addressees=names))))
    assert all(f"- {name}" in page for name in names)


@pytest.mark.parametrize(
    "words",
    [
        '#eval("1+1")',
        '#read("/etc/passwd") #panic("x")',
        '"); #import "common.typ": *; (',
        "$ x^2 $ *đậm* _nghiêng_ `mã` <nhãn> @nguồn \\",
        "= Tiêu đề // chú thích /* */ ~ --- #{ }",
    ],
)
def test_words_are_shown_never_run(words: str) -> None:
    page = pages(compose(replace(LETTER, paragraphs=(words,), subject=words)))[0]
    assert " ".join(words.split()) in page


def test_the_same_draft_gives_the_same_bytes() -> None:
    assert compose(LETTER) == compose(LETTER)
    assert compose(LETTER) != compose(DECISION)


def test_data_that_does_not_fit_is_told_without_its_words() -> None:
    with pytest.raises(Damaged) as refused:
        render("document", {"title": "kín"})
    assert refused.value.code == "forms.data"
    assert "kín" not in str(refused.value)
    assert refused.value.__cause__ is None
    with pytest.raises(RuleViolation, match=r"forms\.template"):
        render("../other", {})


def test_the_slip_has_its_three_parts() -> None:
    leader = (Opinion("Giao Phòng Kinh tế chủ trì.", "Quàng Văn Mẫu, Chủ tịch, 20/11/2026"),)
    (page,) = pages(slip(Slip("Ủy ban nhân dân\nxã Thử", "Số đến 1024", leader=leader)))
    assert "PHIẾU GIẢI QUYẾT VĂN BẢN ĐẾN" in page
    places = [page.index(w) for w in ("1. Ý kiến", "Giao Phòng", "2. Ý kiến", "3. Ý kiến")]
    assert places == sorted(places)


@pytest.mark.parametrize(
    ("book", "title", "last"),
    [
        ("incoming", "SỔ ĐĂNG KÝ VĂN BẢN ĐẾN", "Tên loại và trích yếu"),
        ("outgoing", "SỔ ĐĂNG KÝ VĂN BẢN ĐI", "Đơn vị, người nhận bản lưu"),
    ],
)
def test_a_register_has_a_cover_and_ten_columns_on_every_page(
    book: str, title: str, last: str
) -> None:
    # NĐ 30/2020 PL IV.I, IV.VI
    cover, *sheets = pages(register(replace(REGISTER, book=book)))
    assert title in cover
    assert "Từ ngày 01/01/2026 đến ngày 20/11/2026" in cover
    assert "Từ số 01 đến số 60" in cover
    assert len(sheets) >= 2
    assert all(f"({n})" in sheet for sheet in sheets for n in range(1, 11))
    assert all(last in sheet for sheet in sheets)
    assert "c60.10" in sheets[-1]


@pytest.mark.parametrize("wrong", [{"book": "other"}, {"rows": (("1", "2"),)}])
def test_a_register_of_another_shape_is_refused(wrong: dict) -> None:  # type: ignore[type-arg]
    with pytest.raises(RuleViolation, match=r"forms\.register"):
        register(replace(REGISTER, **wrong))
