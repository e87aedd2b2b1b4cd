"""The list of incoming documents: view, chips, words, counts, and the views people save."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date
from functools import partial
from typing import Any

from PySide6.QtCore import QObject, QTimer, Signal
from sqlalchemy import Connection

from app.desk import Desk
from app.documents import lists, queries
from app.documents.model import KIND, READING, Direction, Document
from app.documents.rows import Ask, Chip, DocumentRow, View
from app.kernel.actor import Actor
from app.kernel.changes import Changes
from app.kernel.clock import local_date
from app.kernel.codec import from_json
from app.kernel.errors import HoaBanError
from app.store.replica import Replica
from ui.bridge.session import Session
from ui.documents.issuers import short_name
from ui.documents.words import Badge, day, near_day, row_badges
from ui.kit.rowmodel import Column, RowModel

CHIPS = (Chip.UNREAD, Chip.OVERDUE, Chip.DUE_TODAY, Chip.EXPRESS, Chip.MY_LEAD, Chip.PAPER,
         Chip.TO_DECIDE)  # fmt: skip
VIEWS = (
    View.OPEN, View.TO_REGISTER, View.TO_PRESENT, View.TO_INSTRUCT, View.HANDLING,
    View.RETURNED, View.DONE, View.ALL,
)  # fmt: skip
_SAVED = "pages.views.incoming"


@dataclass(frozen=True, slots=True)
class Line:
    """A row with what only this desk knows of it; the last three for the dense table."""

    row: DocumentRow
    pending: bool = False
    verdict: str = ""
    receivers: str = ""
    transferred_on: date | None = None
    note: str = ""

    @property
    def id(self) -> str:
        """Return the document's id."""
        return self.row.id


@dataclass(frozen=True, slots=True)
class SavedView:
    """A filter that a person gave a name."""

    name: str
    view: str = View.OPEN.value
    chips: tuple[str, ...] = ()
    text: str = ""


@dataclass(frozen=True, slots=True)
class Counts:
    """The counts beside chips and views."""

    chips: dict[Chip, int]
    views: dict[View, int]


class ListModel(QObject):
    """Ask for rows and counts; `counted(Counts)`, `asked()` when the filter is another one."""

    counted = Signal(object)
    asked = Signal()
    saved_changed = Signal()

    def __init__(self, session: Session, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self.filter = SavedView("")
        self.saved: tuple[SavedView, ...] = ()
        self.counts = Counts({}, {})
        self._counted: tuple[View, date] | None = None
        self.dense = False
        self.cards = self._row_model(())
        self.table = self._row_model(columns(session, self._today))
        session.changed.connect(self._changed)
        session.work("query", lambda: session.desk.store.meta(_SAVED), self._take_saved)
        # Where the page is shown at once, its rows are asked for before the counts
        QTimer.singleShot(0, self, self._count)

    def _row_model(self, shown: tuple[Column, ...]) -> RowModel:
        made = RowModel(
            self._session.runner.submit, shown, key=lambda line: line.id,
            describe=self._describe, parent=self,
        )  # fmt: skip
        made.failed.connect(self._failed)
        return made

    def _describe(self, line: Line) -> str:
        row = line.row
        number = str(row.arrival_number or "")
        words = (row.issuer, row.subject, number, row.symbol, *(b for b, _ in self.badges(line)))
        return ", ".join(word for word in words if word)

    def badges(self, line: Line) -> tuple[Badge, ...]:
        """Return what a row says at a glance."""
        return row_badges(self._session.texts, line.row, self._today())

    @property
    def rows(self) -> RowModel:
        """Return the rows that are shown: cards, or the dense table."""
        return self.table if self.dense else self.cards

    @property
    def view(self) -> View:
        """Return the view that is shown."""
        return View(self.filter.view)

    @property
    def chips(self) -> frozenset[Chip]:
        """Return the chips that are on."""
        return frozenset(Chip(c) for c in self.filter.chips)

    def load(self) -> None:
        """Ask for rows and counts by the present filter."""
        desk, actor, ask, dense = self._session.desk, self._session.actor, self._ask(), self.dense
        self.rows.load(
            lambda: desk.query(lists.count, actor, ask),
            lambda offset, limit: lines(desk, actor, ask, offset, limit, dense=dense),
        )
        self.asked.emit()
        self._count()

    def set_view(self, view: View) -> None:
        """Show another view."""
        self._refilter(replace(self.filter, name="", view=view.value))

    def set_chips(self, chips: frozenset[str]) -> None:
        """Filter by other chips."""
        self._refilter(replace(self.filter, name="", chips=tuple(sorted(chips))))

    def set_text(self, text: str) -> None:
        """Filter by words."""
        self._refilter(replace(self.filter, name="", text=text))

    def set_dense(self, dense: bool) -> None:
        """Fetch what the dense table shows, or not."""
        self.dense = dense
        self.load()

    def use(self, saved: SavedView) -> None:
        """Take a saved view."""
        self._refilter(saved)

    def save_view(self, name: str) -> None:
        """Keep the present filter under a name, in place of one of that name."""
        kept = [s for s in self.saved if s.name != name]
        self.filter = replace(self.filter, name=name)
        self._keep((*kept, self.filter))

    def forget_view(self, name: str) -> None:
        """Forget a saved view."""
        self._keep(tuple(s for s in self.saved if s.name != name))

    def _refilter(self, wanted: SavedView) -> None:
        if wanted != self.filter:
            self.filter = wanted
            self.load()

    def _keep(self, saved: tuple[SavedView, ...]) -> None:
        self.saved = saved
        text = json.dumps([asdict(s) for s in saved])
        store = self._session.desk.store
        self._session.work("store", lambda: store.set_meta(_SAVED, text), lambda _: None)
        self.saved_changed.emit()

    def _take_saved(self, text: str) -> None:
        if text:
            self.saved = tuple(from_json(SavedView, s) for s in json.loads(text))
            self.saved_changed.emit()

    def _today(self) -> date:
        return local_date(self._session.desk.clock.now())

    def _ask(self) -> Ask:
        f = self.filter
        chips = tuple(Chip(c) for c in f.chips)
        return Ask(Direction.INCOMING, View(f.view), chips, f.text, self._today())

    def _count(self) -> None:
        """Ask for the counts, unless they are known or on their way: words do not change them."""
        wanted = (self.view, self._today())
        if self._counted == wanted:
            return
        self._counted = wanted
        ask = partial(_counts, view=wanted[0], today=wanted[1])
        self._session.query(ask, done=self._take, failed=self._uncounted)

    def _uncounted(self, error: HoaBanError) -> None:
        self._counted = None
        self._session.refused.emit(error)

    def _take(self, counts: Counts) -> None:
        self.counts = counts
        self.counted.emit(counts)

    def _changed(self, changes: Changes) -> None:
        if any(changes.touches(kind) for kind in (KIND, READING)):
            self.rows.refresh()
            self._counted = None
            self._count()

    def _failed(self, error: BaseException) -> None:
        self._session.refused.emit(error)


def lines(
    desk: Desk, actor: Actor, ask: Ask, offset: int, limit: int, *, dense: bool = False
) -> Sequence[Line]:
    """Return a window of the list with what this desk knows; not for the GUI thread."""
    rows = desk.query(lists.rows, actor, ask, offset, limit)
    waiting = {item.entity for item in Replica(desk.store).items() if item.kind == KIND}
    made = [Line(row, row.id in waiting, row.verdict) for row in rows]
    return [_with_book(desk, line) for line in made] if dense else made


def _with_book(desk: Desk, line: Line) -> Line:
    document: Document | None = desk.store.get(KIND, line.id)
    if document is None:
        return line
    names = [i.name for i in document.items if not i.presented and i.name]
    return replace(
        line,
        receivers=document.particulars.to_places or "; ".join(dict.fromkeys(names)),
        transferred_on=document.transferred_on,
        note=document.particulars.note,
    )


def _counts(connection: Connection, actor: Actor, *, today: date, view: View) -> Counts:
    incoming = Direction.INCOMING
    return Counts(
        queries.chip_counts(connection, actor, incoming, today, view),
        queries.view_counts(connection, actor, incoming),
    )


def columns(session: Session, today: Any) -> tuple[Column, ...]:
    """Return the ten columns of the register of incoming documents (NĐ 30/2020 PL IV)."""
    texts = session.texts

    def number(line: Line) -> str:
        row = line.row
        if row.arrival_number is not None:
            return str(row.arrival_number)
        return texts("pages.number_waiting") if row.number_waiting else ""

    return (
        Column(texts("pages.column.arrival_date"),
               lambda x: near_day(texts, x.row.arrival_date, today()), 84),
        Column(texts("pages.column.arrival_number"), number, 68, "right", bold=lambda _: True),
        Column(texts("pages.column.issuer"), lambda x: short_name(x.row.issuer), 136,
               bold=lambda x: x.row.unread),
        Column(texts("pages.column.symbol"), lambda x: x.row.symbol, 120),
        Column(texts("pages.column.issued"), lambda x: day(x.row.issued), 92),
        Column(texts("pages.column.subject"), lambda x: subject(x.row), 222,
               bold=lambda x: x.row.unread),
        Column(texts("pages.column.receivers"), lambda x: x.receivers, 176),
        Column(texts("pages.column.transferred"), lambda x: day(x.transferred_on), 108),
        Column(texts("pages.column.receipt"), lambda _: "", 78),
        Column(texts("pages.column.note"), lambda x: x.note, 80),
    )  # fmt: skip


def subject(row: DocumentRow) -> str:
    """Return type and subject in one line."""
    return " · ".join(part for part in (row.type_name, row.subject) if part)
