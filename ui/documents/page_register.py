"""Vào sổ văn bản đến: the page at the left, the form at the right, what waits one by one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QDragEnterEvent, QDropEvent, QResizeEvent
from PySide6.QtWidgets import QFileDialog, QSplitter, QWidget

from app.documents.model import KIND
from app.documents.rows import TwinRow
from app.kernel.errors import HoaBanError, RuleViolation
from app.kernel.ports import FileReport
from ui.bridge.session import Session
from ui.documents import verdicts
from ui.documents.dialog_text import TextDialog
from ui.documents.dialog_twins import TwinsDialog
from ui.documents.model_acts import QUESTIONS, ActModel
from ui.documents.model_reader import opener
from ui.documents.model_register import RegisterModel
from ui.documents.panel_form import REQUIRED, RegisterForm, twins_text
from ui.kit.actions import Action
from ui.kit.badges import Badge
from ui.kit.banner import Banner
from ui.kit.buttons import Button, IconButton
from ui.kit.labels import ElidedLabel, Label, Line, Pane
from ui.kit.layout import Column, Row, put
from ui.kit.page import Page
from ui.kit.pdfview.view import PdfView
from ui.kit.states import StateStack
from ui.kit.theme import theme

SCOPE = "register"
GROUP = "pages.keys.register"
NARROW = 1100
FORM = 520
# Nothing that was typed is older than this when the power goes
JOURNAL_MS = 1200
TWINS_MS = 400


class RegisterPage(Page):
    """Enter documents in the book, one after the other."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(session, parent)
        texts = session.texts
        self.model = RegisterModel(session, self)
        self.doer = ActModel(session, self)
        self.pdf = PdfView()
        self.pdf.setAccessibleName(texts("pages.pdf"))
        self.page_states = StateStack(self.pdf)
        self.form = RegisterForm(texts, self.model.today)
        self._twins: tuple[TwinRow, ...] = ()
        self._narrow = False
        self._make_head()
        self._make_foot()
        self._lay_out()
        self._connect()
        self._show_entry()
        self._fit()
        self.setAcceptDrops(True)

    # --- building ----------------------------------------------------------------------

    def _make_head(self) -> None:
        texts = self.session.texts
        self._file = ElidedLabel("", "strong")
        self._verdict = Badge("")
        self._verdict.hide()
        self._pages = Label("", "secondary")
        self._lease = Label("", "secondary", wrap=True)
        self._error = Banner(tone="bad")
        self.previous = IconButton("chevron-left", texts("pages.previous"), shortcut="Alt+Left")
        self.following = IconButton("chevron-right", texts("pages.following"), shortcut="Alt+Right")
        self.previous.clicked.connect(lambda: self.model.step(-1))
        self.following.clicked.connect(lambda: self.model.step(1))
        self.new = Button(texts("pages.register.new"), shortcut="Ctrl+N", icon="plus")
        self.new.clicked.connect(self.begin)

    def _make_foot(self) -> None:
        texts = self.session.texts
        self.both = Button(texts("pages.register.both"), "primary", shortcut="Ctrl+Return")
        self.only = Button(texts("pages.register.only"), shortcut="Ctrl+S")
        self.refuse = Button(texts("pages.register.refuse"), shortcut="Ctrl+R")
        self._place = Label("", "secondary")
        self.both.clicked.connect(lambda: self.register(present=True))
        self.only.clicked.connect(lambda: self.register(present=False))
        self.refuse.clicked.connect(self.send_back)

    def _lay_out(self) -> None:
        texts = self.session.texts
        top = Pane("panel")
        bar = Row(self._file, self._verdict, self._pages, gap=10, margins=(16, 8, 16, 8))
        bar.setStretch(0, 1)
        left = Column(put(top, bar), Line(), self.page_states, gap=0)
        left.setStretch(2, 1)
        self._left = put(QWidget(), left)
        head = Column(
            Row(Label(texts("pages.register"), "title"), None, self.new, gap=8),
            self._lease,
            gap=4,
            margins=(18, 10, 14, 8),
        )
        foot = Pane("footer")
        put(foot, Row(self.both, self.only, self.refuse, None, self.previous, self._place,
                      self.following, gap=8, margins=(18, 9, 14, 9)))  # fmt: skip
        slot = Row(self._error, margins=(18, 6, 14, 6))
        right = Column(head, Line(), self.form, slot, foot, gap=0)
        right.setStretch(2, 1)
        self._content = put(Pane("panel"), right)
        self._split = QSplitter(Qt.Orientation.Horizontal)
        self._split.setChildrenCollapsible(False)
        self._split.addWidget(self._left)
        self._split.addWidget(self._content)
        self._split.setStretchFactor(0, 1)
        self._states = StateStack(self._split)
        self._states.asked.connect(self.begin)
        put(self, Row(self._states, gap=0))

    def _connect(self) -> None:
        model = self.model
        model.entered.connect(self._show_entry)
        model.queued.connect(self._show_place)
        model.listed.connect(lambda: self.form.offer(model.lists))
        model.previewed.connect(self._show_preview)
        model.twins_found.connect(self._show_twins)
        model.failed.connect(self._refused)
        self.form.edited.connect(self._edited)
        self.form.twins_asked.connect(self.compare)
        self.pdf.opened.connect(lambda _: self.page_states.show_content())
        self.pdf.page_changed.connect(lambda _: self._show_pages())
        self.pdf.failed.connect(lambda error: self.page_states.show_error(error, retry=False))
        self._journal = _timer(self, JOURNAL_MS, self.keep)
        self._look = _timer(self, TWINS_MS, self._ask_twins)
        theme().changed.connect(self._fit)

    # --- what the shell calls ----------------------------------------------------------

    def activate(self) -> None:
        """Load the queue and take the focus."""
        self.model.active = True
        self.model.load()
        self.form.fields["issuer"].setFocus()

    def open_entity(self, kind: str, entity: str) -> None:
        """Put one document before the form, or begin a new one."""
        self.keep()
        if kind == KIND:
            self.model.open(entity)
        else:
            self.begin()

    def close_page(self) -> None:
        """Keep what is typed and let the drawing thread end."""
        self.keep()
        self._journal.stop()
        self._look.stop()
        self.pdf.shutdown()

    def acts(self) -> Sequence[Action]:
        """Return the keys of the page."""
        made = (
            ("both", "pages.register.both", partial(self.register, present=True), "Ctrl+Return"),
            ("only", "pages.register.only", partial(self.register, present=False), "Ctrl+S"),
            ("refuse", "pages.act.refuse", self.send_back, "Ctrl+R"),
            ("new", "pages.register.new", self.begin, "Ctrl+N"),
            ("file", "pages.register.file", self.choose_file, "Ctrl+O"),
            ("drop", "pages.register.drop", self.model.drop, ""),
            ("next", "pages.following", partial(self._step, 1), "Alt+Right"),
            ("previous", "pages.previous", partial(self._step, -1), "Alt+Left"),
            ("twins", "pages.twins.see", self.compare, "Ctrl+I"),
            ("page", "pages.register.page", self.take_turns, "F8"),
        )
        return [
            Action(f"{SCOPE}.{name}", text_key, run, key, scope=SCOPE, group_key=GROUP, parent=self)
            for name, text_key, run, key in made
        ]

    # --- acts --------------------------------------------------------------------------

    def register(self, *, present: bool) -> None:
        """Enter the document in the book, and present it if asked."""
        self._error.show_text("", "bad")
        self.form.clear_errors()
        texts, values = self.session.texts, self.form.values()
        wrong = next(self.form.wrong_dates(), "")
        arrival = self.form.arrival.date
        if wrong or arrival is None:
            self.form.show_error(wrong or "arrival", texts("pages.form.no_date"))
            return
        missing = next((n for n in REQUIRED if not values[n]), "")
        if missing:
            self.form.show_error(missing, texts("pages.form.missing"))
            return
        self.keep()
        leader = values["receiver"] if present else ""
        if present and not leader:
            self.form.show_error("receiver", texts("pages.form.missing"))
            return
        self.model.register(values, leader, arrival)

    def send_back(self) -> None:
        """Return the document to its sender, with a reason."""
        entry = self.model.entry
        if entry is None or entry.document is None:
            return
        self.doer.phrases(QUESTIONS["refuse"].phrases, self._ask_reason)

    def begin(self) -> None:
        """Begin a new paper document; its scan can be dropped or chosen then."""
        self.keep()
        self.model.begin()

    def choose_file(self) -> None:
        """Choose a scanned PDF and begin a document with it."""
        texts = self.session.texts
        dialog = QFileDialog(self, texts("pages.register.file"))
        dialog.setNameFilter(texts("pages.file.pdf"))
        dialog.setFileMode(QFileDialog.FileMode.ExistingFiles)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.filesSelected.connect(self._take_files)
        dialog.open()

    def compare(self) -> None:
        """Show this document beside the one that it may be."""
        entry = self.model.entry
        if not self._twins or entry is None:
            return
        twin, desk = self._twins[0], self.session.desk

        def find() -> str:
            other = desk.store.get(KIND, twin.id)
            main = other.main_file if other is not None else None
            return main.sha256 if main is not None and desk.store.vault.has(main.sha256) else ""

        mine = opener(desk, entry.file.sha256) if entry.file is not None else None

        def show(sha256: str) -> None:
            theirs = opener(desk, sha256) if sha256 else None
            dialog = TwinsDialog(self.session.texts, twin, mine, theirs, self)
            dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
            dialog.open()

        self.session.work("query", find, show)

    def keep(self) -> None:
        """Keep what is typed now."""
        self._journal.stop()
        if self.model.entry is not None:
            self.model.keep_draft(self.form.values())

    def take_turns(self) -> None:
        """Show the page in place of the form where both have no room, and back."""
        if self._narrow:
            show_page = self._left.isHidden()
            self._left.setVisible(show_page)
            self._content.setVisible(not show_page)
            (self.pdf if show_page else self.form.fields["issuer"]).setFocus()

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:  # noqa: D102
        if event.mimeData().hasUrls():
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:  # noqa: D102
        self._take_files([u.toLocalFile() for u in event.mimeData().urls() if u.isLocalFile()])

    # --- inside ------------------------------------------------------------------------

    def _step(self, by: int) -> None:
        self.keep()
        self.model.step(by)

    def _take_files(self, paths: Sequence[str]) -> None:
        self.keep()
        for path in paths:
            self.model.begin(Path(path))

    def _ask_reason(self, phrases: list[str]) -> None:
        least = QUESTIONS["refuse"].least
        dialog = TextDialog(self.session.texts, "refuse", phrases, least, self)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.submitted.connect(self.model.refuse)
        dialog.open()

    def _edited(self) -> None:
        if not self._journal.isActive():
            self._journal.start()
        self._look.start()

    def _ask_twins(self) -> None:
        self.model.look_for_twins(self.form.values())

    def _show_entry(self) -> None:
        entry, texts = self.model.entry, self.session.texts
        if entry is None:
            self.pdf.close_file()
            self._states.show_empty(
                texts("pages.register.none"), texts("pages.register.none.detail"), "stamp",
                texts("pages.register.new"),
            )  # fmt: skip
            return
        self._states.show_content()
        self._journal.stop()
        self._error.show_text("", "bad")
        self._show_twins(())
        self.form.show_entry(entry)
        self.form.propose_due(self.model.default_due(entry.values.get("urgency", "")))
        self.refuse.setVisible(entry.document is not None)
        self._show_file()
        self.form.fields["issuer"].setFocus()
        self._ask_twins()

    def _show_file(self) -> None:
        entry, texts = self.model.entry, self.session.texts
        self._verdict.hide()
        self._pages.setText("")
        if entry is None or entry.file is None:
            self._file.set_text(texts("pages.register.paper"))
            self.pdf.close_file()
            self.page_states.show_empty(
                texts("pages.register.no_file"), texts("pages.register.no_file.detail"), "scan"
            )
            return
        file, desk = entry.file, self.session.desk
        self._file.set_text(file.name or texts("pages.file_role.main"))
        self.page_states.show_content()
        self.pdf.open(opener(desk, file.sha256))
        self.session.work(
            "query",
            lambda: verdicts.check(desk, file.sha256),
            partial(self._show_verdict, file.sha256),
            lambda _: None,
        )

    def _show_verdict(self, sha256: str, report: FileReport) -> None:
        entry = self.model.entry
        if entry is not None and entry.file is not None and entry.file.sha256 == sha256:
            told = verdicts.summary(self.session.texts, report)
            self._verdict.show_text(told.strong, "neutral" if told.tone == "info" else told.tone)

    def _show_pages(self) -> None:
        text = self.session.texts("pages.pdf.page", n=self.pdf.page + 1, of=self.pdf.page_count)
        self._pages.setText(text if self.pdf.page_count else "")

    def _show_preview(self) -> None:
        preview = self.model.preview
        self.form.show_preview(preview)
        final = preview.number is not None
        key = "pages.register.final" if final else "pages.register.waits"
        self._lease.setText(self.session.texts(key))

    def _show_place(self) -> None:
        at, of = self.model.place
        self._place.setText(f"{at}/{of}" if of else "")
        self._place.setAccessibleName(self.session.texts("pages.register.place", n=at, of=of))
        self.count_changed.emit(of)

    def _show_twins(self, twins: tuple[TwinRow, ...]) -> None:
        self._twins = twins
        texts = self.session.texts
        if not twins:
            self.form.show_twins("")
            return
        self.form.show_twins(twins_text(texts, twins), texts("pages.twins.see"))

    def _refused(self, error: HoaBanError) -> None:
        text = self.session.explain(error)
        at_field = isinstance(error, RuleViolation) and self.form.show_error(error.field, text)
        if not at_field:
            self._error.show_text(text, "bad")
            self._states.show_content()

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: D102
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        look = theme()
        narrow = self.window().width() < look.px(NARROW)
        if narrow != self._narrow:
            self._narrow = narrow
            self._left.setVisible(not narrow)
            self._content.show()
        if not narrow:
            self._split.setSizes([max(1, self.width() - look.px(FORM)), look.px(FORM)])


def _timer(parent: Page, after_ms: int, run: Callable[[], None]) -> QTimer:
    timer = QTimer(parent)
    timer.setSingleShot(True)
    timer.setInterval(after_ms)
    timer.timeout.connect(run)
    return timer
