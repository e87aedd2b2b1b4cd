"""Numbering books and the rows in them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum


class RegisterMode(StrEnum):
    """Who gives the numbers of a book."""

    LEASED = "leased"
    SERVER = "server"
    BLOCK = "block"


class EntryState(StrEnum):
    """What became of a number; a number keeps its row for ever."""

    GIVEN = "given"
    RESERVED = "reserved"
    RELEASED = "released"
    VOIDED = "voided"


@dataclass(frozen=True, slots=True)
class Lease:
    """The device that holds a book, the person who took it there, and its fencing epoch."""

    device: str
    person: str
    epoch: int


@dataclass(frozen=True, slots=True)
class Block:
    """Numbers set apart for one device, which gives them by itself up to the day `until`.

    `reserved` are all of them, `numbers` those still free, both lowest first.
    """

    device: str
    person: str
    epoch: int
    reserved: tuple[int, ...]
    numbers: tuple[int, ...]
    until: date

    def goes_back(self, n: int) -> bool:
        """Tell whether a number of the block can be given again: none in use follows it."""
        later = (other for other in self.reserved if other > n)
        return n in self.reserved and all(other in self.numbers for other in later)


@dataclass(frozen=True, slots=True)
class Register:
    """One agency's book of one year; every number from `first` below `next` has its row.

    In a book of blocks the numbers that are free in a block may have none yet; `basis` names
    what allows that book not to go in the order of time.

    `first` is above 1 only where a paper book of the same year is carried on.
    `released` holds the numbers, lowest first, that are the next ones given although they are
    below `next`: the tail of the book, which nobody used.
    """

    id: str
    agency: str
    year: int
    book: str
    name: str
    mode: RegisterMode
    next: int = 1
    lease: Lease | None = None
    epoch: int = 0
    released: tuple[int, ...] = ()
    first: int = 1
    blocks: tuple[Block, ...] = ()
    basis: str = ""

    def block_of(self, device: str) -> Block | None:
        """Return the block of a device."""
        return next((b for b in self.blocks if b.device == device), None)

    def block_with(self, n: int) -> Block | None:
        """Return the block that a number was set apart in, used or not."""
        return next((b for b in self.blocks if n in b.reserved), None)

    def goes_back(self, n: int) -> bool:
        """Tell whether a number can be given again: no number that is in use follows it."""
        return all(later in self.released for later in range(n + 1, self.next))


@dataclass(frozen=True, slots=True)
class RegisterEntry:
    """The row of one number; `kind` and `entity` name what bears it, `at` the act's time."""

    id: str
    register: str
    n: int
    kind: str
    entity: str
    state: EntryState
    reason: str
    at: datetime


def register_id(agency: str, year: int, book: str) -> str:
    """Name the book of an agency and a year, alike everywhere."""
    return f"{agency}:{year}:{book}"


def entry_id(register: str, n: int) -> str:
    """Name the row of a number."""
    return f"{register}:{n}"


def following(entry: str, count: int) -> list[str]:
    """Name the rows of the numbers after that of a row, which are given after it."""
    register, _, n = entry.rpartition(":")
    return [entry_id(register, int(n) + step) for step in range(1, count)] if n.isdigit() else []


def parts_of(register: str) -> tuple[str, int, str]:
    """Split a register's id into agency, year and book; `ValueError` for any other text."""
    agency, year, book = register.rsplit(":", 2)
    return agency, int(year), book
