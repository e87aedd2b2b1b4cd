"""What holds processes and ends them when its context ends."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Self


class Closing(ABC):
    """A context that closes itself."""

    def __enter__(self) -> Self:
        """Return itself; leaving closes it."""
        return self

    def __exit__(self, *_error: object) -> None:
        """Close, whatever came."""
        self.close()

    @abstractmethod
    def close(self) -> None:
        """End what is held."""
