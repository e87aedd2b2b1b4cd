"""Another network: the line is tried at once, whatever its back-off."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from PySide6.QtCore import QObject, Signal
from PySide6.QtNetwork import QNetworkInformation

from ui.shell.network import NetworkWatch


class Information(QObject):
    """What the system says, without a system that changes."""

    reachabilityChanged = Signal(object)  # noqa: N815
    transportMediumChanged = Signal(object)  # noqa: N815
    isBehindCaptivePortalChanged = Signal(bool)  # noqa: N815


NAMES = ("reachabilityChanged", "transportMediumChanged", "isBehindCaptivePortalChanged")


@pytest.mark.parametrize("name", NAMES)
def test_any_change_of_the_network_has_the_line_tried(qapp: object, name: str) -> None:
    assert hasattr(QNetworkInformation, name), "Qt names it so"
    tried: list[bool] = []
    desk = SimpleNamespace(sync=SimpleNamespace(line_changed=lambda: tried.append(True)))
    said, parent = Information(), QObject()
    NetworkWatch(desk, said, parent)
    getattr(said, name).emit(True)
    assert tried == [True]
    desk.sync = None
    getattr(said, name).emit(True)
    assert tried == [True]


def test_a_system_that_tells_nothing_is_no_trouble(qapp: object) -> None:
    parent = QObject()
    NetworkWatch(SimpleNamespace(sync=None), None, parent)
    assert len(parent.children()) == 1
