"""Xác thực chữ ký: drop or choose files or a folder and read what is known of their signatures."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import QFileDialog, QStackedWidget, QWidget

from app.desk import Desk
from app.forms.verification import record
from app.kernel.errors import HoaBanError
from app.kernel.ports import ManyVerifier
from ui.bridge.session import Session
from ui.documents import verdicts
from ui.documents.panel_verify import VerifyPanel
from ui.kit.actions import Action
from ui.kit.buttons import Button, ChipRow
from ui.kit.labels import Label, Line, Pane
from ui.kit.layout import Column, Row
from ui.kit.page import Page
from ui.kit.panes import Panes
from ui.kit.pdfdialog import PdfDialog
from ui.kit.progress import ProgressStrip
from ui.kit.rowmodel import Column as TableColumn
from ui.kit.rowmodel import RowModel
from ui.kit.table import Table
from ui.outgoing.model_verify import ALL, VIEWS, Checked, VerifyModel, Words, check_file, read_file
from ui.outgoing.panel_paper import PaperPanel

NAME = "verify"
_LIST = 470


def shown_file(desk: Desk, row: Checked) -> tuple[Checked, bytes]:
    """Return a file's bytes with the report on these very bytes; not for the GUI thread."""
    data = read_file(row.path)
    if row.report is None or row.report.sha256 != hashlib.sha256(data).hexdigest():
        row = check_file(desk, row.path)
        data = read_file(row.path)
    return row, data


class VerifyPage(Page):
    """Files with their verdicts, the page of the chosen one, its signatures beside it."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(session, parent)
        self.checked: Checked | None = None
        self.model = VerifyModel(session, self)
        self._words = Words(session.texts)
        self._asked: Path | None = None
        self.choose = self._action("choose", self._choose, "Ctrl+O", "file")
        self.folder = self._action("folder", self._choose_folder, "Ctrl+Shift+O", "folder")
        self.record = self._action("record", self._record, "Ctrl+P", "printer")
        self.again = self._action("again", self._check_again, "F5", "refresh", over="sync")
        self.again.set_enabled(False)
        self._side = QStackedWidget()
        self.paper = PaperPanel(session, self._side, self._foot())
        self.sides = Panes(self._list_pane(), self.paper, _LIST)
        self.sides.show_first(first=False)
        self.sides.narrowed.connect(lambda _: self._allow_back())
        self.paper.back.connect(lambda: self.sides.show_detail(detail=False))
        self.setLayout(Column(self.sides, gap=0))
        self.setAcceptDrops(True)
        self.model.changed.connect(self._show_rows)
        self.model.ended.connect(self._ended)
        session.line_back.connect(self._offer_again)
        self._show_nothing()

    def _action(
        self, name: str, run: Callable[[], None], key: str, icon: str, over: str = ""
    ) -> Action:
        return Action(
            f"verify.{name}",
            f"outpages.act.{name}",
            run,
            key,
            scope=NAME,
            group_key="outpages.keys",
            icon=icon,
            over=over,
        )

    def _foot(self) -> Pane:
        foot = Pane("footer")
        buttons = (Button.of(self.choose, "primary"), Button.of(self.folder))
        more = (Button.of(self.record), Button.of(self.again))
        foot.setLayout(Row(*buttons, *more, None, margins=(14, 9, 14, 9)))
        return foot

    def _list_pane(self) -> Pane:
        texts, words = self.session.texts, self._words
        self.chips = ChipRow({v: texts(f"outpages.verify.view.{v}") for v in VIEWS}, exclusive=True)
        self.chips.set_on(frozenset({ALL}))
        self.chips.changed.connect(lambda _: self._show_rows())
        columns = (
            TableColumn(texts("outpages.verify.column.file"), lambda r: r.name, 170),
            TableColumn(
                texts("outpages.verify.column.verdict"), words.verdict, 120, tone=words.tone
            ),
            TableColumn(texts("outpages.verify.column.reason"), words.reason, 140),
        )
        self.rows = RowModel(self.session.runner.submit, columns, key=lambda r: r.path, parent=self)
        self.table = Table(self.rows, texts("outpages.verify.files"))
        self.table.chosen.connect(self._open)
        self.table.opened.connect(lambda _: self.sides.show_detail(detail=True))
        self.progress = ProgressStrip(texts("outpages.verify.busy"))
        self.progress.cancelled.connect(self.model.stop)
        self.progress.hide()
        self._count = Label("", "secondary", wrap=True)
        top = Column(
            Label(texts("outpages.verify.files"), "title"), self._count, self.chips, self.progress,
            gap=8, margins=(14, 12, 14, 8),
        )  # fmt: skip
        pane = Pane("panel")
        whole = Column(top, Line(), self.table, gap=0)
        whole.setStretch(2, 1)
        pane.setLayout(whole)
        return pane

    def activate(self) -> None:
        """Take the focus, and get the checker ready."""
        if isinstance(self.session.desk.verifier, ManyVerifier):
            self.session.work("check", self.session.desk.verifier.warm, lambda _: None)
        (self.table if len(self.model.rows) > 1 else self.paper.pdf).setFocus()

    def acts(self) -> Sequence[Action]:
        """Return the page's acts."""
        return (self.choose, self.folder, self.record, self.again)

    def close_page(self) -> None:
        """Stop, and let the file go."""
        self.model.close()
        self.paper.close_panel()

    def take(self, *paths: Path) -> None:
        """Check files and folders."""
        self._show_nothing()
        self.chips.set_on(frozenset({ALL}))
        self.rows.load(lambda: 0, lambda _offset, _limit: ())
        alone = len(paths) == 1 and not paths[0].is_dir()
        self.sides.show_first(first=not alone)
        self.sides.show_detail(detail=alone)
        self._allow_back()
        self.progress.restart()
        self.progress.setVisible(not alone)
        self.paper.state.show_loading(self.session.texts("outpages.verify.busy"))
        self.model.start(paths)

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        """Take files."""
        if any(url.isLocalFile() for url in event.mimeData().urls()):
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        """Check what was dropped."""
        files = [url.toLocalFile() for url in event.mimeData().urls() if url.isLocalFile()]
        if files:
            self.take(*(Path(f) for f in files))

    def _choose(self) -> None:
        title = self.session.texts("outpages.act.choose")
        names, _ = QFileDialog.getOpenFileNames(self, title, "", "PDF (*.pdf)")
        if names:
            self.take(*(Path(n) for n in names))

    def _choose_folder(self) -> None:
        title = self.session.texts("outpages.act.folder")
        name = QFileDialog.getExistingDirectory(self, title)
        if name:
            self.take(Path(name))

    def _check_again(self) -> None:
        self.progress.restart()
        self.progress.setVisible(len(self.model.unsettled) > 1)
        self.again.set_enabled(False)
        self.model.check_again()

    def _offer_again(self) -> None:
        """Say once that there is a line, where it may settle a verdict."""
        if self.model.unsettled and not self.model.running:
            self.session.say("outpages.verify.line_back")

    # --- the list -------------------------------------------------------------------------

    def _show_rows(self) -> None:
        model, texts = self.model, self.session.texts
        view = next(iter(self.chips.on()), ALL)
        rows = model.of_view(view)
        self.rows.load(lambda: len(rows), lambda offset, limit: rows[offset : offset + limit])
        self.chips.set_counts(model.counts())
        done, total = len(model.rows), model.total
        self.progress.set_progress(done, total, f"{done}/{total}" if total else "")
        bad = sum(r.view != "good" for r in model.rows)
        self._count.setText(texts("outpages.verify.count", n=done, bad=bad))
        if self.checked is None and self._asked is None and model.rows:
            self._open(model.rows[0])

    def _ended(self, whole: bool) -> None:
        self.progress.hide()
        self.again.set_enabled(bool(self.model.unsettled))
        newer = next((r for r in self.model.rows if r.path == self._asked), None)
        if newer is not None and self.checked is not None and newer is not self.checked:
            self._open(newer)
        if not self.model.rows:
            self._show_nothing()
            text = self.session.texts("outpages.verify.empty")
            self.paper.strip.show_text(text if whole else "", "info")

    def _allow_back(self) -> None:
        self.paper.allow_back(self.sides.narrow and self.sides.first_shown)

    # --- one file -------------------------------------------------------------------------

    def _open(self, row: Checked) -> None:
        self._asked = row.path
        job = partial(shown_file, self.session.desk, row)
        self.session.work("check", job, self._show, partial(self._fail, row))

    def _show(self, found: tuple[Checked, bytes]) -> None:
        checked, data = found
        if checked.path != self._asked or checked.report is None:
            return
        if checked not in self.model.rows:
            self.model.replace(checked)
        self.checked = checked
        self.record.set_enabled(True)
        texts, report = self.session.texts, checked.report
        said = verdicts.summary(texts, report)
        self.paper.show_head(checked.name, "")
        self.paper.show_file(data)
        self.paper.strip.show_text(said.text, said.tone, "", said.icon, said.strong)
        panel = VerifyPanel(texts, report)
        panel.show_on(self.paper.pdf)
        panel.closed.connect(self._close_side)
        self._put_side(panel)

    def _record(self) -> None:
        """Set the record of what is shown, to be printed or saved."""
        checked = self.checked
        if checked is None or checked.report is None:
            return
        job = partial(record, checked.report, checked.name)
        self.session.work("check", job, partial(self._show_record, checked.path.stem))

    def _show_record(self, stem: str, pdf: bytes) -> None:
        texts = self.session.texts
        name = f"{texts('outpages.verify.record_file')}-{stem}.pdf"
        PdfDialog(self.session, texts("outpages.act.record"), pdf, name, self).open()

    def _close_side(self) -> None:
        if len(self.model.rows) > 1:
            self.sides.show_detail(detail=False)
            self.table.setFocus()
        else:
            self._show_nothing()

    def _put_side(self, panel: QWidget) -> None:
        while (old := self._side.currentWidget()) is not None:
            self._side.removeWidget(old)
            old.deleteLater()
        self._side.addWidget(panel)
        self._side.show()

    def _show_nothing(self) -> None:
        texts = self.session.texts
        self.checked, self._asked = None, None
        self.record.set_enabled(False)
        self._put_side(Pane("panel"))
        self.paper.show_head(texts("outpages.nav.verify"), "")
        self.paper.show_nothing(
            texts("outpages.verify.none"), texts("outpages.verify.none_do"), "shield-check"
        )

    def _fail(self, row: Checked, error: HoaBanError) -> None:
        if row.path != self._asked:
            return
        self._show_nothing()
        self._asked = row.path
        self.paper.show_head(row.name, "")
        self.paper.strip.show_text(self.session.explain(error), "bad")
