"""The status bar says when the clock is wrong, and what to do."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from PySide6.QtWidgets import QWidget

from app.kernel.clock import SystemClock
from app.kernel.texts import Texts
from ui.shell.statusbar import LineState, StatusBar


@pytest.mark.parametrize(
    ("minutes", "said"),
    [(12, "chậm 12 phút"), (-90, "nhanh 90 phút"), (0, "")],
)
def test_a_wrong_clock_is_said(
    shown: Callable[[QWidget], QWidget], minutes: int, said: str
) -> None:
    bar = StatusBar(Texts("vi"), SystemClock())
    bar.resize(1366, 30)
    shown(bar)
    bar.show_state(LineState("ok", clock_minutes=minutes))
    assert said in bar._time.text()
    assert bar._time.isVisible() == bool(said)
    assert ("chỉnh lại giờ máy" in bar._time.text()) == bool(said)
