"""Ký trên văn bản: the words at the left, the very bytes that will be signed at the right."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

from PySide6.QtWidgets import QFileDialog, QWidget

from app.documents.model import KIND, CopyForm, Document
from app.documents.rules.issuing import symbol_of
from app.kernel.errors import Cancelled, HoaBanError
from app.kernel.ports import Box, FileReport, Purpose
from app.kernel.purposes import FORMS, Owner
from ui.bridge.session import Session
from ui.documents import verdicts
from ui.kit.actions import Action
from ui.kit.banner import Banner
from ui.kit.buttons import Button
from ui.kit.labels import Label, Line, Pane
from ui.kit.layout import Column, Row
from ui.kit.page import Page, PageSpec
from ui.kit.panes import Panes
from ui.kit.progress import ProgressStrip
from ui.marking.model_marking import MarkModel
from ui.marking.panel_words import WordsPanel
from ui.outgoing.dialog_pin import PinDesk
from ui.outgoing.model_reader import opener
from ui.outgoing.panel_key import KeyStrip
from ui.outgoing.panel_paper import PaperPanel

NAME = "marking"
_LEFT = 420
_KINDS = {Owner.PERSON: "outpages.key.person", Owner.AGENCY: "outpages.key.agency"}


class MarkPage(Page):
    """One document, one purpose, one signature; come to from the document's own page."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(session, parent)
        texts = session.texts
        self.model = MarkModel(session, self)
        self.pins = PinDesk(session, self)
        self._shown = ""
        self._box: Box | None = None
        self.title, self.subject = Label("", "title"), Label("", "secondary", wrap=True)
        self.key = KeyStrip(texts, "outpages.key.person", picture=False)
        self.words = WordsPanel(texts)
        self.result = Banner()
        self.progress = ProgressStrip(texts("marking.running"))
        self.progress.hide()
        self.sign = self._action("sign", "outpages.act.sign", self.start, "Ctrl+G", "pen")
        self.back = self._action("back", "marking.act.back", self.go_back, "Esc", "arrow-left")
        self.look = self._action("page", "outpages.act.preview", self._to_paper, "F7", "eye")
        self.choose = self._action("extract", "marking.extract", self._choose, "Ctrl+O", "file")
        self.paper = PaperPanel(session)
        self.sides = Panes(self._left(), self.paper, _LEFT)
        self.setLayout(Column(self.sides, gap=0))
        self._connect()
        self._show_none()

    def _action(self, name: str, key: str, run: Any, shortcut: str, icon: str) -> Action:
        return Action(
            f"{NAME}.{name}", key, run, shortcut, scope=NAME, group_key="marking.nav", icon=icon,
            enabled=False,
        )  # fmt: skip

    def _left(self) -> QWidget:
        pane, foot = Pane("panel"), Pane("footer")
        top = Column(self.title, self.subject, self.key, gap=8, margins=(18, 12, 18, 12))
        self._see = Button.of(self.look)
        acts = Row(Button.of(self.sign, "primary"), Button.of(self.back), self._see, None, gap=8)
        foot.setLayout(Column(self.result, self.progress, acts, gap=8, margins=(18, 10, 18, 10)))
        column = Column(top, Line(), self.words, foot, gap=0)
        column.setStretch(2, 1)
        pane.setLayout(column)
        return pane

    def _connect(self) -> None:
        model = self.model
        self.sides.narrowed.connect(self.paper.allow_back)
        self.sides.narrowed.connect(self._see.setVisible)
        self.paper.back.connect(lambda: self.sides.show_detail(detail=False))
        self.paper.pdf.opened.connect(self._page_opened)
        self.paper.pdf.box_moved.connect(self._move)
        self.key.again.connect(model.load_keys)
        self.words.touched.connect(self._show_acts)
        self.words.form_chosen.connect(model.choose_form)
        self.words.file_asked.connect(self._choose)
        self.progress.cancelled.connect(model.stop)
        model.keyed.connect(self._show_key)
        model.formed.connect(lambda: self.words.show_forms(model.forms))
        model.seen.connect(self._show_page)
        model.blind.connect(self._show_blind)
        model.moved.connect(self._show_run)
        model.ended.connect(self._ended)

    # --- the page -------------------------------------------------------------------------

    def activate(self) -> None:
        """Take the focus; a document is opened by `open_entity`."""
        self.words.opinion.setFocus()

    def acts(self) -> Sequence[Action]:
        """Return the page's acts."""
        return (self.sign, self.back, self.look, self.choose)

    def open_entity(self, kind: str, entity: str) -> None:
        """Sign on a document; `kind` is the purpose."""
        if self.model.running:
            return
        purpose = Purpose(kind)
        texts = self.session.texts
        self._shown, self._box = "", None
        self.result.show_text("")
        self.title.setText(texts(f"marking.title.{purpose.value}"))
        self.subject.setText("")
        self.key.kind_key = _KINDS[FORMS[purpose].owner]
        self.words.show_purpose(purpose)
        self.paper.show_head("", "")
        self.paper.strip.show_text("")
        self.paper.state.show_loading()
        self.sides.show_detail(detail=False)
        self.model.open(purpose, entity)
        (self.words.opinion if purpose is Purpose.COMMENT else self.paper.pdf).setFocus()
        self._show_acts()

    def close_page(self) -> None:
        """Stop, and let the file go."""
        self.model.stop()
        self.pins.close()
        self.paper.close_panel()

    def go_back(self) -> None:
        """Go back to the document."""
        page, ask = self.model.page, self.model.ask
        if page is not None and ask is not None and not self.model.running:
            self.navigate.emit(page.document.direction.value, KIND, ask.document)

    def start(self) -> None:
        """Sign what is shown; the PIN is asked with the page beside it."""
        page = self.model.page
        if page is None or not self.sign.enabled:
            return
        self.result.show_text("")
        self.pins.open(f"{self.title.text()} · {_named(page.document)}")
        self.sides.show_detail(detail=True)
        self.model.start(self.words.opinion.value, self._box)

    def take_extract(self, path: Path) -> None:
        """Copy from a page of the disk, which holds the extract."""
        self.model.take_extract(path)

    # --- what is shown --------------------------------------------------------------------

    def _show_none(self) -> None:
        texts = self.session.texts
        self.title.setText(texts("marking.nav"))
        self.words.show_purpose(Purpose.INCOMING)
        self.paper.show_nothing(texts("marking.none"), texts("marking.none_do"), "pen")

    def _show_key(self) -> None:
        self.key.show_key(self.model.key, looking=self.model.keys is None)
        self._show_acts()

    def _show_page(self) -> None:
        page, texts = self.model.page, self.session.texts
        if page is None:
            return
        if page.ask.purpose is Purpose.COPY:
            self.words.show_form(page.ask.form)
        self.words.show_lines(page.lines)
        self.subject.setText(_named(page.document))
        same = texts("outpages.sign.same") if page.data else ""
        self.paper.show_head(page.document.particulars.subject, same)
        if not page.data:
            self._shown = ""
            self.paper.show_nothing(texts("marking.extract.none"), icon="file")
        elif page.sha256 != self._shown:
            self._shown, self._box = page.sha256, None
            self.paper.show_file(page.data)
        self._show_acts()

    def _show_blind(self, error: HoaBanError) -> None:
        self._shown = ""
        self.paper.show_head("", "")
        self.paper.show_nothing(self.session.explain(error), icon="file-warning")
        self._show_acts()

    def _page_opened(self, pages: int) -> None:
        page, texts = self.model.page, self.session.texts
        if page is None or self.model.made is not None:
            return
        self.paper.facts.setText(texts("outpages.sign.same_pages", n=pages))
        if page.box is not None:
            self.paper.pdf.place_box(self._box or page.box, texts("marking.box"))
        else:
            self.paper.pdf.clear_box()
        self._show_acts()

    def _move(self, box: Box) -> None:
        self._box = box

    def _show_acts(self) -> None:
        model, page, key = self.model, self.model.page, self.model.key
        idle = not model.running
        fresh = idle and model.made is None
        able = key is not None and key.days >= 0
        ready = page is not None and bool(page.data) and bool(self.paper.pdf.page_count)
        comment = page is not None and page.ask.purpose is Purpose.COMMENT
        written = not comment or bool(self.words.opinion.value)
        self.sign.set_enabled(fresh and able and ready and written)
        self.back.set_enabled(idle and page is not None)
        self.look.set_enabled(page is not None)
        extract = page is not None and page.ask.purpose is Purpose.COPY
        extract = extract and page is not None and page.ask.form is CopyForm.EXTRACT
        self.choose.set_enabled(fresh and extract)
        self.words.body.setEnabled(fresh)

    def _to_paper(self) -> None:
        self.sides.show_detail(detail=True)
        self.paper.pdf.setFocus()

    def _choose(self) -> None:
        said = self.session.texts("marking.extract")
        name, _ = QFileDialog.getOpenFileName(self, said, "", "PDF (*.pdf)")
        if name:
            self.take_extract(Path(name))

    # --- a signature ----------------------------------------------------------------------

    def _show_run(self) -> None:
        self.progress.setVisible(self.model.running)
        if not self.model.running:
            self.progress.restart()
            self.pins.close()
        self._show_acts()

    def _ended(self, error: HoaBanError | None) -> None:
        texts, ask = self.session.texts, self.model.ask
        self.sides.show_detail(detail=False)
        if isinstance(error, Cancelled):
            self.result.show_text(texts("marking.stopped"), "info")
        elif error is not None:
            self.result.show_text(self.session.explain(error), "bad")
        elif ask is not None:
            self.result.show_text(texts(f"marking.done.{ask.purpose.value}"), "ok")
            self._show_made()

    def _show_made(self) -> None:
        """Show the signed file with the verdict on its signatures."""
        made, page, desk = self.model.made, self.model.page, self.session.desk
        if made is None or page is None:
            return
        self.paper.show_head(page.document.particulars.subject, "")
        self.paper.show_file(opener(desk, made.sha256))
        check = partial(verdicts.check, desk, made.sha256)
        self.session.work("query", check, partial(self._show_verdict, made.sha256))

    def _show_verdict(self, sha256: str, report: FileReport) -> None:
        made = self.model.made
        if made is not None and made.sha256 == sha256:
            said = verdicts.summary(self.session.texts, report)
            self.paper.strip.show_text(said.text, said.tone, "", said.icon, said.strong)


def _named(document: Document) -> str:
    parts = (symbol_of(document), document.particulars.subject)
    return " · ".join(part for part in parts if part)


PAGE = PageSpec(
    NAME,
    "pen",
    "marking.nav",
    MarkPage,
    roles=frozenset(
        {"clerk", "leader", "office_head", "department_head", "specialist", "one_stop"}
    ),
    listed=False,
)
