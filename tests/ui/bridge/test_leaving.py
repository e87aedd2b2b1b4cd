"""A signal ends the event loop as a closed window does."""

from __future__ import annotations

import os
import signal

import pytest
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication

from ui.bridge.leaving import SIGNALS, leaving_on_signals


@pytest.mark.parametrize("name", SIGNALS)
def test_a_signal_ends_the_loop_and_handlers_come_back(
    qapp: QApplication, name: signal.Signals
) -> None:
    before = [signal.getsignal(s) for s in SIGNALS]
    with leaving_on_signals():
        QTimer.singleShot(0, lambda: os.kill(os.getpid(), name))
        # Stopped afterwards: it would end the loops of the tests that follow
        limit = QTimer()
        limit.timeout.connect(lambda: QApplication.exit(7))
        limit.start(20_000)
        assert QApplication.exec() == 0
        limit.stop()
    assert [signal.getsignal(s) for s in SIGNALS] == before
