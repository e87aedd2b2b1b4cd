"""The acts at the foot of the reader: the primary one of the role first, what is rare in a menu."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from PySide6.QtCore import QSize, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QWidget

from app.kernel.texts import Texts
from ui.documents.panel_menu import add, new_menu
from ui.kit.buttons import Button
from ui.kit.labels import Label, Pane
from ui.kit.layout import Row, put
from ui.kit.theme import theme


@dataclass(frozen=True, slots=True)
class ActSpec:
    """How an act is written and which key it has."""

    text_key: str
    shortcut: str = ""
    icon: str = ""


class ActBar(Pane):
    """Buttons for what a document offers; what has no room goes into a menu."""

    acted = Signal(str)

    def __init__(
        self, texts: Texts, acts: Mapping[str, ActSpec], parent: QWidget | None = None
    ) -> None:
        super().__init__("footer", parent)
        self._texts = texts
        self._acts = acts
        self._buttons: list[tuple[str, Button]] = []
        self._more = Button(texts("pages.more"), "ghost", icon="more")
        self._more.clicked.connect(self._open_more)
        self._hint = Label(texts("pages.full_screen.hint"), "faint")
        self._row = Row(gap=8, margins=(14, 9, 14, 9))
        put(self, self._row)
        self._row.extend(self._more, None, self._hint)
        self._more.hide()

    @property
    def names(self) -> list[str]:
        """Return the names of the acts on offer."""
        return [name for name, _ in self._buttons]

    def button(self, name: str) -> Button | None:
        """Return the button of an act, if it is on offer."""
        return next((b for n, b in self._buttons if n == name), None)

    def show_offers(self, names: Sequence[str]) -> None:
        """Show buttons for these acts, the first as the primary one."""
        wanted = [name for name in names if name in self._acts]
        if wanted == self.names:
            return
        for _, button in self._buttons:
            self._row.removeWidget(button)
            button.hide()
            button.deleteLater()
        self._buttons = []
        for place, name in enumerate(wanted):
            spec = self._acts[name]
            kind = "primary" if place == 0 and name != "note" else "secondary"
            button = Button(self._texts(spec.text_key), kind, shortcut=spec.shortcut)
            button.clicked.connect(lambda _=False, name=name: self.acted.emit(name))
            self._row.insertWidget(place, button)
            self._buttons.append((name, button))
        self._fit()

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: D102
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        """Hide what does not fit; the primary act always stays."""
        gap = theme().px(8)
        room = self.width() - 2 * theme().px(14)
        widths = [button.sizeHint().width() + gap for _, button in self._buttons]
        hint = self._hint.sizeHint().width()
        self._hint.setVisible(sum(widths) + hint <= room)
        fits = sum(widths) <= room
        room -= 0 if fits else self._more.sizeHint().width() + gap
        used, shown = 0, True
        for place, (_, button) in enumerate(self._buttons):
            used += widths[place]
            shown = place == 0 or (shown and used <= room)
            button.setVisible(shown)
        self._more.setVisible(not fits)

    def _open_more(self) -> None:
        menu = new_menu(self)
        for name, button in self._buttons:
            if button.isHidden():
                add(menu, button.label, partial(self.acted.emit, name))
        menu.popup(self._more.mapToGlobal(self._more.rect().topLeft()))

    def minimumSizeHint(self) -> QSize:  # noqa: D102
        hint = super().minimumSizeHint()
        hint.setWidth(theme().px(240))
        return hint
