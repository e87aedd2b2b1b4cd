"""A projection that keeps one row per entity in one table; enough for most features."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Table, bindparam, delete

Columns = Callable[[Any], Mapping[str, Any]]


class TableProjection:
    """Keep a table with a primary key `id` in step with the entities of a kind.

    `columns(entity)` answers the values of the other columns.
    """

    def __init__(self, kind: str, table: Table, columns: Columns) -> None:
        self.kind = kind
        self._table = table
        self._columns = columns
        self._remove = delete(table).where(table.c.id == bindparam("gone"))

    def create(self, connection: Connection) -> None:
        """Create the table with its indexes."""
        self._table.create(connection, checkfirst=True)

    def write(self, connection: Connection, rows: Sequence[tuple[str, Any]]) -> None:
        """Insert or replace the rows of these (id, entity) pairs; the last of an id counts."""
        latest = dict(rows)
        self.delete(connection, tuple(latest))
        if latest:
            values = [{"id": i, **self._columns(entity)} for i, entity in latest.items()]
            connection.execute(self._table.insert(), values)

    def delete(self, connection: Connection, ids: Sequence[str]) -> None:
        """Remove the rows of these ids."""
        if ids:
            connection.execute(self._remove, [{"gone": i} for i in ids])
