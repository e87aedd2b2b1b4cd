"""Icons are one-colour drawings that take the colour asked for."""

from __future__ import annotations

import pytest
from PySide6.QtWidgets import QApplication

from app.kernel.texts import resource
from ui.kit.icons import LOGO, app_icon, icon, pixmap
from ui.kit.theme import theme

NAMES = sorted(
    entry.name.removesuffix(".svg")
    for entry in resource("icons").iterdir()
    if entry.name.endswith(".svg")
)


@pytest.mark.parametrize("name", [n for n in NAMES if n != LOGO])
def test_an_icon_is_drawn_in_the_colour_asked_for_and_no_other(
    qapp: QApplication, name: str
) -> None:
    image = pixmap(name, 48, "bad").toImage()
    wanted = theme().color("bad")
    solid = [
        color
        for y in range(image.height())
        for x in range(image.width())
        if (color := image.pixelColor(x, y)).alpha() > 240
    ]
    assert len(solid) > 20
    for color in solid:
        near = (
            color.red() - wanted.red(),
            color.green() - wanted.green(),
            color.blue() - wanted.blue(),
        )
        assert max(map(abs, near)) <= 12


def test_the_logo_keeps_its_own_colours(qapp: QApplication) -> None:
    image = pixmap(LOGO, 64, "bad").toImage()
    shades = {
        image.pixelColor(x, y).name()
        for x in range(64)
        for y in range(64)
        if image.pixelColor(x, y).alpha() == 255
    }
    assert {"#7b2d74", "#a2519a", "#f2c94c"} <= shades


def test_the_program_has_its_icon_in_the_sizes_of_a_task_bar(qapp: QApplication) -> None:
    sizes = {size.width() for size in app_icon().availableSizes()}
    assert {16, 32, 48, 256} <= sizes
    assert not icon("inbox").isNull()
