"""The strips above a document that has something to decide: proposals, suspected twins."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from app.documents import doubts
from app.documents.model import Document
from app.kernel.texts import Texts
from ui.kit.banner import Banner
from ui.kit.labels import Pane
from ui.kit.layout import Column


class DoubtStrip(Pane):
    """Say how much there is to decide; `proposals_asked` and `twins_asked` when it is wanted."""

    proposals_asked = Signal()
    twins_asked = Signal()

    def __init__(self, texts: Texts, parent: QWidget | None = None) -> None:
        super().__init__("panel", parent)
        self._texts = texts
        self.proposals = Banner(tone="warn")
        self.twins = Banner(tone="warn")
        self.proposals.linked.connect(self.proposals_asked)
        self.twins.linked.connect(self.twins_asked)
        self.setLayout(Column(self.proposals, self.twins, gap=4, margins=(16, 0, 16, 8)))
        self.hide()

    def show_document(self, document: Document | None) -> None:
        """Show what waits for a decision on a document, or nothing."""
        texts = self._texts
        proposals, twins = doubts.counts(document) if document is not None else (0, 0)
        names = ""
        if document is not None:
            names = ", ".join(dict.fromkeys(p.name or p.person for p in document.proposals))
        said = texts("pages.proposals.strip", n=proposals, names=names) if proposals else ""
        self.proposals.show_text(said, "warn", texts("pages.proposals.open"))
        self.twins.show_text(
            texts("pages.twins.strip", n=twins) if twins else "", "warn", texts("pages.twins.open")
        )
        self.setVisible(bool(proposals or twins))
