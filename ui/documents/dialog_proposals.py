"""The proposals of a document, each beside what stands: one key takes it, one leaves it."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QLabel, QScrollArea, QWidget

from app.desk import Desk
from app.documents.commands import LeaveProposal, TakeProposal
from app.documents.model import KIND, Document
from app.documents.rules.proposals import may_decide
from app.kernel.actor import Actor
from app.kernel.changes import Changes
from app.kernel.command import Command
from app.kernel.errors import HoaBanError
from app.kernel.merge import Proposal
from app.kernel.texts import Texts
from ui.bridge.session import Session
from ui.documents import doubt_words as said
from ui.kit.buttons import Button
from ui.kit.dialog import Dialog
from ui.kit.labels import ElidedLabel, Label, Pane
from ui.kit.layout import Column, Row
from ui.kit.theme import theme

TAKE, LEAVE = Qt.Key.Key_N, Qt.Key.Key_G


class ProposalCard(Pane):
    """One proposal; `taken` or `left` when that is decided, by a button or its one key."""

    taken = Signal()
    left = Signal()

    def __init__(
        self, texts: Texts, document: Document, found: Proposal, *, takes: bool, leaves: bool
    ) -> None:
        super().__init__("card")
        self.proposal = found
        stands, proposed = said.both_sides(texts, document, found)
        self._pieces = said.compare(stands, proposed)
        self.words = QLabel()
        self.words.setTextFormat(Qt.TextFormat.RichText)
        self.words.setWordWrap(True)
        self.words.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.take = Button(texts("pages.proposals.take"), "primary", shortcut="N")
        self.leave = Button(texts("pages.proposals.leave"), shortcut="G")
        self.take.clicked.connect(self.taken)
        self.leave.clicked.connect(self.left)
        self.take.setEnabled(takes)
        self.leave.setEnabled(leaves)
        name = said.field_name(texts, found.field)
        lines: list[QWidget] = [
            Label(name, "strong"),
            Label(said.byline(texts, found), "secondary", wrap=True),
            self.words,
        ]
        if not takes:
            lines.append(Label(texts("pages.proposals.not_yours"), "faint", wrap=True))
        buttons = Row(self.take, self.leave, None, gap=8)
        self.setLayout(Column(*lines, buttons, gap=6, margins=(14, 10, 14, 12)))
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        heard = said.spoken(texts, self._pieces)
        self.setAccessibleName(f"{name}. {said.byline(texts, found)}. {heard}")
        self.words.setAccessibleName(heard)
        self._write()
        theme().changed.connect(self._write)

    def _write(self) -> None:
        self.words.setText(said.marked(self._pieces))

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: D102
        if event.key() == TAKE and self.take.isEnabled():
            self.taken.emit()
        elif event.key() == LEAVE and self.leave.isEnabled():
            self.left.emit()
        else:
            super().keyPressEvent(event)


class ProposalsDialog(Dialog):
    """All proposals of one document; it closes when none is left."""

    def __init__(self, session: Session, document: str, parent: QWidget | None = None) -> None:
        super().__init__(session.texts("pages.proposals.title"), parent, 640)
        self._session, self._document = session, document
        self.cards: list[ProposalCard] = []
        self._shown: tuple[Proposal, ...] = ()
        self._column = Column(gap=10)
        ground = Pane("none")
        ground.setLayout(Column(self._column, None))
        scroll = QScrollArea()
        scroll.setWidgetResizable(True)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        scroll.setAccessibleName(session.texts("pages.proposals.title"))
        scroll.setWidget(ground)
        self._subject = ElidedLabel("", "secondary")
        self._legend = Label(session.texts("pages.proposals.legend"), "faint", wrap=True)
        self.body.extend(self._subject, self._legend)
        self.fill_with(scroll)
        self.add_button(session.texts("kit.close"), role="reject")
        self.resize(theme().px(640), theme().px(460))
        session.changed.connect(self._changed)
        self.load()

    def load(self) -> None:
        """Ask for the document as it is."""
        desk, actor, name = self._session.desk, self._session.actor, self._document
        self._session.work("query", lambda: _rights(desk, actor, name), self._take)

    def _changed(self, changes: Changes) -> None:
        if changes.touches(KIND, self._document):
            self.load()

    def _take(self, found: tuple[Document, dict[str, tuple[bool, bool]]] | None) -> None:
        if found is None or not found[0].proposals:
            self.accept()
            return
        document, rights = found
        if document.proposals == self._shown and self.cards:
            return
        self._shown = document.proposals
        self._subject.set_text(document.particulars.subject)
        for card in self.cards:
            self._column.removeWidget(card)
            card.hide()
            card.deleteLater()
        self.cards = []
        for proposal in document.proposals:
            takes, leaves = rights[proposal.id]
            card = ProposalCard(self._session.texts, document, proposal, takes=takes, leaves=leaves)
            name = proposal.id
            card.taken.connect(partial(self._decide, TakeProposal(self._document, name)))
            card.left.connect(partial(self._decide, LeaveProposal(self._document, name)))
            self._column.addWidget(card)
            self.cards.append(card)
        self.cards[0].setFocus()

    def _decide(self, command: Command) -> None:
        self.show_error("")
        self._session.act(
            command, failed=lambda error: self.show_error(self._session.explain(error))
        )


def _rights(
    desk: Desk, actor: Actor, name: str
) -> tuple[Document, dict[str, tuple[bool, bool]]] | None:
    """Return a document, and for each proposal whether the actor may take and leave it."""
    document: Document | None = desk.store.get(KIND, name)
    if document is None:
        return None
    rights: dict[str, tuple[bool, bool]] = {}
    for proposal in document.proposals:
        takes = _may(document, proposal, actor)
        own = proposal.person in (actor.person, actor.acting_for)
        rights[proposal.id] = (takes, takes or own)
    return document, rights


def _may(document: Document, proposal: Proposal, actor: Actor) -> bool:
    try:
        may_decide(document, proposal, actor)
    except HoaBanError:
        return False
    return document.agency == actor.agency
