"""Type as people and their input methods do; `QTest.keyClicks` aborts on Vietnamese letters."""

from __future__ import annotations

from PySide6.QtCore import QCoreApplication, QEvent, Qt
from PySide6.QtGui import QInputMethodEvent, QKeyEvent
from PySide6.QtWidgets import QWidget

_NONE = Qt.KeyboardModifier.NoModifier


def press(
    widget: QWidget, key: int, modifiers: Qt.KeyboardModifier = _NONE, text: str = ""
) -> None:
    """Press and release one key."""
    for kind in (QEvent.Type.KeyPress, QEvent.Type.KeyRelease):
        QCoreApplication.sendEvent(widget, QKeyEvent(kind, key, modifiers, text))


def letters(widget: QWidget, text: str) -> None:
    """Type letters one by one, as UniKey hands them over."""
    for letter in text:
        press(widget, 0, text=letter)


def unikey(widget: QWidget, steps: str) -> None:
    """Type as UniKey does: `<` stands for the Backspaces with which it takes letters back."""
    for step in steps:
        if step == "<":
            press(widget, Qt.Key.Key_Backspace)
        else:
            press(widget, 0, text=step)


def compose(widget: QWidget, preedit: str) -> None:
    """Show what an input method is still composing."""
    QCoreApplication.sendEvent(widget, QInputMethodEvent(preedit, []))


def commit(widget: QWidget, text: str) -> None:
    """Let an input method hand over what was composed."""
    event = QInputMethodEvent()
    event.setCommitString(text)
    QCoreApplication.sendEvent(widget, event)
