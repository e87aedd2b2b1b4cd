"""Việc của tôi: everything that I owe, the earliest deadline first."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtWidgets import QWidget

from app.documents import queries
from app.documents.model import KIND, READING, Direction
from app.documents.rows import WorkRow
from app.files import checks
from app.files.checks import Alarm
from app.kernel.changes import Changes
from app.kernel.clock import local_date
from app.kernel.errors import HoaBanError
from ui.bridge.session import Session
from ui.documents.issuers import short_name
from ui.documents.words import day, due_badge, urgency_badge
from ui.kit.actions import Action
from ui.kit.banner import Banner
from ui.kit.cards import CardList, CardRow
from ui.kit.labels import Label, Line, Pane
from ui.kit.layout import Column, Row, put
from ui.kit.page import Page
from ui.kit.rowmodel import RowModel
from ui.kit.states import StateStack

SCOPE = "work"
LIMIT = 500
# Where each kind of work is done; the drafts' pages take the rest
_PAGES = {"register": "register", "present": "incoming", "sign": "signing", "seal": "issue", "number": "issue",
          "issue": "issue", "draft": "drafts", "revise": "drafts"}  # fmt: skip


# Who is told of files that were kept back
_WARNED = frozenset({"clerk", "administrator"})


class WorkPage(Page):
    """List what I owe; Enter opens it where it is done."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(session, parent)
        texts = session.texts
        self._rows: tuple[WorkRow, ...] = ()
        self.model = RowModel(
            session.runner.submit, key=lambda row: (row.document, row.item, row.task),
            describe=lambda row: self.card(row).spoken(), parent=self,
        )  # fmt: skip
        name = texts("pages.work")
        self.list = CardList(self.model, self.card, name)
        self.list.opened.connect(self.open_row)
        self.model.loaded.connect(lambda _: self._choose_first())
        self.states = StateStack(self.list)
        self._count = Label("", "secondary")
        self.alarm = Banner()
        self._alarmed = ""
        self.alarm.linked.connect(lambda: self.navigate.emit("incoming", KIND, self._alarmed))
        ground = Pane("panel")
        head = Row(Label(name, "title"), self._count, None, gap=10, margins=(16, 12, 16, 10))
        kept_back = Row(self.alarm, margins=(16, 0, 16, 8))
        whole = Column(head, kept_back, Line(), self.states, gap=0)
        whole.setStretch(3, 1)
        put(self, Row(put(ground, whole), gap=0))
        session.changed.connect(self._changed)
        self._ask()

    def activate(self) -> None:
        """Ask for what is owed and take the focus."""
        if not self._asking:
            self._ask()
        self.list.setFocus()

    def acts(self) -> Sequence[Action]:
        """Return the keys of the page."""
        return [
            Action(f"{SCOPE}.open", "pages.open", self._open_current, "Ctrl+Return", scope=SCOPE,
                   group_key="pages.keys", parent=self)
        ]  # fmt: skip

    def card(self, row: WorkRow) -> CardRow:
        """Return the card of one thing that is owed."""
        texts, today = self.session.texts, local_date(self.session.desk.clock.now())
        due = due_badge(texts, row.due, today)
        urgency = urgency_badge(texts, row.urgency)
        task = (texts(f"documents.task.{row.task}"), "accent")
        return CardRow(
            sender=row.giver_name or short_name(row.issuer),
            date=day(row.due),
            subject=row.subject,
            number=str(row.arrival_number or ""),
            notation=row.symbol,
            badges=tuple(b for b in (task, urgency, due) if b is not None),
            unread=row.unread,
        )

    def open_row(self, row: WorkRow) -> None:
        """Go where this is done."""
        outgoing = row.direction is Direction.OUTGOING
        page = _PAGES.get(row.task, "outgoing" if outgoing else "incoming")
        self.navigate.emit(page, KIND, row.document)

    def _open_current(self) -> None:
        row = self.list.current_row()
        if row is not None:
            self.open_row(row)

    def _ask(self) -> None:
        self._asking = True
        today = local_date(self.session.desk.clock.now())
        self.session.query(queries.my_work, today, LIMIT, done=self._take, failed=self._fail)
        if self.session.actor.roles & _WARNED:
            self.session.query(lambda found, _: checks.alarms(found), done=self._warn)

    def _warn(self, alarms: tuple[Alarm, ...]) -> None:
        """Say that files are kept back for a mark of secrecy; their content is not shown."""
        self._alarmed = next((e for alarm in alarms for e in alarm.entities), "")
        texts = self.session.texts
        if alarms:
            link = texts("pages.work.secret_open") if self._alarmed else ""
            self.alarm.show_text(texts("pages.work.secret", n=len(alarms)), "bad", link)
        else:
            self.alarm.show_text("")

    def _take(self, rows: tuple[WorkRow, ...]) -> None:
        self._asking = False
        self._rows = rows
        texts = self.session.texts
        self.model.load(lambda: len(rows), lambda offset, limit: rows[offset : offset + limit])
        self._count.setText(texts("pages.work.count", n=len(rows)) if rows else "")
        self.count_changed.emit(len(rows))
        if rows:
            self.states.show_content()
        else:
            self.states.show_empty(
                texts("pages.work.none"), texts("pages.work.none.detail"), "success"
            )

    def _choose_first(self) -> None:
        if self.list.current_row() is None:
            self.list.select(0)

    def _fail(self, error: HoaBanError) -> None:
        self._asking = False
        self.states.show_error(error, retry=False)

    def _changed(self, changes: Changes) -> None:
        if any(changes.touches(kind) for kind in (KIND, READING, checks.KIND)):
            self._ask()
