"""What snapshots a desk is fetching, and how far it has come: one text in its database."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from app.kernel.codec import from_json, to_json
from app.kernel.errors import Damaged, RuleViolation
from app.store.sealed import LEAF
from app.store.sql import dumps

WHOLE = -1
_HASH = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class Piece:
    """A file that the server offers: its hash, its size, the hashes of its leaves."""

    sha256: str
    size: int
    leaves: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The rows of a bucket up to a number of the log; `key` opens its parts."""

    bucket: str
    cursor: int
    key: str
    parts: tuple[Piece, ...]

    @property
    def name(self) -> str:
        """Return what tells it apart from another one."""
        return f"{self.bucket}:{self.cursor}"


@dataclass(frozen=True, slots=True)
class Plan:
    """The snapshots under way; `done` counts the blocks written of each part."""

    history: str = ""
    snapshots: tuple[Snapshot, ...] = ()
    done: Mapping[str, int] = field(default_factory=dict)
    refused: tuple[str, ...] = ()

    @classmethod
    def read(cls, text: str) -> Plan:
        """Return the plan that a text holds, or one with nothing to do."""
        return from_json(cls, json.loads(text)) if text else cls()

    @property
    def text(self) -> str:
        """Return the plan as a text."""
        return dumps(to_json(self))

    def came(self, sha256: str, blocks: int) -> Plan:
        """Return the plan after so many blocks of a part; `WHOLE` when it is done with."""
        return replace(self, done={**self.done, sha256: blocks})

    def without(self, snapshot: Snapshot) -> Plan:
        """Return the plan without a snapshot that is not to be tried again."""
        left = tuple(s for s in self.snapshots if s != snapshot)
        return replace(self, snapshots=left, refused=(*self.refused, snapshot.name))


def offered(value: Any) -> tuple[Snapshot, ...]:
    """Return the snapshots of an answer; raises `Damaged("sync.frame")` for what is none."""
    try:
        found = tuple(from_json(Snapshot, item) for item in value)
    except (RuleViolation, TypeError) as error:
        raise Damaged("sync.frame") from error
    if not all(_is_sound(piece) for snapshot in found for piece in snapshot.parts):
        raise Damaged("sync.frame")
    return found


def _is_sound(piece: Piece) -> bool:
    hashes = all(_HASH.fullmatch(name) for name in (piece.sha256, *piece.leaves))
    return hashes and piece.size > 0 and len(piece.leaves) == -(-piece.size // LEAF)
