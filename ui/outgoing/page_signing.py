"""Hộp ký số: what waits for my signature, the page that will be signed, and the signing."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

from PySide6.QtWidgets import QFileDialog, QWidget

from app.documents.model import KIND, State
from app.documents.rules.marking import IN_REVIEW
from app.kernel.errors import Cancelled
from app.kernel.ports import Box
from ui.bridge.session import Session
from ui.kit.actions import Action
from ui.kit.banner import Banner
from ui.kit.buttons import Button, IconButton
from ui.kit.labels import Label, Line, Pane
from ui.kit.layout import Column, Row
from ui.kit.page import Page
from ui.kit.panes import Panes
from ui.kit.progress import ProgressStrip
from ui.kit.states import StateStack
from ui.outgoing import model_keys, model_list
from ui.outgoing.dialog_pin import PinDesk
from ui.outgoing.dialog_reason import ReasonDialog
from ui.outgoing.model_preview import Preview
from ui.outgoing.model_run import Run
from ui.outgoing.model_signing import SigningModel
from ui.outgoing.panel_key import KeyStrip
from ui.outgoing.panel_left import LeftPanel
from ui.outgoing.panel_paper import PaperPanel
from ui.outgoing.panel_sign_rows import SignRows

NAME = "signing"
_MINUTE = 60.0


class SigningPage(Page):
    """Rows with ticks at the left, the bytes to sign with the movable box at the right."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(session, parent)
        texts = session.texts
        self.model = SigningModel(session, self)
        self.pins = PinDesk(session, self)
        self.dialog: ReasonDialog | None = None
        self.rows = SignRows(texts)
        self.rows.chosen.connect(self._choose)
        self.rows.ticked.connect(self.model.check)
        self.rows.all_ticked.connect(self.model.check_all)
        self.rows.opened.connect(lambda _: self._to_paper())
        self.key = KeyStrip(texts, "outpages.key.person")
        self.key.again.connect(self._look_for_keys)
        self.key.image_asked.connect(self._choose_image)
        self._state: StateStack = StateStack(self.rows)
        self._result = Banner()
        self.progress = ProgressStrip(texts("outpages.sign.running"), pausable=True)
        self.progress.cancelled.connect(self.model.stop)
        self.progress.paused.connect(self.model.pause)
        self.progress.hide()
        self.left = LeftPanel(texts)
        self.left.again.connect(self._go_on)
        self.left.back.connect(self.model.give_left_back)
        self._make_actions()
        self.paper = PaperPanel(session)
        self.paper.pdf.box_moved.connect(self.model.move_box)
        self.paper.pdf.opened.connect(self._page_opened)
        self.paper.place.keep_asked.connect(self._keep_place)
        self.sides: Panes = Panes(self._left(), self.paper, 636)
        self.sides.narrowed.connect(self.paper.allow_back)
        self.paper.back.connect(lambda: self.sides.show_detail(detail=False))
        self.setLayout(Column(self.sides, gap=0))
        self.model.listed.connect(self._show_rows)
        self.model.keyed.connect(self._show_key)
        self.model.previewed.connect(self._show_page)
        self.model.blank.connect(self._show_blank)
        self.model.moved.connect(self._show_run)
        self.model.asking.connect(self._ask)
        self.model.ended.connect(self._ended)

    def _make_actions(self) -> None:
        group = "outpages.keys"
        self.sign = Action(
            "signing.sign", "outpages.act.sign", self.start, "Ctrl+G", scope=NAME,
            group_key=group, icon="pen", enabled=False,
        )  # fmt: skip
        self.approve = Action(
            "signing.approve", "outpages.act.approve", self._approve, "Ctrl+Shift+A", scope=NAME,
            group_key=group, icon="check", enabled=False,
        )  # fmt: skip
        self.give_back = Action(
            "signing.return", "outpages.act.return", self._return, "Ctrl+R", scope=NAME,
            group_key=group, icon="return", enabled=False,
        )  # fmt: skip
        self.comment = Action(
            "signing.comment", "marking.act.comment", self._comment, "Alt+Y", scope=NAME,
            group_key=group, icon="message", enabled=False,
        )  # fmt: skip
        self.open_box = Action(
            "signing.box", "outpages.act.box", lambda: self.navigate.emit(NAME, "", ""),
            "Ctrl+Shift+G", group_key=group, icon="pen",
        )  # fmt: skip

    def _left(self) -> QWidget:
        texts = self.session.texts
        self._summary = Label("", "secondary")
        self.all = Button(texts("outpages.sign.all"), "link", shortcut="Ctrl+A")
        self.all.clicked.connect(self.model.check_all)
        title = Label(texts("outpages.sign.title"), "title")
        head = Row(title, self._summary, None, self.all, gap=10)
        pane, foot = Pane("panel"), Pane("footer")
        top = Column(head, self.key, gap=10, margins=(18, 12, 18, 12))
        acts = (Button.of(self.sign, "primary"), Button.of(self.approve), Button.of(self.give_back))
        opine = IconButton("message", self.comment.text, shortcut=self.comment.shortcut)
        opine.setEnabled(self.comment.enabled)
        opine.clicked.connect(self.comment.trigger)
        self.comment.changed.connect(lambda: opine.setEnabled(self.comment.enabled))
        self._acts = Row(*acts, opine, None, gap=8)
        self._review = Label("", "secondary", wrap=True)
        parts = (self.left, self._result, self.progress, self._review, self._acts)
        foot.setLayout(Column(*parts, gap=8, margins=(18, 10, 18, 10)))
        column = Column(top, Line(), self._state, foot, gap=0)
        column.setStretch(2, 1)
        pane.setLayout(column)
        return pane

    # --- the page -------------------------------------------------------------------------

    def activate(self) -> None:
        """Load the box, look for the key and take the focus."""
        self._result.show_text("")
        self.model.load()
        if self.model.run is None:
            self._look_for_keys()
        self.rows.setFocus()

    def acts(self) -> Sequence[Action]:
        """Return the page's acts."""
        return (self.sign, self.approve, self.give_back, self.comment, self.open_box)

    def open_entity(self, kind: str, entity: str) -> None:
        """Show one document of the box."""
        if kind == KIND:
            self.rows.select(entity)
            self.model.show(entity)
            self.sides.show_detail(detail=True)

    def close_page(self) -> None:
        """Stop, and let the file go."""
        self.model.stop()
        self.pins.close()
        self.paper.close_panel()

    def start(self) -> None:
        """Sign the ticked documents, or the one that is shown."""
        chosen = self.model.chosen
        if chosen and self.model.key is not None:
            self._result.show_text("")
            # One is shown with its number before the PIN; of many the list shows how far it is
            self.sides.show_detail(detail=len(chosen) == 1)
            self.model.start(chosen)

    def _go_on(self) -> None:
        self._result.show_text("")
        self.model.go_on()

    def _look_for_keys(self) -> None:
        self.key.show_key(self.model.key, looking=self.model.key is None)
        self.model.load_keys()

    def _choose(self, document: str) -> None:
        if self.model.run is None or self.model.run.many:
            self.model.show(document)

    def _keep_place(self, box: Box) -> None:
        self.model.keep_place(box, self.paper.pdf.page_count)

    def _to_paper(self) -> None:
        self.sides.show_detail(detail=True)
        self.paper.pdf.setFocus()

    def _show_rows(self) -> None:
        model, texts = self.model, self.session.texts
        waiting = [i for i in model.items if i.phase != "done"]
        unready = sum(not i.ready for i in waiting)
        words = [texts("outpages.sign.count", n=len(waiting))]
        if unready:
            words.append(texts("outpages.sign.unready", n=unready))
        self._summary.setText(" · ".join(words))
        self.count_changed.emit(len(waiting))
        self.rows.show_items(model.items, frozenset(model.checked))
        if model.items:
            self._state.show_content()
        else:
            self.model.show("")
            self._state.show_empty(
                texts("outpages.sign.none"), texts("outpages.sign.none_do"), "pen"
            )
        self._show_acts()

    def _show_acts(self) -> None:
        item = self.model.item(self.rows.current)
        idle = self.model.run is None
        self.left.show_left(len(self.model.left))
        self.left.again_button.setEnabled(idle)
        self.all.setEnabled(idle and any(i.ready for i in self.model.items))
        self._show_review()
        self.sign.set_enabled(idle and bool(self.model.chosen) and self._may_sign())
        submitted = item is not None and item.row.state is State.SUBMITTED
        self.approve.set_enabled(idle and submitted)
        self.give_back.set_enabled(idle and item is not None and item.phase != "done")
        in_review = item is not None and item.row.state in IN_REVIEW
        self.comment.set_enabled(idle and in_review)

    def _show_review(self) -> None:
        """Say of many that are chosen how many were looked at: they are signed in one go."""
        model, chosen = self.model, self.model.chosen
        seen = sum(i.row.id in model.checked and bool(i.seen) for i in model.items)
        many = model.run is None and not model.left and len(chosen) > 1
        said = self.session.texts("outpages.sign.review", n=len(chosen), seen=seen) if many else ""
        self._review.setText(said)
        self._review.setVisible(many)

    def _may_sign(self) -> bool:
        key = self.model.key
        return key is not None and key.days >= 0

    def _show_key(self) -> None:
        self.key.show_key(self.model.key)
        self._show_acts()

    # --- what is shown --------------------------------------------------------------------

    def _show_page(self, found: Preview) -> None:
        texts = self.session.texts
        self.rows.select(found.document.id)
        self.paper.show_head(
            model_list.title_of(texts, found.document), texts("outpages.sign.same")
        )
        self.paper.show_file(found.data)
        item = self.model.item(found.document.id)
        if item is not None and item.error:
            self.paper.strip.show_text(item.error, "bad")
        elif self.model.box_for(found) is None:
            self.paper.strip.show_text(texts("outpages.sign.no_place"), "warn")
        elif not found.numbered:
            self.paper.strip.show_text(texts("outpages.sign.will_number"), "info")
        else:
            self.paper.strip.show_text("")
        self._show_acts()

    def _page_opened(self, pages: int) -> None:
        found = self.model.shown
        if found is None:
            return
        texts = self.session.texts
        self.paper.facts.setText(texts("outpages.sign.same_pages", n=pages))
        box = self.model.box_for(found)
        if box is not None and box.page < pages:
            self.paper.pdf.place_box(box, texts("outpages.sign.box"))
        self.paper.place.offer_keep(offered=box is not None)
        self.model.looked(found)
        if self.model.run is not None and self.model.run.shown is not None:
            title = model_list.title_of(texts, found.document)
            self.pins.open(title)
            self.model.page_shown()

    def _show_blank(self, error: Any) -> None:
        self.paper.show_head("", "")
        text = self.session.explain(error) if error is not None else ""
        self.paper.show_nothing(text, icon="file-warning" if text else "pen")
        self._show_acts()

    # --- a run ----------------------------------------------------------------------------

    def _ask(self, run: Run) -> None:
        """Let the PIN of many be asked, saying how many nobody has looked at."""
        texts, n = self.session.texts, len(run.wanted)
        key = "outpages.sign.many_unseen" if run.unseen else "outpages.sign.many"
        self.pins.open(texts(key, n=n, unseen=run.unseen))

    def _show_run(self) -> None:
        run = self.model.run
        self.progress.setVisible(run is not None)
        if run is None:
            self.progress.restart()
        else:
            self.progress.pause_button.setVisible(run.many and run.signing)
            self.progress.set_progress(*self._how_far(run))
        self._show_acts()

    def _how_far(self, run: Run) -> tuple[int, int, str, str]:
        texts, tally = self.session.texts, run.tally
        if not run.many:
            return 0, 1, "", texts("outpages.sign.running_n", n=1, all=1)
        if not run.signing:
            said = texts("outpages.sign.numbering_n", n=run.numbered + 1, all=run.total)
            return run.numbered, run.total, texts("outpages.sign.once"), said
        ended = tally.done + tally.failed
        key = "outpages.sign.paused_n" if tally.paused else "outpages.sign.signed_n"
        more = [texts("outpages.sign.failed_n", n=tally.failed)] if tally.failed else []
        if tally.seconds_left is not None and not tally.paused:
            more.append(self._time_left(tally.seconds_left))
        return ended, run.total, " · ".join(more), texts(key, n=tally.done, all=run.total)

    def _time_left(self, seconds: float) -> str:
        texts = self.session.texts
        if seconds < _MINUTE:
            return texts("outpages.sign.seconds_left", n=math.ceil(seconds))
        return texts("outpages.sign.minutes_left", n=math.ceil(seconds / _MINUTE))

    def _ended(self, run: Run | None, error: Any) -> None:
        self.pins.close()
        if run is not None and run.many:
            self._tell_many(run, error)
        else:
            self._tell_one(error)
        self.sides.show_detail(detail=False)
        self.rows.setFocus()

    def _tell_one(self, error: Any) -> None:
        texts = self.session.texts
        if error is None:
            self._result.show_text(
                texts("outpages.sign.done_do"), "ok", strong=texts("outpages.sign.done", n=1)
            )
        elif isinstance(error, Cancelled):
            self._result.show_text(texts("outpages.sign.stopped"), "info")
        elif error.code == "document.number_waiting":
            self._result.show_text(texts("outpages.sign.number_waiting"), "warn")
        else:
            self._result.show_text(self.session.explain(error), "bad")

    def _tell_many(self, run: Run, error: Any) -> None:
        texts, tally = self.session.texts, run.tally
        words = []
        if tally.failed:
            words.append(texts("outpages.sign.failed_do", n=tally.failed))
        if run.waiting:
            words.append(texts("outpages.sign.waiting_n", n=run.waiting))
        tone = "warn" if words else "ok"
        if isinstance(error, Cancelled):
            words.append(texts("outpages.sign.stopped_many"))
            tone = "info"
        elif error is not None and error.code != "document.number_waiting":
            words.append(self.session.explain(error))
            tone = "bad"
        elif tally.done:
            words.append(texts("outpages.sign.done_do"))
        strong = texts("outpages.sign.done_of", n=tally.done, all=run.total)
        self._result.show_text(" · ".join(words), tone, strong=strong)

    def _approve(self) -> None:
        if self.rows.current:
            self.model.approve(self.rows.current)

    def _comment(self) -> None:
        if self.rows.current:
            self.navigate.emit("marking", "comment", self.rows.current)

    def _return(self) -> None:
        texts, document = self.session.texts, self.rows.current
        if not document:
            return
        self.dialog = ReasonDialog(
            texts, texts("outpages.return.title"), texts("outpages.act.return"), self
        )
        self.dialog.given.connect(lambda reason: self.model.decline(document, reason))
        self.dialog.open()

    def _choose_image(self) -> None:
        texts = self.session.texts
        name, _ = QFileDialog.getOpenFileName(self, texts("outpages.key.image"), "", "PNG (*.png)")
        if name:
            self.keep_image(Path(name))

    def keep_image(self, path: Path) -> None:
        """Keep a picture of the person's signature."""
        keep = partial(model_keys.keep_image_file, self.session.desk, path, seal=False)
        said = self.session.texts("outpages.key.image_kept")
        self.session.work("store", keep, lambda _: self._result.show_text(said, "ok"))
