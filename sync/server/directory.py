"""Who an account acts as, and which buckets he holds."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Protocol

from app.identity import actors
from app.kernel.actor import Actor
from app.kernel.command import Envelope


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
