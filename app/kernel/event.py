"""What happened: an immutable row that is also the entry of the timeline."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any


@dataclass(frozen=True, slots=True)
class NewEvent:
    """What `decide` answers: a fact about one entity, not yet stamped with who and when."""

    kind: str
    entity: str
    name: str
    data: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Event:
    """A fact with its author and both clocks.

    `at` is the device's time, `server_at` the server's; an event without `server_at` is
    provisional and shown so. No order anywhere rests on `at`.
    """

    id: str
    kind: str
    entity: str
    name: str
    data: dict[str, Any]
    command: str
    place: int
    person: str
    post: str
    at: datetime
    device: str = ""
    acting_for: str | None = None
    authority: str = ""
    server_at: datetime | None = None
