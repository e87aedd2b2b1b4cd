"""Ký tệp: the files at the left, the page of the chosen one and how it is signed at the right."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import QFileDialog, QWidget

from app.flows.places import KeptPlace, keep_place
from app.kernel.errors import Cancelled, HoaBanError
from app.kernel.ports import Box, Purpose
from app.kernel.purposes import FORMS, Look
from ui.bridge.session import Session
from ui.kit.actions import Action
from ui.kit.banner import Banner
from ui.kit.buttons import Button
from ui.kit.labels import Label, Line, Pane
from ui.kit.layout import Column, Row
from ui.kit.page import Page, PageSpec
from ui.kit.panes import Panes
from ui.kit.progress import ProgressStrip
from ui.kit.rowmodel import Column as TableColumn
from ui.kit.rowmodel import RowModel
from ui.kit.states import StateStack
from ui.kit.table import Table
from ui.outgoing.dialog_pin import PinDesk
from ui.outgoing.panel_paper import PaperPanel
from ui.signfiles.model_files import DONE, FAILED, FilesModel, Words
from ui.signfiles.panel_form import SignForm, seen
from ui.signfiles.panel_password import PasswordBar
from ui.signfiles.work import KIND, Ask, Seen, is_pdf

NAME = "signfiles"
_LIST = 430
# A box that no words have placed begins at the lower right, where signatures stand
_FIRST_BOX = (300.0, 110.0, 119.0, 60.0)
_SEAL_SIDE = 102.0
# The file wants a password; the one that was typed does not open it
_PROTECTED = ("file.encrypted", "pdf_password")


class SignFilesPage(Page):
    """Add files, choose purpose and key, sign them all with one PIN; read what came of each."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(session, parent)
        texts = session.texts
        self.model = FilesModel(session, self)
        self.pins = PinDesk(session, self)
        self.page: Seen | None = None
        self._current: Path | None = None
        self._boxes: dict[tuple[Path, Purpose], Box] = {}
        self._words = Words(texts)
        self.add = self._action("add", self._choose, "Ctrl+O", "plus")
        self.remove = self._action("remove", self._remove, "Ctrl+Shift+Delete", "minus")
        self.sign = self._action("sign", self.start, "Ctrl+G", "pen")
        self.put = self._action("place", self._place_anew, "Ctrl+D", "expand")
        self.form = SignForm(texts)
        self.paper = PaperPanel(session, self.form, self._foot())
        self.sides = Panes(self._list_pane(), self.paper, _LIST)
        self.setLayout(Column(self.sides, gap=0))
        self.setAcceptDrops(True)
        self._connect()
        self._show_rows()

    def _action(self, name: str, run: Callable[[], None], key: str, icon: str) -> Action:
        return Action(
            f"signfiles.{name}", f"signfiles.act.{name}", run, key, scope=NAME,
            group_key="signfiles.nav", icon=icon, enabled=name == "add",
        )  # fmt: skip

    def _foot(self) -> Pane:
        texts = self.session.texts
        self.progress = ProgressStrip(texts("signfiles.running"), pausable=True)
        self.progress.hide()
        self.password = PasswordBar(texts)
        buttons = Row(Button.of(self.sign, "primary"), Button.of(self.put), None)
        foot = Pane("footer")
        foot.setLayout(Column(self.progress, self.password, buttons, gap=8, margins=(14, 9, 14, 9)))
        return foot

    def _list_pane(self) -> Pane:
        texts, words = self.session.texts, self._words
        columns = (
            TableColumn(texts("signfiles.column.file"), lambda r: r.path.name, 175),
            TableColumn(texts("signfiles.column.state"), words.state, 125, tone=lambda r: r.tone),
            TableColumn(texts("signfiles.column.detail"), words.detail, 120),
        )
        self.rows = RowModel(self.session.runner.submit, columns, key=lambda r: r.path, parent=self)
        self.table = Table(self.rows, texts("signfiles.files"))
        self.states = StateStack(self.table)
        self.states.setMinimumHeight(60)
        self._count, self.result = Label("", "secondary", wrap=True), Banner()
        top = Column(
            Label(texts("signfiles.nav"), "title"),
            self._count,
            self.result,
            gap=6,
            margins=(14, 12, 14, 8),
        )
        foot = Pane("footer")
        buttons = Row(Button.of(self.add), Button.of(self.remove), None)
        foot.setLayout(Column(buttons, gap=0, margins=(14, 9, 14, 9)))
        pane = Pane("panel")
        whole = Column(top, Line(), self.states, foot, gap=0)
        whole.setStretch(2, 1)
        pane.setLayout(whole)
        return pane

    def _connect(self) -> None:
        self.sides.narrowed.connect(self.paper.allow_back)
        self.paper.back.connect(lambda: self.sides.show_detail(detail=False))
        self.table.chosen.connect(lambda row: self._open(row.path))
        self.table.opened.connect(lambda _: self._to_paper())
        self.progress.cancelled.connect(self.model.stop)
        self.progress.paused.connect(self.model.pause)
        self.password.given.connect(self._unlock)
        self.model.changed.connect(self._show_rows)
        self.model.keyed.connect(self._show_keys)
        self.model.seen.connect(self._show_page)
        self.model.blind.connect(self._show_blind)
        self.model.ended.connect(self._ended)
        self.form.purpose_chosen.connect(self.choose_purpose)
        self.form.touched.connect(self._show_acts)
        self.form.again.connect(self.model.load_keys)
        self.paper.pdf.opened.connect(self._page_opened)
        self.paper.pdf.box_moved.connect(self._box_moved)
        self.paper.place.keep_asked.connect(self._keep_place)

    def activate(self) -> None:
        """Look for the keys and take the focus."""
        if not self.model.running:
            self.model.load_keys()
        self.table.setFocus()

    def acts(self) -> Sequence[Action]:
        """Return the page's acts."""
        return (self.add, self.remove, self.sign, self.put)

    def close_page(self) -> None:
        """Sign nothing more, ask nobody, and let the file go."""
        self.model.stop()
        self.model.forget()
        self.password.leave()
        self.pins.close()
        self.paper.close_panel()

    # --- the list -------------------------------------------------------------------------

    def take(self, *paths: Path) -> None:
        """Add files and folders to the list."""
        if not self.model.running:
            self.result.show_text("")
            self.model.add(paths)

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        """Take files."""
        if any(url.isLocalFile() for url in event.mimeData().urls()):
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        """Add what was dropped."""
        self.take(*(Path(u.toLocalFile()) for u in event.mimeData().urls() if u.isLocalFile()))

    def _choose(self) -> None:
        names, _ = QFileDialog.getOpenFileNames(self, self.session.texts("signfiles.act.add"))
        self.take(*(Path(n) for n in names))

    def _remove(self) -> None:
        self.model.remove([row.path for row in self.table.selected_rows()])

    def _show_rows(self) -> None:
        model, texts = self.model, self.session.texts
        rows = model.items
        self.rows.load(lambda: len(rows), lambda offset, limit: rows[offset : offset + limit])
        done, failed = (sum(r.state == s for r in rows) for s in (DONE, FAILED))
        self._count.setText(texts("signfiles.count", n=len(rows), done=done, failed=failed))
        if rows:
            self.states.show_content()
        else:
            self.states.show_empty(texts("signfiles.none"), texts("signfiles.none_do"), "file-plus")
        if model.running:
            self._show_progress()
        if self._current is None or model.item(self._current) is None:
            self._open(rows[0].path if rows else None)
        else:
            self._show_strip()
        self._show_acts()

    def _show_progress(self) -> None:
        model, texts = self.model, self.session.texts
        rests = model.control is not None and model.control.tally.paused
        said = texts("signfiles.paused" if rests else "signfiles.running")
        self.progress.set_progress(model.over, model.total, f"{model.over}/{model.total}", said)

    # --- one file -------------------------------------------------------------------------

    def _to_paper(self) -> None:
        self.sides.show_detail(detail=True)
        (self.password.field if self.password.isVisible() else self.paper.pdf).setFocus()

    def _open(self, path: Path | None) -> None:
        texts = self.session.texts
        self._current, self.page = path, None
        self.model.show_none()
        self.password.leave()
        self.paper.show_head(path.name if path is not None else texts("signfiles.nav"), "")
        if path is None:
            self.paper.show_nothing(texts("signfiles.none"), texts("signfiles.none_do"), "pen")
        elif is_pdf(path):
            self.paper.state.show_loading()
            self.model.show(path)
        else:
            xml = path.suffix.lower() == ".xml" and self.model.purpose is not Purpose.FILES
            detail = texts("signfiles.other.xml" if xml else "signfiles.other")
            self.paper.show_nothing(texts("signfiles.other.none"), detail, "file")
        self._show_strip()
        self._show_acts()

    def _show_page(self, found: Seen) -> None:
        self.page = found
        self.password.leave()
        self.paper.show_file(found.data)
        self._show_strip()

    def _show_blind(self, path: Path, error: HoaBanError) -> None:
        texts = self.session.texts
        if error.code in _PROTECTED:
            self.paper.show_nothing(
                texts("signfiles.protected"), texts("signfiles.password.do"), "lock"
            )
            self.password.ask(again=error.code != _PROTECTED[0])
        else:
            self.paper.show_nothing(self.session.explain(error), "", "file-warning")

    def _unlock(self, password: str) -> None:
        if self._current is not None:
            self.password.leave()
            self.paper.state.show_loading()
            self.model.unlock(self._current, password)

    def _page_opened(self, pages: int) -> None:
        page = self.page
        if page is None or not seen(self.model.purpose):
            self.paper.pdf.clear_box()
        else:
            kept = page.kept.box(pages) if page.kept is not None else None
            box = self._boxes.get((page.path, self.model.purpose)) or kept or page.box
            if box is not None and box.page < pages:
                self._put_box(box)
        self._show_strip()
        self._show_acts()

    def _put_box(self, box: Box) -> None:
        name = "seal" if FORMS[self.model.purpose].look is Look.SEAL else "signature"
        self.paper.pdf.place_box(box, self.session.texts(f"signfiles.box.{name}"))
        self.paper.place.offer_keep(offered=True)

    def _place_anew(self) -> None:
        if self.page is None:
            return
        x, y, width, height = _FIRST_BOX
        if FORMS[self.model.purpose].look is Look.SEAL:
            width = height = _SEAL_SIDE
        box = Box(self.paper.pdf.page_count - 1, x, y, width, height)
        self._put_box(box)
        self._box_moved(box)

    def _box_moved(self, box: Box) -> None:
        if self.page is not None:
            self._boxes[self.page.path, self.model.purpose] = box
            self._show_strip()

    def _keep_place(self, box: Box) -> None:
        desk, agency = self.session.desk, self.session.actor.agency
        place = KeptPlace.of(box, self.paper.pdf.page_count)
        job = partial(keep_place, desk.store, agency, KIND, self.model.purpose, place)
        self.session.work("store", job, lambda _: self.session.say("signfiles.place_kept"))

    def _show_strip(self) -> None:
        """Say what came of the file that is shown, else where its signature goes."""
        texts, strip = self.session.texts, self.paper.strip
        item = self.model.item(self._current) if self._current is not None else None
        if item is not None and item.state == DONE:
            self.paper.pdf.clear_box()
        if item is not None and item.state in (DONE, FAILED):
            strip.show_text(self._words.detail(item), item.tone, strong=self._words.state(item))
        elif self.page is None or not seen(self.model.purpose) or self.paper.pdf.box is not None:
            strip.show_text("")
        elif self.model.purpose is Purpose.ISSUE:
            strip.show_text(texts("signfiles.seal_place"), "info")
        else:
            strip.show_text(texts("signfiles.no_place"), "warn")

    # --- how it is signed -----------------------------------------------------------------

    def choose_purpose(self, purpose: Purpose) -> None:
        """Sign for another purpose."""
        self.form.show_purpose(purpose)
        self.model.choose_purpose(purpose)
        self._open(self._current)

    def _show_keys(self) -> None:
        clerk = "clerk" in self.session.actor.roles
        self.form.show_keys(self.model.keys, clerk=clerk)

    def _show_acts(self) -> None:
        model, key = self.model, self.form.chosen_key
        idle = not model.running
        able = key is not None and key.days >= 0
        written = model.purpose is not Purpose.COMMENT or bool(self.form.text.value)
        self.sign.set_enabled(idle and able and written and bool(model.open_items))
        self.add.set_enabled(idle)
        self.remove.set_enabled(idle and bool(model.items))
        self.put.set_enabled(idle and self.page is not None and seen(model.purpose))
        self.form.body.setEnabled(idle)
        self.password.allow(allowed=idle)

    # --- signing --------------------------------------------------------------------------

    def start(self) -> None:
        """Sign every file of the list that is not signed yet."""
        key, model, texts = self.form.chosen_key, self.model, self.session.texts
        if key is None or model.running:
            return
        waiting = model.open_items
        page = self.page
        alone = page if len(waiting) == 1 and page and page.path == waiting[0].path else None
        ask = Ask(
            model.purpose,
            key.certificate,
            texts("signfiles.mark"),
            texts("signfiles.list_name"),
            text=self.form.text.value,
            level=self.form.level.value,
            box=self.paper.pdf.box if alone is not None else None,
            shown=alone.sha256 if alone is not None and model.purpose is not Purpose.FILES else "",
        )
        self.result.show_text("")
        many = texts("signfiles.what", n=len(waiting), purpose=self.form.purpose.currentText())
        self.pins.open(waiting[0].path.name if len(waiting) == 1 else many)
        self.progress.restart()
        self.progress.show()
        model.start(ask)

    def _ended(self, error: Any) -> None:
        texts, rows = self.session.texts, self.model.items
        self.pins.close()
        self.progress.hide()
        self.sides.show_detail(detail=False)
        done, failed = (sum(r.state == s for r in rows) for s in (DONE, FAILED))
        if isinstance(error, Cancelled):
            self.result.show_text(texts("signfiles.stopped", done=done, all=len(rows)), "info")
        elif error is not None:
            self.result.show_text(self.session.explain(error), "bad")
        elif failed:
            self.result.show_text(texts("signfiles.some", done=done, failed=failed), "warn")
        else:
            warned = any(r.tone == "warn" for r in rows)
            said = "signfiles.done_warned" if warned else "signfiles.done"
            self.result.show_text(texts(said, done=done), "warn" if warned else "ok")
        self._show_strip()


PAGE = PageSpec(NAME, "pen", "signfiles.nav", SignFilesPage)
