"""What a run left: documents with a number and without a signature, and how to go on."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from app.kernel.texts import Texts
from ui.kit.banner import Banner
from ui.kit.buttons import Button
from ui.kit.labels import Pane
from ui.kit.layout import Row


class LeftPanel(Pane):
    """Tell how many documents are left; `again` to sign them, `back` to give numbers back."""

    again = Signal()
    back = Signal()

    def __init__(self, texts: Texts, parent: QWidget | None = None) -> None:
        super().__init__("none", parent)
        self._texts = texts
        self._banner = Banner()
        self.again_button = Button(texts("outpages.left.again"), icon="pen")
        self.again_button.setToolTip(texts("outpages.left.do"))
        self.again_button.clicked.connect(self.again)
        self.back_button = Button(texts("outpages.left.back"), "ghost")
        self.back_button.clicked.connect(self.back)
        row = Row(self._banner, self.again_button, self.back_button, gap=8)
        row.setStretch(0, 1)
        self.setLayout(row)
        self.show_left(0)

    @property
    def text(self) -> str:
        """Return what is told."""
        return self._banner.text

    def show_left(self, count: int) -> None:
        """Show how many are left; 0 hides."""
        texts = self._texts
        strong = texts("outpages.left.count", n=count) if count else ""
        self._banner.show_text("", "warn", strong=strong)
        self.setVisible(bool(count))
