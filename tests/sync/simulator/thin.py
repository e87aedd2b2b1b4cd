"""SQLAlchemy's connection without its layers, for lives by the thousand.

The text and the values that reach SQLite are the same; what is left out is what SQLAlchemy does
around them, half of a life's time. `test_simulation` lives some seeds both ways and compares.
"""

from __future__ import annotations

from collections import namedtuple
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from typing import Any, cast

from sqlalchemy.dialects.sqlite.pysqlite import SQLiteDialect_pysqlite
from sqlalchemy.exc import DBAPIError
from sqlalchemy.util import LRUCache

_DIALECT = SQLiteDialect_pysqlite(paramstyle="qmark")
_COMPILED: LRUCache[Any, Any] = LRUCache(500)
_PLAN = "_thin_plan"
_INFO: dict[int, dict[str, Any]] = {}


class Values(list[Any]):
    """The first column of what was found."""

    all = list.copy

    def first(self) -> Any:
        """Return the first value, or None."""
        return self[0] if self else None


class Result(list[Any]):
    """All rows of a statement, read at once."""

    __slots__ = ("_names", "rowcount")

    def __init__(self, cursor: Any, plan: Any = None) -> None:
        described = cursor.description
        self._names = described
        self.rowcount = cursor.rowcount
        if described is None:
            return
        rows = cursor.fetchall()
        super().__init__(plan.rows(described, rows) if plan is not None else rows)

    all = list.copy

    def first(self) -> Any:
        """Return the first row, or None."""
        return self[0] if self else None

    def scalar(self) -> Any:
        """Return the first value of the first row, or None."""
        return self[0][0] if self else None

    def scalars(self) -> Values:
        """Return the first value of each row."""
        return Values(row[0] for row in self)

    def mappings(self) -> Values:
        """Return the rows as mappings by the columns' names."""
        names = [column[0] for column in self._names]
        return Values(dict(zip(names, row, strict=True)) for row in self)


class _Plan:
    """How a construct is spelled, and how its rows are read."""

    def __init__(self, construct: Any, keys: tuple[str, ...]) -> None:
        self.keys = keys
        compiled, extracted, given, _ = construct._compile_w_cache(
            dialect=_DIALECT, compiled_cache=_COMPILED, column_keys=list(keys)
        )
        self._compiled = compiled
        # What the construct itself holds; the names that the caller gives are put over it.
        self._bound = compiled.construct_params(
            dict.fromkeys(keys),
            extracted_parameters=extracted,
            escape_names=False,
            _collected_params=given,
        )
        self._lists = tuple(
            p.key if p.key in self._bound else compiled.bind_names[p]
            for p in sorted(compiled.post_compile_params, key=lambda p: p.key)
        )

    def asked(self, values: Mapping[str, Any]) -> tuple[str, tuple[Any, ...]]:
        """Return the text and the values in order."""
        bound = {**self._bound, **values} if values else self._bound
        compiled = self._compiled
        if not self._lists:
            return compiled.string, tuple([bound[name] for name in compiled.positiontup])
        text, order = _expanded(compiled, self._lists, bound)
        return text, tuple(
            [bound[name] if place is None else bound[name][place] for name, place in order]
        )

    def rows(self, described: Any, found: list[Any]) -> list[Any]:
        """Return rows whose columns have names."""
        return list(map(_row(tuple([column[0] for column in described])), found))


_Order = tuple[tuple[str, int | None], ...]
_EXPANDED: dict[Any, tuple[str, _Order]] = {}


def _expanded(
    compiled: Any, lists: tuple[str, ...], bound: Mapping[str, Any]
) -> tuple[str, _Order]:
    """Return the text for lists of these lengths, and where each of its values is found."""
    key = (compiled, *[len(bound[name]) for name in lists])
    known = _EXPANDED.get(key)
    if known is None:
        state = compiled._process_parameters_for_postcompile(dict(bound))
        places = {
            one: (name, place)
            for name, many in state.parameter_expansion.items()
            for place, one in enumerate(many)
        }
        order = tuple(places.get(name, (name, None)) for name in state.positiontup)
        known = _EXPANDED[key] = (state.statement, order)
    return known


@cache
def _row(names: tuple[str, ...]) -> Callable[[Any], Any]:
    made: Any = namedtuple("made", names, rename=True)  # type: ignore[misc] # noqa: PYI024
    return cast("Callable[[Any], Any]", made._make)


class ThinConnection:
    """What the engines use of a SQLAlchemy connection, over one of SQLite.

    A reader needs no transaction: nobody else does anything while it reads.
    """

    dialect = _DIALECT

    def __init__(self, raw: Any, begin: str, error: type[Exception]) -> None:
        self.raw, self._begin, self._error = raw, begin, error
        self._options: Mapping[str, Any] = {}

    def execution_options(self, **options: Any) -> ThinConnection:
        """Set options, in place."""
        self._options = options
        if options.get("hb_write"):
            self._begin = "BEGIN IMMEDIATE"
        return self

    def get_execution_options(self) -> Mapping[str, Any]:
        """Return the options that were set."""
        return self._options

    @property
    def info(self) -> dict[str, Any]:
        """Return what is noted of the connection beneath, as long as that is open."""
        return _INFO.setdefault(id(self.raw), {})

    def in_transaction(self) -> bool:
        """Tell whether a transaction is open."""
        return bool(self.raw.in_transaction)

    @contextmanager
    def begin(self) -> Iterator[ThinConnection]:
        """Open a transaction, committed at the end."""
        self._run(self._begin)
        try:
            yield self
        except BaseException:
            self.rollback()
            raise
        try:
            self._run("COMMIT")
        except DBAPIError:
            self.rollback()
            raise

    def rollback(self) -> None:
        """Take back what is not committed."""
        if self.raw.in_transaction:
            self._run("ROLLBACK")

    def _run(self, text: str) -> None:
        try:
            self.raw.execute(text)
        except self._error as error:
            raise self._typed(text, error) from error

    def _typed(self, text: str, error: Exception) -> Exception:
        return DBAPIError.instance(
            text, None, error, self._error, hide_parameters=True, dialect=_DIALECT
        )

    def exec_driver_sql(self, text: str, values: Any = ()) -> Result:
        """Run a statement as it stands; a list of values runs it for each."""
        return self._answer(text, values, None)

    def _answer(self, text: str, values: Any, plan: _Plan | None) -> Result:
        raw = self.raw
        try:
            if type(values) is list:
                return Result(raw.executemany(text, values), plan)
            return Result(raw.execute(text, values), plan)
        except self._error as error:
            raise self._typed(text, error) from error

    def execute(self, construct: Any, values: Any = None) -> Result:
        """Run a construct; what it is spelled like is kept with it."""
        if isinstance(values, list):
            result = None
            for one in values:
                result = self.execute(construct, one)
            assert result is not None
            return result
        given: Mapping[str, Any] = values or {}
        keys = tuple(sorted(given))
        plan = construct.__dict__.get(_PLAN)
        if plan is None or plan.keys != keys:
            plan = construct.__dict__[_PLAN] = _Plan(construct, keys)
        return self._answer(*plan.asked(given), plan)

    def scalar(self, construct: Any, values: Any = None) -> Any:
        """Run a construct and return its first value."""
        return self.execute(construct, values).scalar()

    def scalars(self, construct: Any, values: Any = None) -> Values:
        """Run a construct and return the first value of each row."""
        return self.execute(construct, values).scalars()


class ThinEngine:
    """A pool that opens a second connection only inside of a first.

    Engines that share `free` share their connections, and what these remember of the pages.
    """

    def __init__(
        self,
        connect: Callable[[], Any],
        error: type[Exception],
        begin: str = "BEGIN",
        free: list[Any] | None = None,
    ) -> None:
        self._connect, self._error, self._begin = connect, error, begin
        self._free: list[Any] = [] if free is None else free

    def connect(self) -> _Lent:
        """Lend a connection; what it has not committed is taken back at the end."""
        return _Lent(self)

    def raw_connection(self) -> _Raw:
        """Lend the driver's own connection; closing gives it back."""
        return _Raw(self._free.pop() if self._free else self._connect(), self._free)

    def lend(self) -> ThinConnection:
        """Give one that is free, or a new one."""
        raw = self._free.pop() if self._free else self._connect()
        return ThinConnection(raw, self._begin, self._error)

    def take(self, connection: ThinConnection) -> None:
        """Take one back."""
        try:
            connection.rollback()
        finally:
            self._free.append(connection.raw)

    @contextmanager
    def begin(self) -> Iterator[ThinConnection]:
        """Lend a connection in a transaction."""
        with self.connect() as connection, connection.begin():
            yield connection

    def dispose(self) -> None:
        """Close what is not lent."""
        while self._free:
            raw = self._free.pop()
            _INFO.pop(id(raw), None)
            raw.close()


class _Raw:
    """The driver's connection, given back and not closed."""

    def __init__(self, raw: Any, free: list[Any]) -> None:
        self._raw, self._free = raw, free
        self.cursor = raw.cursor

    def close(self) -> None:
        """Give it back."""
        self._free.append(self._raw)


class _Lent:
    """A connection for the length of a block."""

    __slots__ = ("_connection", "_engine")

    def __init__(self, engine: ThinEngine) -> None:
        self._engine = engine

    def __enter__(self) -> ThinConnection:
        self._connection = self._engine.lend()
        return self._connection

    def __exit__(self, *_: object) -> None:
        self._engine.take(self._connection)
