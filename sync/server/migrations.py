"""The schema's versions, each step one that running servers of the version before can bear.

A step adds what the next program needs and takes nothing away: tables, columns that may be
empty, indexes built beside the writers. So `migrate` runs while the old processes serve, and
they are replaced afterwards, one by one.
"""

from __future__ import annotations

from collections.abc import Callable

from sqlalchemy import Connection, Engine, Index, inspect, text

from sync.server import tables

SCHEMA = 4
NAME = "schema"
Step = Callable[[Engine], None]


def is_empty(connection: Connection) -> bool:
    """Tell whether nothing was made in this database yet."""
    return not inspect(connection).has_table(tables.meta.name)


def steps_after(version: int) -> list[tuple[int, Step]]:
    """Return what leads from a version to today's, in order."""
    return [(to, step) for to, step in _STEPS if to > version]


def _add_tables(engine: Engine) -> None:
    with engine.connect() as opened:
        connection = opened.execution_options(hb_write=True)
        with connection.begin():
            tables.metadata.create_all(connection)


def _add_index(engine: Engine, index: Index) -> None:
    """Build an index; on PostgreSQL beside the writers, which must not stand in a transaction."""
    if engine.dialect.name != "postgresql":
        with engine.connect() as opened:
            connection = opened.execution_options(hb_write=True)
            with connection.begin():
                index.create(connection, checkfirst=True)
        return
    columns = ", ".join(c.name for c in index.columns)
    with engine.connect() as opened:
        connection = opened.execution_options(isolation_level="AUTOCOMMIT")
        # One that was broken off is there, is kept up, and serves nobody.
        connection.execute(text(f"DROP INDEX CONCURRENTLY IF EXISTS {index.name}"))
        table = index.table.name if index.table is not None else ""
        connection.execute(text(f"CREATE INDEX CONCURRENTLY {index.name} ON {table} ({columns})"))


def _sessions(engine: Engine) -> None:
    """Know which desk a sign-in speaks for, and which is to be erased."""
    _add_tables(engine)
    for index in tables.token.indexes:
        if index.name == "token_login":
            _add_index(engine, index)


# New in 3: the digests; what lies in the log already is counted at the first start.
# New in 4: how desks fare; the claims on files, where what was named before is named for good;
# what is sent outside and what figures are made of; snapshots and the desks' keys; the second factor.
_STEPS: tuple[tuple[int, Step], ...] = ((2, _sessions), (3, _add_tables), (4, _add_tables))
