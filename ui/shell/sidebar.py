"""The navigation at the left: agency, palette, pages with counts, and who acts."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QStyle, QStyleOptionButton, QWidget

from app.kernel.actor import Actor
from app.kernel.texts import Texts
from ui.kit.avatar import Avatar
from ui.kit.buttons import Button, IconButton
from ui.kit.icons import LOGO
from ui.kit.labels import ElidedLabel, Icon, Label, Line, Pane
from ui.kit.layout import Column, Row, put
from ui.kit.navigation import Navigation, NavItem
from ui.kit.page import PageSpec
from ui.kit.theme import BODY, TINY, theme

WIDTH, NARROW_WIDTH = 212, 56


class FindButton(Button):
    """The way to the palette; looks like the field that it opens."""

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the words at the left and the key at the right."""
        look = theme()
        option = QStyleOptionButton()
        self.initStyleOption(option)
        option.text = ""
        painter = QPainter(self)
        bevel = QStyle.ControlElement.CE_PushButtonBevel
        self.style().drawControl(bevel, option, painter, self)
        area = self.rect().adjusted(look.px(10), 0, -look.px(10), 0)
        painter.setPen(look.color("ink3"))
        painter.setFont(look.font(TINY))
        across = Qt.AlignmentFlag.AlignVCenter
        key = self.accessibleDescription()
        painter.drawText(area, across | Qt.AlignmentFlag.AlignRight, key)
        painter.setFont(look.font(BODY - 1))
        painter.drawText(area, across | Qt.AlignmentFlag.AlignLeft, self.label)
        painter.end()

    def sizeHint(self) -> QSize:
        """Return the size of a field."""
        return QSize(theme().px(120), theme().px(33))


class SideBar(Pane):
    """The whole left side; `chosen(page name)`, `palette_asked`, `person_asked`.

    Narrow, it shows icons alone; names come as tooltips.
    """

    chosen = Signal(str)
    palette_asked = Signal()
    person_asked = Signal()

    def __init__(self, texts: Texts, parent: QWidget | None = None) -> None:
        super().__init__("bg", parent)
        self._texts = texts
        self._narrow = False
        self._agency = ElidedLabel(style="faint")
        self._avatar = Avatar("")
        self._name = ElidedLabel()
        self._title = ElidedLabel(style="faint")
        self._pages = Navigation(texts("shell.pages"))
        self._pages.chosen.connect(self.chosen)
        self._find = FindButton(texts("shell.find"), "secondary", shortcut="Ctrl+K")
        self._find.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self._find.clicked.connect(self.palette_asked)
        self._find_icon = IconButton("search", texts("shell.find"), shortcut="Ctrl+K")
        self._find_icon.clicked.connect(self.palette_asked)
        self._switch = IconButton("switch", texts("shell.person_menu"), shortcut="Ctrl+Shift+U")
        self._switch.clicked.connect(self.person_asked)
        self._names = put(QWidget(), Column(self._name, self._title, gap=0))
        self._heading = put(
            QWidget(), Column(Label(texts("shell.product"), "strong"), self._agency, gap=0)
        )
        self._lay_out()
        self._reshape()
        theme().changed.connect(self._reshape)

    def _lay_out(self) -> None:
        head = Row(Icon(LOGO, 30), self._heading, gap=8, margins=(5, 4, 4, 4))
        head.setStretch(1, 1)
        person = Row(self._avatar, self._names, self._switch, gap=8)
        person.setStretch(1, 1)
        self._person = person
        whole = Column(
            head, self._find, Row(None, self._find_icon, None), self._pages, Line(), person,
            gap=6, margins=(8, 8, 8, 8),
        )  # fmt: skip
        whole.setStretch(3, 1)
        put(self, whole)

    def set_narrow(self, narrow: bool) -> None:
        """Show icons alone, or icons with names."""
        if narrow != self._narrow:
            self._narrow = narrow
            self._reshape()

    def _reshape(self) -> None:
        narrow = self._narrow
        self.setFixedWidth(theme().px(NARROW_WIDTH if narrow else WIDTH))
        self._find.setVisible(not narrow)
        self._find_icon.setVisible(narrow)
        self._heading.setVisible(not narrow)
        self._names.setVisible(not narrow)
        self._avatar.setVisible(not narrow)
        self._pages.set_compact(narrow)
        self._person.set_margins((5, 4, 5, 0) if narrow else (6, 4, 0, 0))

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
                if spec.listed
            ]
        )
        self._pages.select(chosen)

    def set_count(self, name: str, count: int) -> None:
        """Show the number beside a page."""
        self._pages.set_count(name, count)

    def choose(self, name: str) -> None:
        """Mark a page as the current one."""
        self._pages.select(name)
