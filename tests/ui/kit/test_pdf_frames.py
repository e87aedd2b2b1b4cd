"""Frames around places of the pages: drawn, walked through, brought into sight."""

from __future__ import annotations

from app.kernel.ports import Box
from tests.ui import pdfs
from tests.ui.kit.pdfspots import colour_at
from ui.kit.pdfview.frames import Frame
from ui.kit.pdfview.view import PdfView

LOW, HIGH = Frame(Box(0, 100, 100, 80, 40), "thêm"), Frame(Box(0, 60, 700, 80, 40), "đổi")


def test_a_frame_is_drawn_around_its_place(view: PdfView) -> None:
    view.open(pdfs.signed_look())
    before = colour_at(view, 0, 100, 120)
    view.frames.show([LOW])
    after = colour_at(view, 0, 97, 120)
    assert before.lightness() > 240
    assert after.red() > after.green() + 60, "a red line stands at the left of the place"


def test_places_are_walked_through_in_the_order_of_the_page(view: PdfView) -> None:
    view.open(pdfs.signed_look())
    view.resize(500, 300)
    view.frames.show([LOW, HIGH])
    assert (view.frames.total, view.frames.current) == (2, 0)
    view.frames.step(1)
    assert view.frames.shown == HIGH
    view.frames.step(1)
    assert view.frames.shown == LOW
    top = view.verticalScrollBar().value()
    spot = view._stack.box_rect(LOW.box).center().y()
    assert top < spot < top + view.viewport().height(), "the place is brought into sight"
    view.frames.step(1)
    assert view.frames.current == 1
    view.frames.step(-1)
    assert view.frames.current == 2


def test_another_file_has_no_frames_of_the_one_before(view: PdfView) -> None:
    view.open(pdfs.signed_look())
    view.frames.show([LOW])
    view.open(pdfs.signed_look())
    assert view.frames.total == 0
