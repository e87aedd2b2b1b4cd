"""Entries of menus that run something."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QMenu, QWidget


def new_menu(parent: QWidget) -> QMenu:
    """Return a menu that goes away once it is closed."""
    menu = QMenu(parent)
    menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    menu.setToolTipsVisible(True)
    return menu


def add(menu: QMenu, text: str, run: Callable[[], object]) -> QAction:
    """Add an entry; Qt's own argument, whether it is checked, is dropped."""
    action = QAction(text, menu)
    action.triggered.connect(lambda _=False: run())
    menu.addAction(action)
    return action
