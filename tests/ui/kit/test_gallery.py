"""Every widget of the kit in every look: nothing cut, nothing overlapping, all named."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtWidgets import QApplication, QWidget

from tests.ui import gallery
from tests.ui.walk import walk


def test_the_gallery_has_no_fault(qapp: QApplication, shown: Callable[..., QWidget]) -> None:
    board = gallery.parts()
    shown(board)
    faults = walk(board, (1640, 1800))
    # One line is there to show how it is shortened.
    assert [fault for fault in faults if gallery.LONG not in fault] == []
