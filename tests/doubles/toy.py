"""A feature just large enough to sync: notes with a count, numbered by a book, in buckets."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, ClassVar

from app.kernel.actor import Actor
from app.kernel.command import Command, Envelope
from app.kernel.errors import Conflict, NotPermitted, RuleViolation
from app.kernel.event import Event, NewEvent
from app.kernel.feature import Context, Feature, Handler, Kind, Registry


@dataclass(frozen=True, slots=True)
class Note:
    id: str
    text: str
    home: tuple[str, ...]
    count: int = 0
    closed: bool = False
    number: int = 0
    files: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Book:
    id: str
    next: int = 1


@dataclass(frozen=True, slots=True)
class Copy:
    id: str
    of: str
    home: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Person:
    id: str
    holds: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class AddNote(Command):
    NAME: ClassVar[str] = "note.add"

    text: str
    home: tuple[str, ...]
    files: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class CountUp(Command):
    NAME: ClassVar[str] = "note.count"
    VERSION: ClassVar[int] = 2

    by: int = 1


@dataclass(frozen=True, slots=True)
class CloseNote(Command):
    NAME: ClassVar[str] = "note.close"


@dataclass(frozen=True, slots=True)
class MoveNote(Command):
    NAME: ClassVar[str] = "note.move"

    home: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class NumberNote(Command):
    NAME: ClassVar[str] = "note.number"


@dataclass(frozen=True, slots=True)
class ShareNote(Command):
    NAME: ClassVar[str] = "note.share"

    home: str


@dataclass(frozen=True, slots=True)
class MakeCopy(Command):
    NAME: ClassVar[str] = "copy.make"

    of: str
    home: str


@dataclass(frozen=True, slots=True)
class HoldBuckets(Command):
    NAME: ClassVar[str] = "person.hold"

    holds: tuple[str, ...]


def add(note: Any, command: AddNote, _: Context) -> Sequence[NewEvent]:
    if note is not None:
        raise Conflict("toy.exists")
    data = {"text": command.text, "home": list(command.home), "files": list(command.files)}
    return [NewEvent("note", command.id, "note.added", data)]


def _open(note: Any) -> Note:
    if note is None:
        raise RuleViolation("toy.none")
    if note.closed:
        raise Conflict("toy.closed")
    return note


def count(note: Any, command: CountUp, _: Context) -> Sequence[NewEvent]:
    _open(note)
    return [NewEvent("note", command.id, "note.counted", {"by": command.by})]


def close(note: Any, command: CloseNote, _: Context) -> Sequence[NewEvent]:
    _open(note)
    return [NewEvent("note", command.id, "note.closed")]


def move(note: Any, command: MoveNote, _: Context) -> Sequence[NewEvent]:
    _open(note)
    return [NewEvent("note", command.id, "note.moved", {"home": list(command.home)})]


def number(note: Any, command: NumberNote, context: Context) -> Sequence[NewEvent]:
    if _open(note).number:
        raise Conflict("toy.numbered")
    if not context.authoritative:
        return [NewEvent("note", command.id, "note.numbered", {"number": 0})]
    book = context.get("book", "book") or Book("book")
    return [
        NewEvent("note", command.id, "note.numbered", {"number": book.next}),
        NewEvent("book", "book", "book.drawn", {"next": book.next + 1}),
    ]


def share(note: Any, command: ShareNote, _: Context) -> Sequence[NewEvent]:
    _open(note)
    return [NewEvent("note", command.id, "note.shared", {"to": command.home})]


def copy(held: Any, command: MakeCopy, context: Context) -> Sequence[NewEvent]:
    if not context.actor.is_system:
        raise NotPermitted("toy.system")
    if held is not None:
        return []
    return [NewEvent("copy", command.id, "copy.made", {"of": command.of, "home": [command.home]})]


def hold(_: Any, command: HoldBuckets, context: Context) -> Sequence[NewEvent]:
    if not context.actor.is_system:
        raise NotPermitted("toy.system")
    return [NewEvent("person", command.id, "person.held", {"holds": list(command.holds)})]


def apply_note(note: Any, event: Event) -> Note:
    data = event.data
    if event.name == "note.added":
        return Note(event.entity, data["text"], tuple(data["home"]), files=tuple(data["files"]))
    if event.name == "note.counted":
        return replace(note, count=note.count + data["by"])
    if event.name == "note.closed":
        return replace(note, closed=True)
    if event.name == "note.moved":
        return replace(note, home=tuple(data["home"]))
    if event.name == "note.numbered":
        return replace(note, number=data["number"])
    return note


def apply_book(book: Any, event: Event) -> Book:
    return replace(book or Book(event.entity), next=event.data["next"])


def apply_copy(_: Any, event: Event) -> Copy:
    return Copy(event.entity, event.data["of"], tuple(event.data["home"]))


def apply_person(_: Any, event: Event) -> Person:
    return Person(event.entity, tuple(event.data["holds"]))


def on_shared(event: Event, _: Context) -> Sequence[Command]:
    to = event.data["to"]
    return [MakeCopy(f"{event.entity}/{to}", event.entity, to)]


FEATURE = Feature(
    name="toy",
    kinds=(
        Kind("note", Note, apply_note, lambda n: frozenset(n.home), lambda n: frozenset(n.files)),
        Kind("book", Book, apply_book, lambda _: frozenset({"all"})),
        Kind("copy", Copy, apply_copy, lambda c: frozenset(c.home)),
        Kind("person", Person, apply_person, lambda _: frozenset({"all"})),
    ),
    handlers=(
        Handler(AddNote, "note", "note.write", add),
        Handler(CountUp, "note", "note.write", count),
        Handler(CloseNote, "note", "note.write", close),
        Handler(MoveNote, "note", "note.write", move),
        Handler(NumberNote, "note", "note.write", number),
        Handler(ShareNote, "note", "note.write", share),
        Handler(MakeCopy, "copy", "copy.write", copy),
        Handler(HoldBuckets, "person", "person.write", hold),
    ),
    reactions={"note.shared": on_shared},
    grants={"note.write": frozenset({"writer"})},
)


def registry() -> Registry:
    """Build the registry of the toy alone."""
    return Registry((FEATURE,))


class ToyPeople:
    """Everybody known may write and holds the buckets that his row names."""

    def actor(self, state: Any, envelope: Envelope) -> Actor:
        if state.get("person", envelope.person) is None:
            raise NotPermitted("toy.nobody")
        return Actor(envelope.person, roles=frozenset({"writer"}))

    def scope(self, state: Any, person: str, _: datetime) -> tuple[tuple[str, int], ...]:
        who = state.get("person", person)
        return tuple((b, i) for i, b in enumerate(who.holds)) if who is not None else ()

    def first(self, state: Any, person: str) -> tuple[tuple[str, str], ...]:
        return (("person", person),) if state.get("person", person) is not None else ()

    def shown(self, buckets: Sequence[str]) -> tuple[str, ...]:
        return tuple(b for b in buckets if b != "all")
