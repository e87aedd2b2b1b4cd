"""What can be asked of a numbering book; `id` is the register's."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import ClassVar

from app.kernel.command import Command
from app.registers.model import RegisterMode


@dataclass(frozen=True, slots=True)
class OpenRegister(Command):
    """Open a book; `first` above 1 carries on a paper book of the same year."""

    NAME: ClassVar[str] = "register.open"

    name: str
    mode: RegisterMode
    first: int = 1


@dataclass(frozen=True, slots=True)
class SetMode(Command):
    """Change who gives the numbers of a book that nobody holds.

    `basis` names what allows a book of blocks, whose numbers do not go in the order of time.
    """

    NAME: ClassVar[str] = "register.set_mode"

    mode: RegisterMode
    basis: str = ""


@dataclass(frozen=True, slots=True)
class LeaseRegister(Command):
    """Ask that the device that sends this may hold the book."""

    NAME: ClassVar[str] = "register.lease"

    device: str = ""


@dataclass(frozen=True, slots=True)
class ReturnLease(Command):
    """Give the book back from the device that holds it."""

    NAME: ClassVar[str] = "register.return_lease"


@dataclass(frozen=True, slots=True)
class FenceRegister(Command):
    """Take the book from a device that is lost; what it numbers from now on is refused."""

    NAME: ClassVar[str] = "register.fence"

    reason: str


@dataclass(frozen=True, slots=True)
class ReserveBlock(Command):
    """Ask for `size` numbers that the sending device may give by itself up to a day."""

    NAME: ClassVar[str] = "register.reserve_block"

    size: int
    until: date


@dataclass(frozen=True, slots=True)
class ReturnBlock(Command):
    """Give back what the sending device has not used of its block."""

    NAME: ClassVar[str] = "register.return_block"

    reason: str


@dataclass(frozen=True, slots=True)
class VoidBlock(Command):
    """Strike the rest of a block through whose device is lost; what it gives now is refused."""

    NAME: ClassVar[str] = "register.void_block"

    device: str
    reason: str


@dataclass(frozen=True, slots=True)
class VoidNumber(Command):
    """Strike a number through; it stays in the book with the reason."""

    NAME: ClassVar[str] = "register.void"

    n: int
    reason: str
