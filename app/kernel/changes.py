"""The one way to hear of a change."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

Listener = Callable[["Changes"], None]


@dataclass(frozen=True, slots=True)
class Changes:
    """Which (kind, id) pairs moved; an id of "" means many of that kind."""

    pairs: frozenset[tuple[str, str]] = field(default_factory=frozenset)

    @classmethod
    def of(cls, pairs: Iterable[tuple[str, str]]) -> Changes:
        """Collect pairs."""
        return cls(frozenset(pairs))

    def __iter__(self) -> Iterator[tuple[str, str]]:
        return iter(sorted(self.pairs))

    def __bool__(self) -> bool:
        return bool(self.pairs)

    def __or__(self, other: Changes) -> Changes:
        return Changes(self.pairs | other.pairs)

    def touches(self, kind: str, entity: str | None = None) -> bool:
        """Tell whether a kind, or one entity of it, moved."""
        return any(k == kind and (entity is None or i in (entity, "")) for k, i in self.pairs)


class Broadcast:
    """Tell every listener of each change, in the order of subscription."""

    def __init__(self) -> None:
        self._listeners: list[Listener] = []

    def subscribe(self, listener: Listener) -> Callable[[], None]:
        """Add a listener; call the answer to take it away."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    def __call__(self, changes: Changes) -> None:
        """Tell everybody, unless nothing moved."""
        if changes:
            for listener in tuple(self._listeners):
                listener(changes)
