"""Sổ đăng ký: the agency's books, the lease that lets this machine number offline, the numbers."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QSplitter, QWidget

from app.kernel.changes import Changes
from app.kernel.clock import local_date
from app.kernel.command import Command
from app.kernel.errors import HoaBanError
from app.registers.commands import FenceRegister, LeaseRegister, ReturnLease
from app.registers.model import RegisterMode
from app.registers.queries import EntryRow, RegisterRow, count_entries, entries
from ui.bridge.session import Session
from ui.kit.actions import Action
from ui.kit.buttons import Button
from ui.kit.cards import CardList, CardRow
from ui.kit.dates import show_date
from ui.kit.dialog import Dialog
from ui.kit.fields import TextArea
from ui.kit.form import FormField
from ui.kit.labels import Label, Pane
from ui.kit.layout import Column, Row, put
from ui.kit.page import Page
from ui.kit.pdfdialog import PdfDialog
from ui.kit.rowmodel import Column as TableColumn
from ui.kit.rowmodel import RowModel
from ui.kit.states import StateStack
from ui.kit.table import Table
from ui.kit.theme import theme
from ui.registers.dialog_blocks import ModeDialog, RestDialog, TakeDialog, VoidDialog
from ui.registers.dialog_print import PrintDialog
from ui.registers.model_registers import Shelf, shelf

LEASED = "leased"
_PRINTED = frozenset({"incoming", "outgoing"})
_READERS = frozenset({"clerk", "leader", "office_head", "archivist"})
_BOOKS, _NUMBERS = 420, 700
_TONES = {"given": "ok", "reserved": "info", "released": "warn", "voided": "bad"}


class RegistersPage(Page):
    """Books at the left, the numbers of the chosen one at the right."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(session, parent)
        texts = session.texts
        self._shelf = Shelf()
        submit = session.runner.submit
        self.books = RowModel(submit, describe=lambda row: self._card(row).spoken(), parent=self)
        self.list = CardList(self.books, self._card, texts("books.list"))
        self.stack = StateStack(self.list)
        self.numbers = RowModel(submit, columns=self._columns(), parent=self)
        self.table = Table(self.numbers, texts("books.numbers"))
        self.title = Label(texts("books.numbers"), "title")
        self.hold = Button(texts("books.hold"), "primary", icon="lock")
        self.give = Button(texts("books.give"), icon="unlock")
        self.fence = Button(texts("books.fence"), "danger", icon="shield-x")
        self.take = Button(texts("books.block.take"), "primary", icon="lock")
        self.rest = Button(texts("books.block.return"), icon="unlock")
        self.void = Button(texts("books.block.void"), "danger", icon="shield-x")
        self.mode = Button(texts("books.mode"))
        self.print = Action(
            "books.print", "books.print", self.ask_print, "Ctrl+P", scope="books",
            group_key="books.keys", icon="printer", enabled=False, parent=self,
        )  # fmt: skip
        self._lay_out()
        self._connect()

    def _lay_out(self) -> None:
        texts = self.session.texts
        left, right = Pane("panel"), Pane("panel")
        head = Pane("header")
        put(head, Column(
            Label(texts("books.title"), "title"),
            Label(texts("books.claim"), "secondary", wrap=True),
            gap=4, margins=(14, 12, 14, 10),
        ))  # fmt: skip
        column = Column(head, self.stack, gap=0)
        column.setStretch(1, 1)
        put(left, column)
        bar = Row(self.title, None, Button.of(self.print), self.mode, self.hold, self.give,
                  self.fence, self.take, self.rest, self.void, margins=(16, 12, 16, 10))  # fmt: skip
        numbers = Column(bar, self.table, gap=0)
        numbers.setStretch(1, 1)
        put(right, numbers)
        splitter = QSplitter(Qt.Orientation.Horizontal)
        splitter.addWidget(left)
        splitter.addWidget(right)
        splitter.setStretchFactor(1, 1)
        splitter.setSizes([theme().px(_BOOKS), theme().px(_NUMBERS)])
        splitter.setChildrenCollapsible(False)
        put(self, Column(splitter, gap=0))

    def _connect(self) -> None:
        self.session.changed.connect(self._changed)
        self.list.chosen.connect(self._chosen)
        self.books.loaded.connect(self._loaded)
        self.books.failed.connect(self._failed)
        self.stack.retried.connect(self.activate)
        self.hold.clicked.connect(lambda: self._act(LeaseRegister))
        self.give.clicked.connect(lambda: self._act(ReturnLease))
        self.fence.clicked.connect(self._ask_fence)
        self.take.clicked.connect(lambda: self._ask(TakeDialog))
        self.rest.clicked.connect(lambda: self._ask(RestDialog))
        self.mode.clicked.connect(lambda: self._ask(ModeDialog))
        self.void.clicked.connect(self._ask_void)

    def activate(self) -> None:
        """Load the books of this year."""
        desk = self.session.desk
        year = local_date(desk.clock.now()).year
        self.session.query(shelf, desk.store.get, year, done=self._known)

    def acts(self) -> Sequence[Action]:
        """Return the page's acts."""
        return (self.print,)

    def _known(self, found: Shelf) -> None:
        self._shelf, rows = found, found.rows
        self.books.load(lambda: len(rows), lambda offset, limit: rows[offset : offset + limit])

    def _loaded(self, total: int) -> None:
        if not total:
            self.stack.show_empty(self.session.texts("books.empty"), "", "book")
            return
        self.stack.show_content()
        row: RegisterRow | None = self.list.current_row()
        if row is None:
            self.list.select(0)
        else:
            self._chosen(row)

    def _failed(self, error: BaseException) -> None:
        if isinstance(error, HoaBanError):
            self.stack.show_error(error)
        else:
            self.session.bug.emit(error)

    def _changed(self, changes: Changes) -> None:
        if self.isVisible() and changes.touches("register"):
            self.activate()

    # --- one book ------------------------------------------------------------------------

    def _chosen(self, row: RegisterRow) -> None:
        desk, actor = self.session.desk, self.session.actor
        self.title.setText(row.name)
        here = row.device == desk.store.device
        keeper = bool(actor.roles & {"clerk", "office_head", "leader"})
        self.hold.setVisible(keeper and row.mode == LEASED and not row.device)
        self.give.setVisible(keeper and here)
        administrator = "administrator" in actor.roles
        self.fence.setVisible(administrator and bool(row.device))
        blocks = self._shelf.blocks.get(row.id, ())
        mine = self._shelf.block_of(row, desk.store.device)
        some = mine is not None and bool(mine.numbers)
        this_year = row.year == local_date(desk.clock.now()).year
        in_blocks = row.mode == RegisterMode.BLOCK
        self.take.setVisible(keeper and in_blocks and this_year and not some)
        self.rest.setVisible(keeper and some)
        self.void.setVisible(administrator and any(b.numbers for b in blocks))
        self.mode.setVisible(administrator and this_year and not row.device)
        # Books hold what the agency's documents say: an administrator sees the numbers alone
        self.print.set_enabled(row.book in _PRINTED and bool(actor.roles & _READERS))

        def fetch(offset: int, limit: int) -> Sequence[EntryRow]:
            with desk.store.reader() as connection:
                return entries(connection, actor, row.id, offset=offset, limit=limit)

        def count() -> int:
            with desk.store.reader() as connection:
                return count_entries(connection, actor, row.id)

        self.numbers.load(count, fetch)

    def _act(self, make: type[LeaseRegister | ReturnLease]) -> None:
        row = self.list.current_row()
        if row is not None:
            self.session.act(make(row.id), done=lambda _: self._ask_now())

    def _ask_now(self) -> None:
        # The server alone grants a book: there is no sense in waiting out the hold.
        if self.session.desk.sync is not None:
            self.session.desk.sync.poke()

    def _ask(self, make: type[TakeDialog | RestDialog | ModeDialog]) -> None:
        row: RegisterRow | None = self.list.current_row()
        if row is not None:
            dialog = make(self.session, row, self)
            dialog.accepted.connect(self._ask_now)
            dialog.open()

    def _ask_void(self) -> None:
        row: RegisterRow | None = self.list.current_row()
        if row is not None:
            dialog = VoidDialog(self.session, row, self._shelf.named(row), self)
            dialog.accepted.connect(self._ask_now)
            dialog.open()

    def _ask_fence(self) -> None:
        row = self.list.current_row()
        if row is not None:
            FenceDialog(self.session, row, self).open()

    def ask_print(self) -> None:
        """Ask which days to print, and show the pages in the program's own reader."""
        row: RegisterRow | None = self.list.current_row()
        if row is not None and self.print.enabled:
            dialog = PrintDialog(self.session, row, self)
            dialog.made.connect(lambda pdf: self._show_print(row, pdf))
            dialog.open()

    def _show_print(self, row: RegisterRow, pdf: bytes) -> None:
        texts = self.session.texts
        book = texts(f"books.print.book.{row.book}")
        name = texts("books.print.file", book=book, year=row.year)
        PdfDialog(self.session, row.name, pdf, name, self).open()

    def _card(self, row: RegisterRow) -> CardRow:
        texts = self.session.texts
        holder = self._shelf.names.get(row.holder, "")
        here = row.device == self.session.desk.store.device
        if row.mode == RegisterMode.BLOCK:
            badge = self._block_badge(row)
        elif row.mode != LEASED:
            badge = (texts("books.by_server"), "neutral")
        elif here:
            badge = (texts("books.here"), "ok")
        elif row.device:
            badge = (texts("books.elsewhere", name=holder), "warn")
        else:
            badge = (texts("books.nobody"), "info")
        number = texts("books.next", n=row.next)
        return CardRow(sender=texts(f"books.book.{row.book}"), date=str(row.year),
                       subject=row.name, number=number, badges=(badge,))  # fmt: skip

    def _block_badge(self, row: RegisterRow) -> tuple[str, str]:
        texts, desk = self.session.texts, self.session.desk
        mine = self._shelf.block_of(row, desk.store.device)
        if mine is None or not mine.numbers:
            return texts("books.by_block"), "neutral"
        if mine.until < local_date(desk.clock.now()):
            return texts("books.block.expired", n=len(mine.numbers)), "bad"
        left = texts("books.block.left", n=len(mine.numbers), day=show_date(mine.until))
        return left, "ok"

    def _columns(self) -> tuple[TableColumn, ...]:
        texts = self.session.texts
        return (
            TableColumn(texts("books.number"), lambda r: r.number, 90, bold=lambda _: True),
            TableColumn(
                texts("books.state"), lambda r: texts(f"books.state.{r.state}"), 130,
                tone=lambda r: _TONES[r.state],
            ),
            TableColumn(texts("books.at"), lambda r: _day(r.at), 130),
            TableColumn(texts("books.reason"), self._reason, 300),
        )  # fmt: skip

    def _reason(self, row: EntryRow) -> str:
        return self.session.texts("books.gap") if row.reason == "gap" else row.reason


class FenceDialog(Dialog):
    """Ask the administrator why a lost machine is fenced off."""

    def __init__(self, session: Session, row: RegisterRow, parent: QWidget) -> None:
        texts = session.texts
        super().__init__(texts("books.fence"), parent)
        self._session = session
        self._row = row
        self.reason = TextArea(texts("books.fence.reason"))
        self.field = FormField(texts("books.fence.reason"), self.reason, required=True)
        self.body.extend(Label(texts("books.fence.text"), wrap=True), self.field)
        self.add_button(texts("books.cancel"), role="reject")
        self.add_button(texts("books.fence"), "primary").clicked.connect(self._go)

    def _go(self) -> None:
        command: Command = FenceRegister(self._row.id, self.reason.value)
        self._session.act(
            command,
            done=lambda _: self.accept(),
            failed=lambda error: self.field.set_error(self._session.explain(error)),
        )


def _day(at: str) -> str:
    return f"{at[8:10]}/{at[5:7]}/{at[:4]}"
