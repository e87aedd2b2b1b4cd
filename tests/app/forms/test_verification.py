"""The record of a check says what was found, of good and of unreadable files alike."""

from __future__ import annotations

from datetime import UTC, datetime

import pypdfium2 as pdfium

from app.forms.verification import record
from app.kernel.ports import FileReport, SignatureReport, StatusFact, Verdict

AT = datetime(2026, 3, 2, 3, 4, 5, tzinfo=UTC)


def words(data: bytes) -> str:
    document = pdfium.PdfDocument(data)
    try:
        pages = [document[n].get_textpage().get_text_bounded() for n in range(len(document))]
    finally:
        document.close()
    return " ".join(" ".join(pages).split())


def test_it_tells_the_file_and_every_signature_with_its_reasons() -> None:
    status = StatusFact("crl", AT, AT, kept=True)
    signature = SignatureReport(
        "Sig", "Lò Văn Mẫu", Verdict.UNKNOWN, "B-T", AT, "document", ("timestamp_unchecked",),
        issuer="Nơi cấp", serial="0123456789abcdef", status=status, claimed_at=AT,
    )  # fmt: skip
    broken = SignatureReport("?", "", Verdict.INVALID, reasons=("altered",), changes="forbidden")
    report = FileReport(Verdict.INVALID, (signature, broken), (), "ab" * 32, AT)
    said = words(record(report, "công văn.pdf", ["Gốc Một", "Gốc Hai"]))
    for part in (
        *("BIÊN BẢN KIỂM TRA CHỮ KÝ SỐ", "công văn.pdf", "abababab abababab", "Gốc Một; Gốc Hai"),
        *("1. Lò Văn Mẫu", "Chưa xác định", "10:04:05 02/03/2026", "dấu thời gian của tài liệu"),
        *("CRL lưu trên máy này", "01234567 89abcdef", "2. Không đọc được tên người ký"),
        "Nội dung đã bị sửa sau khi ký.",
    ):
        assert part in said, part


def test_an_unreadable_file_has_a_record_too() -> None:
    said = words(record(FileReport(Verdict.UNREADABLE, reasons=("damaged",)), "x.pdf"))
    assert "Không đọc được" in said
    assert "Tệp PDF bị hỏng." in said
    assert "Chưa có gốc nào" in said
