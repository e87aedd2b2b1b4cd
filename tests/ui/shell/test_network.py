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
    isMeteredChanged = Signal(bool)  # noqa: N815

    def isMetered(self) -> bool:
        """Answer as the system does at the start."""
        return True


NAMES = ("reachabilityChanged", "transportMediumChanged", "isBehindCaptivePortalChanged")


@pytest.mark.parametrize("name", NAMES)
def test_any_change_of_the_network_has_the_line_tried(qapp: object, name: str) -> None:
    assert hasattr(QNetworkInformation, name), "Qt names it so"
    tried: list[bool] = []
    told: list[bool] = []
    sync = SimpleNamespace(
        line_changed=lambda: tried.append(True),
        line_is_metered=lambda *, metered: told.append(metered),
    )
    desk = SimpleNamespace(sync=sync)
    said, parent = Information(), QObject()
    NetworkWatch(desk, said, parent)
    getattr(said, name).emit(True)
    assert tried == [True]
    desk.sync = None
    getattr(said, name).emit(True)
    assert tried == [True]


def test_a_line_that_is_paid_by_the_byte_is_told(qapp: object) -> None:
    assert hasattr(QNetworkInformation, "isMeteredChanged"), "Qt names it so"
    told: list[bool] = []
    sync = SimpleNamespace(line_is_metered=lambda *, metered: told.append(metered))
    said, parent = Information(), QObject()
    NetworkWatch(SimpleNamespace(sync=sync), said, parent)
    said.isMeteredChanged.emit(False)
    assert told == [True, False]


def test_a_system_that_tells_nothing_is_no_trouble(qapp: object) -> None:
    parent = QObject()
    NetworkWatch(SimpleNamespace(sync=None), None, parent)
    assert len(parent.children()) == 1
