"""Bút phê / Phân công beside the page: phrases, words, people with roles and deadlines."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QFileDialog, QMenu, QScrollArea, QWidget

from app.documents.model import Role
from app.kernel.errors import HoaBanError
from app.kernel.texts import Texts
from ui.documents.model_instruct import DAYS, Candidate, InstructModel, explain
from ui.documents.panel_menu import add, new_menu
from ui.documents.words import day
from ui.kit.banner import Banner
from ui.kit.buttons import Button, IconButton
from ui.kit.choice import Choice
from ui.kit.fields import SearchField, TextArea
from ui.kit.labels import ElidedLabel, Label, Pane
from ui.kit.layout import Column, Row, put
from ui.kit.theme import theme

SHOWN = 14


class CandidateRow(Pane):
    """One name with its role and deadline; arrows go up and down among the rows."""

    role_asked = Signal(str, object)
    due_asked = Signal(str)
    focused = Signal(str)

    def __init__(self, texts: Texts, candidate: Candidate, parent: QWidget | None = None) -> None:
        super().__init__("well" if candidate.role else "none", parent)
        self.candidate = candidate
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        role = texts(f"documents.role.{candidate.role.value}") if candidate.role else ""
        due = day(candidate.due)
        spoken = ", ".join(p for p in (candidate.name, candidate.detail, role, due) if p)
        self.setAccessibleName(spoken)
        name = ElidedLabel(candidate.name, "strong" if candidate.role else "body")
        lines = Column(name, gap=0)
        if candidate.detail:
            lines.extend(ElidedLabel(candidate.detail, "faint"))
        row = Row(lines, gap=4, margins=(8, 4, 4, 4))
        row.setStretch(0, 1)
        for place, kind in enumerate(Role, start=1):
            row.extend(self._role_button(texts, kind, place))
        whole = Column(row, gap=0)
        if candidate.role is not None:
            whole.extend(self._due_row(texts, role, due))
        put(self, whole)

    def _role_button(self, texts: Texts, kind: Role, place: int) -> Button:
        on = self.candidate.role is kind
        button = Button(str(place), "chip")
        button.setCheckable(True)
        button.setChecked(on)
        button.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        button.setAccessibleName(f"{texts(f'documents.role.{kind.value}')}: {self.candidate.name}")
        button.setToolTip(f"{texts(f'documents.role.{kind.value}')}  Alt {place}")
        wanted = None if on else kind
        button.clicked.connect(lambda: self.role_asked.emit(self.candidate.id, wanted))
        return button

    def _due_row(self, texts: Texts, role: str, due: str) -> Row:
        text = texts("pages.due.day", day=due) if due else texts("pages.due.choose")
        button = Button(text, "link")
        button.setAccessibleName(f"{text}: {self.candidate.name}")
        button.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        button.clicked.connect(lambda: self.due_asked.emit(self.candidate.id))
        return Row(Label(role, "secondary"), None, button, margins=(8, 0, 8, 5))

    def focusInEvent(self, event: object) -> None:  # noqa: D102
        super().focusInEvent(event)  # type: ignore[arg-type]
        self.focused.emit(self.candidate.id)
        self.setProperty("ground", "card")
        self.style().polish(self)

    def focusOutEvent(self, event: object) -> None:  # noqa: D102
        super().focusOutEvent(event)  # type: ignore[arg-type]
        self.setProperty("ground", "well" if self.candidate.role else "none")
        self.style().polish(self)

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: D102
        if event.key() == Qt.Key.Key_Down:
            self.focusNextChild()
        elif event.key() == Qt.Key.Key_Up:
            self.focusPreviousChild()
        else:
            super().keyPressEvent(event)


class InstructPanel(Pane):
    """Fill and send an `InstructModel`; `closed` when it is no longer wanted."""

    closed = Signal()

    def __init__(self, texts: Texts, model: InstructModel, parent: QWidget | None = None) -> None:
        super().__init__("panel", parent)
        self._texts, self.model = texts, model
        model.setParent(self)
        self._current = ""
        self._rows: dict[str, CandidateRow] = {}
        close = IconButton("x", texts("kit.close"), shortcut="Esc")
        close.clicked.connect(self.closed)
        head = Row(Label(texts(f"pages.act.{model.name}"), "title"), None, close, gap=4)
        self.phrases = Choice(texts("pages.phrase"), {"": texts("pages.phrase.choose")})
        self.phrases.setMinimumContentsLength(12)
        self.phrases.changed.connect(self._take_phrase)
        self.area = TextArea(texts("pages.instruct.text"),
                             placeholder=texts("pages.instruct.placeholder"), lines=2)  # fmt: skip
        self._fit()
        theme().changed.connect(self._fit)
        self.search = SearchField(texts("pages.instruct.who"), texts("pages.instruct.who"),
                                  icon="search")  # fmt: skip
        self.search.searched.connect(lambda _: self._fill())
        self.error = Banner(tone="bad")
        self.error.link.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._list = QScrollArea()
        self._lay_out(head)
        model.changed.connect(self._fill)
        model.failed.connect(self._refused)

    def _lay_out(self, head: Row) -> None:
        texts = self._texts
        self._list.setWidgetResizable(True)
        self._list.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._list.setAccessibleName(texts("pages.instruct.people"))
        self.send = Button(texts("pages.instruct.send"), "primary", shortcut="Ctrl+Return")
        self.send.clicked.connect(self.submit)
        self.slip = Button(texts("pages.instruct.slip"), icon="paperclip")
        self.slip.clicked.connect(self.choose_slip)
        self.slip.setVisible(self.model.needs_slip)
        whole = Column(head, self.phrases, self.area, self.slip, self.search,
                       Label(texts("pages.instruct.keys"), "faint", wrap=True), self._list,
                       self.error, Row(self.send, None), gap=8, margins=(12, 8, 10, 10))  # fmt: skip
        whole.setStretch(6, 1)
        put(self, whole)

    def _fit(self) -> None:
        self.area.setMaximumHeight(theme().px(116))

    def start(self) -> None:
        """Load people and phrases, and take the focus."""
        self.model.load()
        self.area.setFocus()

    def give_role(self, role: Role) -> None:
        """Give the name that has the focus a role, or take the same one away again."""
        candidate = self._candidate()
        if candidate is not None:
            self.model.give_role(candidate.id, None if candidate.role is role else role)
            self._focus(candidate.id)

    def open_due_menu(self) -> None:
        """Offer deadlines for the name that has the focus."""
        candidate = self._candidate()
        if candidate is not None and candidate.id in self._rows:
            row = self._rows[candidate.id]
            self.due_menu(candidate.id).popup(row.mapToGlobal(row.rect().bottomLeft()))

    def submit(self) -> None:
        """Send what is written."""
        self.error.show_text("", "bad")
        if self.model.needs_slip and self.model.slip is None:
            self.error.show_text(self._texts("pages.instruct.slip_missing"), "bad")
            self.slip.setFocus()
            return
        self.model.send(self.area.value)

    def choose_slip(self) -> None:
        """Choose the scan of the leader's own hand."""
        texts = self._texts
        dialog = QFileDialog(self, texts("pages.instruct.slip"))
        dialog.setNameFilter(texts("pages.file.pdf"))
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.fileSelected.connect(lambda path: self.model.take_slip(Path(path)))
        dialog.open()

    def due_menu(self, candidate: str) -> QMenu:
        """Build the menu of deadlines, each with why it falls on its day."""
        texts, model = self._texts, self.model
        menu = new_menu(self)
        for days in DAYS:
            due = model.due_in(days)
            text = texts("pages.due.in", n=days, day=day(due))
            entry = add(menu, text, partial(self._set_due, candidate, due))
            entry.setToolTip("\n".join(explain(texts, model.why(days))))
        if model.whole_due is not None:
            whole = model.whole_due
            text = texts("pages.due.whole", day=day(whole))
            add(menu, text, partial(self._set_due, candidate, whole))
        menu.addSeparator()
        why = menu.addMenu(texts("pages.why"))
        chosen = next((p.due for p in model.candidates if p.id == candidate), None)
        days = model.days_until(chosen) if chosen is not None else DAYS[0]
        for line in explain(texts, model.why(max(days, 0))):
            why.addAction(line).setEnabled(False)
        add(menu, texts("pages.due.none"), partial(self._set_due, candidate, None))
        return menu

    # --- inside ------------------------------------------------------------------------

    def _set_due(self, candidate: str, due: object) -> None:
        self.model.set_due(candidate, due)  # type: ignore[arg-type]
        self._focus(candidate)

    def _candidate(self) -> Candidate | None:
        """Return who has the focus, else the first one that the search shows."""
        shown = self.model.matching(self.search.value)
        fresh = [p for p in shown if p.role is None] if self.search.value else list(shown)
        first = fresh[0] if fresh else None
        return next((p for p in shown if p.id == self._current), first)

    def _fill(self) -> None:
        if self.phrases.count() == 1 and self.model.phrases:
            choices = {p.code: p.text for p in self.model.phrases}
            self.phrases.set_choices({"": self._texts("pages.phrase.choose"), **choices})
        if self.model.slip is not None:
            self.slip.set_label(self.model.slip.name)
        found = self.model.matching(self.search.value)[:SHOWN]
        body = Pane("none")
        self._rows = {}
        column = Column(gap=4)
        for candidate in found:
            row = CandidateRow(self._texts, candidate)
            row.role_asked.connect(self._role_asked)
            row.due_asked.connect(self._due_asked)
            row.focused.connect(self._focused)
            column.extend(row)
            self._rows[candidate.id] = row
        column.extend(None)
        # A row may be the one whose button is just telling us, so it goes a moment later
        old = self._list.takeWidget()
        if old is not None:
            old.hide()
            old.deleteLater()
        self._list.setWidget(put(body, column))

    def _role_asked(self, candidate: str, role: Role | None) -> None:
        self.model.give_role(candidate, role)
        self._focus(candidate)

    def _due_asked(self, candidate: str) -> None:
        self._current = candidate
        self.open_due_menu()

    def _focused(self, candidate: str) -> None:
        self._current = candidate

    def _focus(self, candidate: str) -> None:
        row = self._rows.get(candidate)
        if row is not None:
            row.setFocus()
            self._list.ensureWidgetVisible(row)

    def _take_phrase(self, code: str) -> None:
        phrase = next((p for p in self.model.phrases if p.code == code), None)
        if phrase is not None:
            self.area.setPlainText(self.model.filled(phrase))
            self.area.setFocus()

    def _refused(self, error: HoaBanError) -> None:
        self.error.show_text(self._texts.error(error), "bad")
