"""Look at files that have arrived, and complete signatures, while nobody waits for the lane."""

from __future__ import annotations

from typing import Protocol

from PySide6.QtCore import QObject, QTimer

from app.files import checks, completions
from app.kernel.changes import Changes
from app.kernel.errors import HoaBanError
from ui.bridge.session import Session

# After a change, and between two files: lists and readers go first
_SOON_MS = 400
_NEXT_MS = 40
# Files come without a change of their own
_LOOK_MS = 30_000


class Worker(Protocol):
    """Something that has one step after the other to take."""

    def step(self) -> bool:
        """Take one; False when nothing is left for now."""


class StepWatch(QObject):
    """Let a worker of the desk take one step after the other on a lane.

    `kind` names what the worker itself tells of: no news to it.
    """

    def __init__(
        self, session: Session, worker: Worker, lane: str, kind: str, parent: QObject
    ) -> None:
        super().__init__(parent)
        self._session = session
        self._worker = worker
        self._lane = lane
        self._kind = kind
        self._busy = False
        self._woken = False
        self._soon = QTimer(self)
        self._soon.setSingleShot(True)
        self._soon.timeout.connect(self._step)
        self._look = QTimer(self)
        self._look.timeout.connect(self._wake)
        self._look.start(_LOOK_MS)
        session.changed.connect(self._changed)
        session.line_back.connect(self._wake)
        self._wake()

    def close(self) -> None:
        """Take no further step; once closed it stays so."""
        if not self._look.isActive():
            return
        self._look.stop()
        self._soon.stop()
        self._session.changed.disconnect(self._changed)
        self._session.line_back.disconnect(self._wake)

    def _changed(self, changes: Changes) -> None:
        if not changes.touches(self._kind):
            self._wake()

    def _wake(self) -> None:
        # What comes in the middle of a step is looked at after it.
        self._woken = self._busy
        if not self._busy and not self._soon.isActive():
            self._soon.start(_SOON_MS)

    def _step(self) -> None:
        self._busy = True
        self._session.work(self._lane, self._worker.step, self._stepped, self._failed)

    def _stepped(self, more: bool) -> None:
        self._busy = False
        if (more or self._woken) and self._look.isActive():
            self._soon.start(_NEXT_MS)
        self._woken = False

    def _failed(self, _: HoaBanError) -> None:
        # A full disk or the like: the next look tries again.
        self._busy = False


def watches(session: Session, parent: QObject) -> tuple[StepWatch, ...]:
    """Return the watches over all workers of a desk."""
    desk = session.desk
    return (
        StepWatch(session, desk.arrivals, "check", checks.KIND, parent),
        StepWatch(session, desk.completions, "network", completions.KIND, parent),
    )
