"""What a person asks for: a named, versioned, frozen value, and its envelope."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar


@dataclass(frozen=True, slots=True)
class Command:
    """Base of every command; subclasses are frozen dataclasses with JSON-able fields.

    `NAME` is `<kind>.<verb>` and never changes; `VERSION` rises when fields change meaning.
    `id` is the entity that the command is about (a new UUIDv7 for one that it creates).
    """

    NAME: ClassVar[str]
    VERSION: ClassVar[int] = 1

    id: str


@dataclass(frozen=True, slots=True)
class Envelope:
    """A command on its way: who, when, where, and on which version of the entity."""

    id: str
    name: str
    version: int
    kind: str
    entity: str
    args: dict[str, Any]
    person: str
    post: str
    device: str
    at: datetime
    base_ver: int = 0
    acting_for: str | None = None
    authority: str = ""
    n: int | None = None
