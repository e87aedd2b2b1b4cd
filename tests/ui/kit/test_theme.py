"""Tokens, contrast, scale; one place of style sheets."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest
from PySide6.QtCore import QCoreApplication, QEvent
from PySide6.QtGui import QColor, QFontInfo, QPalette
from PySide6.QtWidgets import QApplication, QWidget

import ui
from app.kernel.texts import resource
from ui.kit.badges import TONES, tone_colors
from ui.kit.labels import Label
from ui.kit.layout import Row
from ui.kit.theme import MODES, install, load_tokens, theme

UI = Path(ui.__file__).parent
GROUNDS = ("bg", "panel", "selected", "hover")
INKS = ("ink", "ink2", "ink3", "accent", "ok", "warn", "bad", "info")
# Every other pair in use: ink on ground
PAIRS = [(ink, ground) for ink in INKS for ground in GROUNDS] + [
    ("on-accent", "accent"),
    ("on-accent", "accent-hover"),
    ("panel", "ink"),
    *((tone, f"{tone}-soft") for tone in ("accent", "ok", "warn", "bad", "info")),
    ("ink", "accent-soft"),
]
EDGES = [("edge", "panel"), ("edge", "bg"), ("accent", "panel"), ("accent", "bg")]


def luminance(color: str) -> float:
    def linear(part: int) -> float:
        share = part / 255
        return share / 12.92 if share <= 0.03928 else ((share + 0.055) / 1.055) ** 2.4

    c = QColor(color)
    return 0.2126 * linear(c.red()) + 0.7152 * linear(c.green()) + 0.0722 * linear(c.blue())


def contrast(one: str, other: str) -> float:
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize(("ink", "ground"), PAIRS)
def test_text_is_readable_on_every_ground(mode: str, ink: str, ground: str) -> None:
    tokens = load_tokens(mode)
    assert contrast(tokens[ink], tokens[ground]) >= 4.5


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize(("edge", "ground"), EDGES)
def test_focus_and_handles_are_visible(mode: str, edge: str, ground: str) -> None:
    tokens = load_tokens(mode)
    assert contrast(tokens[edge], tokens[ground]) >= 3.0


@pytest.mark.parametrize("mode", MODES)
def test_badges_use_pairs_that_were_measured(qapp: QApplication, mode: str) -> None:
    install(qapp, mode)
    for tone in TONES:
        ink, ground = tone_colors(tone)
        assert contrast(ink.name(), ground.name()) >= 4.5, tone


def test_both_modes_have_the_same_tokens() -> None:
    assert load_tokens("light").keys() == load_tokens("dark").keys()


def test_the_sheet_uses_no_unknown_token_and_no_colour_of_its_own() -> None:
    sheet = resource("theme", "app.qss").read_text(encoding="utf-8")
    assert not re.search(r"#[0-9a-fA-F]{3,8}\b", sheet)
    assert "rgb" not in sheet


def test_mode_and_scale_switch_at_run_time(qapp: QApplication) -> None:
    label = Label("Văn bản đến", "title")
    label.show()
    qapp.processEvents()
    assert label.font().pixelSize() == 16
    install(qapp, "dark", 200)
    qapp.processEvents()
    assert label.font().pixelSize() == 32
    assert theme().mode == "dark"
    assert qapp.palette().color(QPalette.ColorRole.Window) == QColor(load_tokens("dark")["bg"])
    assert theme().px(8) == 16


@pytest.mark.parametrize(("asked", "given"), [(50, 100), (125, 125), (400, 250)])
def test_the_scale_stays_within_its_bounds(qapp: QApplication, asked: int, given: int) -> None:
    install(qapp).set_scale(asked)
    assert theme().scale == given


def test_gaps_and_margins_follow_the_scale(qapp: QApplication) -> None:
    row = Row(gap=8, margins=(4, 0, 0, 0))
    holder = QWidget()
    holder.setLayout(row)
    theme().set_scale(150)
    assert row.spacing() == 12
    assert row.contentsMargins().left() == 6


def test_hairlines_stay_one_pixel(qapp: QApplication) -> None:
    install(qapp, "light", 200)
    assert "border: 1px solid" in qapp.styleSheet()
    assert "border-radius: 14px" in qapp.styleSheet()


def test_the_bundled_font_is_used(qapp: QApplication) -> None:
    assert QFontInfo(theme().font()).family() == "Noto Sans"
    assert QFontInfo(theme().font(bold=True)).bold()


def test_install_twice_keeps_one_theme(qapp: QApplication) -> None:
    assert install(qapp) is install(qapp, "dark")


def test_the_application_wears_the_sheet_again_after_its_last_dressed_window(
    qapp: QApplication,
) -> None:
    first, second = QWidget(), QWidget()
    theme().dress(first)
    theme().dress(second)
    for window, bare in ((first, True), (second, False)):
        window.deleteLater()
        QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
        qapp.processEvents()
        assert (qapp.styleSheet() == "") == bare
    theme().set_mode("dark")
    assert load_tokens("dark")["bg"] in qapp.styleSheet()


def test_style_sheets_are_set_in_one_place() -> None:
    callers = {
        path.relative_to(UI).as_posix()
        for path in UI.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Attribute) and node.attr == "setStyleSheet"
    }
    assert callers == {"kit/theme.py"}
