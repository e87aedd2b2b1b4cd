"""Collect Python's cyclic garbage on the GUI thread alone.

The collector runs in whatever thread happens to allocate. In a worker it would end widgets and
other QObjects that lie in a cycle there; Qt forbids that, and it can lock the worker and the GUI
thread against each other for ever: one holds the interpreter, the other a lock of Qt.
"""

from __future__ import annotations

import gc

from PySide6.QtCore import QObject, Qt, QTimer

INTERVAL_MS = 1000


class Garbage(QObject):
    """Take the collector away from all threads and run it from the event loop."""

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        gc.disable()
        # Modules and what the start made live as long as the program: no need to walk them
        gc.freeze()
        self._timer = QTimer(self)
        self._timer.setTimerType(Qt.TimerType.VeryCoarseTimer)
        self._timer.timeout.connect(self.collect)
        self._timer.start(INTERVAL_MS)

    def collect(self) -> None:
        """Collect as much as the interpreter would by now."""
        young, _, old = gc.get_count()
        many, _, often = gc.get_threshold()
        if old > often:
            gc.collect()
        elif young > many:
            gc.collect(1)


def install(app: QObject) -> Garbage:
    """Begin, once for an application; return what collects."""
    found = app.findChild(Garbage)
    return found if isinstance(found, Garbage) else Garbage(app)
