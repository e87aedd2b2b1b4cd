"""Load the pages while a password is typed: a little at a time, on the GUI thread.

PySide6 makes a class when it is first met, and all of Qt's widgets when a scroll area is first
asked for its viewport. Two threads that meet one class at once crash it, so no lane may import
what imports Qt; and an import of everything would hold the typing up.
"""

from __future__ import annotations

import gc
import pkgutil
import time
from collections.abc import Iterator
from importlib import import_module

from PySide6 import QtGui, QtWidgets
from PySide6.QtCore import QObject, QTimer

import ui

_SLICE_S = 0.008
_PAUSE_MS = 4
_ALL_PAGES = "ui.features"
_PAINTED_WITH = ("QBrush", "QLinearGradient", "QRadialGradient", "QConicalGradient", "QTextLayout")


class Preload(QObject):
    """Import every module of the window; `finish` does at once what is left."""

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._steps = _steps()
        self._timer = QTimer(self)
        self._timer.timeout.connect(self._slice)

    def start(self) -> None:
        """Begin; returns at once."""
        self._timer.start(_PAUSE_MS)

    def finish(self) -> None:
        """Load the rest now: somebody typed faster."""
        self._timer.stop()
        for _ in self._steps:
            pass
        gc.freeze()

    def _slice(self) -> None:
        end = time.perf_counter() + _SLICE_S
        for _ in self._steps:
            if time.perf_counter() > end:
                break
        else:
            self._timer.stop()
        # Modules live as long as the program: the collector, for which the window waits, need
        # not walk them
        gc.freeze()


def _steps() -> Iterator[None]:
    for name in dir(QtWidgets):
        yield getattr(QtWidgets, name)
    for name in _PAINTED_WITH:
        yield getattr(QtGui, name)
    found = [module.name for module in pkgutil.walk_packages(ui.__path__, "ui.")]
    # The list of pages imports all of them: last, when each is there
    for name in sorted(found, key=lambda name: name == _ALL_PAGES):
        import_module(name)
        yield
    import_module(_ALL_PAGES)
