"""Tệp trên máy: how much the files take, what waits and why, what is kept offline."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

from PySide6.QtCore import QTimer
from PySide6.QtGui import QHideEvent, QShowEvent
from PySide6.QtWidgets import QProgressBar, QScrollArea, QWidget

from app.kernel.changes import Changes
from app.kernel.errors import HoaBanError
from ui.bridge.session import Session
from ui.files.model_files import FilesView, PinRow, amount, free_up, moving, parts, used, view
from ui.kit.actions import Action
from ui.kit.banner import Banner
from ui.kit.buttons import Button
from ui.kit.labels import Label, Pane
from ui.kit.layout import Column, Row
from ui.kit.page import Page, PageSpec
from ui.kit.rowmodel import Column as TableColumn
from ui.kit.rowmodel import RowModel
from ui.kit.states import StateStack
from ui.kit.table import Table

NAME = "files"
_TICK_MS = 2000


class FilesPage(Page):
    """The vault of this machine; F5 looks again, and files that wait are tried again."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(session, parent)
        texts = session.texts
        self.seen: FilesView | None = None
        self.free = self._action("free", self.free_up, "Ctrl+Shift+F", "trash")
        self.unpin = self._action("unpin", self._unpin, "Ctrl+Shift+K", "minus")
        self.open = self._action("open", self._open_chosen, "Ctrl+Return", "file-text")
        self.again = self._action("again", self._sync, "F5", "sync", over="sync")
        columns = (
            TableColumn(texts("filepage.column.title"), lambda r: r.title, 520),
            TableColumn(texts("filepage.column.size"), lambda r: amount(r.size), 110),
            TableColumn(texts("filepage.column.state"), self._state, 200),
        )
        self.rows = RowModel(
            session.runner.submit, columns, key=lambda r: (r.kind, r.entity), parent=self
        )
        self.table = Table(self.rows, texts("filepage.pins"))
        self.states = StateStack(self.table)
        self.states.setMinimumHeight(60)
        self.used, self.parts, self.moving = (
            Label(style="strong", wrap=True),
            Label(style="secondary", wrap=True),
            Label(style="secondary", wrap=True),
        )
        self.bar = QProgressBar()
        self.bar.setTextVisible(False)
        self.bar.setAccessibleName(texts("filepage.nav"))
        self.result = Banner()
        self._timer = QTimer(self)
        self._timer.timeout.connect(self._load)
        self._lay_out()
        self.table.chosen.connect(lambda _: self._choose())
        self.table.opened.connect(lambda _: self._open_chosen())
        session.changed.connect(self._changed)

    def _action(
        self, name: str, run: Callable[[], None], key: str, icon: str, over: str = ""
    ) -> Action:
        return Action(
            f"files.{name}", f"filepage.act.{name}", run, key, scope=NAME,
            group_key="filepage.nav", icon=icon, over=over,
        )  # fmt: skip

    def _lay_out(self) -> None:
        texts = self.session.texts
        head = Pane("header")
        claim = Label(texts("filepage.claim"), "secondary", wrap=True)
        head.setLayout(
            Column(
                Label(texts("filepage.nav"), "title"), claim, self.used, self.bar, self.parts,
                self.moving, self.result, gap=6, margins=(20, 14, 20, 12),
            )
        )  # fmt: skip
        title = Pane("none")
        title.setLayout(
            Row(Label(texts("filepage.pins"), "section"), None, margins=(20, 10, 20, 4))
        )
        foot = Pane("footer")
        buttons = (
            Button.of(self.again, "primary"),
            *map(Button.of, (self.free, self.open, self.unpin)),
        )
        foot.setLayout(Row(*buttons, None, margins=(20, 9, 20, 9)))
        body = Column(head, title, self.states, gap=0)
        body.setStretch(2, 1)
        inside = Pane("none")
        inside.setLayout(body)
        # Large letters on a low screen: the words keep their room, and the page scrolls
        area = QScrollArea()
        area.setWidgetResizable(True)
        area.setWidget(inside)
        area.setAccessibleName(texts("filepage.nav"))
        whole = Column(area, foot, gap=0)
        whole.setStretch(0, 1)
        self.setLayout(whole)
        self._choose()

    def activate(self) -> None:
        """Look anew and take the focus."""
        self._load()
        self.table.setFocus()

    def acts(self) -> Sequence[Action]:
        """Return the page's acts."""
        return (self.again, self.free, self.open, self.unpin)

    def close_page(self) -> None:
        """Look no more."""
        self._timer.stop()

    def showEvent(self, event: QShowEvent) -> None:
        """Follow what moves while somebody looks."""
        super().showEvent(event)
        self._timer.start(_TICK_MS)

    def hideEvent(self, event: QHideEvent) -> None:
        """Follow it no more."""
        super().hideEvent(event)
        self._timer.stop()

    def free_up(self) -> None:
        """Remove what the server has and nobody needs here."""
        job = partial(free_up, self.session.desk)
        self.session.work("store", job, self._freed, self._failed)

    def _freed(self, size: int) -> None:
        key = "filepage.freed" if size else "filepage.nothing_freed"
        self.result.show_text(self.session.texts(key, size=amount(size)), "info")
        self._load()

    def _failed(self, error: HoaBanError) -> None:
        self.result.show_text(self.session.explain(error), "bad")

    def _sync(self) -> None:
        if self.session.desk.sync is not None:
            self.session.desk.sync.poke()
        self._load()

    def _unpin(self) -> None:
        row = self.table.current_row()
        if row is not None:
            job = partial(self.session.desk.keep_offline, row.kind, row.entity, keep=False)
            self.session.work("store", job, lambda _: self._load(), self._failed)

    def _open_chosen(self) -> None:
        row = self.table.current_row()
        if row is not None:
            self.navigate.emit("incoming", row.kind, row.entity)

    def _changed(self, changes: Changes) -> None:
        if self.isVisible() and changes.touches("document"):
            self._load()

    def _load(self) -> None:
        self.session.query(view, done=self._loaded, failed=self._failed)

    def _loaded(self, found: FilesView) -> None:
        texts, desk = self.session.texts, self.session.desk
        self.seen = found
        quota = desk.settings.number("files.quota_mb") << 20
        self.used.setText(used(texts, found.holding, quota))
        self.parts.setText(parts(texts, found.holding))
        files = desk.sync.status.files if desk.sync is not None else None
        self.moving.setText("\n".join(moving(texts, files)))
        self.bar.setMaximum(100)
        self.bar.setValue(min(100, found.holding.size * 100 // quota))
        self.free.set_enabled(found.holding.evictable > 0)
        pins = found.pins
        self.rows.load(lambda: len(pins), lambda offset, limit: pins[offset : offset + limit])
        if pins:
            self.states.show_content()
        else:
            self.states.show_empty(texts("filepage.none"), texts("filepage.none_do"), "download")
        self._choose()

    def _state(self, row: PinRow) -> str:
        if row.missing:
            return self.session.texts("filepage.coming", n=row.missing)
        return self.session.texts("filepage.here")

    def _choose(self) -> None:
        chosen = self.table.current_row() is not None
        self.open.set_enabled(chosen)
        self.unpin.set_enabled(chosen)


PAGE = PageSpec(NAME, "download", "filepage.nav", FilesPage, section="shell.section.system")
