"""PDFs whole, broken, locked and empty; what page 1 proposes; what is refused as secret."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.pdf_utils.writer import copy_into_new_writer

from app.documents.secrecy import secrecy_mark
from app.files import pdf
from app.files.pdf import page_count, read_text
from app.files.suggest import suggest
from app.forms.compose import DraftDocument, compose
from app.kernel.errors import HoaBanError

LETTER = DraftDocument(
    agency="ỦY BAN NHÂN DÂN\nXÃ MẪU",
    superior="ỦY BAN NHÂN DÂN\nTỈNH ĐIỆN BIÊN",
    notation="UBND-VX",
    subject="rà soát hộ nghèo trên địa bàn (mẫu)",
    paragraphs=("Nội dung mẫu thứ nhất.", "Nội dung mẫu thứ hai."),
    signer_title="CHỦ TỊCH",
    signer_name="Lò Văn Mẫu",
    number="05",
    place="Mường Nhé",
    date=date(2026, 1, 5),
    addressees=("Sở Nội vụ",),
)
DECISION = replace(
    LETTER,
    type_name="QUYẾT ĐỊNH",
    notation="QĐ-UBND",
    subject="Về việc phê duyệt kế hoạch (mẫu)",
    issuer="CHỦ TỊCH ỦY BAN NHÂN DÂN XÃ",
    grounds=("Căn cứ Luật Tổ chức chính quyền địa phương;",),
    urgency="KHẨN",
    addressees=(),
)


@pytest.fixture(scope="module")
def letter() -> bytes:
    return compose(LETTER)


def locked(whole: bytes) -> bytes:
    writer = copy_into_new_writer(PdfFileReader(io.BytesIO(whole)))
    writer.encrypt("mat-khau", "mat-khau")
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


def test_text_and_pages_of_a_stream_a_path_and_bytes(letter: bytes, tmp_path: Path) -> None:
    path = tmp_path / "letter.pdf"
    path.write_bytes(letter)
    for source in (letter, path, io.BytesIO(letter)):
        read = read_text(source)
        assert read.pages == 1
        assert "Nội dung mẫu thứ hai." in read.whole
    assert page_count(path) == 1


SPOILED: list[tuple[str, Callable[[bytes], bytes]]] = [
    ("file.empty", lambda _: b""),
    ("file.not_pdf", lambda _: b"<html>502</html>".ljust(4096)),
    ("file.not_pdf", lambda _: b"PK\x03\x04" + bytes(4096)),
    ("file.damaged", lambda whole: whole[: len(whole) // 3]),
    ("file.damaged", lambda _: b"%PDF-1.7\n" + bytes(2000)),
    ("file.encrypted", locked),
]


@pytest.mark.parametrize(("code", "spoil"), SPOILED)
def test_bad_files_have_their_own_errors(
    letter: bytes, tmp_path: Path, code: str, spoil: Callable[[bytes], bytes]
) -> None:
    path = tmp_path / "bad.pdf"
    path.write_bytes(spoil(letter))
    for source in (path, path.read_bytes(), io.BytesIO(path.read_bytes())):
        with pytest.raises(HoaBanError) as caught:
            read_text(source)
        assert caught.value.code == code


def test_half_a_gigabyte_is_refused_before_it_is_read(tmp_path: Path) -> None:
    path = tmp_path / "huge.pdf"
    with path.open("wb") as stream:
        stream.write(b"%PDF-1.7\n")
        stream.truncate(500 << 20)
    with pytest.raises(HoaBanError) as caught:
        read_text(path)
    assert (caught.value.code, caught.value.params) == ("file.too_large", {"limit": 300})


def test_a_file_of_too_many_pages(letter: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pdf, "MAX_PAGES", 0)
    with pytest.raises(HoaBanError, match=r"file\.too_many_pages"):
        read_text(letter)


def test_a_missing_file_is_not_a_crash(tmp_path: Path) -> None:
    with pytest.raises(HoaBanError, match=r"file\.unreadable"):
        read_text(tmp_path / "nowhere.pdf")


def test_a_letter_proposes_its_fields(letter: bytes) -> None:
    found = suggest(read_text(letter).texts[0])
    assert (found.number, found.notation, found.issued) == ("05", "UBND-VX", date(2026, 1, 5))
    assert found.issuer == "ỦY BAN NHÂN DÂN XÃ MẪU"
    assert found.subject == "rà soát hộ nghèo trên địa bàn (mẫu)"
    assert (found.type, found.urgency) == ("CV", "")


def test_a_typed_document_proposes_its_fields() -> None:
    found = suggest(read_text(compose(DECISION)).texts[0])
    assert (found.number, found.notation) == ("05", "QĐ-UBND")
    assert (found.type, found.type_name, found.urgency) == ("QD", "Quyết định", "urgent")
    assert found.subject == "Về việc phê duyệt kế hoạch (mẫu)"


@pytest.mark.parametrize("text", ["", "Không có gì", "Số: /", "ngày 31 tháng 02 năm 2026"])
def test_nothing_is_proposed_from_nothing(text: str) -> None:
    found = suggest(text)
    assert (found.number, found.issued, found.subject) == ("", None, "")


@pytest.mark.parametrize(
    ("text", "mark"),
    [
        ("UBND TỈNH\nMẬT\nSố: 01/BC", "MẬT"),
        ("  TỐI   MẬT  ", "TỐI MẬT"),
        ("[TUYỆT MẬT]", "TUYỆT MẬT"),
        ("T U Y Ệ T M Ậ T", "TUYỆT MẬT"),
        ("MẬT", "MẬT"),
        ("Luật Bảo vệ bí mật nhà nước", None),
        ("Mật", None),
        ("CÔNG TÁC BẢO MẬT", None),
        ("", None),
    ],
)
def test_secrecy_marks_stand_alone_in_capitals(text: str, mark: str | None) -> None:
    assert secrecy_mark(text) == mark
