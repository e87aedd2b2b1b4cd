"""Nothing shows itself as a window of its own while pages are made behind an open menu."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QEvent, QObject
from PySide6.QtWidgets import QApplication, QMenu, QWidget

from tests.ui.conftest import wait_until
from tests.ui.stage import Opening
from ui.shell.window import DeskWindow


class Shown(QObject):
    """Note every window that shows itself."""

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self.names: list[str] = []

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Show and isinstance(watched, QWidget) and watched.isWindow():
            self.names.append(type(watched).__name__)
        return False


def built(window: DeskWindow) -> bool:
    """Tell whether every page is in the window."""
    return window.stack.count() >= len(window.visible_specs())


def test_pages_built_in_the_background_leave_an_open_menu_open(
    opening: Callable[[], Opening],
) -> None:
    desk = opening()
    window = desk.unlock("mai")
    shown = Shown(window)
    app = QApplication.instance()
    assert app is not None
    menu = QMenu(window)
    menu.addAction("Khóa")
    menu.popup(window.mapToGlobal(window.rect().center()))
    app.installEventFilter(shown)
    try:
        wait_until(lambda: built(window))
    finally:
        app.removeEventFilter(shown)
    assert shown.names == []
    assert QApplication.activePopupWidget() is menu
    menu.close()
