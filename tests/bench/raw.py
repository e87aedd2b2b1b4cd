"""The same statements through the bare driver: what the database alone costs."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Engine, event

from app.store import engine as engines
from app.store.desk import DeskStore
from app.store.opening import DATABASE
from tests.bench.desks import KEY

Statement = tuple[str, Any]


@contextmanager
def heard(engine: Engine) -> Iterator[list[Statement]]:
    """Note every statement that the engine runs within the block."""
    notes: list[Statement] = []

    def note(_c: Any, _r: Any, statement: str, parameters: Any, _x: Any, _m: bool) -> None:
        if statement != "BEGIN":
            notes.append((statement, parameters))

    event.listen(engine, "before_cursor_execute", note)
    try:
        yield notes
    finally:
        event.remove(engine, "before_cursor_execute", note)


@contextmanager
def replayer(store: DeskStore) -> Iterator[Callable[[list[Statement]], None]]:
    """Yield what runs statements on a driver's own connection and fetches every row."""
    raw = engines.connect(store.folder / DATABASE, KEY, read_only=True)

    def replay(statements: list[Statement]) -> None:
        raw.execute("BEGIN")
        for statement, parameters in statements:
            raw.execute(statement, parameters).fetchall()
        raw.execute("ROLLBACK")

    try:
        yield replay
    finally:
        raw.close()
