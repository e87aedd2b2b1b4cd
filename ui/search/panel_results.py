"""The left side of the search: the field, what narrows it, kept searches, what is found."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QInputDialog, QMenu, QWidget

from app.documents.finding import MOST, Found, Mark, Period
from app.documents.model import Direction
from app.kernel.clock import local_date
from ui.bridge.session import Session
from ui.documents import verdicts
from ui.documents.issuers import short_name
from ui.documents.panel_chips import FlowChips
from ui.documents.panel_menu import add, new_menu
from ui.documents.words import Badge, near_day, row_badges
from ui.kit.buttons import Button, IconButton, grouped
from ui.kit.cards import CardList, CardRow
from ui.kit.choice import Choice
from ui.kit.fields import SearchField
from ui.kit.labels import Label, Pane
from ui.kit.labels import Line as Hairline
from ui.kit.layout import Column, Row, put
from ui.kit.states import StateStack
from ui.kit.theme import theme
from ui.search.model_search import Counts, Line, SearchModel
from ui.search.panel_subject import SubjectCard

# Below this the results need the room, and what narrows comes with its button
LOW = 430


class Results(Pane):
    """Show a `SearchModel`; `chosen(str)` and `opened(str)` carry a document's id."""

    chosen = Signal(str)
    opened = Signal(str)

    def __init__(self, session: Session, model: SearchModel, parent: QWidget | None = None) -> None:
        super().__init__("panel", parent)
        self._session, self._model, self._texts = session, model, session.texts
        texts = self._texts
        self._total = Label("", "secondary")
        self.views = Button("", "ghost", icon="star")
        self.views.clicked.connect(self.open_views)
        self.filters = IconButton("filter", texts("search.filters"))
        self.filters.setCheckable(True)
        self.filters.clicked.connect(self._fit)
        self.field = SearchField(
            texts("search.field"), texts("search.placeholder"), shortcut="Ctrl+F", icon="search"
        )
        self.marks = FlowChips({m.value: texts(f"search.mark.{m.value}") for m in Mark})
        periods = {p.value: texts(f"search.period.{p.value or 'any'}") for p in Period}
        self.period = Choice(texts("search.period"), periods)
        self.type = Choice(texts("search.type"), {"": texts("search.type.any")})
        self.subject = SubjectCard(texts)
        self.list = CardList(model.rows, self.card, texts("search.results"))
        self.states = StateStack(self.list)
        self._lay_out()
        self._connect()
        self._show_search()

    def _lay_out(self) -> None:
        head = Row(Label(self._texts("search.nav"), "title"), self._total, None, self.views,
                   self.filters, gap=6)  # fmt: skip
        for choice in (self.period, self.type):
            choice.setSizeAdjustPolicy(
                Choice.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon
            )
        choices = Row(self.period, self.type, gap=8)
        choices.setStretch(0, 1)
        choices.setStretch(1, 1)
        self._narrowing = put(QWidget(), Column(self.marks, choices, gap=8))
        top = Column(head, self.field, self._narrowing, self.subject, gap=8,
                     margins=(14, 10, 12, 8))  # fmt: skip
        whole = Column(top, Hairline(), self.states, gap=0)
        whole.setStretch(2, 1)
        put(self, whole)

    def _connect(self) -> None:
        model = self._model
        self.field.searched.connect(lambda text: model.refine(text=text))
        self.marks.changed.connect(lambda on: model.refine(marks=tuple(sorted(on))))
        self.period.changed.connect(lambda period: model.refine(period=period))
        self.type.changed.connect(lambda name: model.refine(type_name=name))
        self.list.chosen.connect(lambda line: self.chosen.emit(line.id))
        self.list.opened.connect(lambda line: self.opened.emit(line.id))
        self.states.asked.connect(self.clear)
        self.states.retried.connect(model.load)
        self.subject.lifted.connect(lambda: model.concern("", ""))
        model.rows.loaded.connect(self._loaded)
        model.rows.failed.connect(self._session.refused.emit)
        model.counted.connect(self._show_counts)
        model.asked.connect(self._show_search)
        model.subject_changed.connect(lambda: self.subject.show_subject(model.subject))
        theme().changed.connect(self._fit)

    # --- what is shown -----------------------------------------------------------------

    def card(self, line: Line) -> CardRow:
        """Return the card of a document found."""
        row, texts = line.found.row, self._texts
        today = local_date(self._session.desk.clock.now())
        outgoing = row.direction is Direction.OUTGOING
        sender = row.type_name or texts("search.document") if outgoing else short_name(row.issuer)
        shield, shield_text = verdicts.shield(texts, row.verdict)
        number = "" if row.arrival_number is None else str(row.arrival_number)
        return CardRow(
            sender=sender,
            date=near_day(texts, row.arrival_date or row.issued, today),
            subject=row.subject or texts("search.no_subject"),
            number=number,
            notation=row.symbol if row.number or not outgoing else row.drafter_name,
            badges=self._badges(line.found),
            shield=shield,
            shield_text=shield_text,
            pending=texts("pages.pending") if line.pending else "",
        )

    def _badges(self, found: Found) -> tuple[Badge, ...]:
        row, texts = found.row, self._texts
        today = local_date(self._session.desk.clock.now())
        shown: list[Badge] = [(texts(f"search.direction.{row.direction.value}"), "accent")]
        if row.direction is Direction.OUTGOING:
            shown.append((texts(f"documents.state.{row.state.value}"), "neutral"))
        else:
            shown += row_badges(texts, row, today)
        if found.by_text:
            shown.append((texts("search.by_text"), "info"))
        return tuple(shown)

    def clear(self) -> None:
        """Take away everything that narrows."""
        self._model.clear()

    def _loaded(self, total: int) -> None:
        if total:
            self.states.show_content()
            if self.list.current_row() is None or self._model.rows.fresh:
                self.list.select(0)
            return
        self.chosen.emit("")
        texts = self._texts
        self.states.show_empty(
            texts("search.none"), texts("search.none.detail"), "search", texts("search.clear")
        )

    def _show_counts(self, counts: Counts) -> None:
        texts, many = self._texts, counts.total >= MOST
        said = "search.total.many" if many else "search.total"
        self._total.setText(texts(said, n=grouped(MOST if many else counts.total)))
        self.marks.set_counts({m.value: counts.marks.get(m) or None for m in Mark})
        self.marks.flow()
        chosen = self._model.wanted.type_name
        names = dict.fromkeys((*counts.types, *((chosen,) if chosen else ())))
        self.type.set_choices(
            {"": texts("search.type.any")} | {name: name for name in names}, chosen
        )

    def _show_search(self) -> None:
        wanted, texts = self._model.wanted, self._texts
        self.views.set_label(f"{wanted.name or texts('search.views')} ▾")
        self.views.setAccessibleName(texts("search.views.name", name=wanted.name or "—"))
        self.marks.set_on(frozenset(wanted.marks))
        self.period.set_value(wanted.period)
        self.type.set_value(wanted.type_name)
        if self.field.value != wanted.text:
            self.field.setText(wanted.text)

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: D102
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        low = self.height() < theme().px(LOW)
        self.filters.setVisible(low)
        self._narrowing.setVisible(not low or self.filters.isChecked())
        self.marks.flow()

    # --- kept searches -------------------------------------------------------------------

    def open_views(self) -> None:
        """Offer the searches that people kept, and to keep this one."""
        self.views_menu().popup(self.views.mapToGlobal(self.views.rect().bottomLeft()))

    def views_menu(self) -> QMenu:
        """Build the menu of kept searches."""
        model, texts = self._model, self._texts
        menu = new_menu(self)
        for saved in model.saved:
            entry = add(menu, saved.name, partial(model.use, saved))
            entry.setCheckable(True)
            entry.setChecked(saved.name == model.wanted.name)
        if model.saved:
            menu.addSeparator()
        add(menu, texts("search.views.save"), self.save)
        if any(s.name == model.wanted.name for s in model.saved):
            name = model.wanted.name
            add(menu, texts("search.views.forget", name=name), partial(model.forget, name))
        add(menu, texts("search.clear"), self.clear)
        return menu

    def save(self) -> None:
        """Ask for a name and keep the present search under it."""
        dialog = QInputDialog(self)
        dialog.setWindowTitle(self._texts("search.views.save"))
        dialog.setLabelText(self._texts("search.views.ask"))
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.textValueSelected.connect(self._save_as)
        dialog.open()

    def _save_as(self, name: str) -> None:
        tidy = " ".join(name.split())
        if tidy:
            self._model.keep(tidy)
            self._show_search()
