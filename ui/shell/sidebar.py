"""The navigation at the left: agency, palette, pages with counts, and who acts."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QSizePolicy, QWidget

from app.kernel.actor import Actor
from app.kernel.texts import Texts
from ui.bridge.page import PageSpec
from ui.kit.avatar import Avatar
from ui.kit.buttons import Button, IconButton
from ui.kit.icons import LOGO
from ui.kit.labels import ElidedLabel, Icon, Label, Line, Pane
from ui.kit.layout import Column, Row, put
from ui.kit.navigation import Navigation, NavItem
from ui.kit.theme import theme

WIDTH = 212


class SideBar(Pane):
    """The whole left side; `chosen(page name)`, `palette_asked`, `person_asked`."""

    chosen = Signal(str)
    palette_asked = Signal()
    person_asked = Signal()

    def __init__(self, texts: Texts, parent: QWidget | None = None) -> None:
        super().__init__("bg", parent)
        self._texts = texts
        self._rescale()
        theme().changed.connect(self._rescale)
        self._agency = ElidedLabel(style="secondary")
        self._avatar = Avatar("")
        self._name = ElidedLabel()
        self._title = ElidedLabel(style="faint")
        self._pages = Navigation(texts("shell.pages"))
        self._pages.chosen.connect(self.chosen)
        find = Button(texts("shell.find"), "secondary", shortcut="Ctrl+K")
        find.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        find.clicked.connect(self.palette_asked)
        head = Row(
            Icon(LOGO, 30),
            Column(Label(texts("shell.product"), "strong"), self._agency, gap=0),
            gap=8,
            margins=(4, 2, 4, 4),
        )
        whole = Column(
            head, find, self._pages, Line(), self._person_row(), gap=6, margins=(8, 8, 8, 8)
        )
        whole.setStretch(2, 1)
        put(self, whole)

    def _rescale(self) -> None:
        self.setFixedWidth(theme().px(WIDTH))

    def _person_row(self) -> QWidget:
        switch = IconButton("switch", self._texts("shell.person_menu"))
        switch.clicked.connect(self.person_asked)
        names = Column(self._name, self._title, gap=0)
        row = Row(self._avatar, names, switch, gap=8, margins=(4, 4, 0, 0))
        row.setStretch(1, 1)
        return put(QWidget(), row)

    def show_actor(self, actor: Actor, agency: str) -> None:
        """Show who acts, and for which agency."""
        self._agency.set_text(agency)
        self._name.set_text(actor.name)
        self._title.set_text(actor.title)
        self._avatar.set_name(actor.name)

    def show_pages(self, specs: Sequence[PageSpec], chosen: str) -> None:
        """List the pages of the actor, by section."""
        texts = self._texts
        self._pages.set_items(
            [
                NavItem(
                    spec.name,
                    spec.icon,
                    texts(spec.text_key),
                    section=texts(spec.section) if spec.section else "",
                )
                for spec in specs
            ]
        )
        self._pages.select(chosen)

    def set_count(self, name: str, count: int) -> None:
        """Show the number beside a page."""
        self._pages.set_count(name, count)

    def choose(self, name: str) -> None:
        """Mark a page as the current one."""
        self._pages.select(name)
