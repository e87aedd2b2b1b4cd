"""The verification panel: whole sentences, honest levels, the way to what changed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QScrollArea, QWidget

from app.kernel.ports import (
    Box,
    FileReport,
    ShownChange,
    SignatureReport,
    StatusFact,
    Verdict,
)
from app.kernel.texts import Texts
from tests.doubles.runner import InlineRunner
from tests.ui import pdfs
from tests.ui.conftest import wait_until
from tests.ui.walk import spoken, walk
from ui.documents.panel_verify import VerifyPanel
from ui.documents.verdict_words import facts_of
from ui.kit.layout import Row, put
from ui.kit.pdfview.view import PdfView

Shown = Callable[..., QWidget]
AT = datetime(2026, 11, 20, 1, 3, 41, tzinfo=UTC)
PERSON = SignatureReport(
    "Sig_NguoiKy", "Quàng Văn Mẫu", Verdict.VALID, "B-LT", AT, "timestamp",
    changes="permitted", issuer="CA mẫu", organisation="UBND xã Mường Phăng", serial="4F01",
    valid_from=datetime(2025, 11, 20, tzinfo=UTC), valid_until=datetime(2030, 11, 19, 17, tzinfo=UTC),
    status=StatusFact("ocsp", AT, datetime(2026, 11, 21, tzinfo=UTC), in_file=True),
    shown=(ShownChange(Box(0, 300, 600, 90, 40), "added"),),
)  # fmt: skip
FORGED = SignatureReport(
    "Sig_CoQuan", "UBND xã Mường Phăng", Verdict.INVALID, "B-B", AT, "claimed", ("changed_after",),
    changes="forbidden", status=StatusFact(),
    shown=(ShownChange(Box(0, 70, 660, 120, 30), "changed"), ShownChange(Box(0, 300, 600, 90, 40), "added")),
)  # fmt: skip
BOTH = FileReport(Verdict.INVALID, (PERSON, FORGED), sha256="0" * 64, checked_at=AT)


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("timestamp", "theo dấu thời gian."),
        ("document", "theo dấu thời gian của tài liệu."),
        ("claimed", "do người ký tự khai"),
        ("", "Không rõ thời điểm ký"),
        ("a-source-of-later", "Không rõ thời điểm ký"),
    ],
)
def test_the_time_says_where_it_comes_from(source: str, said: str) -> None:
    assert said in facts_of(Texts(), replace(PERSON, time_source=source))[0]


@pytest.mark.parametrize("level", ["B-B", "B-T", "B-LT", "B-LTA"])
def test_every_level_is_named_and_explained(level: str) -> None:
    told = " ".join(facts_of(Texts(), replace(PERSON, level=level)))
    assert f"Mức {level}: " in told


@pytest.mark.parametrize(
    ("status", "said"),
    [
        (
            StatusFact("crl", AT, kept=True),
            "theo CRL lưu trên máy này, lập lúc 20/11/2026 08:03:41",
        ),
        (StatusFact("ocsp", AT), "theo OCSP vừa hỏi nơi cấp"),
        (StatusFact("ocsp", AT, in_file=True), "theo OCSP kèm trong tệp"),
        (StatusFact(), "Chưa tra được chứng thư có bị thu hồi hay không"),
    ],
)
def test_the_status_says_whence_and_from_when(status: StatusFact, said: str) -> None:
    assert said in " ".join(facts_of(Texts(), replace(PERSON, status=status)))


def test_a_card_is_read_as_whole_sentences(shown: Shown) -> None:
    panel = VerifyPanel(Texts(), BOTH)
    shown(panel, 320, 660)
    said = spoken(panel.cards[0])
    assert said.startswith("Chữ ký 1: Quàng Văn Mẫu, UBND xã Mường Phăng. Kết luận: Hợp lệ.")
    assert "Hiệu lực từ 20/11/2025 đến 20/11/2030." in said
    assert "Có 1 chỗ thay đổi được khoanh trên trang." in said
    assert "Sau khi ký, tệp bị thêm thay đổi không được phép." in spoken(panel.cards[1])
    panel.cards[0].setFocus(Qt.FocusReason.TabFocusReason)
    assert panel.cards[0].hasFocus()
    QTest.keyClick(panel.cards[0], Qt.Key.Key_Tab)
    assert panel.cards[1].hasFocus()


def test_changed_places_are_framed_once_and_walked_through_by_keys(shown: Shown) -> None:
    view, panel = PdfView(InlineRunner()), VerifyPanel(Texts(), BOTH)
    window = shown(put(QWidget(), Row(view, panel)), 1000, 640)
    wait_until(window.isActiveWindow)
    view.open(pdfs.signed_look())
    panel.show_on(view)
    assert view.frames.total == 2, "two signatures name the same place"
    assert "2 chỗ thay đổi" in spoken(panel.steps)
    QTest.keyClick(window, Qt.Key.Key_F3)
    # A button pressed by its key acts when it is up again
    wait_until(lambda: view.frames.current == 1)
    assert "Chỗ thay đổi 1/2 · trang 1: bị đổi sau khi ký" in spoken(panel.steps)
    QTest.keyClick(window, Qt.Key.Key_F3, Qt.KeyboardModifier.ShiftModifier)
    wait_until(lambda: view.frames.current == 2)
    frame = view.frames.shown
    assert frame is not None and (frame.text, frame.tone) == ("thêm vào sau khi ký", "bad")
    panel.closed.emit()
    assert view.frames.total == 0


def test_without_a_change_there_is_no_way_to_one(shown: Shown) -> None:
    view = PdfView(InlineRunner())
    panel = VerifyPanel(Texts(), FileReport(Verdict.VALID, (replace(PERSON, shown=()),)))
    panel.show_on(view)
    shown(panel, 320, 400)
    assert not panel.steps.isVisible()


def test_nothing_is_cut_off_in_any_look(shown: Shown) -> None:
    view, panel = PdfView(InlineRunner()), VerifyPanel(Texts(), BOTH)
    panel.show_on(view)
    assert walk(shown(panel, 640, 660), (640, 660)) == []


def test_words_wrap_in_the_narrowest_side(shown: Shown) -> None:
    view, panel = PdfView(InlineRunner()), VerifyPanel(Texts(), BOTH)
    view.open(pdfs.signed_look())
    panel.show_on(view)
    view.frames.step(1)
    shown(panel, 230, 660)
    scroll = panel.findChild(QScrollArea)
    assert scroll is not None and scroll.widget().width() <= scroll.viewport().width()
