"""Where the palette's entries come from: acts and pages at once, records from the desk."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import QObject
from sqlalchemy import Connection

from app.desk import Desk
from app.identity import queries as identity
from app.identity.queries import PostRow, UnitRow
from app.kernel.actor import Actor
from app.kernel.clock import local_date
from ui.bridge.runner import Latest
from ui.bridge.session import Session
from ui.kit.actions import EVERYWHERE, Action
from ui.kit.page import PageSpec
from ui.shell.palette_model import Entry, rank

_SHORTEST = 2
_MOST = 8
_MOST_NAMES = 3
# Names are ranked by how close they are, so a few more are asked for than are shown
_NAMES_ASKED = 60
# The list of documents by any of their words; the page that shows one is named as its direction
_LIST = "document"
_SELF = "palette"
# The page that shows what concerns a person or a unit, or all that holds the words
_SEARCH = "search"
Go = Callable[[str, str, str], None]
Show = Callable[[Sequence[Entry]], None]


@dataclass(frozen=True, slots=True)
class Records:
    """What the desk knows by some words."""

    documents: Sequence[Mapping[str, Any]] = ()
    people: Sequence[PostRow] = ()
    units: Sequence[UnitRow] = ()


class PaletteSource(QObject):
    """Answer the palette's queries.

    Acts and pages come at once, documents, people and units once the desk has answered; what
    no page offered to the actor could show is left out.
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
        near = rank(self._acts_and_pages(), query) if query else self._offered_here()
        show(near)
        desk, actor = self._session.desk, self._session.actor
        if len(query) < _SHORTEST:
            self._latest.forget()
            return
        offered = {spec.name for spec in self._pages()}
        self._latest.ask(
            lambda: _records(desk, actor, query),
            lambda found: show([*near, *self._entries(found, query, offered)]),
            self._session.bug.emit,
        )

    def forget(self) -> None:
        """Drop answers that are still to come: the palette is closed."""
        self._latest.forget()

    def _offered_here(self) -> list[Entry]:
        """Return all that can be done without a word: the acts of this page first."""
        acts = [a for a in self._actions() if a.name != _SELF]
        own = sorted(acts, key=lambda a: a.scope == EVERYWHERE)
        return [*map(self._act, own), *map(self._page, self._listed())]

    def _acts_and_pages(self) -> list[Entry]:
        acts = (a for a in self._actions() if a.name != _SELF)
        return [*map(self._page, self._listed()), *map(self._act, acts)]

    def _listed(self) -> Iterable[PageSpec]:
        return (spec for spec in self._pages() if spec.listed)

    def _page(self, spec: PageSpec) -> Entry:
        text = self._session.texts(spec.text_key)
        return Entry("shell.palette.pages", spec.icon, text, "", self._opener(spec))

    def _act(self, action: Action) -> Entry:
        return Entry(
            "shell.palette.acts", action.icon, action.text, "", action.trigger, action.shortcut
        )

    def _opener(self, spec: PageSpec) -> Callable[[], None]:
        return lambda: self._go(spec.name, "", "")

    # --- what the desk holds ---------------------------------------------------------------

    def _entries(self, found: Records, query: str, offered: set[str]) -> list[Entry]:
        documents = [self._document(r) for r in found.documents if r["direction"] in offered]
        if _SEARCH not in offered:
            return documents
        people = {row.person: row for row in reversed(found.people)}
        # Few words name somebody, and whoever types a name means him
        named = rank(map(self._person, people.values()), query, _MOST_NAMES)
        named += rank(map(self._unit, found.units), query, _MOST_NAMES)
        everywhere = [self._everywhere(query)] if documents else []
        return [*named, *documents, *everywhere]

    def _document(self, row: Mapping[str, Any]) -> Entry:
        page, entity = str(row["direction"]), str(row["id"])
        parts = (row["arrival_number"] or row["number"], row["notation"], row["issuer"])
        return Entry(
            group_key="shell.palette.document",
            icon="file-text",
            text=str(row["subject"]),
            detail=" · ".join(str(part) for part in parts if part),
            run=lambda: self._go(page, _LIST, entity),
        )

    def _person(self, row: PostRow) -> Entry:
        return Entry(
            group_key="shell.palette.people",
            icon="user",
            text=row.name,
            detail=" · ".join(part for part in (row.title, row.unit_name) if part),
            run=lambda: self._go(_SEARCH, "person", row.person),
        )

    def _unit(self, row: UnitRow) -> Entry:
        return Entry(
            group_key="shell.palette.units",
            icon="building",
            text=row.name,
            detail=row.abbr,
            run=lambda: self._go(_SEARCH, "unit", row.id),
        )

    def _everywhere(self, query: str) -> Entry:
        return Entry(
            group_key="shell.palette.everywhere",
            icon="search",
            text=self._session.texts("shell.palette.find_all", words=query),
            detail="",
            run=lambda: self._go(_SEARCH, "text", query),
        )


def _records(desk: Desk, actor: Actor, query: str) -> Records:
    """Ask the desk for documents, people and units; not for the GUI thread."""
    today = local_date(desk.clock.now())
    listed = _LIST in desk.registry.lists
    documents = desk.list_rows(_LIST, actor, query, _MOST) if listed else ()

    def names(connection: Connection, who: Actor) -> tuple[Sequence[PostRow], Sequence[UnitRow]]:
        return (
            identity.posts(connection, who, today, text=query, limit=_NAMES_ASKED),
            identity.units(connection, who, today, query, limit=_NAMES_ASKED),
        )

    return Records(documents, *desk.query(names, actor))
