"""Sync and outbox: every act that waits, why one was refused, and where the line stands."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QTimer, Signal
from PySide6.QtGui import QHideEvent, QShowEvent
from PySide6.QtWidgets import QWidget

from app.desk import Synchroniser
from app.kernel.clock import VIETNAM
from app.kernel.errors import HoaBanError
from app.store.model import OutboxState
from ui.bridge.session import Session
from ui.kit.actions import Action
from ui.kit.buttons import Button
from ui.kit.labels import Icon, Label, Pane
from ui.kit.layout import Column, Row, put
from ui.kit.page import Page
from ui.kit.rowmodel import Column as TableColumn
from ui.kit.rowmodel import RowModel
from ui.kit.states import StateStack
from ui.kit.table import Table
from ui.kit.theme import theme
from ui.outbox.dialog_network import NetworkDialog
from ui.outbox.dialog_package import PackageDialog
from ui.outbox.model_outbox import (
    OutboxRow,
    OutboxWords,
    dismiss,
    do_again,
    outbox_rows,
    withdraw,
)
from ui.outbox.panel_card import ActCard

_TICK_MS = 1000
_LINE_ICONS = {"ok": "wifi", "info": "info", "warn": "wifi-off"}


class LinePanel(Pane):
    """Where the line stands, in words: this PC, the line, or the server.

    `sync_asked`; `check_asked` when somebody wants to know which of them it is; `stick_asked`
    where there is no line.
    """

    sync_asked = Signal()
    check_asked = Signal()
    stick_asked = Signal()

    def __init__(self, session: Session, words: OutboxWords) -> None:
        super().__init__("card")
        texts = session.texts
        self._texts = texts
        self._words = words
        self._icon = Icon("wifi", 22, "ok")
        self._headline = Label(style="strong", wrap=True)
        self._meaning = Label(style="secondary", wrap=True)
        self._last = Label(style="secondary", wrap=True)
        self.sync_button = Button(texts("outbox.sync_now"), shortcut="F5", icon="sync")
        self.sync_button.clicked.connect(self.sync_asked)
        self.check_button = Button(texts("netpage.open"), icon="activity")
        self.check_button.clicked.connect(self.check_asked)
        self.stick_button = Button(texts("usb.open"), icon="save")
        self.stick_button.clicked.connect(self.stick_asked)
        told = Column(self._headline, self._meaning, self._last, gap=3)
        buttons = Column(self.sync_button, self.check_button, self.stick_button, gap=6)
        row = Row(self._icon, told, buttons, gap=14, margins=(16, 12, 16, 12))
        row.setStretch(1, 1)
        put(self, row)

    def show_line(self, sync: Synchroniser | None) -> None:
        """Say what the sync service says of itself."""
        status = sync.status if sync is not None else None
        state = status.state if status is not None else "none"
        since = _hour(status.since) if status is not None else ""
        tone, headline, meaning = self._words.line(state, since)
        self._headline.setText(headline)
        self._meaning.setText(meaning)
        self._icon.set_icon(_LINE_ICONS[tone], tone, headline)
        at = _hour(status.last_sync) if status is not None else ""
        key = "outbox.last_sync" if at else "outbox.never_synced"
        self._last.setText(self._texts(key, at=at) if at else self._texts(key))
        self._last.setVisible(sync is not None)
        self.sync_button.setEnabled(sync is not None)
        self.check_button.setEnabled(sync is not None)


def _hour(at: object) -> str:
    moment = getattr(at, "astimezone", None)
    return moment(VIETNAM).strftime("%H:%M %d/%m") if moment is not None else ""


class OutboxPage(Page):
    """The list of acts, the reason of the one chosen, and the ways out."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(session, parent)
        texts, self.words = session.texts, OutboxWords(session.texts)
        words, clock = self.words, session.desk.clock
        self.line = LinePanel(session, words)
        self.line.sync_asked.connect(self._sync)
        self.line.check_asked.connect(self._check)
        self.line.stick_asked.connect(self._stick)
        self.rows = RowModel(
            session.runner.submit,
            (
                TableColumn(texts("outbox.column.time"), words.time, 110),
                TableColumn(
                    texts("outbox.column.state"),
                    lambda row: words.state(row, clock.now()),
                    190,
                    tone=words.tone,
                ),
                TableColumn(texts("outbox.column.act"), words.act, 230, bold=lambda r: r.refused),
                TableColumn(texts("outbox.column.about"), lambda row: row.title, 300),
            ),
            parent=self,
        )
        self.table = Table(self.rows, texts("outbox.acts"))
        self.stack = StateStack(self.table)
        # The words about the line must not give way to the list where there is little room
        self.stack.setMinimumHeight(60)
        self.card = ActCard(texts, words)
        self.dialog: NetworkDialog | PackageDialog | None = None
        self._title = Label(texts("outbox.title"), "title")
        self._counts = Label(style="secondary")
        self._lay_out()
        self._fit()
        self._connect()
        self._timer = QTimer(self)
        self._timer.timeout.connect(self._tick)
        self._load()

    def _lay_out(self) -> None:
        head = Pane("header")
        put(head, Column(
            Row(self._title, self._counts, None, gap=12), self.line,
            gap=10, margins=(16, 12, 16, 12),
        ))  # fmt: skip
        whole = Column(head, self.stack, self.card, gap=0)
        whole.setStretch(1, 1)
        put(self, whole)

    def _fit(self) -> None:
        """Keep a row of the list in sight; words about the line and the act do not give way."""
        self.stack.setMinimumHeight(theme().px(66))

    def _connect(self) -> None:
        theme().changed.connect(self._fit)
        self.session.changed.connect(self._changed)
        self.rows.loaded.connect(self._loaded)
        self.rows.failed.connect(self._failed)
        self.stack.retried.connect(self._load)
        self.table.chosen.connect(self._show_ways)
        self.table.opened.connect(self._open)
        self.card.undo.clicked.connect(self._withdraw)
        self.card.again.clicked.connect(self._do_again)
        self.card.dismiss.clicked.connect(self._dismiss)
        self.card.open.clicked.connect(self._open)

    def acts(self) -> Sequence[Action]:
        """Return the keys of the page: do a refused act again, or drop it."""
        group = "outbox.keys"
        return (
            Action("outbox.do_again", "outbox.again", self._do_again, "Ctrl+Return",
                   scope="outbox", group_key=group, parent=self),
            Action("outbox.drop", "outbox.dismiss", self._dismiss, "Del", scope="outbox",
                   group_key=group, parent=self),
        )  # fmt: skip

    # --- the list ----------------------------------------------------------------------

    def _load(self) -> None:
        desk = self.session.desk
        found: list[OutboxRow] = []

        def count() -> int:
            found[:] = outbox_rows(desk)
            return len(found)

        self.rows.load(count, lambda offset, limit: found[offset : offset + limit])

    def _loaded(self, total: int) -> None:
        held = [row for row in map(self.rows.row, range(min(total, 500))) if row is not None]
        refused = sum(row.refused for row in held)
        texts = self.session.texts
        self.count_changed.emit(total)
        self._counts.setText(
            texts("outbox.counts", waiting=total - refused, refused=refused) if total else ""
        )
        if total:
            self.stack.show_content()
            if self.table.current_row() is None:
                self.table.select(0)
        else:
            self.stack.show_empty(texts("outbox.empty"), texts("outbox.empty.detail"), "outbox")
        self._show_ways(self.table.current_row() if total else None)

    def _failed(self, error: BaseException) -> None:
        if isinstance(error, HoaBanError):
            self.stack.show_error(error)
        else:
            self.session.bug.emit(error)

    def _changed(self, _: object) -> None:
        self.rows.refresh()

    def _tick(self) -> None:
        """Count the seconds down, and notice what has been sent."""
        self.table.viewport().update()
        self.line.show_line(self.session.desk.sync)
        self.rows.refresh()

    # --- one act -----------------------------------------------------------------------

    def _show_ways(self, row: OutboxRow | None) -> None:
        self.card.setVisible(row is not None)
        if row is None:
            return
        # What has a number is on its way; before that it can be taken back
        waits = row.state in (OutboxState.HELD, OutboxState.QUEUED)
        self.card.undo.setVisible(waits)
        self.card.again.setVisible(row.refused)
        self.card.dismiss.setVisible(row.refused)
        self.card.open.setVisible(bool(row.page))
        self.card.show_row(row)

    def _row(self) -> OutboxRow | None:
        row = self.table.current_row()
        return row if isinstance(row, OutboxRow) else None

    def _withdraw(self) -> None:
        row, desk = self._row(), self.session.desk
        if row is not None:
            command = row.id
            self.session.work("store", lambda: withdraw(desk, command), self._done)

    def _do_again(self) -> None:
        row, desk, actor = self._row(), self.session.desk, self.session.actor
        if row is not None and row.refused:
            act = row
            self.session.work("store", lambda: do_again(desk, actor, act), self._done)

    def _dismiss(self) -> None:
        desk = self.session.desk
        chosen = [row.id for row in self.table.selected_rows() if row.refused]
        self.session.work("store", lambda: dismiss(desk, chosen), self._done)

    def _done(self, _: object) -> None:
        self.rows.refresh()

    def _open(self) -> None:
        row = self._row()
        if row is not None and row.page:
            self.navigate.emit(row.page, row.kind, row.entity)

    def _sync(self) -> None:
        sync = self.session.desk.sync
        if sync is not None:
            sync.poke()

    def _check(self) -> None:
        dialog = self.dialog = NetworkDialog(self.session, self)
        dialog.open()
        dialog.run()

    def _stick(self) -> None:
        dialog = self.dialog = PackageDialog(self.session, self)
        dialog.moved.connect(self.rows.refresh)
        dialog.open()

    # --- being shown -------------------------------------------------------------------

    def activate(self) -> None:
        """Show the outbox of now."""
        self.line.show_line(self.session.desk.sync)
        self.rows.refresh()
        self.table.setFocus()

    def showEvent(self, event: QShowEvent) -> None:
        """Count seconds while somebody looks."""
        super().showEvent(event)
        self._timer.start(_TICK_MS)

    def hideEvent(self, event: QHideEvent) -> None:
        """Stop counting."""
        super().hideEvent(event)
        self._timer.stop()

    def close_page(self) -> None:
        """Stop counting for good, and look no further at the network."""
        self._timer.stop()
        if self.dialog is not None:
            self.dialog.reject()
