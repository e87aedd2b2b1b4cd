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


class TwinsDialog(Dialog):
    """Show the document before the form beside the one that is kept already."""

    def __init__(
        self, texts: Texts, twin: TwinRow, mine: Source | None, theirs: Source | None,
        parent: QWidget | None = None,
    ) -> None:  # fmt: skip
        super().__init__(texts("pages.twins.title"), parent, 960)
        self._texts = texts
        self._views: list[PdfView] = []
        facts = " · ".join(p for p in (twin.symbol, day(twin.issued), twin.issuer) if p)
        number = twin.arrival_number
        kept = texts("pages.twins.kept", number=number if number is not None else "–")
        split = QSplitter(Qt.Orientation.Horizontal)
        split.addWidget(self._side(texts("pages.twins.mine"), "", mine))
        split.addWidget(self._side(kept, facts, theirs))
        self.body.addWidget(split)
        self.body.setStretchFactor(split, 1)
        self.add_button(texts("kit.close"), "primary", "accept")
        self.resize(theme().px(960), theme().px(620))
        self.finished.connect(lambda _: self._shut_down())

    def _side(self, title: str, facts: str, source: Source | None) -> QWidget:
        view = PdfView()
        view.setAccessibleName(title)
        states = StateStack(view)
        self._views.append(view)
        view.failed.connect(lambda error: states.show_error(error, retry=False))
        if source is None:
            states.show_empty(self._texts("pages.reader.paper"), "", "file")
        else:
            view.open(source)
        column = Column(Label(title, "strong"), Label(facts, "secondary", wrap=True), states, gap=4)
        column.setStretch(2, 1)
        return put(QWidget(), column)

    def _shut_down(self) -> None:
        for view in self._views:
            view.shutdown()
