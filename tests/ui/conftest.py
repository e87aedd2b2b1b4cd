"""One QApplication for all tests of the window; no Qt warning, no widget and no thread left."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Iterator

import pytest

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from PySide6.QtCore import (
    QCoreApplication,
    QEvent,
    QEventLoop,
    QTimer,
    QtMsgType,
    qInstallMessageHandler,
)
from PySide6.QtWidgets import QApplication, QWidget

from ui.bridge import garbage
from ui.kit.theme import install

# The offscreen platform says so of every window; it is no fault of ours.
_HARMLESS = {
    "This plugin does not support propagateSizeHints()",
    "This plugin does not support raise()",
    "This plugin does not support grabbing the keyboard",
}
_LEVELS = {
    QtMsgType.QtDebugMsg: logging.DEBUG,
    QtMsgType.QtInfoMsg: logging.INFO,
    QtMsgType.QtWarningMsg: logging.WARNING,
    QtMsgType.QtCriticalMsg: logging.ERROR,
    QtMsgType.QtFatalMsg: logging.CRITICAL,
}


def _hear(kind: QtMsgType, _context: object, text: str) -> None:
    if text not in _HARMLESS:
        logging.getLogger("qt").log(_LEVELS[kind], "%s", text)


@pytest.fixture(scope="session")
def application() -> QApplication:
    """Return the one QApplication."""
    app = QApplication.instance() or QApplication(["hoa-ban-tests"])
    assert isinstance(app, QApplication)
    garbage.install(app)
    return app


@pytest.fixture
def qapp(quiet_log: None, application: QApplication) -> Iterator[QApplication]:
    """Return the application in the light theme; closes every window afterwards."""
    qInstallMessageHandler(_hear)
    install(application, "light", 100)
    yield application
    for widget in application.topLevelWidgets():
        widget.close()
        widget.deleteLater()
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    QCoreApplication.processEvents()
    garbage.install(application).collect()


def wait_until(condition: Callable[[], object], milliseconds: int = 120_000) -> None:
    """Run the event loop until something holds; fail when it does not in time."""
    loop = QEventLoop()
    poll = QTimer()
    poll.timeout.connect(lambda: loop.quit() if condition() else None)
    poll.start(2)
    limit = QTimer()
    limit.setSingleShot(True)
    limit.timeout.connect(loop.quit)
    limit.start(milliseconds)
    if not condition():
        loop.exec()
    poll.stop()
    limit.stop()
    assert condition(), "this did not come about"


@pytest.fixture
def until(qapp: QApplication) -> Callable[[Callable[[], object]], None]:
    """Return `wait_until`."""
    return wait_until


@pytest.fixture
def shown(qapp: QApplication) -> Callable[[QWidget], QWidget]:
    """Return a function that shows a widget, lets Qt lay it out and waits until it has the keys.

    The screen gives the focus in its own time: keys that are sent before do nothing at all.
    """

    def show(widget: QWidget, width: int = 0, height: int = 0) -> QWidget:
        if width:
            widget.resize(width, height)
        widget.show()
        widget.activateWindow()
        wait_until(widget.isActiveWindow)
        QCoreApplication.processEvents()
        QCoreApplication.processEvents()
        return widget

    return show
