"""Walk the panes of a window with F6: each keeps where the keyboard was in it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QWidget


def step(panes: Sequence[QWidget], forward: bool) -> None:
    """Move the keyboard to the next pane that can take it, round about."""
    focused = QApplication.focusWidget()
    here = next((i for i, pane in enumerate(panes) if _holds(pane, focused)), -1)
    way = 1 if forward else -1
    for distance in range(1, len(panes) + 1):
        target = _entry(panes[(here + way * distance) % len(panes)])
        if target is not None:
            target.setFocus(Qt.FocusReason.ShortcutFocusReason)
            return


def _holds(pane: QWidget, focused: QWidget | None) -> bool:
    return focused is not None and (pane is focused or pane.isAncestorOf(focused))


def _entry(pane: QWidget) -> QWidget | None:
    """Return what had the keyboard in a pane before, or the first that can have it."""
    if not pane.isVisible():
        return None
    last = pane.focusWidget()
    if last is not None and last.isVisible() and last.isEnabled() and _holds(pane, last):
        return last
    return next((w for w in _chain(pane) if _takes_focus(w)), None)


def _chain(pane: QWidget) -> Iterator[QWidget]:
    yield pane
    step = pane.nextInFocusChain()
    while step is not None and step is not pane:
        if pane.isAncestorOf(step):
            yield step
        step = step.nextInFocusChain()


def _takes_focus(widget: QWidget) -> bool:
    by_tab = bool(widget.focusPolicy() & Qt.FocusPolicy.TabFocus)
    return by_tab and widget.isVisible() and widget.isEnabled()
