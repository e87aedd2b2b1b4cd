"""The card of one act: what I did, why it was refused, who did what meanwhile, the ways out."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QScrollArea, QSizePolicy, QWidget

from app.kernel.texts import Texts
from ui.kit.banner import Banner
from ui.kit.buttons import Button
from ui.kit.labels import Label, Pane
from ui.kit.layout import Column, Row, put
from ui.kit.theme import theme
from ui.outbox.model_outbox import OutboxRow, OutboxWords

# Longer texts are shown by their beginning; the act itself keeps them whole
_SHOWN = 600


class Told(QScrollArea):
    """As high as its words are, and with a bar where there is less room."""

    def __init__(self, words: QWidget, name: str) -> None:
        super().__init__()
        self.setWidgetResizable(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Maximum)
        self.setAccessibleName(name)
        self._words = words
        self.setWidget(words)
        self.setMinimumHeight(theme().px(40))

    def sizeHint(self) -> QSize:  # noqa: D102
        layout = self._words.layout()
        wide = max(1, self.viewport().width())
        high = layout.heightForWidth(wide) if layout is not None else 0
        return QSize(wide, high + 2)

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: D102
        super().resizeEvent(event)
        self.updateGeometry()


class ActCard(Pane):
    """Show a refused act with everything that one needs to drop it or to do it again."""

    def __init__(self, texts: Texts, words: OutboxWords, parent: QWidget | None = None) -> None:
        super().__init__("footer", parent)
        self._texts, self._words = texts, words
        self.title = Label("", "strong", wrap=True)
        self.mine = Label("", "secondary", wrap=True)
        self.reason = Banner(tone="bad")
        self.happened = Label("", wrap=True)
        self.typed = Label("", wrap=True, selectable=True)
        self.undo = Button(texts("outbox.withdraw"), icon="undo")
        self.again = Button(texts("outbox.again"), "primary", icon="redo", shortcut="Ctrl+Return")
        self.dismiss = Button(texts("outbox.dismiss"), icon="x", shortcut="Del")
        self.open = Button(texts("outbox.open"), icon="file-text")
        self._told = (self.title, self.mine, self.happened, self.typed)
        buttons = Row(self.again, self.undo, self.dismiss, self.open, None, gap=8)
        told = Column(self.title, self.mine, self.reason, self.happened, self.typed, gap=6)
        self._words_of_it = Told(put(Pane("none"), told), texts("outbox.acts"))
        self.setLayout(Column(self._words_of_it, buttons, gap=8, margins=(16, 10, 16, 10)))

    def show_row(self, row: OutboxRow) -> None:
        """Show one act; one that only waits has fewer words."""
        texts, words = self._texts, self._words
        told = words.happened(row) if row.refused else []
        typed = " · ".join(words.typed(row)) if row.refused else ""
        self.title.setText(f"{words.act(row)} · {row.title}" if row.title else words.act(row))
        self.mine.setText(texts("outbox.mine", at=words.time(row)))
        self.reason.show_text(words.reason(row), "bad" if row.refused else "warn")
        self.happened.setText("\n".join([texts("outbox.since"), *told]) if told else "")
        short = typed if len(typed) <= _SHOWN else f"{typed[:_SHOWN]}…"
        self.typed.setText(texts("outbox.typed", text=short) if typed else "")
        for label in self._told:
            label.setVisible(row.refused and bool(label.text()))
        self._words_of_it.updateGeometry()
        self.setAccessibleName(" ".join(label.text() for label in self._told if label.text()))
