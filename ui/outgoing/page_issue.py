"""Cấp số & ban hành: the clerk checks, seals with the agency's key, and issues."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

from PySide6.QtWidgets import QFileDialog, QWidget

from app.documents.model import KIND, Document, State
from app.identity import queries as identity
from app.kernel.changes import Changes
from app.kernel.clock import local_date
from app.kernel.errors import Cancelled
from app.kernel.ports import FileReport
from ui.bridge.session import Session
from ui.documents import verdicts
from ui.kit.actions import Action
from ui.kit.banner import Banner
from ui.kit.buttons import Button
from ui.kit.cards import CardList, CardRow
from ui.kit.fields import SearchField
from ui.kit.labels import Label, Line, Pane
from ui.kit.layout import Column, Row
from ui.kit.page import Page
from ui.kit.panes import Panes
from ui.kit.progress import ProgressStrip
from ui.kit.rowmodel import RowModel
from ui.kit.states import StateStack
from ui.outgoing import model_issue, model_keys, model_list
from ui.outgoing.dialog_issue import IssueDialog, RecipientsDialog
from ui.outgoing.dialog_pin import PinDesk
from ui.outgoing.model_issue import SealModel
from ui.outgoing.model_list import OutRow
from ui.outgoing.model_reader import OutgoingReader
from ui.outgoing.model_recipients import Directory
from ui.outgoing.panel_checklist import ChecklistPanel
from ui.outgoing.panel_key import KeyStrip
from ui.outgoing.panel_paper import PaperPanel

NAME = "issue"


class IssuePage(Page):
    """What is signed and waits for the clerk; page, checklist, seal, issue."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(session, parent)
        texts = session.texts
        self._text = ""
        self._asked = ""
        self._report: FileReport | None = None
        self._directory = Directory()
        self.dialog: IssueDialog | RecipientsDialog | None = None
        self.seals = SealModel(session, self)
        self.pins = PinDesk(session, self)
        self._reader = OutgoingReader(session, self)
        self._model = RowModel(session.runner.submit, describe=lambda r: self._card(r).spoken())
        self._model.loaded.connect(self._loaded)
        self._model.failed.connect(lambda e: self._state.show_error(session.explain(e)))
        self.cards = CardList(self._model, self._card, texts("outpages.issue.list"))
        self.cards.chosen.connect(self._choose)
        self.cards.opened.connect(lambda _: self.sides.show_detail(detail=True))
        self.search = SearchField(
            texts("outpages.filter"), texts("outpages.filter"), shortcut="Ctrl+F"
        )
        self.search.searched.connect(self._search)
        self._state: StateStack = StateStack(self.cards)
        self.checklist = ChecklistPanel(texts)
        self.key = KeyStrip(texts, "outpages.key.agency")
        self.key.again.connect(self._look_for_keys)
        self.key.image_asked.connect(self._choose_image)
        self.result = Banner()
        self.waiting = Banner()
        self._files: tuple[str, int] = ("", 0)
        self._progress = ProgressStrip(texts("outpages.seal.running"))
        self._progress.cancelled.connect(self.seals.stop)
        self._progress.hide()
        self._make_actions()
        self.paper = PaperPanel(session, self.checklist, self._foot())
        self.sides: Panes = Panes(self._list_pane(), self.paper)
        self.sides.narrowed.connect(self.paper.allow_back)
        self.paper.back.connect(lambda: self.sides.show_detail(detail=False))
        self.setLayout(Column(self.sides, gap=0))
        self._connect()

    def _connect(self) -> None:
        self._reader.shown.connect(self._show)
        self._reader.file.connect(self._show_file)
        self._reader.verified.connect(self._show_verdict)
        self._reader.failed.connect(lambda e: self.paper.show_nothing(self.session.explain(e)))
        self.seals.keyed.connect(self._show_key)
        self.seals.busy.connect(self._busy)
        self.seals.sealed.connect(lambda _: self._say("outpages.seal.done", "ok"))
        self.seals.failed.connect(self._seal_failed)
        self.session.changed.connect(self._changed)

    def _make_actions(self) -> None:
        group = "outpages.keys"
        self.seal = Action(
            "issue.seal", "outpages.act.seal", self.put_seal, "Ctrl+G", scope=NAME,
            group_key=group, icon="stamp", enabled=False,
        )  # fmt: skip
        self.number = Action(
            "issue.number", "outpages.act.number", self.give_number, "Ctrl+Shift+P", scope=NAME,
            group_key=group, icon="stamp", enabled=False,
        )  # fmt: skip
        self.issue = Action(
            "issue.issue", "outpages.act.issue", self.ask_issue, "Ctrl+Return", scope=NAME,
            group_key=group, icon="send", enabled=False,
        )  # fmt: skip
        self.recipients = Action(
            "issue.recipients", "outpages.act.recipients", self.ask_recipients, "Ctrl+L",
            scope=NAME, group_key=group, icon="users", enabled=False,
        )  # fmt: skip

    def _foot(self) -> QWidget:
        foot = Pane("footer")
        self._number_button = Button.of(self.number, "primary")
        self._seal_button = Button.of(self.seal, "primary")
        self._issue_button = Button.of(self.issue, "primary")
        acts = Row(
            self._number_button,
            self._seal_button,
            self._issue_button,
            Button.of(self.recipients),
            None,
        )
        words = (self.waiting, self.result, self._progress)
        foot.setLayout(Column(*words, acts, gap=8, margins=(14, 9, 14, 9)))
        return foot

    def _list_pane(self) -> QWidget:
        self._total = Label("", "secondary")
        head = Row(Label(self.session.texts("outpages.nav.issue"), "title"), None, self._total)
        top = Column(head, self.search, self.key, gap=8, margins=(14, 12, 14, 10))
        column = Column(top, Line(), self._state, gap=0)
        column.setStretch(2, 1)
        pane = Pane("panel")
        pane.setLayout(column)
        return pane

    # --- the page -------------------------------------------------------------------------

    def activate(self) -> None:
        """Load list, key and directory, and take the focus."""
        self.result.show_text("")
        self.reload()
        self._look_for_keys()
        own = self.session.actor.agency
        self.session.query(
            partial(identity.units, agencies_only=True),
            local_date(self.session.desk.clock.now()),
            done=lambda rows: setattr(self, "_directory", Directory(tuple(rows), own)),
        )
        self.cards.setFocus()

    def acts(self) -> Sequence[Action]:
        """Return the page's acts."""
        return (self.number, self.seal, self.issue, self.recipients)

    def open_entity(self, kind: str, entity: str) -> None:
        """Show one document."""
        if kind == KIND:
            self._asked = entity
            self.cards.select_key(entity)
            self._reader.show(entity)
            self.sides.show_detail(detail=True)

    def close_page(self) -> None:
        """Stop, and let the file go."""
        self.seals.stop()
        self.pins.close()
        self.paper.close_panel()

    def reload(self) -> None:
        """Ask for the list."""
        desk, actor, text = self.session.desk, self.session.actor, self._text
        today = local_date(desk.clock.now())
        fetch = partial(model_issue.fetch_both, desk, actor, today, text)
        self._model.load(
            lambda: len(fetch()), lambda offset, limit: fetch()[offset : offset + limit]
        )

    def _card(self, found: OutRow) -> CardRow:
        today = local_date(self.session.desk.clock.now())
        return model_list.card_of(self.session.texts, found, today)

    def _loaded(self, total: int) -> None:
        texts = self.session.texts
        self._total.setText(texts("outpages.total", n=total))
        self.count_changed.emit(total)
        if total:
            self._state.show_content()
            if self.cards.current_row() is None and not self.cards.select_key(self._asked):
                self.cards.select(-1 if self._asked else 0)
        else:
            self._reader.show("")
            self._state.show_empty(
                texts("outpages.issue.none"), texts("outpages.issue.none_do"), "stamp"
            )

    def _choose(self, found: OutRow) -> None:
        self._asked = ""
        self._reader.show(found.id)

    def _search(self, text: str) -> None:
        self._text = text
        self.reload()

    def _changed(self, changes: Changes) -> None:
        if changes.touches(KIND):
            self._model.refresh()

    def _look_for_keys(self) -> None:
        self.key.show_key(self.seals.key, looking=self.seals.key is None)
        self.seals.load_keys()

    # --- what is shown --------------------------------------------------------------------

    def _show(self) -> None:
        texts, document = self.session.texts, self._reader.document
        if document is None:
            self.paper.show_head("", "")
            self.paper.show_nothing()
        else:
            facts = "    ".join(f"{k} {v}" for k, v in model_list.facts_of(texts, document))
            self.paper.show_head(model_list.title_of(texts, document), facts)
            self._look_for_files(document)
        self._show_checks()

    def _look_for_files(self, document: Document) -> None:
        """Ask which of the files that get the seal have not come to this desk yet."""
        count = partial(model_issue.missing_files, self.session.desk, document)
        self.session.work("query", count, lambda n: self._know_files(document.id, n))

    def _know_files(self, document: str, missing: int) -> None:
        shown = self._reader.document
        if shown is not None and shown.id == document:
            self._files = (document, missing)
            self._show_checks()

    def _show_checks(self) -> None:
        document = self._reader.document
        self.checklist.show_checks(
            model_issue.checks_of(document, self._report) if document is not None else ()
        )
        state = document.state if document is not None else None
        idle = not self.seals.running
        key = self.seals.key
        usable = key is not None and key.days >= 0
        looked_at, missing = self._files
        known = document is not None and document.id == looked_at
        sealable = idle and state is State.SIGNED and usable
        self.seal.set_enabled(sealable and known and not missing)
        waits_for_file = state is State.SIGNED and known and missing > 0
        said = self.session.texts("outpages.seal.waits", n=missing)
        self.waiting.show_text(said if waits_for_file else "", "info", icon="download")
        self.issue.set_enabled(idle and document is not None and model_issue.may_issue(document))
        self.recipients.set_enabled(idle and state in (State.SIGNED, State.SEALED))
        waits = state is State.AWAITING_NUMBER
        self.number.set_enabled(idle and waits)
        self._number_button.setVisible(waits)
        self._seal_button.setVisible(state not in (State.AWAITING_NUMBER, State.SEALED))
        self._issue_button.setVisible(state is State.SEALED)

    def _show_file(self, source: Any) -> None:
        if source is None:
            self.paper.show_nothing(self.session.texts("outpages.no_file"))
        else:
            self.paper.show_file(source)

    def _show_verdict(self, report: FileReport | None) -> None:
        self._report = report
        if report is None:
            self.paper.strip.show_text("")
        else:
            said = verdicts.summary(self.session.texts, report)
            self.paper.strip.show_text(said.text, said.tone, "", said.icon, said.strong)
        self._show_checks()

    def _show_key(self) -> None:
        self.key.show_key(self.seals.key)
        self._show_checks()

    # --- acts -----------------------------------------------------------------------------

    def give_number(self) -> None:
        """Give the document that is shown its number."""
        document = self._reader.document
        if document is not None:
            self.result.show_text("")
            self.seals.give_number(document)

    def put_seal(self) -> None:
        """Seal the document that is shown."""
        document = self._reader.document
        if document is not None:
            self.result.show_text("")
            self.pins.open(model_list.title_of(self.session.texts, document))
            self.seals.seal(document)

    def ask_issue(self) -> None:
        """Ask, showing to whom, and then issue."""
        document = self._reader.document
        if document is None:
            return
        self.dialog = IssueDialog(self.session.texts, document, self)
        self.dialog.accepted.connect(lambda: self._issue(document.id))
        self.dialog.open()

    def _issue(self, document: str) -> None:
        self.seals.issue(document)
        self._say("outpages.issue.done", "ok")
        self.cards.setFocus()

    def ask_recipients(self) -> None:
        """Let the clerk choose the recipients again."""
        document = self._reader.document
        if document is None:
            return
        now = [(d.unit, d.name) for d in document.deliveries]
        self.dialog = RecipientsDialog(self.session.texts, self._directory, now, self)
        self.dialog.chosen.connect(lambda to: self.seals.set_recipients(document.id, to))
        self.dialog.open()

    def _busy(self, busy: bool) -> None:
        self._progress.setVisible(busy)
        if not busy:
            self._progress.restart()
            self.pins.close()
        self._show_checks()

    def _seal_failed(self, error: Any) -> None:
        if isinstance(error, Cancelled):
            self._say("outpages.seal.stopped", "info")
        else:
            self.result.show_text(self.session.explain(error), "bad")

    def _say(self, key: str, tone: str) -> None:
        self.result.show_text(self.session.texts(key), tone)

    def _choose_image(self) -> None:
        texts = self.session.texts
        name, _ = QFileDialog.getOpenFileName(self, texts("outpages.key.image"), "", "PNG (*.png)")
        if name:
            keep = partial(model_keys.keep_image_file, self.session.desk, Path(name), seal=True)
            self.session.work("store", keep, lambda _: self._say("outpages.key.image_kept", "ok"))
