"""What waits for the modules of the window goes on once, whenever they are there."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QObject
from PySide6.QtTest import QTest

from tests.ui.conftest import wait_until
from ui.shell import preload
from ui.shell.preload import Preload


@pytest.fixture
def loading(qapp: QObject, monkeypatch: pytest.MonkeyPatch) -> Preload:
    """Return a preload of five steps, not begun."""
    monkeypatch.setattr(preload, "_steps", lambda: iter([None] * 5))
    return Preload(qapp)


def test_whoever_waits_goes_on_once_though_loading_is_begun_again(loading: Preload) -> None:
    came: list[str] = []
    loading.then(lambda: came.append("first"))
    assert came == [], "nothing goes on before all is loaded"
    wait_until(lambda: bool(came))
    loading.start()
    QTest.qWait(50)
    assert came == ["first"]
    loading.then(lambda: came.append("second"))
    assert came == ["first", "second"]


def test_to_begin_does_not_slow_down_what_somebody_waits_for(loading: Preload) -> None:
    came: list[str] = []
    loading.then(lambda: came.append("waited"))
    loading.start()
    assert loading._timer.interval() == 0
    wait_until(lambda: bool(came))
