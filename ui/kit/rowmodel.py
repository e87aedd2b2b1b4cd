"""Rows for lists and tables, fetched in windows: 100,000 rows are never loaded whole.

Counting and fetching run on the query lane; the model keeps the pages last looked at and
answers None for a row that is still on its way.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from PySide6.QtCore import (
    QAbstractTableModel,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    Qt,
    Signal,
)

PAGE = 50
KEPT_PAGES = 48
MAX_WANTED = 4
MAX_RUNNING = 2
ROW = int(Qt.ItemDataRole.UserRole) + 1
TONE = int(Qt.ItemDataRole.UserRole) + 2
Index = QModelIndex | QPersistentModelIndex
_ROOT = QModelIndex()

Fetch = Callable[[int, int], Sequence[Any]]
Submit = Callable[
    [str, Callable[[], Any], Callable[[Any], None], Callable[[BaseException], None]], None
]


class Runs(Protocol):
    """What the model needs of a runner."""

    @property
    def submit(self) -> Submit:
        """Return the call that queues work."""


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table: its title, the text of a row, its width at 100 % and alignment.

    `tone` answers a badge tone for the text, or "".
    """

    title: str
    value: Callable[[Any], str]
    width: int = 120
    align: str = "left"
    tone: Callable[[Any], str] | None = None
    bold: Callable[[Any], bool] | None = None


class RowModel(QAbstractTableModel):
    """Show rows of a query by windows of 50.

    `loaded(int)` carries the total, `fresh` is true meanwhile if the query is a new one;
    `failed(BaseException)` what went wrong.
    """

    loaded = Signal(int)
    failed = Signal(object)

    def __init__(
        self,
        submit: Submit | Runs,
        columns: Sequence[Column] = (),
        *,
        key: Callable[[Any], object] = lambda row: row.id,
        describe: Callable[[Any], str] = str,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._submit: Submit = submit if callable(submit) else submit.submit
        self.columns = tuple(columns)
        self._key = key
        self._describe = describe
        self._count: Callable[[], int] = lambda: 0
        self._fetch: Fetch = lambda _offset, _limit: ()
        self._pages: OrderedDict[int, Sequence[Any]] = OrderedDict()
        self._stale: dict[int, Sequence[Any]] = {}
        self._running: set[int] = set()
        self._wanted: list[int] = []
        self._total = 0
        self._generation = 0
        self._seen = 0
        self.fresh = True

    @property
    def total(self) -> int:
        """Return how many rows there are."""
        return self._total

    def load(self, count: Callable[[], int], fetch: Fetch) -> None:
        """Show another query; both callables run on the query lane and hold no QObject."""
        self._count, self._fetch = count, fetch
        self._seen = 0
        self.fresh = True
        self.refresh()

    def refresh(self) -> None:
        """Ask the same query again; what is shown stays until the answer is there."""
        self._generation += 1
        self._running.clear()
        self._wanted.clear()
        generation, page = self._generation, self._seen
        count, fetch = self._count, self._fetch

        def work() -> tuple[int, Sequence[Any]]:
            return count(), fetch(page * PAGE, PAGE)

        self._submit(
            "query",
            work,
            lambda answer: self._take(generation, page, *answer),
            lambda error: self._fail(generation, error),
        )

    def row(self, place: int) -> Any | None:
        """Return a row, or None while it is on its way (it is fetched then)."""
        if not 0 <= place < self._total:
            return None
        page, within = divmod(place, PAGE)
        self._seen = page
        if page in self._pages:
            self._pages.move_to_end(page)
        else:
            self._ask(page)
        rows = self._pages.get(page) or self._stale.get(page, ())
        return rows[within] if within < len(rows) else None

    def key_of(self, place: int) -> object | None:
        """Return the key of a row that is there."""
        row = self.row(place)
        return None if row is None else self._key(row)

    def place_of(self, key: object) -> int | None:
        """Return where a row stands among those fetched."""
        for page, rows in self._pages.items():
            for within, row in enumerate(rows):
                if self._key(row) == key:
                    return page * PAGE + within
        return None

    def rowCount(self, parent: Index = _ROOT) -> int:  # noqa: D102
        return 0 if parent.isValid() else self._total

    def columnCount(self, parent: Index = _ROOT) -> int:  # noqa: D102
        return 0 if parent.isValid() else max(1, len(self.columns))

    def data(self, index: Index, role: int = 0) -> Any:  # noqa: D102
        row = self.row(index.row())
        if row is None:
            return None
        if role == ROW:
            return row
        if not self.columns:
            named = (Qt.ItemDataRole.AccessibleTextRole, Qt.ItemDataRole.DisplayRole)
            return self._describe(row) if role in named else None
        return _cell(self.columns[index.column()], row, role)

    def headerData(  # noqa: D102
        self, section: int, orientation: Qt.Orientation, role: int = 0
    ) -> Any:
        if orientation is Qt.Orientation.Horizontal and section < len(self.columns):
            column = self.columns[section]
            if role == Qt.ItemDataRole.DisplayRole:
                return column.title
            if role == Qt.ItemDataRole.TextAlignmentRole:
                return _alignment(column)
        return None

    def _ask(self, page: int) -> None:
        if page in self._running:
            return
        if page in self._wanted:
            self._wanted.remove(page)
        self._wanted.append(page)
        # Whoever drags the scroll bar passes pages by; only the newest are worth fetching.
        del self._wanted[:-MAX_WANTED]
        self._fetch_next()

    def _fetch_next(self) -> None:
        while self._wanted and len(self._running) < MAX_RUNNING:
            page = self._wanted.pop()
            self._running.add(page)
            self._fetch_page(page)

    def _fetch_page(self, page: int) -> None:
        generation, fetch = self._generation, self._fetch
        self._submit(
            "query",
            lambda: fetch(page * PAGE, PAGE),
            lambda rows: self._keep(generation, page, rows),
            lambda error: self._fail(generation, error),
        )

    def _take(self, generation: int, page: int, total: int, rows: Sequence[Any]) -> None:
        if generation != self._generation:
            return
        if self.fresh:
            self.beginResetModel()
            self._total = total
            self._pages = OrderedDict({page: rows})
            self._stale = {}
            self.endResetModel()
        else:
            # Qt wants rows to come and go at one place, with the rest as it was: the end.
            self._resize(total)
            self._stale = dict(self._pages)
            self._pages = OrderedDict({page: rows})
        self._tell_changed(0, total - 1)
        self.loaded.emit(total)
        self.fresh = False

    def _resize(self, total: int) -> None:
        before = self._total
        if total > before:
            self.beginInsertRows(_ROOT, before, total - 1)
            self._total = total
            self.endInsertRows()
        elif total < before:
            self.beginRemoveRows(_ROOT, total, before - 1)
            self._total = total
            self.endRemoveRows()

    def _keep(self, generation: int, page: int, rows: Sequence[Any]) -> None:
        if generation != self._generation:
            return
        self._running.discard(page)
        self._pages[page] = rows
        self._stale.pop(page, None)
        while len(self._pages) > KEPT_PAGES:
            self._pages.popitem(last=False)
        self._tell_changed(page * PAGE, page * PAGE + len(rows) - 1)
        self._fetch_next()

    def _fail(self, generation: int, error: BaseException) -> None:
        if generation == self._generation:
            self._running.clear()
            self._wanted.clear()
            self.failed.emit(error)

    def _tell_changed(self, first: int, last: int) -> None:
        if first <= last < self._total:
            self.dataChanged.emit(self.index(first, 0), self.index(last, self.columnCount() - 1))


def _cell(column: Column, row: Any, role: int) -> Any:
    if role == Qt.ItemDataRole.DisplayRole:
        return column.value(row)
    if role == TONE:
        return column.tone(row) if column.tone is not None else ""
    if role == Qt.ItemDataRole.TextAlignmentRole:
        return _alignment(column)
    if role == Qt.ItemDataRole.ToolTipRole:
        return column.value(row)
    return None


def _alignment(column: Column) -> Qt.AlignmentFlag:
    side = Qt.AlignmentFlag.AlignRight if column.align == "right" else Qt.AlignmentFlag.AlignLeft
    return side | Qt.AlignmentFlag.AlignVCenter
