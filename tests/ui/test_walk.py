"""The walker sees what it is there for."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtWidgets import QGraphicsOpacityEffect, QLineEdit, QWidget

from tests.ui.walk import cut_off, faint, nameless, overlapping, walk
from ui.kit.fields import LineEdit
from ui.kit.labels import ElidedLabel, Label, Pane
from ui.kit.layout import Column, put

Shown = Callable[..., QWidget]


def window(*items: QWidget) -> QWidget:
    return put(Pane("panel"), Column(*items, None, margins=(8, 8, 8, 8)))


def test_a_sound_window_has_no_fault(shown: Shown) -> None:
    sound = shown(window(Label("Đồng bộ ngay"), LineEdit("Số, ký hiệu")), 300, 200)
    assert walk(sound, (600, 400)) == []


def test_what_is_cut_off_is_seen(shown: Shown) -> None:
    one, other = ElidedLabel("Ủy ban nhân dân xã Mường Phăng"), Label("Ủy ban nhân dân")
    root = shown(window(one, other), 300, 200)
    one.setFixedWidth(60)
    other.setFixedWidth(40)
    assert len(cut_off(root)) == 2


def test_neighbours_on_each_other_are_seen(shown: Shown) -> None:
    one, other = Label("Văn bản đến"), Label("Văn bản đi")
    root = shown(window(one, other), 300, 200)
    assert overlapping(root) == []
    other.move(one.pos())
    assert len(overlapping(root)) == 1


def test_faint_words_are_seen(shown: Shown) -> None:
    label = Label("Văn bản đến")
    root = shown(window(label), 300, 200)
    assert faint(root) == []
    label.setGraphicsEffect(_pale(label))
    assert any("Văn bản đến" in said for said in faint(root))


def _pale(parent: QWidget) -> QGraphicsOpacityEffect:
    effect = QGraphicsOpacityEffect(parent)
    effect.setOpacity(0.4)
    return effect


def test_a_field_without_a_name_is_seen(shown: Shown) -> None:
    field = QLineEdit()
    root = shown(window(field), 300, 200)
    assert len(nameless(root)) == 1
    field.setAccessibleName("Số, ký hiệu")
    assert nameless(root) == []
