"""End the event loop in order when the system asks the program to end."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from PySide6.QtCore import QCoreApplication, QTimer

SIGNALS = (signal.SIGTERM, signal.SIGINT)


@contextmanager
def leaving_on_signals() -> Iterator[None]:
    """Quit as a closed window does on SIGTERM and SIGINT while the block runs.

    Python hears of a signal when it next runs in the GUI thread: the timer of
    `ui.bridge.garbage` sees to it that this is within a second.
    """
    before = {name: signal.signal(name, _leave) for name in SIGNALS}
    try:
        yield
    finally:
        for name, handler in before.items():
            signal.signal(name, handler)


def _leave(*_: Any) -> None:
    # Posted, so that it counts for an event loop that has not begun yet too.
    QTimer.singleShot(0, QCoreApplication.quit)
