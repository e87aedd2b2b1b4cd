"""Windows of rows out of 100,000; the choice stays with its row."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QAbstractItemModelTester
from PySide6.QtWidgets import QApplication, QWidget

from app.kernel.errors import Unavailable
from tests.doubles.runner import InlineRunner
from tests.ui.conftest import wait_until
from tests.ui.typing import letters, press
from ui.kit.cards import CardList, CardRow
from ui.kit.rowmodel import KEPT_PAGES, MAX_RUNNING, MAX_WANTED, PAGE, Column, RowModel
from ui.kit.table import Table

Shown = Callable[..., QWidget]
COLUMNS = (
    Column("Số", lambda row: str(row.id), 60, "right"),
    Column("Trích yếu", lambda row: row.text, 200, tone=lambda _: "ok"),
)


@dataclass(frozen=True)
class Row:
    id: int
    text: str


class Source:
    """Rows by number, with the windows that were asked for."""

    def __init__(self, total: int) -> None:
        self.rows = [Row(n, f"Văn bản số {n}") for n in range(total)]
        self.windows: list[tuple[int, int]] = []

    def fetch(self, offset: int, limit: int) -> Sequence[Row]:
        self.windows.append((offset, limit))
        return self.rows[offset : offset + limit]

    def count(self) -> int:
        return len(self.rows)


@pytest.fixture
def source() -> Source:
    return Source(100_000)


@pytest.fixture
def runner() -> InlineRunner:
    return InlineRunner()


@pytest.fixture
def model(qapp: QApplication, source: Source, runner: InlineRunner) -> RowModel:
    model = RowModel(runner, COLUMNS)
    model.load(source.count, source.fetch)
    return model


def card(row: Row) -> CardRow:
    return CardRow("UBND tỉnh", "Hôm nay", row.text, str(row.id), "1/UBND", (("Hỏa tốc", "bad"),))


@pytest.fixture(params=["cards", "table"])
def view(request: pytest.FixtureRequest, model: RowModel, shown: Shown) -> CardList | Table:
    made = CardList(model, card, "Văn bản") if request.param == "cards" else Table(model, "Sổ")
    shown(made, 400, 500)
    return made


def test_the_model_keeps_the_rules_of_qt(qapp: QApplication, runner: InlineRunner) -> None:
    source, model = Source(5), RowModel(runner, COLUMNS)
    # Breaches become Qt warnings, which fail the test; the tester walks every row, so few rows.
    QAbstractItemModelTester(model, QAbstractItemModelTester.FailureReportingMode.Warning, model)
    model.load(source.count, source.fetch)
    source.rows.append(Row(99, "mới"))
    model.refresh()
    del source.rows[:3]
    model.refresh()
    assert model.rowCount() == 3


def test_showing_100_000_rows_fetches_a_handful_of_windows(
    view: CardList | Table, model: RowModel, source: Source
) -> None:
    assert model.total == 100_000
    assert len(source.windows) <= 3
    assert all(limit == PAGE for _, limit in source.windows)


def test_the_end_is_reached_by_fetching_the_end(view: CardList | Table, source: Source) -> None:
    press(view, Qt.Key.Key_End, Qt.KeyboardModifier.ControlModifier)
    wait_until(lambda: view.current_row() == source.rows[-1])
    assert len(source.windows) <= 8


def test_pages_kept_are_bounded(model: RowModel, source: Source) -> None:
    for place in range(0, 100_000, PAGE):
        model.row(place)
    source.windows.clear()
    assert model.row(99_999) is not None
    assert source.windows == []
    model.row(0)
    assert source.windows == [(0, PAGE)]
    for page in range(KEPT_PAGES - 1):
        model.row(50_000 + page * PAGE)
    source.windows.clear()
    model.row(0)
    assert source.windows == []


def test_pages_flown_past_are_not_fetched(
    model: RowModel, source: Source, runner: InlineRunner
) -> None:
    source.windows.clear()
    runner.hold()
    for place in range(10_000, 60_000, PAGE):
        assert model.row(place) is None
    runner.release()
    assert len(source.windows) <= MAX_WANTED + MAX_RUNNING
    assert (59_950, PAGE) in source.windows


def test_the_answer_of_an_older_query_is_dropped(
    model: RowModel, source: Source, runner: InlineRunner
) -> None:
    other = Source(3)
    runner.hold()
    model.load(source.count, source.fetch)
    model.load(other.count, other.fetch)
    runner.release()
    assert model.total == 3


def test_a_refresh_keeps_what_is_shown_until_the_answer_is_there(
    model: RowModel, source: Source, runner: InlineRunner
) -> None:
    runner.hold()
    model.refresh()
    assert model.row(0) == source.rows[0]
    runner.release()
    assert model.row(0) == source.rows[0]


def test_the_choice_stays_with_its_row_when_rows_come_before_it(
    view: CardList | Table, model: RowModel, source: Source
) -> None:
    view.select(2)
    chosen = view.current_row()
    heard: list[Row] = []
    view.chosen.connect(heard.append)
    source.rows.insert(0, Row(-1, "mới"))
    model.refresh()
    assert view.current_row() == chosen
    assert view.currentIndex().row() == 3
    assert heard == []


def test_when_a_row_is_gone_the_next_one_is_chosen(
    view: CardList | Table, model: RowModel, source: Source
) -> None:
    view.select(2)
    heard: list[Row] = []
    view.chosen.connect(heard.append)
    del source.rows[2]
    model.refresh()
    assert view.current_row() == source.rows[2]
    assert heard == [source.rows[2]]


def test_when_the_last_row_is_gone_the_one_before_is_chosen(
    qapp: QApplication, runner: InlineRunner, shown: Shown
) -> None:
    source = Source(2)
    model = RowModel(runner)
    model.load(source.count, source.fetch)
    cards = CardList(model, card, "Văn bản")
    shown(cards, 300, 300)
    cards.select(1)
    del source.rows[1]
    model.refresh()
    assert cards.current_row() == source.rows[0]
    source.rows.clear()
    model.refresh()
    assert cards.current_row() is None


def test_another_query_starts_without_a_choice_unless_the_row_is_in_it(
    view: CardList | Table, model: RowModel, source: Source
) -> None:
    view.select(5)
    narrow = Source(0)
    narrow.rows = [source.rows[9], source.rows[5]]
    model.load(narrow.count, narrow.fetch)
    assert view.current_row() == source.rows[5]
    narrow.rows = [source.rows[9]]
    model.load(narrow.count, narrow.fetch)
    assert view.current_row() is None


def test_enter_opens_and_letters_do_nothing(view: CardList | Table, source: Source) -> None:
    opened: list[Row] = []
    view.opened.connect(opened.append)
    view.select(0)
    letters(view, "đ1")
    press(view, Qt.Key.Key_Return)
    assert opened == [source.rows[0]]
    assert view.currentIndex().row() == 0


def test_select_next_stops_at_the_end(view: CardList | Table, model: RowModel) -> None:
    view.select(99_998)
    view.select_next()
    view.select_next()
    assert view.currentIndex().row() == 99_999
    assert view.select_key(99_999)
    assert not view.select_key("nobody")


def test_several_rows_of_a_table_can_be_chosen(model: RowModel, shown: Shown) -> None:
    table = Table(model, "Sổ")
    shown(table, 400, 300)
    table.select(0)
    press(table, Qt.Key.Key_Down, Qt.KeyboardModifier.ShiftModifier)
    assert [row.id for row in table.selected_rows()] == [0, 1]


def test_a_failed_fetch_is_told_and_may_be_tried_again(
    qapp: QApplication, runner: InlineRunner, source: Source
) -> None:
    model, failures = RowModel(runner), []
    model.failed.connect(failures.append)

    def broken() -> int:
        raise Unavailable("offline")

    model.load(broken, source.fetch)
    assert [error.code for error in failures] == ["offline"]
    model.load(source.count, source.fetch)
    assert model.row(0) == source.rows[0]


def test_cards_are_as_high_as_their_words_need(
    qapp: QApplication, runner: InlineRunner, shown: Shown
) -> None:
    texts = ("Ngắn", "Một trích yếu dài hơn một dòng thì phải xuống dòng thứ hai mới đọc được hết")
    model = RowModel(runner)
    model.load(lambda: 2, lambda _o, _l: [Row(n, text) for n, text in enumerate(texts)])
    cards = CardList(model, card, "Văn bản")
    shown(cards, 360, 400)
    qapp.processEvents()
    header = cards.verticalHeader()
    assert header.sectionSize(0) < header.sectionSize(1)


def test_a_card_is_spoken_whole() -> None:
    row = CardRow(
        "UBND tỉnh",
        "Hôm nay",
        "Giải ngân",
        "1024",
        "4512/UBND-TH",
        (("Hỏa tốc", "bad"),),
        "ok",
        "2 chữ ký hợp lệ",
        "chờ gửi",
        unread=True,
    )
    assert row.spoken() == (
        "UBND tỉnh, Hôm nay, Giải ngân, 1024, 4512/UBND-TH, Hỏa tốc, 2 chữ ký hợp lệ, chờ gửi"
    )
