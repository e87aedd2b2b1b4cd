"""Documents with something to decide: two edits that met, and one paper in the book twice."""

from __future__ import annotations

from dataclasses import replace

from app.documents import commands as c
from app.documents.likeness import Twin
from tests.ui.documents.commune import LETTER, Commune

SUBJECT = LETTER.subject
OFFICE_SUBJECT = "Đẩy nhanh tiến độ giải ngân vốn đầu tư công các tháng cuối năm 2026"
CLERK_SUBJECT = "Đẩy nhanh tiến độ giải ngân vốn đầu tư công quý IV năm 2026"
NOTE = "Giao phòng Kinh tế tham mưu trước ngày 25/11"


def proposed(commune: Commune) -> str:
    """Give a document with a subject and a note that clerk and head of office both edited."""
    entity = commune.registered(note=NOTE)
    seen = {"subject": SUBJECT, "note": NOTE}
    office = {"subject": OFFICE_SUBJECT, "note": "Giao phòng Kinh tế tham mưu trước ngày 24/11"}
    commune.run("office", c.Edit(entity, office, seen))
    clerk = {
        "subject": CLERK_SUBJECT,
        "note": "Giao phòng Kinh tế tham mưu trước ngày 26/11, báo cáo Chủ tịch",
    }
    commune.run("clerk", c.Edit(entity, clerk, seen))
    return entity


def twice(commune: Commune) -> tuple[str, str]:
    """Give one paper that stands in the book twice, linked as the server does it."""
    one = commune.registered(pages=3)
    two = commune.registered("Đẩy nhanh giải ngân vốn đầu tư công", pages=2, signer="Lê Văn Thử")
    with commune.desk.store.transaction() as work:
        for here, there in ((one, two), (two, one)):
            document = commune.document(here)
            work.put("document", here, replace(document, twins=(Twin(there, "symbol"),)))
    return one, two
