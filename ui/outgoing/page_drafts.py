"""Dự thảo: write on the left, see the decree's page grow on the right; nothing typed is lost."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path

from PySide6.QtWidgets import QFileDialog, QWidget

from app.documents.model import KIND, Direction, State
from app.documents.rows import Ask, View
from app.kernel.changes import Changes
from app.kernel.clock import VIETNAM, local_date
from ui.bridge.session import Session
from ui.kit.actions import Action
from ui.kit.banner import Banner
from ui.kit.buttons import Button
from ui.kit.choice import Choice
from ui.kit.dialog import Confirm
from ui.kit.labels import Label, Line, Pane
from ui.kit.layout import Column, Row
from ui.kit.page import Page
from ui.kit.panes import Panes
from ui.outgoing import model_list
from ui.outgoing.model_drafts import DraftsModel
from ui.outgoing.model_list import OutRow
from ui.outgoing.panel_compose import ComposePanel
from ui.outgoing.panel_paper import PaperPanel

NAME = "drafts"
_OPEN = (State.DRAFT, State.DECLINED)


class DraftsPage(Page):
    """One draft at a time; the others are in the list above the form."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(session, parent)
        texts = session.texts
        self.model = DraftsModel(session, self)
        self._rows: Sequence[OutRow] | None = None
        self._wanted = ""
        self._focused = False
        self.dialog: Confirm | None = None
        self.form = ComposePanel(texts)
        self.form.edited.connect(self.model.edit)
        self.form.file_asked.connect(self._choose_file)
        self.drafts = Choice(texts("outpages.draft.list"), {})
        self.drafts.setSizeAdjustPolicy(
            Choice.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon
        )
        self.drafts.changed.connect(self.model.open)
        self.kept = Label("", "faint")
        self.result = Banner()
        self._make_actions()
        self.paper = PaperPanel(session)
        self.sides: Panes = Panes(self._left(), self.paper, 540)
        self.sides.narrowed.connect(self.paper.allow_back)
        self.sides.narrowed.connect(self._see.setVisible)
        self._see.setVisible(self.sides.narrow)
        self.paper.back.connect(lambda: self.sides.show_detail(detail=False))
        self.setLayout(Column(self.sides, gap=0))
        self._connect()

    def _connect(self) -> None:
        self.model.ready.connect(self._ready)
        self.model.leaving.connect(self._leaving)
        self.model.opened.connect(self._opened)
        self.model.previewed.connect(self.paper.show_file)
        self.model.saved.connect(self._saved)
        self.model.written.connect(self._written)
        self.model.failed.connect(lambda e: self.result.show_text(self.session.explain(e), "bad"))
        self.session.changed.connect(self._changed)

    def _make_actions(self) -> None:
        group = "outpages.keys"
        self.new = Action(
            "drafts.new", "outpages.act.new", self.begin, "Ctrl+N", scope=NAME,
            group_key=group, icon="file-plus",
        )  # fmt: skip
        self.submit = Action(
            "drafts.submit", "outpages.act.submit", self.submit_draft, "Ctrl+Return", scope=NAME,
            group_key=group, icon="send",
        )  # fmt: skip
        self.save = Action(
            "drafts.save", "outpages.act.save", self.save_draft, "Ctrl+S", scope=NAME,
            group_key=group, icon="save",
        )  # fmt: skip
        self.discard = Action(
            "drafts.discard", "outpages.act.discard", self.ask_discard, "Ctrl+Shift+Delete",
            scope=NAME, group_key=group, icon="trash",
        )  # fmt: skip
        self.preview = Action(
            "drafts.preview", "outpages.act.preview", self._to_paper, "F7", scope=NAME,
            group_key=group, icon="eye",
        )  # fmt: skip

    def _left(self) -> QWidget:
        texts = self.session.texts
        head = Row(Label(texts("outpages.draft.title"), "title"), None, self.kept)
        chooser = Row(self.drafts, Button.of(self.new), gap=8)
        chooser.setStretch(0, 1)
        pane, foot = Pane("panel"), Pane("footer")
        top = Column(head, chooser, gap=8, margins=(16, 12, 16, 10))
        self._see = Button.of(self.preview)
        acts = Row(
            Button.of(self.submit, "primary"), Button.of(self.save), Button.of(self.discard, "ghost"),
            self._see, None, gap=8,
        )  # fmt: skip
        foot.setLayout(Column(self.result, acts, gap=8, margins=(16, 9, 16, 9)))
        column = Column(top, Line(), self.form, foot, gap=0)
        column.setStretch(2, 1)
        pane.setLayout(column)
        return pane

    # --- the page -------------------------------------------------------------------------

    def activate(self) -> None:
        """Load what surrounds drafting, and what was typed before."""
        self.model.load()
        self.reload()
        self.form.areas["subject"].setFocus()

    def acts(self) -> Sequence[Action]:
        """Return the page's acts."""
        return (self.new, self.submit, self.save, self.discard, self.preview)

    def open_entity(self, kind: str, entity: str) -> None:
        """Open a draft; "new" begins one, "reply" one that answers, "unit" one to a unit."""
        self._wanted = entity
        if kind == KIND:
            self.model.open(entity)
        elif kind == "unit":
            self.model.begin_to(entity)
        else:
            self.model.begin(entity if kind == "reply" else "")

    def close_page(self) -> None:
        """Write down what was typed, and let the file go."""
        self.model.journal.flush()
        self.paper.close_panel()

    def reload(self) -> None:
        """Ask for the drafts."""
        desk, actor = self.session.desk, self.session.actor
        ask = Ask(Direction.OUTGOING, View.DRAFTS, today=local_date(desk.clock.now()))
        fetch = partial(model_list.fetch_rows, desk, actor, ask, 0, 200)
        self.session.work("query", fetch, self._take_rows)

    def _take_rows(self, rows: Sequence[OutRow]) -> None:
        self._rows = rows
        self.count_changed.emit(len(rows))
        self._ready()

    def _ready(self) -> None:
        if self.model.around is not None:
            self.form.surround(self.model.around)
        texts = self.session.texts
        choices = {r.id: self._line(r) for r in self._rows or ()}
        for draft, values in self.model.unsaved.items():
            if draft not in choices:
                name = values.subject or texts("outpages.no_subject")
                choices[draft] = texts("outpages.draft.unsaved", name=name)
        if self.model.id and self.model.id not in choices:
            choices = {self.model.id: texts("outpages.draft.fresh"), **choices}
        self.drafts.set_choices(choices, self.model.id)
        known = self.model.around is not None and self.model.known and self._rows is not None
        if known and not self.model.id and not self._wanted:
            self._open_first(list(choices))

    def _open_first(self, ids: list[str]) -> None:
        if ids:
            self.model.open(ids[0])
        else:
            self.model.begin()

    def _line(self, found: OutRow) -> str:
        texts, row = self.session.texts, found.row
        subject = row.subject or texts("outpages.no_subject")
        if row.state is State.DECLINED:
            return texts("outpages.draft.declined_line", name=subject)
        return subject

    def begin(self) -> None:
        """Begin a draft."""
        self.result.show_text("")
        self.model.begin()
        self.form.areas["subject"].setFocus()

    def _leaving(self) -> None:
        """Take no letter while another draft is on its way: it would go into the wrong one."""
        held = self.focusWidget()
        self._focused = self._focused or (held is not None and self.form.isAncestorOf(held))
        self.form.body.setEnabled(False)

    def _opened(self) -> None:
        model, texts = self.model, self.session.texts
        self.form.show_values(model.values)
        document = model.document
        may = document is None or document.state in _OPEN
        self.form.body.setEnabled(may and bool(model.id))
        if self._focused:
            self._focused = False
            self.form.areas["subject"].setFocus()
        for action in (self.submit, self.save):
            action.set_enabled(may and bool(model.id))
        never_submitted = document is None or document.approval is None
        self.discard.set_enabled(bool(model.id) and never_submitted)
        declined = document is not None and document.state is State.DECLINED
        reason = document.reason if document is not None and declined else ""
        self.result.show_text(
            reason, "warn", strong=texts("outpages.state.declined") if declined else ""
        )
        title = texts("outpages.draft.preview")
        versions = len(document.versions) if document is not None else 0
        self.paper.show_head(title, texts("outpages.draft.versions", n=versions))
        self.kept.setText("")
        if self.drafts.findData(model.id) < 0:
            self._ready()
        else:
            self.drafts.set_value(model.id)

    # --- acts -----------------------------------------------------------------------------

    def save_draft(self) -> None:
        """Keep a version."""
        self.result.show_text("")
        self.model.save()

    def submit_draft(self) -> None:
        """Put the draft before its signer, if nothing is missing."""
        problems = self.model.problems
        self.form.show_problems(problems)
        if problems:
            self.result.show_text(self.session.texts("outpages.draft.missing"), "warn")
            return
        self.result.show_text("")
        self.model.save(submit=True)

    def ask_discard(self) -> None:
        """Ask before words are thrown away; an empty draft goes at once."""
        if self.model.values.is_empty:
            self.model.discard()
            return
        texts = self.session.texts
        self.dialog = Confirm(
            texts("outpages.draft.discard"), texts("outpages.draft.discard_what"),
            texts("outpages.act.discard"), self, danger=True,
        )  # fmt: skip
        self.dialog.accepted.connect(self.model.discard)
        self.dialog.open()

    def _saved(self, draft: str) -> None:
        texts, document = self.session.texts, self.model.document
        self.reload()
        if not draft:
            self._wanted = ""
        elif document is not None and document.state is State.SUBMITTED:
            name = document.approval.name if document.approval is not None else ""
            self._opened()
            self.result.show_text(texts("outpages.draft.submitted", name=name), "ok")
        else:
            self.result.show_text(texts("outpages.draft.saved"), "ok")
            if document is not None:
                versions = texts("outpages.draft.versions", n=len(document.versions))
                self.paper.facts.setText(versions)

    def _written(self) -> None:
        at = self.session.desk.clock.now().astimezone(VIETNAM).strftime("%H:%M:%S")
        self.kept.setText(self.session.texts("outpages.draft.kept", at=at))

    def _changed(self, changes: Changes) -> None:
        if changes.touches(KIND):
            self.reload()

    def _to_paper(self) -> None:
        self.sides.show_detail(detail=True)
        self.paper.pdf.setFocus()

    def _choose_file(self) -> None:
        texts = self.session.texts
        name, _ = QFileDialog.getOpenFileName(
            self, texts("outpages.draft.use_file"), "", "PDF (*.pdf)"
        )
        if name:
            self.take_file(Path(name))

    def take_file(self, path: Path) -> None:
        """Use an existing PDF as the draft's page."""
        self.model.take_file(path)
