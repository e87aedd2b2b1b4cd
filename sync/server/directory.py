"""Who an account acts as, and which buckets he holds."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Protocol

from app.identity import actors
from app.kernel.actor import Actor
from app.kernel.command import Envelope

_SHOWN = frozenset({"person", "unit", "agency"})


class Reader(Protocol):
    """Read entities."""

    def get(self, kind: str, entity: str) -> Any:
        """Return an entity or None."""


class Directory(Protocol):
    """Answer for people; the product's is `People`, tests bring a smaller one."""

    def actor(self, state: Reader, envelope: Envelope) -> Actor:
        """Return who sends a command; raises `NotPermitted`."""

    def scope(self, state: Reader, person: str, at: datetime) -> tuple[tuple[str, int], ...]:
        """Return (bucket, priority) pairs, the most urgent first."""

    def first(self, state: Reader, person: str) -> tuple[tuple[str, str], ...]:
        """Return (kind, id) of what must be there before a person can do anything."""

    def shown(self, buckets: Sequence[str]) -> tuple[str, ...]:
        """Return those of a person's buckets whose newest rows a screen shows first."""


class People:
    """Answer from the units, people and posts that the server holds."""

    def actor(self, state: Reader, envelope: Envelope) -> Actor:
        """Return who sends a command; raises `NotPermitted`."""
        return actors.resolve(
            state.get,
            envelope.person,
            envelope.post,
            envelope.at,
            envelope.acting_for,
            envelope.authority,
        )

    def scope(self, state: Reader, person: str, at: datetime) -> tuple[tuple[str, int], ...]:
        """Return (bucket, priority) pairs, the most urgent first; none for the inactive."""
        who = state.get("person", person)
        if who is None or not who.active:
            return ()
        posts = (state.get("post", post) for post in who.posts)
        return actors.memberships((p for p in posts if p is not None), at)

    def first(self, state: Reader, person: str) -> tuple[tuple[str, str], ...]:
        """Return the person, his posts and the units of these, as far as there are any."""
        who = state.get("person", person)
        posts = [state.get("post", post) for post in who.posts] if who is not None else []
        units = {u for p in posts if p is not None for u in (p.unit, p.agency)}
        wanted = [("person", person), *(("post", p.id) for p in posts if p is not None)]
        wanted += [("unit", unit) for unit in sorted(units)]
        return tuple(key for key in wanted if state.get(*key) is not None)

    def shown(self, buckets: Sequence[str]) -> tuple[str, ...]:
        """Return the buckets that hold documents: the directory and administration show none."""
        return tuple(b for b in buckets if b.partition(":")[0] in _SHOWN)
