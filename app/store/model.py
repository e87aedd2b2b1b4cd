"""What the store and the sync client hand each other."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

EVENT = "event"
ACCEPTED = frozenset({"", "accepted", "duplicate"})


class OutboxState(StrEnum):
    """How far a command is."""

    HELD = "held"
    QUEUED = "queued"
    SENT = "sent"
    ACKED = "acked"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Row:
    """The server's state of one entity, or one event (kind "event")."""

    kind: str
    id: str
    ver: int
    buckets: tuple[str, ...]
    data: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Fold:
    """Say that events of the same page make version `ver` of an entity that is held."""

    kind: str
    id: str
    ver: int
    buckets: tuple[str, ...]
    sum: str


@dataclass(frozen=True, slots=True)
class Gone:
    """Say that an entity no longer exists, or is no longer for this desk."""

    kind: str
    id: str
    ver: int


@dataclass(frozen=True, slots=True)
class Receipt:
    """The server's lasting answer to one command; codes in `ACCEPTED` mean yes."""

    n: int
    command: str
    code: str = ""
    entity: str = ""
    ver: int = 0
    detail: str = ""
    params: Mapping[str, str | int] = field(default_factory=dict)

    @property
    def accepted(self) -> bool:
        """Tell whether the command took effect."""
        return self.code in ACCEPTED


@dataclass(frozen=True, slots=True)
class Digest:
    """Count and sum of the marks of a bucket and kind, or of the part below a prefix."""

    bucket: str
    kind: str
    count: int
    sum: int
    prefix: str = ""


@dataclass(frozen=True, slots=True)
class Leaf:
    """All ids that the server has in a part of a bucket; their rows stand in the same page."""

    bucket: str
    kind: str
    prefix: str
    ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Page:
    """What one mark closes; applied in one transaction. a None leaves what was.

    `lag` names the buckets that are filled only up to a number below the cursor, `history` what
    the server lives in.
    """

    rows: tuple[Row, ...] = ()
    folds: tuple[Fold, ...] = ()
    gone: tuple[Gone, ...] = ()
    leaves: tuple[Leaf, ...] = ()
    grants: tuple[str, ...] = ()
    revokes: tuple[str, ...] = ()
    receipts: tuple[Receipt, ...] = ()
    acked: int | None = None
    cursor: int | None = None
    lag: Mapping[str, int] | None = None
    history: str = ""


@dataclass(frozen=True, slots=True)
class SyncState:
    """Where the replica stands."""

    device: str
    history: str
    cursor: int
    receipts_seen: int
    buckets: tuple[str, ...]
    lag: Mapping[str, int] = field(default_factory=dict)
    compared: int = -1


@dataclass(frozen=True, slots=True)
class OutboxItem:
    """A command that waits, travels, or came back refused.

    A `code` with a state other than refused is a doubt: replayed on the server's newest
    state the command no longer passes the rules here, and the server will decide.
    """

    command: str
    n: int | None
    name: str
    kind: str
    entity: str
    at: str
    state: OutboxState
    code: str
    params: dict[str, str | int]
    args: dict[str, Any]
