"""What is searched for, what is found, and the searches that people keep."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace
from functools import partial
from typing import Any

from PySide6.QtCore import QObject, Signal
from sqlalchemy import Connection

from app.desk import Desk
from app.documents import finding
from app.documents.finding import About, Find, Found, Mark, Period
from app.documents.model import KIND
from app.identity import queries as identity
from app.identity.model import Person, Unit
from app.identity.queries import PostRow
from app.kernel.actor import Actor
from app.kernel.changes import Changes
from app.kernel.clock import local_date
from app.kernel.codec import from_json
from app.store.replica import Replica
from ui.bridge.session import Session
from ui.documents.issuers import short_name
from ui.kit.rowmodel import RowModel

_SAVED = "search.views"
PERSON, UNIT = "person", "unit"


@dataclass(frozen=True, slots=True)
class Saved:
    """A search that a person gave a name."""

    name: str
    text: str = ""
    marks: tuple[str, ...] = ()
    period: str = Period.ANY.value
    type_name: str = ""
    kind: str = ""
    about: str = ""


@dataclass(frozen=True, slots=True)
class Line:
    """A document found, and whether an act on it still waits to be sent."""

    found: Found
    pending: bool = False

    @property
    def id(self) -> str:
        """Return the document's id."""
        return self.found.id


@dataclass(frozen=True, slots=True)
class Subject:
    """The person or unit that documents shall concern, as the card shows it."""

    about: About
    name: str
    lines: tuple[str, ...] = ()
    agency: bool = False


@dataclass(frozen=True, slots=True)
class Counts:
    """How many documents there are, all in all and by mark."""

    total: int = 0
    marks: dict[Mark, int] = field(default_factory=dict)
    types: tuple[str, ...] = ()


class SearchModel(QObject):
    """Ask by the present search.

    `asked` when it is another one, `counted(Counts)`, `saved_changed`, and `subject_changed`
    when the person or unit is another one.
    """

    asked = Signal()
    counted = Signal(object)
    saved_changed = Signal()
    subject_changed = Signal()

    def __init__(self, session: Session, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self.wanted = Saved("")
        self.subject: Subject | None = None
        self.saved: tuple[Saved, ...] = ()
        self.rows = RowModel(session.runner.submit, key=lambda line: line.id, parent=self)
        session.changed.connect(self._changed)
        session.work("query", lambda: session.desk.store.meta(_SAVED), self._take_saved)

    # --- the search ----------------------------------------------------------------------

    def load(self) -> None:
        """Ask for rows and counts."""
        desk, actor, ask = self._session.desk, self._session.actor, self.ask()
        self.rows.load(
            partial(desk.query, finding.count, actor, ask),
            partial(_lines, desk, actor, ask),
        )
        self.asked.emit()
        self._session.query(partial(_counts, ask=ask), done=self._counted)

    def ask(self) -> Find:
        """Return the question."""
        s, subject = self.wanted, self.subject
        return Find(
            s.text, tuple(Mark(m) for m in s.marks), Period(s.period), s.type_name,
            subject.about if subject is not None else About(),
            local_date(self._session.desk.clock.now()),
        )  # fmt: skip

    def refine(self, **values: Any) -> None:
        """Change some of the search: `text`, `marks`, `period` or `type_name`."""
        wanted = replace(self.wanted, name="", **values)
        if wanted != replace(self.wanted, name=""):
            self.wanted = wanted
            self.load()

    def use(self, saved: Saved) -> None:
        """Take a kept search."""
        self.wanted = saved
        self.concern(saved.kind, saved.about)

    def clear(self) -> None:
        """Search for nothing in particular."""
        self.use(Saved(""))

    def concern(self, kind: str, entity: str) -> None:
        """Keep what concerns a person or a unit; "" lifts that."""
        self.wanted = replace(self.wanted, kind=kind, about=entity)
        if not entity:
            self._concerned(None)
            return
        ask = partial(_subject, self._session.desk, kind=kind, entity=entity)
        self._session.query(ask, done=self._concerned)

    def _concerned(self, subject: Subject | None) -> None:
        self.subject = subject
        self.subject_changed.emit()
        self.load()

    def _counted(self, counts: Counts) -> None:
        self.counted.emit(counts)

    def _changed(self, changes: Changes) -> None:
        if changes.touches(KIND) and self.rows.total:
            self.rows.refresh()

    # --- kept searches ---------------------------------------------------------------------

    def keep(self, name: str) -> None:
        """Keep the present search under a name, in place of one of that name."""
        self.wanted = replace(self.wanted, name=name)
        self._write((*(s for s in self.saved if s.name != name), self.wanted))

    def forget(self, name: str) -> None:
        """Forget a kept search."""
        self._write(tuple(s for s in self.saved if s.name != name))

    def _write(self, saved: tuple[Saved, ...]) -> None:
        self.saved = saved
        text = json.dumps([asdict(s) for s in saved])
        store = self._session.desk.store
        self._session.work("store", lambda: store.set_meta(_SAVED, text), lambda _: None)
        self.saved_changed.emit()

    def _take_saved(self, text: str) -> None:
        if text:
            self.saved = tuple(from_json(Saved, s) for s in json.loads(text))
            self.saved_changed.emit()


def _lines(desk: Desk, actor: Actor, ask: Find, offset: int, limit: int) -> Sequence[Line]:
    waiting = {item.entity for item in Replica(desk.store).items() if item.kind == KIND}
    found = desk.query(finding.page, actor, ask, offset, limit)
    return [Line(one, one.id in waiting) for one in found]


def _counts(connection: Connection, actor: Actor, *, ask: Find) -> Counts:
    return Counts(
        finding.count(connection, actor, ask),
        finding.counts(connection, actor, ask),
        finding.type_names(connection, actor),
    )


def _subject(
    desk: Desk, connection: Connection, actor: Actor, *, kind: str, entity: str
) -> Subject | None:
    """Return what the card says of a person or a unit."""
    today = local_date(desk.clock.now())
    if kind == PERSON:
        person: Person | None = desk.store.get(PERSON, entity)
        if person is None:
            return None
        held = [p for p in identity.posts(connection, actor, today, text=person.name)
                if p.person == entity]  # fmt: skip
        reach = (person.phone, person.email)
        lines = (*map(post_line, held), " · ".join(part for part in reach if part))
        return Subject(About(PERSON, entity, (person.name,)), person.name, _filled(lines))
    unit: Unit | None = desk.store.get(UNIT, entity) if kind == UNIT else None
    if unit is None:
        return None
    above: Unit | None = desk.store.get(UNIT, unit.parent) if unit.parent else None
    names = (unit.name, unit.short or unit.name)
    lines = (above.short or above.name if above is not None else "", unit.place)
    return Subject(About(UNIT, entity, names), unit.name, _filled(lines[:1]), unit.is_agency)


def post_line(post: PostRow) -> str:
    """Write what somebody is, and where."""
    return " · ".join(part for part in (post.title, short_name(post.unit_name)) if part)


def _filled(lines: Sequence[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(line for line in lines if line))
