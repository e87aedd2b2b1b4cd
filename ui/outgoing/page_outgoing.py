"""Văn bản đi: everything that goes out, where it stands, and what became of it elsewhere."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QWidget

from app.documents import queries
from app.documents.model import KIND, Direction, State
from app.documents.rows import Ask, View
from app.kernel.changes import Changes
from app.kernel.clock import local_date
from ui.bridge.session import Session
from ui.documents import verdicts
from ui.documents.acts import signable
from ui.documents.dialog_proposals import ProposalsDialog
from ui.documents.panel_verify import VerifyPanel
from ui.kit.actions import Action
from ui.kit.buttons import Button, ChipRow
from ui.kit.cards import CardList, CardRow
from ui.kit.dialog import Dialog
from ui.kit.fields import SearchField
from ui.kit.labels import Label, Line, Pane
from ui.kit.layout import Column, Row
from ui.kit.page import Page
from ui.kit.panes import Panes
from ui.kit.rowmodel import RowModel
from ui.kit.states import StateStack
from ui.kit.theme import theme
from ui.outgoing import model_list
from ui.outgoing.model_list import OutRow
from ui.outgoing.model_reader import OutgoingReader
from ui.outgoing.panel_follow import FollowPanel
from ui.outgoing.panel_paper import PaperPanel

NAME = "outgoing"
VIEWS = (
    View.ALL,
    View.DRAFTS,
    View.SUBMITTED,
    View.TO_SIGN,
    View.TO_SEAL,
    View.TO_ISSUE,
    View.ISSUED,
)
_ELSEWHERE = {
    State.DRAFT: "drafts",
    State.DECLINED: "drafts",
    State.SUBMITTED: "signing",
    State.APPROVED: "signing",
    State.AWAITING_NUMBER: "signing",
    State.NUMBERED: "signing",
    State.SIGNED: "issue",
    State.SEALED: "issue",
}


class OutgoingPage(Page):
    """List by view and words; reader with the recipients' states."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(session, parent)
        texts = session.texts
        self._text = ""
        self._asked = ""
        self._report: Any = None
        self._reader = OutgoingReader(session, self)
        self._model = RowModel(session.runner.submit, describe=lambda r: self._card(r).spoken())
        self._model.loaded.connect(self._loaded)
        self._model.failed.connect(self._list_failed)
        self.cards = CardList(self._model, self._card, texts("outpages.list"))
        self.cards.chosen.connect(self._choose)
        self.cards.opened.connect(lambda _: self._show_paper())
        self.chips = ChipRow(
            {v.value: texts(f"outpages.view.{v.value}") for v in VIEWS}, exclusive=True
        )
        self.chips.set_on(frozenset({View.ALL.value}))
        self.chips.changed.connect(self._view_changed)
        self.search = SearchField(
            texts("outpages.filter"), texts("outpages.filter"), shortcut="Ctrl+F"
        )
        self.search.searched.connect(self._search)
        self._state: StateStack = StateStack(self.cards)
        self._state.retried.connect(self._model.refresh)
        self._state.asked.connect(lambda: self.navigate.emit("drafts", "", ""))
        self.follow = FollowPanel(session)
        self._make_actions()
        self.paper = PaperPanel(session, self.follow, self._foot())
        self.sides: Panes = Panes(self._list_pane(), self.paper)
        self.sides.narrowed.connect(self.paper.allow_back)
        self.paper.back.connect(lambda: self.sides.show_detail(detail=False))
        self.setLayout(Column(self.sides, gap=0))
        self._reader.shown.connect(self._show)
        self._reader.file.connect(self._show_file)
        self._reader.verified.connect(self._show_verdict)
        self.paper.strip.linked.connect(self._show_details)
        self.paper.doubts.proposals_asked.connect(self.show_proposals)
        self._reader.failed.connect(lambda e: self.paper.show_nothing(session.explain(e)))
        session.changed.connect(self._changed)

    def _make_actions(self) -> None:
        group = "outpages.keys"
        self.new = Action(
            "outgoing.new", "outpages.act.new", lambda: self.navigate.emit("drafts", "new", "new"),
            "Ctrl+N", scope=NAME, group_key=group, icon="file-plus",
        )  # fmt: skip
        self.go_on = Action(
            "outgoing.go_on", "outpages.act.go_on", self._go_on, "Ctrl+Return", scope=NAME,
            group_key=group, icon="arrow-right",
        )  # fmt: skip
        self.find_act = Action(
            "outgoing.find", "outpages.act.find", self.search.setFocus, "Ctrl+F", scope=NAME,
            group_key=group,
        )  # fmt: skip
        self.go_on.set_enabled(False)
        self.opine = Action(
            "outgoing.comment", "marking.act.comment", partial(self._sign_on, "comment"),
            "Alt+Y", scope=NAME, group_key=group, icon="pen", enabled=False,
        )  # fmt: skip
        self.copy = Action(
            "outgoing.copy", "marking.act.copy", partial(self._sign_on, "copy"),
            "Ctrl+Shift+S", scope=NAME, group_key=group, icon="stamp", enabled=False,
        )  # fmt: skip

        self.decide = Action(
            "outgoing.doubts", "pages.doubts", self.show_proposals, "F4", scope=NAME,
            group_key=group,
        )  # fmt: skip

    def show_proposals(self) -> None:
        """Show the proposals of the document beside what stands."""
        document = self._reader.document
        if document is not None and document.proposals:
            dialog = ProposalsDialog(self.session, document.id, self)
            dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
            dialog.open()

    def _foot(self) -> QWidget:
        foot = Pane("footer")
        self._sign_buttons = {"comment": Button.of(self.opine), "copy": Button.of(self.copy)}
        for button in self._sign_buttons.values():
            button.hide()
        rest = (*self._sign_buttons.values(), Button.of(self.new), None)
        foot.setLayout(Row(Button.of(self.go_on, "primary"), *rest, margins=(14, 9, 14, 9)))
        return foot

    def _list_pane(self) -> QWidget:
        texts = self.session.texts
        self._total = Label("", "secondary")
        head = Row(Label(texts("outpages.title"), "title"), None, self._total)
        views = [v.value for v in VIEWS]
        first = Row(*(self.chips.chip(k) for k in views[:4]), None, gap=6)
        second = Row(*(self.chips.chip(k) for k in views[4:]), None, gap=6)
        pane = Pane("panel")
        top = Column(head, self.search, first, second, gap=7, margins=(14, 12, 14, 8))
        column = Column(top, Line(), self._state, gap=0)
        column.setStretch(2, 1)
        pane.setLayout(column)
        self.chips.hide()
        return pane

    # --- the page -------------------------------------------------------------------------

    def activate(self) -> None:
        """Load the list and take the focus."""
        self.reload()
        self.cards.setFocus()

    def acts(self) -> Sequence[Action]:
        """Return the page's acts."""
        return (self.new, self.go_on, self.opine, self.copy, self.decide, self.find_act)

    def open_entity(self, kind: str, entity: str) -> None:
        """Show one document, whichever view it is in."""
        if kind == KIND:
            self._asked = entity
            self._reader.show(entity)
            self.sides.show_detail(detail=True)

    def close_page(self) -> None:
        """Let the file go."""
        self.paper.close_panel()

    @property
    def view(self) -> View:
        """Return the view chosen."""
        return View(next(iter(self.chips.on()), View.ALL.value))

    def reload(self) -> None:
        """Ask for the list and its counters."""
        desk, actor = self.session.desk, self.session.actor
        today = self._today()
        ask = Ask(Direction.OUTGOING, self.view, text=self._text, today=today)
        self._model.load(
            partial(model_list.count_rows, desk, actor, ask),
            partial(model_list.fetch_rows, desk, actor, ask),
        )
        self._count()

    def _count(self) -> None:
        self.session.query(queries.view_counts, Direction.OUTGOING, done=self._show_counts)

    def _show_counts(self, counts: dict[View, int]) -> None:
        mine = {v.value: counts[v] or None for v in VIEWS if v in counts}
        self.chips.set_counts(mine)
        self.count_changed.emit(counts[View.TO_SEAL] + counts[View.TO_ISSUE])

    def _card(self, found: OutRow) -> CardRow:
        return model_list.card_of(self.session.texts, found, self._today())

    def _today(self) -> Any:
        return local_date(self.session.desk.clock.now())

    def _loaded(self, total: int) -> None:
        texts = self.session.texts
        self._total.setText(texts("outpages.total", n=total))
        if total:
            self._state.show_content()
            if self.cards.current_row() is None and not self.cards.select_key(self._asked):
                self.cards.select(-1 if self._asked else 0)
            return
        self._reader.show("")
        if self._text:
            self._state.show_empty(texts("outpages.none_found"), icon="search")
        else:
            self._state.show_empty(
                texts("outpages.none"), texts("outpages.none_do"), "send", texts("outpages.act.new")
            )

    def _list_failed(self, error: Any) -> None:
        self._state.show_error(self.session.explain(error))

    def _view_changed(self, on: frozenset[str]) -> None:
        if not on:
            self.chips.set_on(frozenset({View.ALL.value}))
        self.reload()

    def _choose(self, found: OutRow) -> None:
        self._asked = ""
        self._reader.show(found.id)

    def _search(self, text: str) -> None:
        self._text = text
        self.reload()

    def _changed(self, changes: Changes) -> None:
        if self.isVisible() and (changes.touches(KIND) or changes.touches("outbox")):
            self._model.refresh()
            self._count()

    # --- the reader -----------------------------------------------------------------------

    def _show_paper(self) -> None:
        self.sides.show_detail(detail=True)
        self.paper.pdf.setFocus()

    def _show(self) -> None:
        texts, detail = self.session.texts, self._reader.detail
        self.follow.show_detail(detail)
        document = self._reader.document
        self.paper.doubts.show_document(document)
        self.go_on.set_enabled(document is not None and document.state in _ELSEWHERE)
        self._show_signable()
        if document is None:
            self.paper.show_head("", "")
            self.paper.show_nothing()
            return
        facts = "    ".join(f"{k} {v}" for k, v in model_list.facts_of(texts, document))
        self.paper.show_head(model_list.title_of(texts, document), facts)
        if not document.signatures:
            tone = model_list.TONES.get(document.state, "info")
            words = model_list.state_text(texts, document.state)
            self.paper.strip.show_text(
                document.reason,
                tone if tone in ("ok", "warn") else "info",
                strong=words,
                icon="info",
            )

    def _show_file(self, source: Any) -> None:
        if source is None:
            self.paper.show_nothing(self.session.texts("outpages.no_file"))
        else:
            self.paper.show_file(source)

    def _show_details(self) -> None:
        """Show every signature in words."""
        if self._report is None:
            return
        texts = self.session.texts
        dialog = Dialog(texts("outpages.nav.verify"), self, 520)
        panel = VerifyPanel(texts, self._report)
        panel.show_on(self.paper.pdf)
        panel.setMinimumHeight(theme().px(380))
        panel.closed.connect(dialog.reject)
        dialog.body.extend(panel)
        dialog.add_button(texts("kit.close"), "primary", "accept")
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()

    def _show_verdict(self, report: Any) -> None:
        self._report = report
        if report is None:
            return
        said = verdicts.summary(self.session.texts, report)
        link = self.session.texts("outpages.details")
        self.paper.strip.show_text(said.text, said.tone, link, said.icon, said.strong)

    def _show_signable(self) -> None:
        document = self._reader.document
        may = signable(document, self.session.actor) if document is not None else ()
        for name, action in (("comment", self.opine), ("copy", self.copy)):
            action.set_enabled(name in may)
            self._sign_buttons[name].setVisible(name in may)

    def _sign_on(self, purpose: str) -> None:
        document = self._reader.document
        if document is not None:
            self.navigate.emit("marking", purpose, document.id)

    def _go_on(self) -> None:
        document = self._reader.document
        if document is not None:
            self.navigate.emit(_ELSEWHERE[document.state], KIND, document.id)
