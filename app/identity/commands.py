"""What can be asked of the directory of units, people and posts."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import ClassVar

from app.identity.model import Authority
from app.kernel.command import Command


@dataclass(frozen=True, slots=True)
class PutUnit(Command):
    """Create a unit or correct its data."""

    NAME: ClassVar[str] = "unit.put"

    code: str
    name: str
    short: str = ""
    abbr: str = ""
    kind: str = ""
    parent: str | None = None
    is_agency: bool = False
    place: str = ""
    valid_from: date | None = None
    edxml_code: str = ""


@dataclass(frozen=True, slots=True)
class CloseUnit(Command):
    """End a unit on its last day and name the unit that takes it over."""

    NAME: ClassVar[str] = "unit.close"

    valid_to: date
    successor: str | None = None


@dataclass(frozen=True, slots=True)
class PutPerson(Command):
    """Enter a person or correct his data."""

    NAME: ClassVar[str] = "person.put"

    name: str
    login: str
    phone: str = ""
    email: str = ""


@dataclass(frozen=True, slots=True)
class SetPersonActive(Command):
    """Block a person's account, or open it again."""

    NAME: ClassVar[str] = "person.set_active"

    active: bool


@dataclass(frozen=True, slots=True)
class PutPost(Command):
    """Appoint a person to a post or correct the post; the person of a post never changes."""

    NAME: ClassVar[str] = "post.put"

    person: str
    unit: str
    agency: str
    title: str
    roles: tuple[str, ...]
    valid_from: date
    valid_to: date | None = None


@dataclass(frozen=True, slots=True)
class EndPost(Command):
    """End a post on its last day."""

    NAME: ClassVar[str] = "post.end"

    valid_to: date


@dataclass(frozen=True, slots=True)
class Delegate(Command):
    """Let the holder of post `id` act for the holder of `principal_post`."""

    NAME: ClassVar[str] = "post.delegate"

    principal_post: str
    authority: Authority
    valid_from: date
    valid_to: date | None = None
    basis: str = ""
    scope: str = ""


@dataclass(frozen=True, slots=True)
class EndDelegation(Command):
    """End on its last day what the holder of post `id` may do for `principal_post`."""

    NAME: ClassVar[str] = "post.end_delegation"

    principal_post: str
    authority: Authority
    valid_to: date
