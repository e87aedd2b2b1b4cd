"""Tìm kiếm: every document that the person may see, by its words, its file, its people."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QWidget

from app.documents.model import KIND
from ui.bridge.session import Session
from ui.documents.panel_acts import ActSpec
from ui.documents.panel_reader import Reader
from ui.kit.actions import Action
from ui.kit.layout import Column, put
from ui.kit.page import Page, PageSpec
from ui.kit.panes import Panes
from ui.search.model_search import PERSON, UNIT, Saved, SearchModel
from ui.search.panel_results import Results

SCOPE = "search"
GROUP = "search.keys"
LIST = 430
TEXT = "text"
_OPEN = "open"
_DRAFTERS = frozenset(
    {"leader", "office_head", "clerk", "department_head", "specialist", "one_stop"}
)


class SearchPage(Page):
    """What is found at the left, the document itself at the right.

    `open_entity` takes a document, a person, a unit, or `text` with words to look for.
    """

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(session, parent)
        self.model = SearchModel(session, self)
        self.results = Results(session, self.model)
        self.results.subject.allow_writing(bool(_DRAFTERS & session.actor.roles))
        self.reader = Reader(session, {_OPEN: ActSpec("search.open", "Ctrl+Return")})
        self.sides: Panes = Panes(self.results, self.reader, LIST)
        put(self, Column(self.sides, gap=0))
        self._wanted = ""
        # Arrow keys pass rows by; only the one they stop at is read from the disk
        self._soon = QTimer(self)
        self._soon.setSingleShot(True)
        self._soon.setInterval(60)
        self._soon.timeout.connect(lambda: self.reader.show_document(self._wanted))
        self._connect()

    def _connect(self) -> None:
        reader = self.reader
        self.results.chosen.connect(self._choose)
        self.results.opened.connect(self._read)
        self.results.subject.write_asked.connect(self._write)
        self.sides.narrowed.connect(reader.head.back.setVisible)
        reader.head.back.setVisible(self.sides.narrow)
        reader.back_asked.connect(self.go_back)
        reader.acted.connect(lambda _: self.open_there())
        reader.related_asked.connect(lambda _, document: self._read(document))
        reader.model.shown.connect(self._offer)
        reader.pdf.opened.connect(lambda _: self._mark_words())

    # --- what the shell calls ----------------------------------------------------------

    def activate(self) -> None:
        """Search, and take the focus."""
        if self.model.rows.fresh:
            self.model.load()
        self.results.field.setFocus()

    def open_entity(self, kind: str, entity: str) -> None:
        """Search for what concerns somebody, for words, or show a document."""
        if kind in (PERSON, UNIT):
            self.model.use(Saved("", kind=kind, about=entity))
        elif kind == TEXT:
            self.model.use(Saved("", entity))
        elif kind == KIND:
            self._read(entity)
            return
        self.sides.show_detail(detail=False)
        self.results.list.setFocus()

    def close_page(self) -> None:
        """Let the drawing thread of the page end."""
        self._soon.stop()
        self.reader.shutdown()

    def acts(self) -> Sequence[Action]:
        """Return the keys of the page."""
        results, reader = self.results, self.reader
        return (
            self._action("find", "search.field", self._to_field, "Ctrl+F"),
            self._action("open", "search.open", self.open_there, "Ctrl+Return"),
            self._action("views", "search.views", results.open_views, "Ctrl+Shift+V"),
            self._action("save", "search.views.save", results.save, "Ctrl+S"),
            self._action("clear", "search.clear", results.clear, "Ctrl+Shift+Backspace"),
            self._action("full", "pages.full_screen", reader.toggle_full_screen, "F8"),
            self._action("side", "pages.side", reader.toggle_side, "F9"),
            self._action("verify", "pages.verify", reader.show_verification, "Ctrl+I"),
            self._action("back", "pages.back", self.go_back, "Esc"),
        )

    def _action(self, name: str, text_key: str, run: Callable[[], object], shortcut: str) -> Action:
        return Action(
            f"{SCOPE}.{name}", text_key, run, shortcut, scope=SCOPE, group_key=GROUP, parent=self
        )

    # --- acts --------------------------------------------------------------------------

    def open_there(self) -> None:
        """Show the document on the page where it is dealt with."""
        document = self.reader.model.document
        if document is not None:
            self.navigate.emit(document.direction.value, KIND, document.id)

    def go_back(self) -> None:
        """Close a panel, else go from the reader to what was found."""
        if self.reader.side.panel is not None:
            self.reader.close_panel()
        else:
            self.sides.show_detail(detail=False)
        self.results.list.setFocus()

    def _to_field(self) -> None:
        self.sides.show_detail(detail=False)
        self.results.field.setFocus()
        self.results.field.selectAll()

    def _write(self) -> None:
        subject = self.model.subject
        if subject is not None:
            self.navigate.emit("drafts", UNIT, subject.about.id)

    def _choose(self, document: str) -> None:
        self._wanted = document
        if document:
            self._soon.start()
        else:
            self._soon.stop()
            self.reader.show_document("")

    def _read(self, document: str) -> None:
        self._wanted = document
        self._soon.stop()
        self.reader.show_document(document)
        self.sides.show_detail(detail=True)
        self.reader.pdf.setFocus()

    def _offer(self) -> None:
        if self.reader.model.document is not None:
            self.reader.bar.show_offers([_OPEN])

    def _mark_words(self) -> None:
        """Show in the page where the words stand."""
        if self.model.wanted.text:
            self.reader.pdf.find_text(self.model.wanted.text)


PAGE = PageSpec("search", "search", "search.nav", SearchPage)
