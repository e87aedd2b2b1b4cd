"""Search: words in fields and files, people and units, chips, kept searches, keys."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta

import pytest
from PySide6.QtWidgets import QWidget

from app.documents import commands as c
from app.documents.model import Particulars
from tests.ui.conftest import wait_until
from tests.ui.documents.commune import AGENCY, LETTER, TODAY, Commune, actor, sample
from tests.ui.documents.conftest import Sessions
from tests.ui.typing import letters
from tests.ui.walk import walk
from ui.kit.cards import CardRow
from ui.search.model_search import Saved
from ui.search.page_search import SearchPage

Shown = Callable[..., QWidget]
Open = Callable[[str], SearchPage]


@pytest.fixture
def opened(session: Sessions) -> Iterator[Open]:
    """Return a function that opens somebody's page; closed afterwards, whatever happens."""
    made: list[SearchPage] = []

    def begin(who: str) -> SearchPage:
        made.append(SearchPage(session(who)))
        made[-1].activate()
        return made[-1]

    yield begin
    for one in made:
        one.close_page()
        one.deleteLater()


@pytest.fixture
def page(commune: Commune, opened: Open, shown: Shown) -> SearchPage:
    sample(commune)
    draft(commune)
    made = opened("clerk")
    shown(made, 1150, 650)
    wait_until(lambda: made.model.rows.total)
    return made


def draft(commune: Commune) -> None:
    wanted = Particulars(subject="Báo cáo giải ngân quý IV (mẫu)", type="BC", type_name="Báo cáo")
    commune.run("anna", c.Draft("out1", AGENCY, wanted, (commune.pdf(),)))


def index_files(commune: Commune) -> None:
    while commune.desk.arrivals.step():
        pass


def found(page: SearchPage) -> list[CardRow]:
    rows = page.model.rows
    return [page.results.card(rows.row(place)) for place in range(rows.total)]


def subjects(page: SearchPage) -> list[str]:
    return [card.subject for card in found(page)]


def ask(page: SearchPage, text: str) -> list[str]:
    page.results.field.clear()
    letters(page.results.field, text)
    page.results.field.returnPressed.emit()
    return subjects(page)


def test_both_directions_are_found_without_tones(page: SearchPage) -> None:
    hits = ask(page, "giai ngan")
    assert "Báo cáo giải ngân quý IV (mẫu)" in hits
    assert LETTER.subject in hits
    shown = {badge[0] for card in found(page) for badge in card.badges}
    assert {"Đến", "Đi"} <= shown


def test_words_that_only_the_file_holds_are_found_and_said(
    page: SearchPage, commune: Commune
) -> None:
    other = replace(LETTER, paragraphs=("Kiểm kê chuồng trại nuôi dê ở bản Mẫu.",))
    entity = commune.registered("Thống kê chăn nuôi (mẫu)", 77, files=(commune.pdf(other),))
    assert ask(page, "chuồng trại") == []
    assert page.results.states.state == "empty"
    index_files(commune)
    assert ask(page, "chuong trai nuoi") == ["Thống kê chăn nuôi (mẫu)"]
    assert ("trong nội dung tệp", "info") in found(page)[0].badges
    assert page.model.rows.row(0).id == entity


def test_nobody_finds_what_he_may_not_see(page: SearchPage, opened: Open, commune: Commune) -> None:
    index_files(commune)
    other = opened("binh")
    for text in ("", "giải ngân", "số liệu dân cư", "vướng mắc"):
        ask(other, text)
        assert subjects(other) == []
    assert ask(page, "vướng mắc"), "the clerk may see it"


def test_chips_of_one_group_widen_and_those_of_two_narrow(page: SearchPage) -> None:
    marks = page.results.marks
    everything = len(found(page))
    marks.chip("outgoing").click()
    assert subjects(page) == ["Báo cáo giải ngân quý IV (mẫu)"]
    marks.chip("incoming").click()
    assert len(found(page)) == everything
    marks.chip("overdue").click()
    assert [s.startswith("Phối hợp làm sạch") for s in subjects(page)] == [True]


def test_chips_say_how_many_they_would_keep(page: SearchPage) -> None:
    chips = page.results.marks
    assert chips.chip("outgoing").label == "Đi 1"
    assert chips.chip("overdue").label == "Quá hạn 1"
    ask(page, "đơn đề nghị")
    assert chips.chip("outgoing").label == "Đi"
    assert chips.chip("incoming").label == "Đến 1"


def test_time_and_type_narrow(page: SearchPage, commune: Commune) -> None:
    old = TODAY - timedelta(days=400)
    commune.received("Văn bản năm ngoái (mẫu)", 5, issued=old, type_name="Quyết định")
    ask(page, "")
    page.results.period.changed.emit("last_year")
    assert subjects(page) == ["Văn bản năm ngoái (mẫu)"]
    page.results.period.changed.emit("")
    assert "Quyết định" in [page.results.type.itemText(n) for n in range(page.results.type.count())]
    page.results.type.changed.emit("Báo cáo")
    assert subjects(page) == ["Báo cáo giải ngân quý IV (mẫu)"]


def test_a_unit_shows_what_it_sent_and_offers_a_draft_to_it(page: SearchPage) -> None:
    asked: list[tuple[str, str, str]] = []
    page.navigate.connect(lambda *to: asked.append(to))
    page.open_entity("unit", "tinh")
    card = page.results.subject
    assert card.isVisible()
    assert "tỉnh Điện Biên" in card.accessibleName()
    assert subjects(page), "the province sent some"
    assert {card.sender for card in found(page)} == {"UBND tỉnh Điện Biên"}
    card.write.click()
    assert asked == [("drafts", "unit", "tinh")]
    card.lifted.emit()
    assert not card.isVisible()
    assert len({card.sender for card in found(page)}) > 1


def test_a_part_of_an_agency_shows_what_it_handles_and_cannot_be_written_to(
    page: SearchPage,
) -> None:
    page.open_entity("unit", "xa/KT")
    assert [s.startswith("Phối hợp làm sạch") for s in subjects(page)] == [True]
    assert not page.results.subject.write.isVisible()


def test_a_person_shows_his_posts_and_what_he_deals_with(page: SearchPage) -> None:
    page.open_entity("person", "anna")
    assert page.results.subject.accessibleName() == "Cà Thị Thử, Chuyên viên · Phòng Kinh tế"
    assert subjects(page) == ["Báo cáo giải ngân quý IV (mẫu)"]


def test_a_kept_search_comes_back_in_another_window(page: SearchPage, opened: Open) -> None:
    ask(page, "giai ngan")
    page.results.marks.chip("outgoing").click()
    page.results._save_as("  Giải ngân   đi ")
    assert page.results.views.label == "Giải ngân đi ▾"
    other = opened("clerk")
    (kept,) = other.model.saved
    assert kept == Saved("Giải ngân đi", "giai ngan", ("outgoing",))
    other.model.use(kept)
    assert subjects(other) == ["Báo cáo giải ngân quý IV (mẫu)"]
    other.model.forget("Giải ngân đi")
    assert other.model.saved == ()


def test_the_document_is_read_here_and_opened_where_it_is_dealt_with(page: SearchPage) -> None:
    asked: list[tuple[str, str, str]] = []
    page.navigate.connect(lambda *to: asked.append(to))
    ask(page, "báo cáo giải ngân")
    wait_until(lambda: page.reader.model.document is not None)
    wait_until(lambda: page.reader.head.title == "Báo cáo giải ngân quý IV (mẫu)")
    assert page.reader.bar.names == ["open"]
    page.open_there()
    assert asked == [("outgoing", "document", "out1")]


def test_a_leader_without_a_line_of_his_own_drafts_may_write_too(
    opened: Open, commune: Commune
) -> None:
    assert actor("leader").roles == {"leader"}
    made = opened("leader")
    made.open_entity("unit", "tinh")
    assert not made.results.subject.write.isHidden()


def test_the_page_is_whole_in_every_look(page: SearchPage) -> None:
    page.open_entity("unit", "tinh")
    wait_until(lambda: page.reader.model.document is not None)
    assert walk(page, (1150, 650)) == []
