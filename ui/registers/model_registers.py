"""What the page of books asks the desk."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection

from app.kernel.actor import Actor
from app.registers.model import Block, RegisterMode
from app.registers.queries import RegisterRow, books


@dataclass(frozen=True, slots=True)
class Shelf:
    """Books, the names of the people who hold them, and the blocks of each that are not closed."""

    rows: tuple[RegisterRow, ...] = ()
    names: Mapping[str, str] = field(default_factory=dict)
    blocks: Mapping[str, tuple[Block, ...]] = field(default_factory=dict)

    def block_of(self, row: RegisterRow, device: str) -> Block | None:
        """Return the block of a device in a book."""
        return next((b for b in self.blocks.get(row.id, ()) if b.device == device), None)

    def named(self, row: RegisterRow) -> tuple[tuple[Block, str], ...]:
        """Return the blocks of a book, each with the name of who took it."""
        return tuple((b, self.names.get(b.person, "")) for b in self.blocks.get(row.id, ()))


def shelf(connection: Connection, actor: Actor, get: Callable[[str, str], Any], year: int) -> Shelf:
    """Return the books of a year, and those of the year before that have a block to close."""
    rows = books(connection, actor, year)
    before = books(connection, actor, year - 1)
    in_blocks = [row for row in (*rows, *before) if row.mode == RegisterMode.BLOCK]
    known = {row.id: get("register", row.id) for row in in_blocks}
    blocks = {name: book.blocks for name, book in known.items() if book is not None}
    rows += [row for row in before if any(b.numbers for b in blocks.get(row.id, ()))]
    people = {row.holder for row in rows if row.holder}
    people |= {b.person for some in blocks.values() for b in some}
    found = {person: get("person", person) for person in people}
    names = {person: who.name for person, who in found.items() if who is not None}
    return Shelf(tuple(rows), names, blocks)
