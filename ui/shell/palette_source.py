"""Where the palette's entries come from: acts and pages at once, records from the desk."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject

from ui.bridge.runner import Latest
from ui.bridge.session import Session
from ui.shell.palette_model import Entry, rank

if TYPE_CHECKING:
    from ui.shell.window import DeskWindow

_SHORTEST = 2
_MOST = 8


class PaletteSource(QObject):
    """Answer the palette's queries."""

    def __init__(self, session: Session, window: DeskWindow) -> None:
        super().__init__(window)
        self._session = session
        self._window = window
        self._latest = Latest(session.runner)

    def find(self, query: str, show: Callable[[Sequence[Entry]], None]) -> None:
        """Show acts and pages at once, then documents when the desk has answered."""
        near = rank(self._acts_and_pages(), query)
        show(near)
        if len(query) < _SHORTEST:
            return
        desk, actor = self._session.desk, self._session.actor
        self._latest.ask(
            lambda: desk.list_rows("palette", actor, query, _MOST),
            lambda rows: show([*near, *(self._document(row) for row in rows)]),
            self._session.bug.emit,
        )

    def _acts_and_pages(self) -> list[Entry]:
        window = self._window
        acts = [
            Entry("shell.palette.acts", a.icon, a.text, "", a.trigger, a.shortcut)
            for a in window.keys.available()
            if a.name != "palette"
        ]
        texts = self._session.texts
        pages = [
            Entry("shell.palette.pages", spec.icon, texts(spec.text_key), "",
                  lambda name=spec.name: window.go(name))
            for spec in window.visible_specs()
        ]  # fmt: skip
        return [*pages, *acts]

    def _document(self, row: Any) -> Entry:
        def go() -> None:
            self._window.go(row["page"], "document", row["id"])

        return Entry("shell.palette.documents", "file-text", row["subject"], row["detail"], go)
