"""The register of outgoing documents, printed from a real database."""

from __future__ import annotations

import io
from collections.abc import Iterator
from datetime import timedelta

import pypdfium2 as pdfium
import pytest
from sqlalchemy import Connection

from app.flows.print_register import Wanted, print_register
from app.kernel.errors import Cancelled, RuleViolation
from app.store.desk import DeskStore
from tests.app.documents.test_queries import store
from tests.app.documents.world import TODAY, actor, book

__all__ = ["store"]


class Going:
    """Nobody stops it, or somebody did."""

    def __init__(self, stopped: bool = False) -> None:
        self.stopped = stopped

    def raise_if_cancelled(self) -> None:
        if self.stopped:
            raise Cancelled


@pytest.fixture
def db(store: DeskStore) -> Iterator[Connection]:
    with store.reader() as connection:
        yield connection


def wanted(days_before: int = 0) -> Wanted:
    day = TODAY - timedelta(days_before)
    return Wanted(book("outgoing"), day, day, "Ủy ban nhân dân xã Mẫu", volume=3)


def test_the_register_of_outgoing_documents_holds_what_is_signed(db: Connection) -> None:
    made = print_register(db, actor("clerk"), wanted(), Going(), lambda *_: None)
    document = pdfium.PdfDocument(io.BytesIO(made))
    cover, *sheets = (" ".join(p.get_textpage().get_text_range().split()) for p in document)
    document.close()
    assert "SỔ ĐĂNG KÝ VĂN BẢN ĐI" in cover and "Quyển số 03" in cover
    assert "Từ số 01 đến số 02" in cover
    words = " ".join(sheets)
    assert "UBND tỉnh (mẫu); Dân" in words and f"{TODAY:%d/%m/%Y}" in words
    assert "Nơi nhận văn bản" in words


def test_days_without_a_number_and_a_stop_print_nothing(db: Connection) -> None:
    with pytest.raises(RuleViolation, match=r"forms\.no_rows"):
        print_register(db, actor("clerk"), wanted(40), Going(), lambda *_: None)
    with pytest.raises(Cancelled):
        print_register(db, actor("clerk"), wanted(), Going(stopped=True), lambda *_: None)


def test_who_does_not_read_the_book_prints_none_of_it(db: Connection) -> None:
    with pytest.raises(RuleViolation, match=r"forms\.no_rows"):
        print_register(db, actor("anna"), wanted(), Going(), lambda *_: None)
