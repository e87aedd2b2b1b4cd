"""Frames around places of the pages that a person has to see, walked one after the other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QObject, Signal

from app.kernel.ports import Box


@dataclass(frozen=True, slots=True)
class Frame:
    """A place with the word that says why it is shown, in a tone: bad, warn or info."""

    box: Box
    text: str
    tone: str = "bad"


class Frames(QObject):
    """Hold frames in the order of the pages; `changed` when they, or the current one, move."""

    changed = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._frames: tuple[Frame, ...] = ()
        self._current = -1

    @property
    def total(self) -> int:
        """Return how many places there are."""
        return len(self._frames)

    @property
    def current(self) -> int:
        """Return which place is shown, from 1; 0 for none yet."""
        return self._current + 1

    @property
    def shown(self) -> Frame | None:
        """Return the place that is shown."""
        return self._frames[self._current] if self._current >= 0 else None

    def show(self, frames: Sequence[Frame]) -> None:
        """Show these; none is the current one until a person steps."""
        order = sorted(frames, key=lambda f: (f.box.page, -f.box.y - f.box.height, f.box.x))
        self._frames = tuple(order)
        self._current = -1
        self.changed.emit()

    def step(self, by: int) -> None:
        """Go to another place, round and round."""
        if self._frames:
            start = -1 if self._current < 0 and by > 0 else max(self._current, 0)
            self._current = (start + by) % len(self._frames)
            self.changed.emit()

    def on(self, page: int) -> list[tuple[Frame, bool]]:
        """Return the frames of a page, and whether each is the current one."""
        return [
            (frame, number == self._current)
            for number, frame in enumerate(self._frames)
            if frame.box.page == page
        ]
