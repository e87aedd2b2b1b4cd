"""Search as Vietnamese type it: with tones, without, half a word, anything at all."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection

from app.store import fts
from app.store.desk import DeskStore
from tests.app.store.toy import AT

TEXTS = [
    "Báo cáo phòng chống cháy rừng",
    "Bao cao mẫu",
    "Đề nghị bổ sung",
    "de nghi",
    "Số 12/UBND-VP ngày 02/11",
    "bảo cao học",
]


@pytest.fixture
def table(store: DeskStore) -> Iterator[Connection]:
    with store.writing() as connection:
        fts.create(connection, "found")
        fts.write(connection, "found", list(enumerate(TEXTS, start=1)))
        yield connection


@pytest.mark.parametrize(
    ("typed", "rowids"),
    [
        ("bao cao", [6, 2, 1]),
        ("báo cáo", [1, 6, 2]),
        ("BÁO CAO", [1, 6, 2]),
        ("báo cá", [1, 6, 2]),
        ("de nghi", [4, 3]),
        ("đề nghị", [3, 4]),
        ("12/ubnd", [5]),
        ("ubnd-vp", [5]),
        ("cháy bao", [1]),
        ("ba ", []),
        ("ba", [6, 2, 1]),
        ("", []),
        ('" * - (', []),
        ("không-có", []),
    ],
)
def test_forms(table: Connection, typed: str, rowids: list[int]) -> None:
    assert fts.search(table, "found", typed, 50) == rowids


def test_limit_and_replacing_and_deleting(table: Connection) -> None:
    assert fts.search(table, "found", "bao", 2) == [6, 2]
    fts.write(table, "found", [(6, "khác hẳn")])
    assert fts.search(table, "found", "bao", 50) == [2, 1]
    assert fts.search(table, "found", "khac", 50) == [6]
    fts.delete(table, "found", [2])
    assert fts.search(table, "found", "bao", 50) == [1]


def test_decomposed_input_is_the_same(table: Connection) -> None:
    assert fts.search(table, "found", "ba\u0301o ca\u0301o", 50) == [1, 6, 2]


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=60))
def test_any_input_is_a_query(table: Connection, typed: str) -> None:
    assert set(fts.search(table, "found", typed, 50)) <= set(range(1, 7))


def test_rowids_grow_with_time_and_never_meet(table: Connection) -> None:
    later = AT + timedelta(seconds=1)
    assert fts.rowid_of(AT, "z") < fts.rowid_of(later, "a") < 1 << 63
    table.exec_driver_sql("CREATE TABLE placed (place INTEGER PRIMARY KEY, id TEXT UNIQUE)")
    first = fts.places(table, "placed", [("a", AT)])
    table.exec_driver_sql("INSERT INTO placed VALUES (?, 'other')", (first["a"],))
    again = fts.places(table, "placed", [("a", AT), ("other", later)])
    assert again == {"a": first["a"] + 1, "other": first["a"]}
