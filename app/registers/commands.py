"""What can be asked of a numbering book; `id` is the register's."""

from __future__ import annotations

from dataclasses import dataclass
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
    """Change who gives the numbers of a book that nobody holds."""

    NAME: ClassVar[str] = "register.set_mode"

    mode: RegisterMode


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
class VoidNumber(Command):
    """Strike a number through; it stays in the book with the reason."""

    NAME: ClassVar[str] = "register.void"

    n: int
    reason: str
