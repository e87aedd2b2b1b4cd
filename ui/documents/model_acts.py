"""From an act's name to its command, and what people are asked before it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from PySide6.QtCore import QObject, Signal

from app.catalogues import lists
from app.catalogues.model import Item as CatalogueItem
from app.documents import commands as c
from app.documents.rows import Detail
from app.documents.rules.checks import MIN_REASON
from app.identity import queries as directory
from app.identity.queries import PostRow
from app.kernel.changes import Changes
from app.kernel.clock import local_date
from app.kernel.command import Command
from ui.bridge.session import Session

CATALOGUE = "catalogue"


@dataclass(frozen=True, slots=True)
class Question:
    """A text that an act needs: its least length, and the use of the phrases at hand."""

    least: int = 1
    phrases: str = ""


QUESTIONS = {
    "refuse": Question(MIN_REASON, "return"),
    "return": Question(MIN_REASON, "return"),
    "report": Question(1, "report"),
    "progress": Question(),
    "note": Question(),
}
_WITH_TEXT: dict[str, Callable[[str, str, str], Command]] = {
    "refuse": lambda doc, _item, text: c.Refuse(doc, text),
    "return": c.ReturnItem,
    "report": c.ReportResult,
    "progress": c.ReportProgress,
    "note": lambda doc, _item, text: c.AddNote(doc, text),
}
# What is said after the acts that can be taken back
DID = {
    "present": "pages.did.present",
    "instruct": "pages.did.instruct",
    "assign": "pages.did.assign",
    "hand_on": "pages.did.hand_on",
    "as_info": "pages.did.as_info",
    "return": "pages.did.return",
    "finish": "pages.did.finish",
}
# What is said after the acts that stay
SAID = {
    "note": "pages.did.note",
    "report": "pages.did.report",
    "progress": "pages.did.progress",
    "reopen": "pages.did.reopen",
}
_AT_ONCE: dict[str, Callable[[str, str], Command]] = {
    "finish": c.Finish,
    "as_info": c.TakeAsInfo,
    "reopen": c.Reopen,
}


class ActModel(QObject):
    """Do acts on documents; `done(str name)` after each that went through."""

    done = Signal(str)

    def __init__(self, session: Session, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._session = session

    def at_once(self, name: str) -> bool:
        """Tell whether an act needs nothing but the document."""
        return name in _AT_ONCE

    def run(self, name: str, detail: Detail, text: str = "") -> None:
        """Do an act on the actor's item of a document."""
        document, item = detail.document.id, detail.my_item
        if name in _AT_ONCE:
            command = _AT_ONCE[name](document, item)
        else:
            command = _WITH_TEXT[name](document, item, text)
        self.act(name, command)

    def present(self, document: str, person: str, name: str, proposal: str) -> None:
        """Put a document before a leader."""
        self.act("present", c.Present(document, person, name, proposal))

    def act(self, name: str, *commands: Command) -> None:
        """Run commands, with undo where there is one."""

        def finish(_: Changes) -> None:
            if name in SAID:
                self._session.say(SAID[name])
            self.done.emit(name)

        self._session.act(*commands, done=finish, undo_text=DID.get(name, ""))

    def leaders(self, answer: Callable[[list[PostRow]], None]) -> None:
        """Ask who leads the agency today."""
        session = self._session
        today = local_date(session.desk.clock.now())
        ask = partial(directory.posts, agency=session.actor.agency, role="leader")
        session.query(ask, today, done=answer)

    def phrases(self, use: str, answer: Callable[[list[str]], None]) -> None:
        """Ask for the standard wordings of one use that need no names filled in."""
        session = self._session
        today = local_date(session.desk.clock.now())

        def find() -> list[str]:
            return [p.text for p in phrases(session, use, today) if "{" not in p.text]

        session.work("query", find, answer)


def phrases(session: Session, use: str, today: object) -> tuple[lists.Phrase, ...]:
    """Return the standard wordings for one use; not for the GUI thread."""
    items: list[CatalogueItem] = [i for _, i in session.desk.store.entities(CATALOGUE)]
    return lists.phrases(items, today, use)  # type: ignore[arg-type]
