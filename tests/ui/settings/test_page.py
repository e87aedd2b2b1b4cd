"""Settings count at once, last, and stand locked where the province has decided."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QWidget

from app.settings import SETTINGS, Scope, Settings
from tests.ui.conftest import wait_until
from tests.ui.sessions import session_of
from tests.ui.stage import Opening, Stage
from tests.ui.typing import press
from tests.ui.walk import walk
from ui.bridge.session import Session
from ui.kit.choice import Choice
from ui.kit.labels import Label
from ui.kit.theme import theme
from ui.settings.page_settings import SettingsPage

Shown = Callable[..., QWidget]


@pytest.fixture
def session(tmp_path: Path, qapp: object) -> Iterator[Session]:
    with session_of(tmp_path, "mai") as made:
        yield made


def test_everything_a_person_may_set_is_there(session: Session) -> None:
    page = SettingsPage(session)
    assert {n for n, s in SETTINGS.items() if s.scope is Scope.PERSON} <= page.editors.keys()


def test_a_change_is_kept_and_told(session: Session) -> None:
    page, told = SettingsPage(session), list[str]()
    session.settings_changed.connect(told.append)
    press(page.editors["theme"], Qt.Key.Key_Right)
    page.editors["quick_unlock"].click()  # type: ignore[attr-defined]
    assert told == ["theme", "quick_unlock"]
    kept = json.loads(session.desk.store.meta("settings.person"))
    assert kept == {"theme": "light", "quick_unlock": True}


def test_how_long_a_pin_holds_is_said_in_words(session: Session) -> None:
    page = SettingsPage(session)
    choice = page.editors["signing.pin_minutes"]
    assert isinstance(choice, Choice)
    assert [choice.itemText(n) for n in range(choice.count())] == [
        "Hỏi mỗi lần ký", "5 phút", "10 phút", "15 phút",
    ]  # fmt: skip
    press(choice, Qt.Key.Key_Down)
    assert session.desk.settings.number("signing.pin_minutes") == 5


def test_what_the_province_imposes_is_locked(session: Session, shown: Shown) -> None:
    session.desk.settings = Settings(province={"idle_lock_minutes": 5})
    page = SettingsPage(session)
    shown(page, 1150, 650)
    fixed = page.editors["idle_lock_minutes"]
    assert isinstance(fixed, Label)
    assert fixed.text() == "Sau 5 phút"
    refused: list[str] = []
    session.refused.connect(lambda error: refused.append(error.code))
    session.set_setting("idle_lock_minutes", 1)
    assert refused == ["settings.imposed"]


def test_look_and_language_change_at_once_and_last(tmp_path: Path, qapp: object) -> None:
    stage = Stage(tmp_path)
    stage.seed("mai")
    desk = Opening(stage)
    window = desk.unlock("mai")
    window.session.set_setting("theme", "dark")
    window.session.set_setting("scale_percent", 150)
    assert (theme().mode, theme().scale) == ("dark", 150)
    window.go("settings")
    window.session.set_setting("language", "en")
    assert desk.window is not window
    assert desk.window.current == "settings"
    assert desk.window.side._find.label == "Find or type a command…"
    store = window.session.desk.store
    wait_until(lambda: '"en"' in store.meta("settings.person"))
    desk.close()
    again = Opening(stage)
    assert again.unlock("mai").session.texts.language == "en"
    assert (theme().mode, theme().scale) == ("dark", 150)
    again.close()


def test_the_page_is_whole_in_every_look(session: Session, shown: Shown) -> None:
    page = SettingsPage(session)
    shown(page)
    assert walk(page, (1150, 650)) == []
