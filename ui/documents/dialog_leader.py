"""Choose the leader to whom documents are presented."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Signal
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import QWidget

from app.identity.queries import PostRow
from app.kernel.texts import Texts
from ui.kit.choice import Choice
from ui.kit.dialog import Dialog
from ui.kit.fields import TextArea
from ui.kit.form import FormField


class LeaderDialog(Dialog):
    """A leader and a proposal; `chosen(person id, name, proposal)`."""

    chosen = Signal(str, str, str)

    def __init__(
        self, texts: Texts, leaders: Sequence[PostRow], parent: QWidget | None = None
    ) -> None:
        super().__init__(texts("pages.ask.present"), parent, 520)
        self._names = {p.person: p.name for p in leaders}
        choices = {p.person: f"{p.name} · {p.title}" for p in leaders}
        self.leader = Choice(texts("pages.ask.present.leader"), choices)
        self.proposal = TextArea(texts("pages.ask.present.label"), lines=3)
        self.body.extend(
            FormField(texts("pages.ask.present.leader"), self.leader, required=True),
            FormField(texts("pages.ask.present.label"), self.proposal),
        )
        self.add_button(texts("kit.cancel"), role="reject")
        accept = self.add_button(texts("pages.act.present"), "primary", shortcut="Ctrl+Return")
        accept.clicked.connect(self.submit)
        enter = QShortcut(QKeySequence("Ctrl+Enter"), self)
        enter.activated.connect(self.submit)
        self.leader.setFocus()

    def submit(self) -> None:
        """Take the choice."""
        person = self.leader.value
        if person:
            self.chosen.emit(person, self._names[person], self.proposal.value)
            self.accept()
