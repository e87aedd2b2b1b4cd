"""The card of the person or unit that a search is about, and what can be done with them."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from app.kernel.texts import Texts
from ui.kit.buttons import Button, IconButton
from ui.kit.labels import Icon, Label, Pane
from ui.kit.layout import Column, Row, put
from ui.search.model_search import PERSON, Subject


class SubjectCard(Pane):
    """Say whom the documents concern; `lifted` takes that away, `write_asked` begins a draft."""

    lifted = Signal()
    write_asked = Signal()

    def __init__(self, texts: Texts, parent: QWidget | None = None) -> None:
        super().__init__("card", parent)
        self._may_write = False
        self._icon = Icon("user", 20, "accent")
        self._name = Label("", "strong", wrap=True)
        self._more = Label("", "secondary", wrap=True, selectable=True)
        self._more.setAccessibleName(texts("search.subject.more"))
        close = IconButton("x", texts("search.subject.lift"))
        close.clicked.connect(self.lifted)
        self.write = Button(texts("search.subject.write"), icon="edit")
        self.write.clicked.connect(self.write_asked)
        words = Column(self._name, self._more, gap=2)
        head = Row(self._icon, words, close, gap=8)
        head.setStretch(1, 1)
        put(self, Column(head, Row(self.write, None), gap=6, margins=(10, 8, 6, 8)))
        self.hide()

    def allow_writing(self, allowed: bool) -> None:
        """Offer a draft to a unit, or not: not everybody drafts."""
        self._may_write = allowed

    def show_subject(self, subject: Subject | None) -> None:
        """Show a person or a unit; None hides the card."""
        self.setVisible(subject is not None)
        if subject is None:
            return
        self._icon.set_icon("user" if subject.about.kind == PERSON else "building", "accent")
        self._name.setText(subject.name)
        self._more.setText("\n".join(subject.lines))
        self._more.setVisible(bool(subject.lines))
        self.write.setVisible(self._may_write and subject.agency)
        self.setAccessibleName(", ".join((subject.name, *subject.lines)))
