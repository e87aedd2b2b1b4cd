"""What is in many files is read once: certificates and revocation data by their own bytes."""

from __future__ import annotations

from typing import Any

_MOST = 2000


class Pool:
    """Give one object for the same bytes, so that what it has worked out of itself is kept.

    Nothing that was judged is kept here: what is good in one file is judged anew in the next.
    """

    def __init__(self) -> None:
        self._held: dict[tuple[type, bytes], Any] = {}

    def own(self, parsed: Any) -> Any:
        """Return the object that stands for an object of the same kind and bytes."""
        return self._kept(type(parsed), bytes(parsed.dump()), parsed)

    def load(self, kind: Any, data: bytes) -> Any:
        """Return the object of these bytes; raises what parsing raises."""
        held = self._held.get((kind, data))
        return held if held is not None else self._kept(kind, data, kind.load(data))

    def _kept(self, kind: type, data: bytes, parsed: Any) -> Any:
        if len(self._held) >= _MOST:
            self._held.clear()
        return self._held.setdefault((kind, data), parsed)
