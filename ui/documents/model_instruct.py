"""Bút phê and phân công: whom, in which role, by when, with which words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, Signal

from app.catalogues.lists import Phrase
from app.documents import commands as c
from app.documents.model import Assignee, Item, Role
from app.documents.rows import Detail
from app.files.model import FileRef
from app.files.pdf import page_count
from app.identity import queries as directory
from app.identity.model import LEADER
from app.kernel.calendar import CountedDay
from app.kernel.clock import local_date
from app.kernel.command import Command
from app.kernel.errors import HoaBanError
from app.kernel.text import fold
from app.store.desk import DeskStore
from ui.bridge.session import Session
from ui.documents.model_acts import DID, phrases
from ui.documents.words import day

PAPER = "paper"
DAYS = (3, 5, 7)
_USES = {"instruct": "instruct", "paper": "instruct", "assign": "assign", "hand_on": "assign"}


@dataclass(frozen=True, slots=True)
class Candidate:
    """A person or a unit that may be named; `role` None while not chosen."""

    id: str
    name: str
    detail: str
    is_unit: bool
    role: Role | None = None
    due: date | None = None


@dataclass(frozen=True, slots=True)
class _Known:
    candidates: tuple[Candidate, ...]
    phrases: tuple[Phrase, ...]


class InstructModel(QObject):
    """What the panel holds before it is sent.

    `changed` when candidates or choices moved, `sent` once it is done, `failed(HoaBanError)`.
    """

    changed = Signal()
    sent = Signal()
    failed = Signal(object)

    def __init__(
        self, session: Session, detail: Detail, name: str, item: str,
        parent: QObject | None = None,
    ) -> None:  # fmt: skip
        super().__init__(parent or session)
        self._session = session
        self._detail = detail
        self._item = item
        self.name = name
        self.candidates: tuple[Candidate, ...] = ()
        self.phrases: tuple[Phrase, ...] = ()
        self.slip: FileRef | None = None
        self.sending = False

    @property
    def needs_slip(self) -> bool:
        """Tell whether the scanned slip of the leader's own hand has to come with it."""
        return self.name == PAPER

    @property
    def today(self) -> date:
        """Return today in Vietnam."""
        return local_date(self._session.desk.clock.now())

    @property
    def whole_due(self) -> date | None:
        """Return the deadline within which all others lie."""
        document = self._detail.document
        item = document.item(self._item)
        return (item.due if item is not None else None) or document.particulars.due

    @property
    def leader(self) -> Item | None:
        """Return the item of the leader who wrote on paper."""
        return self._detail.document.item(self._item)

    @property
    def chosen(self) -> tuple[Candidate, ...]:
        """Return who was given a role, the lead first."""
        order = [Role.LEAD, Role.CO, Role.INFO]
        named = [p for p in self.candidates if p.role is not None]
        return tuple(sorted(named, key=lambda p: order.index(p.role or Role.INFO)))

    def load(self) -> None:
        """Ask for people, units and phrases."""
        session, use, today = self._session, _USES[self.name], self.today
        actor, own_unit = session.actor, self.name == "assign"
        unit = actor.unit if own_unit and actor.unit != actor.agency else ""

        def find() -> _Known:
            people = session.desk.query(_candidates, actor, today, unit)
            return _Known(people, phrases(session, use, today))

        session.work("query", find, self._take)

    def matching(self, text: str) -> tuple[Candidate, ...]:
        """Return who fits some letters, the chosen ones first."""
        wanted = fold(text).split()
        rest = [
            p
            for p in self.candidates
            if p.role is None and all(w in fold(f"{p.name} {p.detail}") for w in wanted)
        ]
        return (*self.chosen, *rest)

    def give_role(self, candidate: str, role: Role | None) -> None:
        """Give somebody a role; there is one lead, and an earlier one now co-operates."""
        given = []
        for p in self.candidates:
            if p.id == candidate:
                due = p.due if role is not None else None
                given.append(replace(p, role=role, due=due))
            elif role is Role.LEAD and p.role is Role.LEAD:
                given.append(replace(p, role=Role.CO))
            else:
                given.append(p)
        self.candidates = tuple(given)
        self.changed.emit()

    def set_due(self, candidate: str, due: date | None) -> None:
        """Set somebody's deadline."""
        self.candidates = tuple(
            replace(p, due=due) if p.id == candidate else p for p in self.candidates
        )
        self.changed.emit()

    def due_in(self, days: int) -> date:
        """Return the day after so many working days."""
        return self._session.desk.calendar.add_working_days(self.today, days)

    def why(self, days: int) -> tuple[CountedDay, ...]:
        """Return every day that was counted for a deadline."""
        return self._session.desk.calendar.explain(self.today, days)

    def days_until(self, due: date) -> int:
        """Return how many working days lie between today and a deadline."""
        return self._session.desk.calendar.working_days_between(self.today, due)

    def filled(self, phrase: Phrase) -> str:
        """Return a phrase with the names and the deadline that are chosen."""
        texts = self._session.texts
        leads = [p.name for p in self.chosen if p.role is Role.LEAD]
        others = [p.name for p in self.chosen if p.role is Role.CO]
        dues = [p.due for p in self.chosen if p.due] + [self.whole_due]
        due = next((d for d in dues if d is not None), None)
        gap = texts("pages.phrase.gap")
        lead = leads[0] if leads else gap
        values = {
            "lead": lead, "person": lead, "with": ", ".join(others) or gap,
            "deadline": day(due) or gap,
        }  # fmt: skip
        return phrase.text.format(**values)

    def take_slip(self, path: Path) -> None:
        """Read the scanned slip and keep it in the vault."""
        store = self._session.desk.store
        self._session.work("store", lambda: _slip(store, path), self._keep_slip, self.failed.emit)

    def send(self, text: str) -> None:
        """Write the instruction or assign."""
        if self.sending:
            return
        self.sending = True
        command = self._command(text)
        session = self._session
        if self.name == PAPER:
            desk, actor = session.desk, session.actor
            leader = self.leader.person if self.leader is not None else ""
            session.work(
                "store",
                lambda: desk.run(desk.actor(actor.post, leader, PAPER), command),
                lambda _: self._sent(),
                self._refused,
            )
            return
        session.act(
            command,
            done=lambda _: self._sent(),
            failed=self._refused,
            undo_text=DID.get(self.name, ""),
        )

    def _command(self, text: str) -> Command:
        document, named = self._detail.document.id, self._assignees()
        if self.name in ("instruct", PAPER):
            return c.Instruct(document, text, named, None, self.slip)
        make = c.Assign if self.name == "assign" else c.HandOn
        return make(document, self._item, named, text)

    def _assignees(self) -> tuple[Assignee, ...]:
        return tuple(
            Assignee(
                p.role,
                person="" if p.is_unit else p.id,
                unit=p.id if p.is_unit else "",
                name=p.name,
                due=p.due,
            )
            for p in self.chosen
            if p.role is not None
        )

    def _take(self, known: _Known) -> None:
        self.candidates, self.phrases = known.candidates, known.phrases
        self.changed.emit()

    def _keep_slip(self, slip: FileRef) -> None:
        self.slip = slip
        self.changed.emit()

    def _sent(self) -> None:
        self.sending = False
        self.sent.emit()

    def _refused(self, error: HoaBanError) -> None:
        self.sending = False
        self.failed.emit(error)


def _candidates(connection: Any, actor: Any, today: date, unit: str) -> tuple[Candidate, ...]:
    """Return departments and people of the agency, or the people of one department."""
    posts = directory.posts(connection, actor, today, agency=actor.agency)
    units = () if unit else directory.units(connection, actor, today)
    inside = {p.unit for p in posts}
    found = [
        Candidate(u.id, u.name, "", is_unit=True)
        for u in units
        if u.id != actor.agency and (u.parent == actor.agency or u.id in inside)
    ]
    seen: set[str] = set()
    for p in posts:
        mine = p.person == actor.person or p.person in seen
        if mine or (unit and p.unit != unit) or (unit and LEADER in p.roles):
            continue
        seen.add(p.person)
        found.append(Candidate(p.person, p.name, _title(p.title, p.unit_name), is_unit=False))
    return tuple(found)


def _title(title: str, unit: str) -> str:
    return " · ".join(part for part in (title, unit) if part)


def _slip(store: DeskStore, path: Path) -> FileRef:
    """Check that a slip is a whole PDF and keep it."""
    page_count(path)
    kept = store.vault.put(path, name=path.name)
    return replace(kept, role="slip")


def explain(texts: Any, days: Sequence[CountedDay]) -> list[str]:
    """Return one line per counted day, in words."""
    lines = []
    for counted in days:
        kind = texts(f"pages.day.{counted.kind.value}", number=counted.number)
        name = f" ({counted.name})" if counted.name else ""
        lines.append(f"{counted.date:%d/%m} · {kind}{name}")
    if any(d.provisional for d in days):
        lines.append(texts("pages.why.provisional"))
    return lines
