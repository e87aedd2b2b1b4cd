"""What can be asked of bulletins."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from app.kernel.command import Command


@dataclass(frozen=True, slots=True)
class Publish(Command):
    """Publish a notice to the whole province."""

    NAME: ClassVar[str] = "bulletin.publish"

    title: str
    body: str
    urgent: bool = False


@dataclass(frozen=True, slots=True)
class Withdraw(Command):
    """Withdraw a notice; it stays readable with the reason."""

    NAME: ClassVar[str] = "bulletin.withdraw"

    reason: str


@dataclass(frozen=True, slots=True)
class Read(Command):
    """Note that the actor has read a bulletin; `id` is `read_id(bulletin, person)`."""

    NAME: ClassVar[str] = "bulletin.read"

    bulletin: str
