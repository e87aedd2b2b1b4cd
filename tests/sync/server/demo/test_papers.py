"""The sample documents: of every kind, around today, and never to be taken for real ones."""

from __future__ import annotations

from collections import Counter
from datetime import date, timedelta

import pypdfium2
import pytest

from app.catalogues.units import load_units
from sync.server.demo.papers import BROKEN, DUPLICATE, MISROUTED, Paper, papers, render_paper

TODAY = date(2026, 11, 23)
MADE = papers(TODAY)
SAMPLE_NAMES = ("Mẫu", "Thử", "Ví Dụ")


def text(pdf: bytes) -> list[str]:
    document = pypdfium2.PdfDocument(pdf)
    try:
        return [" ".join(page.get_textpage().get_text_range().split()) for page in document]
    finally:
        document.close()


def test_there_are_enough_of_them_with_one_of_each_flaw() -> None:
    assert 55 <= len(MADE) <= 65
    assert len({paper.key for paper in MADE}) == len(MADE)
    flaws = Counter(paper.flaw for paper in MADE if paper.flaw)
    assert flaws == {DUPLICATE: 1, MISROUTED: 1, BROKEN: 1}
    assert len({paper.type_code for paper in MADE}) >= 8
    assert len({paper.sender for paper in MADE}) == 6
    assert {paper.urgency for paper in MADE} == {"normal", "urgent", "very_urgent", "flash"}


def test_units_exist_today_and_signers_are_samples() -> None:
    known = {unit.id for unit in load_units() if unit.valid_to is None and unit.is_agency}
    for paper in MADE:
        assert {paper.sender, *paper.to, *paper.addressed} <= known
        assert paper.sender not in paper.to
        assert paper.signer_name.endswith(SAMPLE_NAMES)


@pytest.mark.parametrize("today", [TODAY, date(2026, 11, 21), date(2027, 2, 8), date(2028, 1, 1)])
def test_days_lie_around_today(today: date) -> None:
    made = papers(today)
    assert all(paper.day <= today for paper in made)
    assert all(paper.due is None or paper.due >= paper.day for paper in made)
    dues = [paper.due for paper in made if paper.due is not None]
    assert any(due < today for due in dues)
    assert any(today <= due <= today + timedelta(days=12) for due in dues)


def test_numbers_rise_with_days_and_are_given_once() -> None:
    own = [paper for paper in MADE if paper.flaw != DUPLICATE]
    assert len({(p.sender, p.number) for p in own}) == len(own)
    for sender in {paper.sender for paper in own}:
        days = sorted((int(p.number), p.day) for p in own if p.sender == sender)
        assert [day for _, day in days] == sorted(day for _, day in days)


def test_the_duplicate_is_its_original_byte_for_byte() -> None:
    (copy,) = (paper for paper in MADE if paper.flaw == DUPLICATE)
    (original,) = (paper for paper in MADE if paper.key == copy.copy_of)
    assert set(copy.to) <= set(original.to)
    assert render_paper(copy) == render_paper(original)


def test_the_misrouted_one_names_another_unit() -> None:
    (paper,) = (paper for paper in MADE if paper.flaw == MISROUTED)
    assert not set(paper.to) & set(paper.addressed)


@pytest.mark.parametrize("paper", MADE, ids=lambda paper: paper.key)
def test_every_page_says_sample_and_shows_its_number(paper: Paper) -> None:
    found = text(render_paper(paper))
    # Once across the page, once at its foot.
    assert all(page.count("TÀI LIỆU MẪU") == 2 for page in found)
    assert f"Số: {paper.number}/{paper.notation}" in found[0]
    assert paper.signer_name in found[-1]
    assert not any("{" in page for page in found)
