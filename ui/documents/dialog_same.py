"""Two registered documents that may be one: field by field, page beside page, and the decision."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import BinaryIO

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QGridLayout, QScrollArea, QSplitter, QWidget

from app.desk import Desk
from app.documents.commands import PartTwins, VoidTwin
from app.documents.likeness import SUSPECTED
from app.documents.model import KIND, Document
from app.documents.rules.checks import MIN_REASON
from app.kernel.texts import Texts
from ui.bridge.session import Session
from ui.documents.dialog_twins import PageSide
from ui.documents.model_reader import opener
from ui.documents.words import day, full_moment, symbol_of
from ui.kit.dialog import Dialog
from ui.kit.fields import LineEdit
from ui.kit.form import FormField
from ui.kit.labels import Icon, Label, Pane
from ui.kit.layout import Row
from ui.kit.theme import theme

Source = Callable[[], BinaryIO]
_SHOWN = ("subject", "issuer", "signer", "pages", "copies", "to_places", "dossier", "note")


@dataclass(frozen=True, slots=True)
class Side:
    """One of the two, with its page if that is on this desk."""

    document: Document
    source: Source | None


def sides(desk: Desk, document: str) -> tuple[Side, Side] | None:
    """Return a document and its first suspected twin; not for the GUI thread."""
    one: Document | None = desk.store.get(KIND, document)
    for twin in one.twins if one is not None else ():
        other: Document | None = desk.store.get(KIND, twin.id)
        if one is not None and other is not None and twin.verdict == SUSPECTED:
            pair = sorted((one, other), key=lambda d: d.arrival_number or 0)
            return _side(desk, pair[0]), _side(desk, pair[1])
    return None


def _side(desk: Desk, document: Document) -> Side:
    main = document.main_file
    here = main is not None and desk.store.vault.has(main.sha256)
    return Side(document, opener(desk, main.sha256) if main is not None and here else None)


class SameDialog(Dialog):
    """Compare the two and decide; `decided` once it is done."""

    decided = Signal()

    def __init__(
        self, session: Session, pair: tuple[Side, Side], parent: QWidget | None = None
    ) -> None:
        texts = session.texts
        super().__init__(texts("pages.twins.title"), parent, 600)
        self._session, self._pair = session, pair
        first, second = (side.document for side in pair)
        self.fields = FieldTable(texts, first, second)
        scroll = QScrollArea()
        scroll.setWidgetResizable(True)
        scroll.setWidget(self.fields)
        scroll.setAccessibleName(texts("pages.twins.fields"))
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._pages = [PageSide(texts, name_of(texts, s.document), "", s.source) for s in pair]
        papers = QSplitter(Qt.Orientation.Horizontal)
        for page in self._pages:
            papers.addWidget(page)
        whole = QSplitter(Qt.Orientation.Vertical)
        whole.setChildrenCollapsible(False)
        whole.addWidget(scroll)
        whole.addWidget(papers)
        whole.setStretchFactor(1, 1)
        self.reason = LineEdit(
            texts("pages.twins.reason"), texts("pages.twins.reason.usual", of=_number(first))
        )
        self._field = FormField(texts("pages.twins.reason"), self.reason, required=True)
        self.fill_with(whole)
        self.body.extend(self._field)
        self._offer(texts, first, second)
        self.finished.connect(lambda _: self._shut_down())
        room = self.screen().availableGeometry()
        wide, high = theme().px(900), theme().px(640)
        self.resize(min(wide, room.width() - 40), min(high, room.height() - 60))

    def _offer(self, texts: Texts, first: Document, second: Document) -> None:
        self.part = self.add_button(texts("pages.twins.part"), shortcut="Alt+K")
        void = texts("pages.twins.void", number=_number(second))
        self.void = self.add_button(void, "danger", shortcut="Alt+T")
        self.add_button(texts("kit.close"), role="reject")
        self.part.clicked.connect(lambda: self._act(PartTwins(first.id, second.id)))
        self.void.clicked.connect(self._void)

    def _void(self) -> None:
        first, second = (side.document for side in self._pair)
        if len(self.reason.value) < MIN_REASON:
            self._field.set_error(self._session.texts("pages.ask.short", n=MIN_REASON))
            self._field.focus_error()
            return
        self._act(VoidTwin(second.id, first.id, self.reason.value))

    def _act(self, command: PartTwins | VoidTwin) -> None:
        self._session.act(
            command,
            done=lambda _: self._done(),
            failed=lambda error: self.show_error(self._session.explain(error)),
        )

    def _done(self) -> None:
        self.decided.emit()
        self.accept()

    def _shut_down(self) -> None:
        for page in self._pages:
            page.shutdown()


def _number(document: Document) -> str:
    return str(document.arrival_number) if document.arrival_number is not None else "–"


def name_of(texts: Texts, document: Document) -> str:
    """Return what one of the two is called: its number in the book."""
    return texts("pages.twins.kept", number=_number(document))


class FieldTable(Pane):
    """The fields of both beside each other; those that differ have a mark and stand out."""

    def __init__(self, texts: Texts, first: Document, second: Document) -> None:
        super().__init__("panel")
        self.differing: list[str] = []
        look = theme()
        grid = QGridLayout()
        grid.setHorizontalSpacing(look.px(14))
        grid.setVerticalSpacing(look.px(6))
        for column, document in ((2, first), (3, second)):
            grid.addWidget(Label(name_of(texts, document), "strong"), 0, column)
            grid.setColumnStretch(column, 1)
        for row, (name, left, right) in enumerate(_rows(texts, first, second), start=1):
            differs = left != right
            if differs:
                self.differing.append(name)
                mark = Icon("warning", 14, "warn", texts("pages.twins.differs", field=name))
                grid.addWidget(mark, row, 0, Qt.AlignmentFlag.AlignTop)
            grid.addWidget(Label(name, "secondary"), row, 1, Qt.AlignmentFlag.AlignTop)
            for column, value in ((2, left), (3, right)):
                shown = Label(value or "–", "strong" if differs else "body", wrap=True)
                said = "pages.twins.differs" if differs else "pages.twins.same"
                shown.setAccessibleName(f"{texts(said, field=name)}: {value or '–'}")
                grid.addWidget(shown, row, column, Qt.AlignmentFlag.AlignTop)
        row_of = Row(margins=(0, 4, 8, 8))
        row_of.addLayout(grid, 1)
        self.setLayout(row_of)


def _rows(texts: Texts, first: Document, second: Document) -> list[tuple[str, str, str]]:
    found = [(texts("pages.field.symbol"), symbol_of(first), symbol_of(second))]
    one, two = first.particulars, second.particulars
    for name in ("issued", "due"):
        label = texts(f"pages.field.{name}")
        found.append((label, day(getattr(one, name)), day(getattr(two, name))))
    for name in _SHOWN:
        values = [str(getattr(p, name) or "") for p in (one, two)]
        found.append((texts(f"pages.field.{name}"), values[0], values[1]))
    times = (full_moment(first.registered_at), full_moment(second.registered_at))
    found.append((texts("pages.field.registered_at"), *times))
    return [row for row in found if row[1] or row[2]]
