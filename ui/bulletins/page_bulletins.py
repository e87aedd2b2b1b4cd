"""Notices of the province: a list, one to read, and publishing for those who may."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt, QTimer
from PySide6.QtWidgets import QSplitter, QWidget

from app.bulletins.queries import BulletinRow, bulletins, count_bulletins, unread_count
from app.kernel.changes import Changes
from app.kernel.errors import HoaBanError
from ui.bridge.session import Session
from ui.bulletins.dialog_bulletins import PublishDialog, WithdrawDialog
from ui.bulletins.model_bulletins import (
    Opened,
    card,
    name_of,
    offers_publishing,
    open_bulletin,
    publication,
    reading,
    withdrawal,
)
from ui.bulletins.panel_bulletin import BulletinPanel
from ui.kit.actions import Action
from ui.kit.buttons import Button, ChipRow
from ui.kit.cards import CardList, CardRow
from ui.kit.fields import SearchField
from ui.kit.labels import Label, Pane
from ui.kit.layout import Column, Row, put
from ui.kit.page import Page, PageSpec
from ui.kit.rowmodel import RowModel
from ui.kit.states import StateStack
from ui.kit.theme import theme

_NAME = "bulletins"
# Whoever only passes over a notice has not read it
_READ_AFTER_MS = 1000
_UNREAD = "unread"
_LIST, _READER = 370, 780


class BulletinsPage(Page):
    """List and reader side by side."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(session, parent)
        texts = session.texts
        self._agencies: dict[str, str] = {}
        self._wanted = ""
        self.finder = SearchField(
            texts("bulletins.find"), texts("bulletins.find.hint"), shortcut="Ctrl+F"
        )
        self.chips = ChipRow({_UNREAD: texts("bulletins.unread")})
        self.rows = RowModel(
            session.runner.submit, describe=lambda row: self._card(row).spoken(), parent=self
        )
        self.list = CardList(self.rows, self._card, texts("bulletins.list"))
        self.stack = StateStack(self.list)
        self.panel = BulletinPanel(texts)
        self.reader = StateStack(self.panel)
        self.publish = Action(
            "bulletins.publish", "bulletins.publish", self._publish, "Ctrl+N",
            scope=_NAME, group_key="bulletins.nav", icon="megaphone", enabled=False, parent=self,
        )  # fmt: skip
        self._search = Action(
            "bulletins.find", "bulletins.find", self._to_find, "Ctrl+F",
            scope=_NAME, group_key="bulletins.nav", icon="search", parent=self,
        )  # fmt: skip
        self._reading = QTimer(self)
        self._reading.setSingleShot(True)
        self._reading.timeout.connect(self._mark_read)
        self._lay_out()
        self._connect()
        self._reader_empty()
        self._ask()

    def _lay_out(self) -> None:
        texts = self.session.texts
        self.publish_button = Button.of(self.publish, "primary")
        head = Pane("header")
        put(head, Column(
            Row(Label(texts("bulletins.title"), "title"), None, self.publish_button),
            self.finder, Row(self.chips, None),
            gap=10, margins=(14, 12, 14, 10),
        ))  # fmt: skip
        left = Pane("panel")
        column = Column(head, self.stack, gap=0)
        column.setStretch(1, 1)
        put(left, column)
        splitter = QSplitter(Qt.Orientation.Horizontal)
        splitter.addWidget(left)
        splitter.addWidget(self.reader)
        splitter.setStretchFactor(1, 1)
        splitter.setSizes([theme().px(_LIST), theme().px(_READER)])
        splitter.setChildrenCollapsible(False)
        put(self, Column(splitter, gap=0))

    def _connect(self) -> None:
        session = self.session
        session.changed.connect(self._changed)
        self.finder.searched.connect(self._load_again)
        self.chips.changed.connect(self._load_again)
        self.rows.loaded.connect(self._loaded)
        self.rows.failed.connect(self._failed)
        self.stack.retried.connect(self.load)
        self.list.chosen.connect(self._chosen)
        self.panel.withdraw_asked.connect(self._withdraw)

    def acts(self) -> Sequence[Action]:
        """Return publishing and searching."""
        return (self.publish, self._search)

    # --- the list ----------------------------------------------------------------------

    def _ask(self) -> None:
        """Learn who may publish, the names of agencies, and how much is unread."""
        session = self.session
        desk, actor = session.desk, session.actor
        session.work("query", lambda: offers_publishing(desk, actor), self._may_publish)
        self._count()
        self.load()

    def _may_publish(self, may: bool) -> None:
        self.publish.set_enabled(may)
        self.publish_button.setVisible(may)

    def _count(self) -> None:
        self.session.query(unread_count, done=self._counted)

    def _counted(self, unread: int) -> None:
        self.count_changed.emit(unread)
        self.chips.set_counts({_UNREAD: unread})

    def _load_again(self, _: object) -> None:
        self.load()

    def load(self) -> None:
        """Ask for the notices that the filter lets through."""
        desk, actor = self.session.desk, self.session.actor
        text, only_unread = self.finder.value, _UNREAD in self.chips.on()
        names = self._agencies

        def fetch(offset: int, limit: int) -> Sequence[BulletinRow]:
            with desk.store.reader() as connection:
                found = bulletins(
                    connection, actor, text, only_unread=only_unread, offset=offset, limit=limit
                )
            for agency in {row.agency for row in found} - names.keys():
                names[agency] = name_of(desk, "unit", agency)
            return found

        def count() -> int:
            with desk.store.reader() as connection:
                return count_bulletins(connection, actor, text, only_unread=only_unread)

        self.rows.load(count, fetch)

    def _card(self, row: BulletinRow) -> CardRow:
        return card(self.session.texts, row, self._agencies.get(row.agency, ""))

    def _loaded(self, total: int) -> None:
        texts = self.session.texts
        if total:
            self.stack.show_content()
            if self.list.current_row() is None:
                self.list.select(0)
        else:
            self.stack.show_empty(texts("bulletins.empty"), "", "megaphone")
            self._reader_empty()
        if self._wanted and self.list.select_key(self._wanted):
            self._wanted = ""

    def _failed(self, error: BaseException) -> None:
        if isinstance(error, HoaBanError):
            self.stack.show_error(error)
        else:
            self.session.bug.emit(error)

    def _changed(self, changes: Changes) -> None:
        if changes.touches("bulletin") or changes.touches("bulletin_read"):
            self.rows.refresh()
            self._count()
            row = self.list.current_row()
            if row is not None:
                self._open(row.id)

    # --- the reader --------------------------------------------------------------------

    def _reader_empty(self) -> None:
        self.reader.show_empty(self.session.texts("bulletins.none_chosen"), "", "megaphone")

    def _chosen(self, row: BulletinRow) -> None:
        self._open(row.id)
        self._reading.start(_READ_AFTER_MS)

    def _open(self, bulletin: str) -> None:
        self.session.query(open_bulletin, self.session.desk, bulletin, done=self._opened)

    def _opened(self, opened: Opened | None) -> None:
        row = self.list.current_row()
        if opened is None or row is None or row.id != opened.bulletin.id:
            return
        self.panel.show_bulletin(opened)
        self.reader.show_content()

    def _mark_read(self) -> None:
        row = self.list.current_row()
        if row is not None and row.unread and self.isVisible():
            self.session.act(reading(self.session.actor, row.id))

    def open_entity(self, kind: str, entity: str) -> None:
        """Show one notice."""
        if kind == "bulletin" and not self.list.select_key(entity):
            self._wanted = entity
            self.finder.clear()
            self.chips.set_on(frozenset())
            self.load()

    # --- acts --------------------------------------------------------------------------

    def _to_find(self) -> None:
        self.finder.setFocus(Qt.FocusReason.ShortcutFocusReason)

    def _publish(self) -> None:
        session = self.session
        dialog = PublishDialog(session.texts, self)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)

        def go(title: str, body: str, urgent: bool) -> None:
            command = publication(session.desk, title, body, urgent=urgent)
            session.act(command, done=lambda _: dialog.accept(), failed=dialog.refuse)

        dialog.published.connect(go)
        dialog.open()

    def _withdraw(self) -> None:
        row, session = self.list.current_row(), self.session
        if row is None:
            return
        bulletin = row.id
        dialog = WithdrawDialog(session.texts, self)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)

        def go(reason: str) -> None:
            command = withdrawal(bulletin, reason)
            session.act(command, done=lambda _: dialog.accept(), failed=dialog.refuse)

        dialog.given.connect(go)
        dialog.open()

    def activate(self) -> None:
        """Show the notices of now."""
        self.rows.refresh()
        self._reading.start(_READ_AFTER_MS)
        self.list.setFocus()

    def close_page(self) -> None:
        """Mark nothing more as read."""
        self._reading.stop()


PAGE = PageSpec(_NAME, "megaphone", "bulletins.nav", BulletinsPage)
