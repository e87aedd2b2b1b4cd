"""The server's database: transactions, the numbers of the log, writing in sets.

A number of the log is drawn under one lock that is held until the commit, so numbers follow
the order of commits and a reader never skips a late one. On PostgreSQL that is an advisory
lock, on SQLite the only writer there is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import cache, partial
from typing import Any, TypeVar

from sqlalchemy import (
    URL,
    BigInteger,
    Boolean,
    Column,
    ColumnElement,
    Connection,
    Dialect,
    Engine,
    Integer,
    Table,
    Text,
    TextClause,
    TypeDecorator,
    any_,
    bindparam,
    create_engine,
    event,
    func,
    make_url,
    select,
    text,
)
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import QueuePool

from app.identity import audit
from app.kernel.clock import Clock
from app.kernel.errors import Conflict, HoaBanError, Unavailable
from app.kernel.ids import new_id
from sync.protocol.codec import dumps
from sync.server import migrations, tables
from sync.server.cluster import Cluster

T = TypeVar("T")
_METAS = select(tables.meta.c.name, tables.meta.c.value)
_META = select(tables.meta.c.value).where(tables.meta.c.name == bindparam("asked"))
_HEAD = select(func.max(tables.log.c.seq))
# Any fixed number does; only this program takes advisory locks in its database.
_LOCK = 0x484F4142
# The commit tells the other processes that the log has moved.
CHANNEL = "hoaban_log"
_DRAW = text(
    f"SELECT setval('log_number', nextval('log_number') + :more), pg_notify('{CHANNEL}', '')"
)
_TRIES = 20
# Serialisation failure, deadlock, a key that somebody else was first to write.
_AGAIN = {"40001", "40P01", "23505"}


class Store:
    """Open the database at a URL; creates what is missing.

    `fast` lets SQLite trust the machine not to lose power: for seeds and simulations.
    `migrating` opens also one whose schema is not today's. `patience` is how many seconds PostgreSQL may take over one statement; 0 is no limit.
    """

    def __init__(
        self,
        url: str,
        clock: Clock,
        pool: int = 8,
        *,
        fast: bool = False,
        patience: int = 0,
        migrating: bool = False,
    ) -> None:
        parsed = make_url(url)
        if parsed.drivername == "postgresql":
            parsed = parsed.set(drivername="postgresql+psycopg")
        self.postgres = parsed.get_backend_name() == "postgresql"
        self.connections = pool * 3
        self.engine = _engine(parsed, pool, patience) if self.postgres else _sqlite(parsed, pool)
        self.cluster = Cluster(self.engine, clock, patience) if self.postgres else None
        if fast and not self.postgres:
            event.listen(self.engine, "connect", _trust_memory)
        e = tables.entity.c
        # Built once: SQLAlchemy takes longer to put a query together than SQLite to answer it.
        self.entities = select(e.id, e.ver, e.buckets, e.data).where(
            e.kind == bindparam("kind"), self.among(e.id, "ids")
        )
        try:
            self._create(clock)
            if not migrating:
                self._settle()
        except HoaBanError:
            self.close()
            raise

    def _create(self, clock: Clock) -> None:
        with self.read() as connection:
            if not migrations.is_empty(connection):
                return
        # One that waits for the lock must see what the first has made meanwhile.
        with self.write(fresh=self.postgres) as connection:
            if self.postgres:
                self.lock(connection)
            if not migrations.is_empty(connection):
                return
            tables.metadata.create_all(connection)
            audit.create(connection)
            if self.postgres:
                connection.execute(text("CREATE SEQUENCE IF NOT EXISTS log_number"))
            for name in ("server", "history"):
                self.set_meta(connection, name, new_id(clock.now()))
            self.set_meta(connection, migrations.NAME, str(migrations.SCHEMA))

    def _settle(self) -> None:
        """Bring an older schema to today's where nobody else serves it, refuse it elsewhere."""
        version = self.schema()
        if version > migrations.SCHEMA:
            raise Conflict("server.schema_newer", version=version)
        if version < migrations.SCHEMA:
            if self.postgres:
                raise Conflict("server.schema_older", version=version)
            self.migrate()

    def schema(self) -> int:
        """Return the version of the tables."""
        with self.read() as connection:
            return int(self.meta(connection, migrations.NAME) or 1)

    def migrate(self) -> list[int]:
        """Take the steps to today's schema, each whole before the next; answer which."""
        taken = []
        for version, step in migrations.steps_after(self.schema()):
            step(self.engine)
            with self.write() as connection:
                self.set_meta(connection, migrations.NAME, str(version))
            taken.append(version)
        return taken

    def in_use(self) -> tuple[int, int]:
        """Return how many connections are in use, and how many there may be."""
        pool = self.engine.pool
        return (pool.checkedout() if isinstance(pool, QueuePool) else 0), self.connections

    def close(self) -> None:
        """Give every connection back."""
        if self.cluster is not None:
            self.cluster.close()
        self.engine.dispose()
        if self.cluster is not None:
            self.cluster.let_go()

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """Give a snapshot to read from; nothing that is written in it stays."""
        with self.engine.connect() as connection:
            yield connection
            connection.rollback()

    @contextmanager
    def write(self, *, again: bool = False, fresh: bool = False) -> Iterator[Connection]:
        """Give a transaction, committed at the end; `again` trusts no row to be new.

        With `fresh` each statement sees what was committed before it.
        """
        with self.engine.connect() as opened:
            connection = opened.execution_options(hb_write=True, hb_again=again)
            if fresh:
                connection = connection.execution_options(isolation_level="READ COMMITTED")
            with connection.begin() as transaction:
                yield connection
                if self.cluster is not None:
                    with self.cluster.committing(connection):
                        transaction.commit()

    def retrying(self, work: Callable[[Connection], T]) -> T:
        """Run `work` in a transaction, again when another one came between.

        Raises `Unavailable("sync.standby")` where a commit would wait for a standby that is
        not there.
        """
        if self.cluster is not None:
            self.cluster.admit_writes()
        for turn in range(_TRIES):
            try:
                with self.write(again=turn > 0) as connection:
                    if turn:
                        self._queue(connection)
                    return work(connection)
            except DBAPIError as error:
                if getattr(error.orig, "sqlstate", None) not in _AGAIN:
                    raise
        raise Unavailable("sync.busy")

    def _queue(self, connection: Connection) -> None:
        """Let those who try again go one by one; LOCK comes before the snapshot is taken.

        The mode excludes itself only: who holds the log's lock may write to this table.
        """
        if self.postgres:
            connection.execute(text("LOCK TABLE meta IN SHARE UPDATE EXCLUSIVE MODE"))

    def lock(self, connection: Connection) -> None:
        """Take the lock of the log until the commit; SQLite's writer holds it already."""
        if self.postgres:
            connection.execute(select(func.pg_advisory_xact_lock(_LOCK)))

    def draw(self, connection: Connection, count: int) -> int:
        """Return the first of `count` fresh numbers; call with the lock held."""
        if self.postgres:
            return int(connection.scalar(_DRAW, {"more": count - 1}) or 0) - count + 1
        first = int(self.meta(connection, "log_number") or 0) + 1
        self.set_meta(connection, "log_number", str(first + count - 1))
        return first

    def head(self, connection: Connection) -> int:
        """Return the newest number that this snapshot sees."""
        return int(connection.scalar(_HEAD) or 0)

    def meta(self, connection: Connection, name: str) -> str | None:
        """Return a value of the server itself, or None."""
        return connection.scalar(_META, {"asked": name})

    def metas(self, connection: Connection) -> dict[str, str]:
        """Return every value of the server itself."""
        return dict(connection.execute(_METAS).all())

    def set_meta(self, connection: Connection, name: str, value: str) -> None:
        """Keep a value of the server itself."""
        self.put(connection, tables.meta, [(name, value)])

    def among(self, column: Column[Any], name: str) -> ColumnElement[bool]:
        """Return the condition that a column is one of the list bound to `name`.

        PostgreSQL gets one text that it takes apart once, cheap to send and to plan, SQLite
        a list.
        """
        if not self.postgres:
            return column.in_(bindparam(name, expanding=True))
        item = "CAST(value AS bigint)" if isinstance(column.type, Integer) else "value"
        source = f"json_array_elements_text(CAST(:{name} AS json))"
        array = text(f"(ARRAY(SELECT {item} FROM {source}))")  # noqa: S608 - names of our own
        return column == any_(array.bindparams(bindparam(name, type_=_AsJson())))

    def put(
        self,
        connection: Connection,
        table: Table,
        rows: Sequence[tuple[Any, ...]],
        *,
        fresh: bool = False,
    ) -> None:
        """Insert or replace rows, given in the order of the table's columns, as one set.

        `fresh` says that this transaction sees none of them: they are inserted, and where
        another one has been quicker the whole transaction is tried again.
        """
        if not rows:
            return
        if not self.postgres:
            connection.exec_driver_sql(_row_wise(table), list(rows))
        elif fresh and not connection.get_execution_options().get("hb_again", False):
            _copy(connection, table, rows)
        else:
            names = [c.name for c in table.columns]
            packed = dumps([dict(zip(names, row, strict=True)) for row in rows])
            connection.execute(_set_wise(table), {"packed": packed})


class _AsJson(TypeDecorator[Any]):
    """A list that travels as JSON: psycopg looks at each item of an array with a regex."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> str:
        """Return the text of a list."""
        del dialect
        return dumps(list(value))


def _copy(connection: Connection, table: Table, rows: Sequence[tuple[Any, ...]]) -> None:
    """Stream rows into a table: half the work of an insertion for both sides."""
    raw: Any = connection.connection.driver_connection
    try:
        with (
            raw.cursor() as cursor,
            cursor.copy(f"COPY {table.name} ({_names(table)}) FROM STDIN") as copy,
        ):
            for row in rows:
                copy.write_row(row)
    except raw.Error as error:
        raise DBAPIError("COPY", None, error) from error


def _conflict(table: Table) -> str:
    keys = ", ".join(c.name for c in table.primary_key.columns)
    rest = [c.name for c in table.columns if not c.primary_key]
    action = ", ".join(f'"{name}" = excluded."{name}"' for name in rest)
    return f"ON CONFLICT ({keys}) DO " + (f"UPDATE SET {action}" if rest else "NOTHING")


def _names(table: Table) -> str:
    return ", ".join(f'"{c.name}"' for c in table.columns)


@cache
def _row_wise(table: Table) -> str:
    marks = ", ".join("?" for _ in table.columns)
    into = f"INSERT INTO {table.name} ({_names(table)})"
    return f"{into} VALUES ({marks}) {_conflict(table)}"


@cache
def _set_wise(table: Table) -> TextClause:
    # One JSON text is what psycopg sends fastest: arrays cost it a regex per item.
    columns = ", ".join(f'"{c.name}" {_type(c.type)}' for c in table.columns)
    into = f"INSERT INTO {table.name} ({_names(table)})"
    source = f"json_to_recordset(CAST(:packed AS json)) AS t({columns})"
    return text(f"{into} SELECT * FROM {source} {_conflict(table)}")  # noqa: S608 - our own tables


def _type(kind: Any) -> str:
    if isinstance(kind, BigInteger):
        return "bigint"
    if isinstance(kind, Boolean):
        return "boolean"
    return "integer" if isinstance(kind, Integer) else "text"


def _engine(url: URL, pool: int, patience: int) -> Engine:
    engine = create_engine(
        url,
        poolclass=QueuePool,
        pool_size=pool,
        max_overflow=pool * 2,
        # After a standby was promoted the old connections lead nowhere.
        pool_pre_ping=True,
        hide_parameters=True,
        isolation_level="REPEATABLE READ",
    )
    if patience:
        event.listen(engine, "connect", partial(_limit_postgres, patience))
    return engine


def _sqlite(url: URL, pool: int) -> Engine:
    engine = create_engine(
        url, poolclass=QueuePool, pool_size=pool, max_overflow=pool * 2, hide_parameters=True
    )
    event.listen(engine, "connect", _open_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _limit_postgres(patience: int, connection: Any, _: Any) -> None:
    """End statements, waits for locks and forgotten transactions that take too long."""
    connection.execute(f"SET statement_timeout = '{patience}s'")
    connection.execute(f"SET lock_timeout = '{patience}s'")
    connection.execute(f"SET idle_in_transaction_session_timeout = '{patience * 2}s'")
    connection.commit()


def _open_sqlite(connection: Any, _: Any) -> None:
    connection.isolation_level = None
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "busy_timeout=30000"):
        connection.execute(f"PRAGMA {pragma}").close()


def _trust_memory(connection: Any, _: Any) -> None:
    connection.execute("PRAGMA synchronous=OFF").close()


def _begin_sqlite(connection: Connection) -> None:
    write = connection.get_execution_options().get("hb_write", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if write else "BEGIN")
