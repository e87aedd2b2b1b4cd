"""Where the palette's entries come from: acts and pages at once, records from the desk."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from PySide6.QtCore import QObject

from ui.bridge.runner import Latest
from ui.bridge.session import Session
from ui.kit.actions import Action
from ui.kit.page import PageSpec
from ui.shell.palette_model import Entry, rank

_SHORTEST = 2
_MOST = 8
# The list of documents by any of their words; the page that shows one is named as its direction
_LIST = "document"
_SELF = "palette"
Go = Callable[[str, str, str], None]
Show = Callable[[Sequence[Entry]], None]


class PaletteSource(QObject):
    """Answer the palette's queries.

    Acts and pages come at once, documents once the desk has answered; what no page offered to
    the actor could show is left out.
    """

    def __init__(
        self,
        session: Session,
        actions: Callable[[], Iterable[Action]],
        pages: Callable[[], Iterable[PageSpec]],
        go: Go,
        parent: QObject,
    ) -> None:
        super().__init__(parent)
        self._session = session
        self._actions = actions
        self._pages = pages
        self._go = go
        self._latest = Latest(session.runner)

    def find(self, query: str, show: Show) -> None:
        """Show acts and pages at once, then records when the desk has answered."""
        near = rank(self._acts_and_pages(), query)
        show(near)
        desk, actor = self._session.desk, self._session.actor
        if len(query) < _SHORTEST or _LIST not in desk.registry.lists:
            self._latest.forget()
            return
        self._latest.ask(
            lambda: desk.list_rows(_LIST, actor, query, _MOST),
            lambda rows: show([*near, *self._records(rows)]),
            self._session.bug.emit,
        )

    def forget(self) -> None:
        """Drop answers that are still to come: the palette is closed."""
        self._latest.forget()

    def _acts_and_pages(self) -> list[Entry]:
        texts = self._session.texts
        pages = [
            Entry("shell.palette.pages", spec.icon, texts(spec.text_key), "", self._opener(spec))
            for spec in self._pages()
        ]
        acts = [
            Entry("shell.palette.acts", a.icon, a.text, "", a.trigger, a.shortcut)
            for a in self._actions()
            if a.name != _SELF
        ]
        return [*pages, *acts]

    def _opener(self, spec: PageSpec) -> Callable[[], None]:
        return lambda: self._go(spec.name, "", "")

    def _records(self, rows: Sequence[Mapping[str, Any]]) -> list[Entry]:
        offered = {spec.name for spec in self._pages()}
        return [self._record(row) for row in rows if row["direction"] in offered]

    def _record(self, row: Mapping[str, Any]) -> Entry:
        page, entity = str(row["direction"]), str(row["id"])
        parts = (row["arrival_number"] or row["number"], row["notation"], row["issuer"])
        return Entry(
            group_key="shell.palette.document",
            icon="file-text",
            text=str(row["subject"]),
            detail=" · ".join(str(part) for part in parts if part),
            run=lambda: self._go(page, _LIST, entity),
        )
