"""Keys cannot clash; they count on their page only; map and palette tell the truth."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget

from ui.kit.actions import Action, Actions, ShortcutConflict
from ui.kit.buttons import Button

Shown = Callable[..., QWidget]
CTRL = Qt.KeyboardModifier.ControlModifier


def action(name: str, key: str = "", scope: str = "", **more: object) -> Action:
    return Action(name, "kit.undo", more.pop("run", lambda: None), key, scope=scope, **more)


@pytest.fixture
def window(qapp: QApplication, shown: Shown) -> QWidget:
    return shown(QWidget(), 200, 100)


@pytest.mark.parametrize(
    ("first", "second"),
    [("", ""), ("", "incoming"), ("incoming", ""), ("incoming", "incoming")],
)
def test_a_key_is_given_once_per_place(window: QWidget, first: str, second: str) -> None:
    actions = Actions(window)
    actions.add(action("one", "Ctrl+B", first))
    with pytest.raises(ShortcutConflict):
        actions.add(action("two", "ctrl+b", second))


def test_an_act_of_everywhere_yields_its_key_to_the_page_that_asks(window: QWidget) -> None:
    actions, done = Actions(window), []
    actions.add(
        action("sync", "F5", run=lambda: done.append("sync")),
        action("again", "F5", "devices", over="sync", run=lambda: done.append("again")),
    )
    for scope in ("incoming", "devices"):
        actions.enter(scope)
        QTest.keyClick(window, Qt.Key.Key_F5)
    assert done == ["sync", "again"]


def test_two_pages_may_use_one_key_and_the_page_shown_gets_it(window: QWidget) -> None:
    actions, done = Actions(window), []
    actions.add(
        action("in", "Ctrl+B", "incoming", run=lambda: done.append("in")),
        action("out", "Ctrl+B", "outgoing", run=lambda: done.append("out")),
    )
    for scope in ("incoming", "outgoing", "elsewhere"):
        actions.enter(scope)
        QTest.keyClick(window, Qt.Key.Key_B, CTRL)
    assert done == ["in", "out"]


def test_a_forbidden_act_does_not_run(window: QWidget) -> None:
    done: list[int] = []
    act = action("one", "Ctrl+D", run=lambda: done.append(1), enabled=False)
    actions = Actions(window)
    actions.add(act)
    QTest.keyClick(window, Qt.Key.Key_D, CTRL)
    act.trigger()
    assert done == []
    act.set_enabled(True)
    QTest.keyClick(window, Qt.Key.Key_D, CTRL)
    assert done == [1]


def test_removed_actions_leave_their_key(window: QWidget) -> None:
    actions, done = Actions(window), []
    actions.add(action("one", "Ctrl+G", run=lambda: done.append("one")))
    actions.remove("one")
    actions.add(action("two", "Ctrl+G", run=lambda: done.append("two")))
    QTest.keyClick(window, Qt.Key.Key_G, CTRL)
    assert done == ["two"]


def test_palette_and_map(window: QWidget) -> None:
    actions = Actions(window)
    actions.add(
        action("everywhere", "Ctrl+K"),
        action("here", "Ctrl+Return", "incoming"),
        action("there", "", "outgoing"),
        action("off", "F5", enabled=False),
    )
    actions.enter("incoming")
    assert [a.name for a in actions.available()] == ["everywhere", "here"]
    assert {row.shortcut for row in actions.key_map()} == {"Ctrl K", "Ctrl Enter", "F5"}
    assert actions["here"].text == "Hoàn tác"


def test_a_button_follows_its_action(window: QWidget) -> None:
    done: list[int] = []
    act = action("one", "Ctrl+B", run=lambda: done.append(1))
    button = Button.of(act, "primary", window)
    button.click()
    act.set_enabled(False)
    assert done == [1]
    assert not button.isEnabled()
    assert button.accessibleName() == "Hoàn tác"
    assert button.accessibleDescription() == "Ctrl B"


def test_an_action_outlives_its_button(window: QWidget, qapp: QApplication) -> None:
    act = action("one")
    button = Button.of(act)
    button.deleteLater()
    del button
    qapp.sendPostedEvents(None, 52)
    act.set_enabled(False)
    assert not act.enabled


@pytest.mark.parametrize("kind", ["primary", "secondary", "ghost", "danger", "link"])
def test_text_and_hint_fit_into_a_button(qapp: QApplication, kind: str) -> None:
    bare, full = Button("Vào sổ", kind), Button("Vào sổ", kind, shortcut="Ctrl+S", icon="save")
    assert full.sizeHint().width() > bare.sizeHint().width() + 30
    assert full.minimumSizeHint() == full.sizeHint()
