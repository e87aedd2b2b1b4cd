"""A toy feature: notes that count their edits, and boards that count their notes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, ClassVar

from app.kernel.actor import Actor
from app.kernel.command import Command
from app.kernel.errors import RuleViolation
from app.kernel.event import Event, NewEvent
from app.kernel.feature import Feature, Handler, Kind, Registry

AT = datetime(2026, 11, 2, 1, 0, tzinfo=UTC)
ACTOR = Actor(person="p1", post="q1", agency="a1", unit="u1", roles=frozenset({"clerk"}))


@dataclass(frozen=True)
class Note:
    id: str
    text: str = ""
    lines: tuple[str, ...] = ()
    closed: bool = False
    file: str = ""


@dataclass(frozen=True)
class Board:
    id: str
    count: int = 0


@dataclass(frozen=True)
class Write(Command):
    NAME: ClassVar[str] = "note.write"
    text: str = ""
    board: str = ""
    file: str = ""


@dataclass(frozen=True)
class Add(Command):
    NAME: ClassVar[str] = "note.add"
    line: str = ""


@dataclass(frozen=True)
class Close(Command):
    NAME: ClassVar[str] = "note.close"


def decide_write(note: Note | None, command: Write, context: Any) -> Sequence[NewEvent]:
    made = NewEvent("note", command.id, "written", {"text": command.text, "file": command.file})
    if not command.board:
        return [made]
    return [made, NewEvent("board", command.board, "counted")]


def decide_add(note: Note | None, command: Add, context: Any) -> Sequence[NewEvent]:
    if note is None or note.closed:
        raise RuleViolation("note.closed", field="id", note=command.id)
    return [NewEvent("note", command.id, "added", {"line": command.line})]


def decide_close(note: Note | None, command: Close, context: Any) -> Sequence[NewEvent]:
    if note is None or note.closed:
        raise RuleViolation("note.closed", field="id", note=command.id)
    return [NewEvent("note", command.id, "closed")]


def apply_note(note: Note | None, event: Event) -> Note:
    note = note or Note(event.entity)
    if event.name == "written":
        return replace(note, text=event.data["text"], file=event.data.get("file", ""))
    if event.name == "added":
        return replace(note, lines=(*note.lines, event.data["line"]))
    return replace(note, closed=True)


def apply_board(board: Board | None, event: Event) -> Board:
    board = board or Board(event.entity)
    return replace(board, count=board.count + 1)


class NoteList:
    kind = "note"

    def create(self, connection: Any) -> None:
        connection.exec_driver_sql("CREATE TABLE note_list (id TEXT PRIMARY KEY, text TEXT)")

    def write(self, connection: Any, rows: Sequence[tuple[str, Any]]) -> None:
        connection.exec_driver_sql(
            "INSERT OR REPLACE INTO note_list VALUES (?, ?)",
            [(i, f"{note.text}|{'+'.join(note.lines)}") for i, note in rows],
        )

    def delete(self, connection: Any, ids: Sequence[str]) -> None:
        connection.exec_driver_sql("DELETE FROM note_list WHERE id = ?", [(i,) for i in ids])


def files(note: Note) -> frozenset[str]:
    return frozenset({note.file} - {""})


def registry() -> Registry:
    everywhere = lambda _: frozenset({"b1"})  # noqa: E731
    return Registry(
        [
            Feature(
                "toy",
                kinds=(
                    Kind("note", Note, apply_note, everywhere, files),
                    Kind("board", Board, apply_board, everywhere),
                ),
                handlers=(
                    Handler(Write, "note", "note.write", decide_write),
                    Handler(Add, "note", "note.write", decide_add),
                    Handler(Close, "note", "note.write", decide_close),
                ),
                projections=(NoteList(),),
                grants={"note.write": frozenset({"clerk"})},
            )
        ]
    )
