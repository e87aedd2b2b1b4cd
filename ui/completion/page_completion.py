"""Hoàn thiện chữ ký: the queue with its alarms on top, and a way to try again at once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from PySide6.QtWidgets import QWidget

from app.documents.model import KIND
from app.files import checks, completions
from app.kernel.changes import Changes
from app.kernel.errors import Cancelled, HoaBanError
from ui.bridge.runner import Cancellation
from ui.bridge.session import Session
from ui.completion.model_queue import (
    ALARM,
    DONE,
    RECHECK,
    STATES,
    TONES,
    WAITING,
    Item,
    Standing,
    complete_now,
    counts,
    drop,
    items,
    recheck,
    standing,
)
from ui.kit.actions import Action
from ui.kit.banner import Banner
from ui.kit.buttons import Button, ChipRow
from ui.kit.dialog import Confirm
from ui.kit.labels import Label, Pane
from ui.kit.layout import Column, Row
from ui.kit.page import Page, PageSpec
from ui.kit.progress import ProgressStrip
from ui.kit.rowmodel import Column as TableColumn
from ui.kit.rowmodel import RowModel
from ui.kit.states import StateStack
from ui.kit.table import Table

NAME = "completion"
_TOLD = (checks.KIND, completions.KIND, KIND)


class CompletionPage(Page):
    """What waits, why, when it was tried; alarms stand first and in a strip of their own."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(session, parent)
        texts = session.texts
        self.items: tuple[Item, ...] = ()
        self._cancel: Cancellation | None = None
        self.again = self._action("again", self.try_now, "F5", "refresh", over="sync")
        self.open = self._action("open", self._open_chosen, "Ctrl+Return", "file-text")
        self.drop = self._action("drop", self._ask_drop, "Ctrl+Shift+Delete", "minus")
        self.drop.set_enabled(False)
        self.dialog: Confirm | None = None
        columns = (
            TableColumn(
                texts("completion.column.state"), lambda r: texts(f"completion.state.{r.state}"),
                150, tone=lambda r: TONES[r.state],
            ),
            TableColumn(texts("completion.column.document"), lambda r: r.title, 300),
            TableColumn(texts("completion.column.what"), lambda r: r.what, 230),
            TableColumn(texts("completion.column.last"), lambda r: r.last, 190),
            TableColumn(texts("completion.column.reason"), lambda r: r.reason, 240),
        )  # fmt: skip
        self.rows = RowModel(session.runner.submit, columns, key=lambda r: r.key, parent=self)
        self.table = Table(self.rows, texts("completion.nav"))
        self.states = StateStack(self.table)
        # The words above and below must not give way to the list where there is little room
        self.states.setMinimumHeight(60)
        self.chips = ChipRow({s: texts(f"completion.state.{s}") for s in STATES})
        self.alarm, self.reason = Banner(tone="bad"), Banner()
        self.progress = ProgressStrip(texts("completion.trying"))
        self.progress.hide()
        self._lay_out()
        self.chips.changed.connect(lambda _: self._show_rows())
        self.table.chosen.connect(self._choose)
        self.table.opened.connect(lambda _: self._open_chosen())
        self.progress.cancelled.connect(self._stop)
        session.changed.connect(self._changed)
        self._load()

    def _action(
        self, name: str, run: Callable[[], None], key: str, icon: str, over: str = ""
    ) -> Action:
        return Action(
            f"completion.{name}", f"completion.act.{name}", run, key, scope=NAME,
            group_key="completion.nav", icon=icon, over=over,
        )  # fmt: skip

    def _lay_out(self) -> None:
        texts = self.session.texts
        head = Pane("header")
        claim = Label(texts("completion.claim"), "secondary", wrap=True)
        title = Row(Label(texts("completion.nav"), "title"), claim, gap=12)
        title.setStretch(1, 1)
        parts = (title, self.alarm, self.chips, self.progress)
        head.setLayout(Column(*parts, gap=8, margins=(20, 14, 20, 12)))
        foot = Pane("footer")
        buttons = Row(
            Button.of(self.again, "primary"), Button.of(self.open), Button.of(self.drop), None
        )
        foot.setLayout(Column(self.reason, buttons, gap=8, margins=(20, 9, 20, 9)))
        whole = Column(head, self.states, foot, gap=0)
        whole.setStretch(1, 1)
        self.setLayout(whole)

    def activate(self) -> None:
        """Read the queue anew and take the focus."""
        self._load()
        self.table.setFocus()

    def acts(self) -> Sequence[Action]:
        """Return the page's acts."""
        return (self.again, self.open, self.drop)

    def close_page(self) -> None:
        """Try no more."""
        self._stop()

    def try_now(self) -> None:
        """Try what waits, and judge anew what is open."""
        if self._cancel is not None:
            return
        self._cancel = Cancellation()
        self.progress.restart()
        self.progress.show()
        self.again.set_enabled(False)
        job = partial(complete_now, self.session.desk, self._cancel)
        self.session.work("network", job, self._recheck, self._failed)

    def _recheck(self, completed: int) -> None:
        if self._cancel is None:
            return
        hashes = tuple(i.key[0] for i in self.items if i.state == RECHECK)
        job = partial(recheck, self.session.desk, hashes, self._cancel)
        self.session.work("check", job, lambda n: self._tried(completed + n), self._failed)

    def _stop(self) -> None:
        if self._cancel is not None:
            self._cancel.cancel()

    def _tried(self, tried: int) -> None:
        self._rest()
        key = "completion.tried" if tried else "completion.nothing_tried"
        self.reason.show_text(self.session.texts(key, n=tried), "info")
        self._load()

    def _failed(self, error: HoaBanError) -> None:
        self._rest()
        if not isinstance(error, Cancelled):
            self.reason.show_text(self.session.explain(error), "bad")
        self._load()

    def _rest(self) -> None:
        self._cancel = None
        self.progress.hide()
        self.again.set_enabled(True)

    # --- the queue ------------------------------------------------------------------------

    def _changed(self, changes: Changes) -> None:
        if any(changes.touches(kind) for kind in _TOLD):
            self._load()

    def _load(self) -> None:
        now = self.session.desk.clock.now()
        self.session.query(standing, now, done=self._loaded, failed=self._not_loaded)

    def _not_loaded(self, error: HoaBanError) -> None:
        self.states.show_error(error, retry=False)

    def _loaded(self, found: Standing) -> None:
        texts = self.session.texts
        self.items = items(texts, found)
        told = counts(self.items)
        self.chips.set_counts(told)
        alarms = told[ALARM] or 0
        said = texts("completion.alarm", n=alarms) if alarms else ""
        self.alarm.show_text(said, "bad", icon="shield-x")
        self.count_changed.emit(sum(i.state != DONE for i in self.items))
        self._show_rows()

    def _show_rows(self) -> None:
        texts, wanted = self.session.texts, self.chips.on()
        rows = tuple(i for i in self.items if not wanted or i.state in wanted)
        self.rows.load(lambda: len(rows), lambda offset, limit: rows[offset : offset + limit])
        current = self.table.current_row()
        self.open.set_enabled(bool(rows) and not (current is not None and current.path))
        self.drop.set_enabled(current is not None and current in rows and current.droppable)
        if rows:
            self.states.show_content()
        else:
            self.states.show_empty(
                texts("completion.none"), texts("completion.none_do"), "shield-check"
            )

    def _choose(self, item: Any) -> None:
        tone = TONES[item.state] if item.state != WAITING else "info"
        again = self.session.texts("completion.next", at=item.following) if item.following else ""
        words = " ".join(part for part in (item.reason, again, item.path) if part)
        self.reason.show_text(words, tone, strong=item.title)
        self.open.set_enabled(not item.path)
        self.drop.set_enabled(item.droppable)

    def _ask_drop(self) -> None:
        """Ask before a file of the disk is given up: nobody completes it after that."""
        item, texts = self.table.current_row(), self.session.texts
        if item is None or not item.droppable:
            return
        self.dialog = Confirm(
            texts("completion.drop.title"),
            texts("completion.drop.text", name=item.title),
            texts("completion.act.drop"),
            self,
            danger=True,
        )
        self.dialog.accepted.connect(partial(self._drop, item))
        self.dialog.open()

    def _drop(self, item: Item) -> None:
        self.session.work("store", partial(drop, self.session.desk, item), self._dropped)

    def _dropped(self, dropped: bool) -> None:
        key = "completion.dropped" if dropped else "completion.not_dropped"
        self.reason.show_text(self.session.texts(key), "info")
        self._load()

    def _open_chosen(self) -> None:
        item = self.table.current_row()
        if item is not None and not item.path:
            self.navigate.emit(
                "outgoing" if item.state != RECHECK else "incoming", KIND, item.document
            )


PAGE = PageSpec(
    NAME, "shield-alert", "completion.nav", CompletionPage, section="shell.section.system"
)
