"""What a page is to the shell: its place in the navigation and the few calls between them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QSplitter, QWidget

from ui.bridge.session import Session
from ui.kit.actions import Action


class Page(QWidget):
    """Base of all pages.

    `navigate(page, kind, id)` asks the shell for another page; `count_changed(int)` is the
    number beside the page's name in the navigation. The shell builds pages before they are
    shown, so that counts and keys are known; `activate` is the time to load.
    """

    navigate = Signal(str, str, str)
    count_changed = Signal(int)

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.session = session

    def activate(self) -> None:
        """Be shown: load what is stale and take the focus."""

    def acts(self) -> Sequence[Action]:
        """Return the page's acts, for its keys, the palette and the F1 map."""
        return ()

    def panes(self) -> Sequence[QWidget]:
        """Return what F6 walks through: the parts of the first splitter, or the page."""
        splitter = self.findChild(QSplitter)
        if splitter is None:
            return (self,)
        parts = (splitter.widget(place) for place in range(splitter.count()))
        return tuple(part for part in parts if part is not None)

    def open_entity(self, kind: str, entity: str) -> None:
        """Show one entity."""

    def close_page(self) -> None:
        """Let go of everything that outlives the widget."""


@dataclass(frozen=True, slots=True)
class PageSpec:
    """One line of the navigation; `roles` empty means everybody.

    A page that is not `listed` is come to from others alone.
    """

    name: str
    icon: str
    text_key: str
    make: Callable[[Session], Page]
    section: str = ""
    roles: frozenset[str] = field(default_factory=frozenset)
    listed: bool = True

    def suits(self, roles: frozenset[str]) -> bool:
        """Tell whether somebody with these roles has use for the page."""
        return not self.roles or bool(self.roles & roles)
