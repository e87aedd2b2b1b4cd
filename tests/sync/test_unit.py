"""The unit of work: what it reads ahead, and what it does where a row was there after all."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from sqlalchemy import event, select

from app.features import registry as product
from app.registers.model import entry_id
from sync.server import tables
from sync.server.store import Store
from sync.server.unit import Unit
from tests.doubles.toy import AddNote
from tests.sync.desk import Desk

Desks = Callable[..., Desk]
BOOK = "a:2026:incoming"
X = ("agency:x",)


@pytest.fixture
def asked(store: Store) -> list[str]:
    """List the statements that the store sends."""
    sent: list[str] = []
    event.listen(
        store.engine,
        "before_cursor_execute",
        lambda _c, _cur, statement, *_: sent.append(statement),
    )
    return sent


def test_rows_of_a_book_are_read_ahead(store: Store, asked: list[str]) -> None:
    with store.read() as connection:
        unit = Unit(store, connection, product())
        before = len(asked)
        assert not any(unit.get("register_entry", entry_id(BOOK, n)) for n in range(1, 301))
        # One, then twice as many at each miss, up to 256 at once.
        assert len(asked) - before <= 9


def test_reading_ahead_forgets_nothing_that_was_written(store: Store) -> None:
    with store.read() as connection:
        unit = Unit(store, connection, product())
        unit.get("register_entry", entry_id(BOOK, 1))
        unit.put("register_entry", entry_id(BOOK, 4), "four")
        unit.get("register_entry", entry_id(BOOK, 2))
        assert unit.get("register_entry", entry_id(BOOK, 4)) == "four"
        assert unit.version("register_entry", entry_id(BOOK, 4)) == 1


def test_a_row_that_was_thought_new_is_written_over_in_a_second_try(
    desk: Desks, store: Store
) -> None:
    sha256 = "a" * 64
    with store.write() as connection:
        store.put(connection, tables.file_ref, [(sha256, "note", "n1")])
    (receipt,) = desk().sync(AddNote("n1", "một", X, files=(sha256,)))
    assert receipt.code == "accepted"
    with store.read() as connection:
        f = tables.file_ref.c
        held = connection.execute(select(f.kind, f.entity).where(f.sha256 == sha256)).all()
        assert [tuple(row) for row in held] == [("note", "n1")]
