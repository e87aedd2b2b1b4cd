"""The Qt binding in use keeps None alive: version 6.12.0 drops a reference per void call."""

from __future__ import annotations

import sys

from PySide6.QtCore import QObject


def test_void_calls_keep_none():
    thing = QObject()
    before = sys.getrefcount(None)
    for _ in range(1000):
        thing.setObjectName("a")
    assert abs(sys.getrefcount(None) - before) < 100
