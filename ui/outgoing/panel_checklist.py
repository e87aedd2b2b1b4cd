"""The clerk's checklist of one document, with the words for what is missing."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtWidgets import QWidget

from app.kernel.texts import Texts
from ui.kit.labels import Icon, Label, Pane
from ui.kit.layout import Column, Row
from ui.outgoing.model_issue import Check

_NAMES = ("number", "date", "signature", "seal", "recipients", "attachments")
_ICONS = {"ok": ("success", "ok"), "todo": ("clock", "warn"), "bad": ("error", "bad")}


class ChecklistPanel(Pane):
    """Six lines; a line says what stands there, or what is still to do."""

    def __init__(self, texts: Texts, parent: QWidget | None = None) -> None:
        super().__init__("panel", parent)
        self._texts = texts
        self._icons = {name: Icon("clock", 18, "ink3") for name in _NAMES}
        self._values = {name: Label("", "secondary", wrap=True) for name in _NAMES}
        column = Column(
            Label(texts("outpages.check.title"), "section"), gap=10, margins=(14, 12, 10, 10)
        )
        for name in _NAMES:
            words = Column(
                Label(texts(f"outpages.check.{name}"), "strong"), self._values[name], gap=1
            )
            row = Row(self._icons[name], words, gap=8)
            row.setStretch(1, 1)
            column.extend(row)
        column.extend(None)
        self.setLayout(column)

    def show_checks(self, checks: Sequence[Check]) -> None:
        """Show a checklist; none empties it."""
        texts = self._texts
        found = {c.name: c for c in checks}
        for name in _NAMES:
            check = found.get(name)
            icon, tone = _ICONS[check.state] if check is not None else ("clock", "ink3")
            said = texts(f"outpages.check.{check.state}") if check is not None else ""
            self._icons[name].set_icon(icon, tone, said)
            value = check.value if check is not None and check.state == "ok" else said
            self._values[name].setText(value)
            self._values[name].set_style(tone if tone in ("warn", "bad") else "secondary")
