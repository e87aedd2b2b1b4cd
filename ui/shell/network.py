"""Hear from the system that the network is another one, and have the line tried at once."""

from __future__ import annotations

from PySide6.QtCore import QObject
from PySide6.QtNetwork import QNetworkInformation

from app.desk import Desk


def network_information() -> QNetworkInformation | None:
    """Return what tells of the system's network; None where the system tells nothing."""
    if not QNetworkInformation.loadDefaultBackend():
        return None
    return QNetworkInformation.instance()


class NetworkWatch(QObject):
    """Have the line tried when it comes back, moves to another card, or a portal lets go."""

    def __init__(self, desk: Desk, information: QObject | None, parent: QObject) -> None:
        super().__init__(parent)
        self._desk = desk
        if information is None:
            return
        for change in (
            "reachabilityChanged",
            "transportMediumChanged",
            "isBehindCaptivePortalChanged",
        ):
            getattr(information, change).connect(self._changed)
        self._information = information
        information.isMeteredChanged.connect(self._tell_metered)  # type: ignore[attr-defined]
        self._tell_metered(information.isMetered())  # type: ignore[attr-defined]

    def _tell_metered(self, metered: bool) -> None:
        """Say whether each byte of this line is paid for; the files mind it."""
        if self._desk.sync is not None:
            self._desk.sync.line_is_metered(metered=metered)

    def _changed(self, _: object) -> None:
        if self._desk.sync is not None:
            self._desk.sync.line_changed()
