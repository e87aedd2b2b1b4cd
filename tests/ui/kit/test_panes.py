"""Two panes side by side, or by turns where there is no room."""

from __future__ import annotations

import pytest
from PySide6.QtWidgets import QApplication, QLabel

from ui.kit.panes import NARROW, Panes
from ui.kit.theme import theme


@pytest.mark.parametrize(("share", "narrow"), [(0.6, True), (1.4, False)])
def test_whoever_listens_hears_of_the_first_size(
    qapp: QApplication, share: float, narrow: bool
) -> None:
    told: list[bool] = []
    panes = Panes(QLabel("a"), QLabel("b"))
    panes.narrowed.connect(told.append)
    panes.resize(round(theme().px(NARROW) * share), 300)
    panes.show()
    assert told[-1] is narrow and panes.narrow is narrow
    said = len(told)
    panes.resize(panes.width() + 1, 300)
    assert len(told) == said, "nothing new is no news"
    panes.close()
