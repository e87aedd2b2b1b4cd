"""The findings one below the other: icon, state in a word, what is so, what to do."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QScrollArea, QWidget

from ui.kit.badges import Badge
from ui.kit.labels import Icon, Label, Pane
from ui.kit.layout import Column, Row

OK, WARN, FAIL = "ok", "warn", "fail"
TONES = {OK: "ok", WARN: "warn", FAIL: "bad"}
ICONS = {OK: "success", WARN: "warning", FAIL: "error"}


@dataclass(frozen=True, slots=True)
class Told:
    """A finding in words: its step, its state, what is so, and what to do."""

    step: str
    state: str
    state_text: str
    text: str
    remedy: str = ""

    def spoken(self) -> str:
        """Return all of it as a screen reader says it."""
        parts = (f"{self.step}: {self.state_text}", self.text, self.remedy)
        return " ".join(p if p.endswith(".") else f"{p}." for p in parts if p)


class FindingCard(Pane):
    """One finding; the keyboard stops at it and its name is all that it says."""

    def __init__(self, one: Told, parent: QWidget | None = None) -> None:
        super().__init__("card", parent)
        tone = TONES[one.state]
        head = Row(Label(one.step, "strong"), Badge(one.state_text, tone), None, gap=8)
        lines: list[QWidget] = [Label(one.text, wrap=True)]
        if one.remedy:
            lines.append(Label(one.remedy, tone if one.state != OK else "secondary", wrap=True))
        told = Column(head, *lines, gap=4)
        row = Row(
            Column(Icon(ICONS[one.state], 20, tone), None, gap=0), told, gap=12,
            margins=(14, 10, 14, 10),
        )  # fmt: skip
        row.setStretch(1, 1)
        self.setLayout(row)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setAccessibleName(one.spoken())


class Findings(QScrollArea):
    """Show findings as they are made; the one last made is kept in sight."""

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.cards: list[FindingCard] = []
        self.setWidgetResizable(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAccessibleName(name)
        body = Pane("none")
        self._column = Column(gap=8)
        body.setLayout(Column(self._column, None, gap=0, margins=(20, 12, 20, 16)))
        self.setWidget(body)
        self._follows = True
        bar = self.verticalScrollBar()
        bar.rangeChanged.connect(self._follow)
        # Who scrolls looks at something
        bar.actionTriggered.connect(self._leave)

    def clear(self) -> None:
        """Show none."""
        for card in self.cards:
            self._column.removeWidget(card)
            card.hide()
            card.deleteLater()
        self.cards = []

    def add(self, one: Told) -> None:
        """Show one more."""
        card = FindingCard(one)
        self._column.addWidget(card)
        # What comes later would else be reached after all that the window has besides
        QWidget.setTabOrder(self.cards[-1] if self.cards else self, card)
        self.cards.append(card)
        self._follows = True

    def _leave(self) -> None:
        self._follows = False

    def _follow(self, _: int, last: int) -> None:
        if self._follows:
            self.verticalScrollBar().setValue(last)
