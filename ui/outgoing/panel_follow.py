"""What became of a document: at every recipient, and step by step at home."""

from __future__ import annotations

from PySide6.QtWidgets import QWidget

from app.documents.rows import Detail
from ui.bridge.session import Session
from ui.kit.labels import Label, Pane
from ui.kit.layout import Column
from ui.kit.timeline import Timeline
from ui.outgoing import model_list


class FollowPanel(Pane):
    """Recipients with the times of their states, then the document's own timeline."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__("panel", parent)
        self._session = session
        texts = session.texts
        self._count = Label(texts("outpages.recipients"), "section")
        self.deliveries = Timeline(texts("outpages.recipients"))
        self.steps = Timeline(texts("outpages.timeline"))
        column = Column(
            self._count,
            self.deliveries,
            Label(texts("outpages.timeline"), "section"),
            self.steps,
            gap=8,
            margins=(14, 12, 8, 8),
        )
        column.setStretch(1, 1)
        column.setStretch(3, 1)
        self.setLayout(column)

    def show_detail(self, detail: Detail | None) -> None:
        """Show a document, or nothing."""
        texts = self._session.texts
        if detail is None:
            self.deliveries.set_items(())
            self.steps.set_items(())
            self._count.setText(texts("outpages.recipients"))
            return
        now = self._session.desk.clock.now()
        document = detail.document
        self._count.setText(texts("outpages.recipients_n", n=len(document.deliveries)))
        self.deliveries.set_items(model_list.delivery_items(texts, document, now))
        self.steps.set_items(model_list.timeline_items(texts, detail.timeline))
