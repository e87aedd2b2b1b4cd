"""Dialogs: as high as their words need, and full where something shall fill them."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from PySide6.QtWidgets import QWidget

from tests.ui.walk import cut_off, settle
from ui.kit.dialog import Dialog
from ui.kit.labels import Label, Pane
from ui.kit.navigation import Navigation, NavItem
from ui.kit.theme import theme

Shown = Callable[..., QWidget]
LONG = "Bản in theo mẫu của Nghị định 30/2020/NĐ-CP: bìa và mười cột, để in và đóng quyển. " * 6


@pytest.mark.parametrize("scale", [100, 200])
def test_a_dialog_is_as_high_as_its_words(qapp: object, scale: int) -> None:
    theme().apply("light", scale)
    dialog = Dialog("In sổ (mẫu)")
    dialog.body.extend(Label(LONG, wrap=True))
    dialog.add_button("Thôi")
    dialog.show()
    settle()
    assert cut_off(dialog) == []
    dialog.show_error(LONG)
    settle()
    assert cut_off(dialog) == []


def test_what_fills_a_dialog_leaves_no_hole(shown: Shown) -> None:
    dialog, filling = Dialog("Đọc (mẫu)"), Pane("bg")
    dialog.fill_with(filling)
    dialog.add_button("Đóng")
    shown(dialog, 700, 600)
    assert filling.height() > 400


def test_the_navigation_shows_what_is_chosen(shown: Shown) -> None:
    places = Navigation("Các trang")
    places.set_items([NavItem(f"p{n}", "inbox", f"Trang {n}") for n in range(20)])
    shown(places, 220, 150)
    places.select("p17")
    entry = places._entries["p17"]
    top = entry.mapTo(places.viewport(), entry.rect().topLeft()).y()
    assert 0 <= top <= places.viewport().height() - entry.height()
