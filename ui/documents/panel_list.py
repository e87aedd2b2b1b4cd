"""The list of incoming documents: title, quick filter, chips, cards or the dense table."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QInputDialog, QMenu, QStackedWidget, QWidget

from app.documents.rows import View
from app.kernel.clock import local_date
from ui.bridge.session import Session
from ui.documents import verdicts
from ui.documents.issuers import short_name
from ui.documents.model_list import CHIPS, VIEWS, Counts, Line, ListModel
from ui.documents.panel_chips import FlowChips
from ui.documents.panel_menu import add, new_menu
from ui.documents.panel_share import ShareLine
from ui.documents.words import near_day
from ui.kit.buttons import Button, IconButton
from ui.kit.cards import CardList, CardRow
from ui.kit.fields import SearchField
from ui.kit.labels import Label, Pane
from ui.kit.labels import Line as Hairline
from ui.kit.layout import Column, Row, put
from ui.kit.states import StateStack
from ui.kit.table import Table


class IncomingList(Pane):
    """Show a `ListModel`; `chosen(str)` and `opened(str)` carry a document's id."""

    chosen = Signal(str)
    opened = Signal(str)
    dense_changed = Signal(bool)

    def __init__(self, session: Session, model: ListModel, parent: QWidget | None = None) -> None:
        super().__init__("panel", parent)
        self._session, self._model, self._texts = session, model, session.texts
        texts = self._texts
        name = texts("pages.incoming")
        self._here = ""
        self._title = Label(name, "title")
        self._views = Button("", "ghost", icon="filter")
        self._views.clicked.connect(self.open_views)
        self._dense = IconButton("table", texts("pages.table"), shortcut="Ctrl+Shift+T")
        self._dense.setCheckable(True)
        self._dense.clicked.connect(self.set_dense)
        self.search = SearchField(texts("pages.filter.name"), texts("pages.filter"),
                                  shortcut="Ctrl+F", icon="search")  # fmt: skip
        self.search.searched.connect(model.set_text)
        self.chips = FlowChips({c.value: texts(f"documents.chip.{c.value}") for c in CHIPS})
        self.chips.changed.connect(model.set_chips)
        self.share = ShareLine(session)
        self.cards = CardList(model.cards, self.card, name)
        self.table = Table(model.table, name)
        self._stack = QStackedWidget()
        for view in (self.cards, self.table):
            self._stack.addWidget(view)
            view.chosen.connect(lambda line: self.chosen.emit(line.id))
            view.opened.connect(lambda line: self.opened.emit(line.id))
        self.states = StateStack(self._stack)
        self.states.asked.connect(self.clear_filter)
        self._lay_out()
        model.counted.connect(self._show_counts)
        for rows in (model.cards, model.table):
            rows.loaded.connect(self._loaded)
        model.asked.connect(self._show_filter)
        self._show_filter()

    def _lay_out(self) -> None:
        head = Row(self._title, None, self._views, self._dense, gap=2)
        top = Column(head, self.search, self.chips, self.share, gap=8, margins=(14, 10, 12, 8))
        whole = Column(top, Hairline(), self.states, gap=0)
        whole.setStretch(2, 1)
        put(self, whole)

    # --- what is shown -----------------------------------------------------------------

    def card(self, line: Line) -> CardRow:
        """Return the card of a row."""
        row, texts = line.row, self._texts
        today = local_date(self._session.desk.clock.now())
        number = texts("pages.number_waiting") if row.number_waiting else ""
        shield, shield_text = verdicts.shield(texts, line.verdict)
        return CardRow(
            sender=short_name(row.issuer),
            date=near_day(texts, row.arrival_date or row.issued, today),
            subject=row.subject,
            number=str(row.arrival_number) if row.arrival_number is not None else number,
            notation=row.symbol,
            badges=self._model.badges(line),
            shield=shield,
            shield_text=shield_text,
            pending=texts("pages.pending") if line.pending else "",
            unread=row.unread,
        )

    @property
    def current(self) -> CardList | Table:
        """Return the list in use."""
        return self.table if self._model.dense else self.cards

    def selected_ids(self) -> list[str]:
        """Return the documents that are selected."""
        return [line.id for line in self.current.selected_rows()]

    def set_dense(self, dense: bool) -> None:
        """Show the table of the register's columns, or cards."""
        here = self.current.current_row()
        self._dense.setChecked(dense)
        self._stack.setCurrentWidget(self.table if dense else self.cards)
        self._model.set_dense(dense)
        self._here = here.id if here is not None else ""
        self.current.setFocus()
        self.dense_changed.emit(dense)

    def toggle_dense(self) -> None:
        """Switch between cards and table."""
        self.set_dense(not self._model.dense)

    def clear_filter(self) -> None:
        """Take all filters away."""
        self.search.clear()
        self._model.set_text("")
        self._model.set_chips(frozenset())

    def _loaded(self, total: int) -> None:
        if self.sender() not in (self._model.rows, None):
            return
        if total:
            self.states.show_content()
            here, self._here = self._here, ""
            if here and self.current.select_key(here):
                return
            if self.current.current_row() is None:
                self.current.select(0)
            return
        self.chosen.emit("")
        filtered = bool(self._model.filter.text or self._model.filter.chips)
        texts = self._texts
        if filtered:
            self.states.show_empty(
                texts("pages.list.no_match"), icon="search", button=texts("pages.list.clear")
            )
        else:
            self.states.show_empty(texts("pages.list.empty"), texts("pages.list.empty.detail"))

    def _show_counts(self, counts: Counts) -> None:
        self.chips.set_counts({c.value: counts.chips.get(c, 0) or None for c in CHIPS})
        self.chips.flow()

    def _show_filter(self) -> None:
        chosen = self._model.filter
        name = chosen.name or self._texts(f"documents.view.{chosen.view}")
        self._views.set_label(f"{name} ▾")
        self._views.setAccessibleName(self._texts("pages.views.name", name=name))
        self.chips.set_on(frozenset(chosen.chips))
        if self.search.value != chosen.text:
            self.search.setText(chosen.text)

    # --- views -------------------------------------------------------------------------

    def open_views(self) -> None:
        """Offer the views, those that people saved, and to save this one."""
        menu = self.views_menu()
        menu.popup(self._views.mapToGlobal(self._views.rect().bottomLeft()))

    def views_menu(self) -> QMenu:
        """Build the menu of views with their counts."""
        menu = new_menu(self)
        for view in VIEWS:
            count = self._model.counts.views.get(view, 0)
            text = self._texts(f"documents.view.{view.value}")
            self._entry(menu, f"{text}  {count}" if count else text, view)
        if self._model.saved:
            menu.addSeparator()
        for saved in self._model.saved:
            add(menu, saved.name, partial(self._model.use, saved))
        menu.addSeparator()
        add(menu, self._texts("pages.views.save"), self.save_view)
        if any(s.name == self._model.filter.name for s in self._model.saved):
            name = self._model.filter.name
            text = self._texts("pages.views.forget", name=name)
            add(menu, text, partial(self._model.forget_view, name))
        return menu

    def _entry(self, menu: QMenu, text: str, view: View) -> None:
        action = add(menu, text, partial(self._model.set_view, view))
        action.setCheckable(True)
        action.setChecked(view is self._model.view and not self._model.filter.name)

    def save_view(self) -> None:
        """Ask for a name and keep the present filter under it."""
        texts = self._texts
        dialog = QInputDialog(self)
        dialog.setWindowTitle(texts("pages.views.save"))
        dialog.setLabelText(texts("pages.views.ask"))
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.textValueSelected.connect(self._save_as)
        dialog.open()

    def _save_as(self, name: str) -> None:
        tidy = " ".join(name.split())
        if tidy:
            self._model.save_view(tidy)
