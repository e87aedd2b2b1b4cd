"""Two documents side by side that may be the same one."""

from __future__ import annotations

from collections.abc import Callable
from typing import BinaryIO

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QSplitter, QWidget

from app.documents.rows import TwinRow
from app.kernel.texts import Texts
from ui.documents.words import day
from ui.kit.dialog import Dialog
from ui.kit.labels import Label
from ui.kit.layout import Column, put
from ui.kit.pdfview.view import PdfView
from ui.kit.states import StateStack
from ui.kit.theme import theme

Source = Callable[[], BinaryIO]


class PageSide(QWidget):
    """The page of one of two documents, with what it is above it."""

    def __init__(self, texts: Texts, title: str, facts: str, source: Source | None) -> None:
        super().__init__()
        self.view = PdfView()
        self.view.setAccessibleName(title)
        states = StateStack(self.view)
        self.view.failed.connect(lambda error: states.show_error(error, retry=False))
        if source is None:
            states.show_empty(texts("pages.reader.paper"), "", "file")
        else:
            self.view.open(source)
        told = Label(facts, "secondary", wrap=True)
        told.setVisible(bool(facts))
        column = Column(Label(title, "strong"), told, states, gap=4)
        column.setStretch(2, 1)
        put(self, column)

    def shutdown(self) -> None:
        """Let the drawing thread end."""
        self.view.shutdown()


class TwinsDialog(Dialog):
    """Show the document before the form beside the one that is kept already."""

    def __init__(
        self, texts: Texts, twin: TwinRow, mine: Source | None, theirs: Source | None,
        parent: QWidget | None = None,
    ) -> None:  # fmt: skip
        super().__init__(texts("pages.twins.title"), parent, 960)
        facts = " · ".join(p for p in (twin.symbol, day(twin.issued), twin.issuer) if p)
        number = twin.arrival_number
        kept = texts("pages.twins.kept", number=number if number is not None else "–")
        self._sides = (
            PageSide(texts, texts("pages.twins.mine"), "", mine),
            PageSide(texts, kept, facts, theirs),
        )
        split = QSplitter(Qt.Orientation.Horizontal)
        for side in self._sides:
            split.addWidget(side)
        self.body.addWidget(split)
        self.body.setStretchFactor(split, 1)
        self.add_button(texts("kit.close"), "primary", "accept")
        self.resize(theme().px(960), theme().px(620))
        self.finished.connect(lambda _: self._shut_down())

    def _shut_down(self) -> None:
        for side in self._sides:
            side.shutdown()
