"""Load the pages while a password is typed: a little at a time, on the GUI thread.

PySide6 makes a class when it is first met, and all of Qt's widgets when a scroll area is first
asked for its viewport. Two threads that meet one class at once crash it, so no lane may import
what imports Qt; and an import of everything would hold the typing up.
"""

from __future__ import annotations

import gc
import pkgutil
import time
from collections.abc import Callable, Iterator
from importlib import import_module

from PySide6 import QtGui, QtWidgets
from PySide6.QtCore import QObject, QTimer

import ui

_SLICE_S = 0.008
_PAUSE_MS = 4
_HURRIED_S = 0.025
_ALL_PAGES = "ui.features"
_PAINTED_WITH = ("QBrush", "QLinearGradient", "QRadialGradient", "QConicalGradient", "QTextLayout")


class Preload(QObject):
    """Import every module of the window, a slice at a time; `then` tells when all are there."""

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._steps = _steps()
        self._slice_s = _SLICE_S
        self._done = False
        self._waiting: list[Callable[[], object]] = []
        self._timer = QTimer(self)
        self._timer.timeout.connect(self._slice)

    def start(self) -> None:
        """Begin; returns at once."""
        if not self._done and not self._timer.isActive():
            self._timer.start(_PAUSE_MS)

    def then(self, go_on: Callable[[], object]) -> None:
        """Go on when all is loaded, at once if it is; what is left comes in bigger slices.

        Somebody typed faster and waits; the window still answers in between.
        """
        if self._done:
            go_on()
            return
        self._waiting.append(go_on)
        self._slice_s = _HURRIED_S
        self._timer.start(0)

    def _slice(self) -> None:
        end = time.perf_counter() + self._slice_s
        for _ in self._steps:
            if time.perf_counter() > end:
                break
        else:
            self._done = True
            self._timer.stop()
        # Modules live as long as the program: the collector, for which the window waits, need
        # not walk them
        gc.freeze()
        if self._done:
            waiting, self._waiting = self._waiting, []
            for go_on in waiting:
                go_on()


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
