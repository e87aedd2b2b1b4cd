"""The one way in which pages hear that data moved: the bus's broadcast as a Qt signal."""

from __future__ import annotations

import threading

from PySide6.QtCore import QObject, Qt, Signal, Slot

from app.kernel.changes import Broadcast, Changes


class ChangesSignal(QObject):
    """Re-emit a broadcast on the GUI thread, what came within one turn of the loop at once.

    `changed` carries one `Changes`.
    """

    changed = Signal(object)
    _arrived = Signal()

    def __init__(self, broadcast: Broadcast, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._lock = threading.Lock()
        self._gathered = Changes()
        self._arrived.connect(self._emit, Qt.ConnectionType.QueuedConnection)
        self._unsubscribe = broadcast.subscribe(self._hear)
        self._open = True

    def close(self) -> None:
        """Stop listening."""
        if self._open:
            self._open = False
            self._unsubscribe()

    def _hear(self, changes: Changes) -> None:
        with self._lock:
            first = not self._gathered
            self._gathered |= changes
        if first:
            self._arrived.emit()

    @Slot()
    def _emit(self) -> None:
        with self._lock:
            changes, self._gathered = self._gathered, Changes()
        if changes and self._open:
            self.changed.emit(changes)
