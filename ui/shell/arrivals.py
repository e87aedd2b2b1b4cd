"""Look at files that have arrived while nobody waits for the lane."""

from __future__ import annotations

from PySide6.QtCore import QObject, QTimer

from app.files.checks import KIND
from app.kernel.changes import Changes
from app.kernel.errors import HoaBanError
from ui.bridge.session import Session

# After a change, and between two files: lists and readers go first
_SOON_MS = 400
_NEXT_MS = 40
# Files come without a change of their own, and the line comes back
_LOOK_MS = 30_000


class ArrivalWatch(QObject):
    """Let the desk's worker take one step after the other on the query lane."""

    def __init__(self, session: Session, parent: QObject) -> None:
        super().__init__(parent)
        self._session = session
        self._busy = False
        self._soon = QTimer(self)
        self._soon.setSingleShot(True)
        self._soon.timeout.connect(self._step)
        self._look = QTimer(self)
        self._look.timeout.connect(self._wake)
        self._look.start(_LOOK_MS)
        session.changed.connect(self._changed)
        self._wake()

    def close(self) -> None:
        """Take no further step."""
        self._look.stop()
        self._soon.stop()
        self._session.changed.disconnect(self._changed)

    def _changed(self, changes: Changes) -> None:
        # What the worker itself has told is no news to it.
        if not changes.touches(KIND):
            self._wake()

    def _wake(self) -> None:
        if not self._busy and not self._soon.isActive():
            self._soon.start(_SOON_MS)

    def _step(self) -> None:
        self._busy = True
        worker = self._session.desk.arrivals
        self._session.work("query", worker.step, self._stepped, self._failed)

    def _stepped(self, more: bool) -> None:
        self._busy = False
        if more and self._look.isActive():
            self._soon.start(_NEXT_MS)

    def _failed(self, _: HoaBanError) -> None:
        # A full disk or the like: the next look tries again.
        self._busy = False
