"""The record of a check of signatures: "Biên bản kiểm tra chữ ký số" as PDF/A-2b.

It says what TT 15/2025 (Annex II) wants shown: signer, issuer, time and its source, validity,
status, result; and why, in plain words.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from app.forms.render import render
from app.kernel.clock import VIETNAM
from app.kernel.ports import FileReport, SignatureReport
from app.kernel.texts import Texts

Row = tuple[str, str]
_TITLE = "Biên bản kiểm tra chữ ký số"
_SOURCES = {
    "timestamp": "theo dấu thời gian của chữ ký",
    "document": "có trước lúc này, theo dấu thời gian của tài liệu",
    "claimed": "theo đồng hồ máy người ký, không có dấu thời gian",
}
_CHANGES = {
    "none": "Không có thay đổi sau khi ký.",
    "permitted": "Chỉ có chữ ký khác và dữ liệu chứng minh được thêm sau.",
    "forbidden": "Có thay đổi không được phép, hoặc không xác định được.",
}


def record(report: FileReport, name: str, anchors: Sequence[str] = ()) -> bytes:
    """Return the record of a report on a file; `anchors` name the roots that were trusted."""
    texts = Texts()
    head = [
        ("Tệp", name),
        ("Mã băm SHA-256", _broken_up(report.sha256)),
        ("Kiểm tra lúc", _moment(report.checked_at)),
        ("Tin cậy các gốc", "; ".join(anchors) or "Chưa có gốc nào"),
        ("Kết luận", texts(f"verify.verdict.{report.verdict.value}")),
        ("Lý do", _reasons(texts, report.reasons)),
    ]
    data = {
        "title": f"{_TITLE}: {name}",
        "author": "",
        "watermark": "",
        "head": _said(head),
        "signatures": [
            {"title": f"{n}. {_who(s)}", "rows": _said(_rows(texts, s))}
            for n, s in enumerate(report.signatures, start=1)
        ],
    }
    if report.checked_at is None:
        return render("verification", data)
    return render("verification", data, made_at=report.checked_at)


def _who(report: SignatureReport) -> str:
    return report.signer or "Không đọc được tên người ký"


def _rows(texts: Texts, report: SignatureReport) -> list[Row]:
    return [
        ("Kết luận", texts(f"verify.verdict.{report.verdict.value}")),
        ("Lý do", _reasons(texts, report.reasons)),
        ("Cơ quan, tổ chức", report.organisation),
        ("Thời gian ký", _time(report.signed_at, _SOURCES.get(report.time_source, ""))),
        ("Người ký khai", _moment(report.claimed_at)),
        ("Nơi cấp chứng thư", report.issuer),
        ("Số hiệu chứng thư", _broken_up(report.serial)),
        ("Hiệu lực chứng thư", _span(report.valid_from, report.valid_until)),
        ("Tình trạng thu hồi", _status(report)),
        ("Mức chữ ký", report.level),
        ("Thuật toán", report.algorithm),
        ("Nội dung", _CHANGES[report.changes]),
    ]


def _said(rows: list[Row]) -> list[Row]:
    return [row for row in rows if row[1]]


def _reasons(texts: Texts, reasons: Sequence[str]) -> str:
    return " ".join(texts(f"verify.reason.{reason}") for reason in reasons)


def _status(report: SignatureReport) -> str:
    status = report.status
    if status is None or not status.source:
        return "Chưa tra được"
    whence = "vừa hỏi nơi cấp"
    if status.in_file:
        whence = "kèm trong tệp"
    elif status.kept:
        whence = "lưu trên máy này"
    said = f"{status.source.upper()} {whence}, lập lúc {_moment(status.produced_at)}"
    if status.next_update is None:
        return said
    return f"{said}, thông tin mới hơn có từ {_moment(status.next_update)}"


def _time(at: datetime | None, source: str) -> str:
    return ", ".join(filter(None, (_moment(at), source)))


def _span(first: datetime | None, last: datetime | None) -> str:
    return f"{_moment(first)} đến {_moment(last)}" if first and last else ""


def _moment(at: datetime | None) -> str:
    return f"{at.astimezone(VIETNAM):%H:%M:%S %d/%m/%Y}" if at is not None else ""


def _broken_up(digits: str) -> str:
    """Return long digits in groups, so that a line can end between them."""
    return " ".join(digits[at : at + 8] for at in range(0, len(digits), 8))
