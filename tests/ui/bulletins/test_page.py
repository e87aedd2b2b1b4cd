"""Notices: read marks by looking, search, publishing and withdrawing for those who may."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PySide6.QtWidgets import QWidget

from app.bulletins.commands import Publish
from app.kernel.actor import Actor
from tests.ui.conftest import wait_until
from tests.ui.sessions import session_of
from tests.ui.typing import letters
from tests.ui.walk import walk
from ui.bridge.session import Session
from ui.bulletins.dialog_bulletins import PublishDialog, WithdrawDialog
from ui.bulletins.page_bulletins import BulletinsPage

Shown = Callable[..., QWidget]
PROVINCE = Actor("thu", "q.thu", "11@-/UBND", "11@-/UBND", frozenset({"clerk"}), "Lê Văn Thử")


@pytest.fixture
def session(tmp_path: Path, qapp: object) -> Iterator[Session]:
    with session_of(tmp_path, "mai") as made:
        made.desk.run(PROVINCE, Publish("b1", "Nghỉ lễ", "Lịch trực ngày lễ"))
        made.desk.run(PROVINCE, Publish("b2", "Diễn tập", "An toàn thông tin", urgent=True))
        yield made


def page_of(session: Session, shown: Shown) -> tuple[BulletinsPage, list[int]]:
    page, counts = BulletinsPage(session), list[int]()
    page.count_changed.connect(counts.append)
    shown(page, 1150, 650)
    page.activate()
    return page, counts


def rows(page: BulletinsPage) -> list[str]:
    return [page.rows.row(place).id for place in range(page.rows.total)]


def test_looking_leaves_a_read_mark(session: Session, shown: Shown) -> None:
    page, counts = page_of(session, shown)
    assert set(rows(page)) == {"b1", "b2"}
    page.open_entity("bulletin", "b1")
    assert page.panel._title.text() == "Nghỉ lễ"
    assert "UBND tỉnh Điện Biên" in page.panel._about.text()
    page._reading.stop()
    page._mark_read()
    wait_until(lambda: counts and counts[-1] == 1)
    page.chips.chip("unread").click()
    wait_until(lambda: rows(page) == ["b2"])


def test_a_search_without_tones_finds(session: Session, shown: Shown) -> None:
    page, _ = page_of(session, shown)
    letters(page.finder, "dien tap")
    wait_until(lambda: rows(page) == ["b2"])
    letters(page.finder, " zz")
    wait_until(lambda: page.stack.state == "empty")


def test_a_commune_is_not_offered_publishing(session: Session, shown: Shown) -> None:
    page, _ = page_of(session, shown)
    assert not page.publish.enabled
    assert not page.publish_button.isVisible()
    assert not page.panel.withdraw_button.isVisible()


def test_the_province_publishes_and_withdraws(session: Session, shown: Shown) -> None:
    session.take_post(PROVINCE)
    page, _ = page_of(session, shown)
    page.publish_button.click()
    dialog = page.findChild(PublishDialog)
    letters(dialog.title, "Tập huấn")
    dialog._go()
    assert "Nội dung" in dialog._fields["body"].error
    letters(dialog.text, "Đợt 2")
    dialog._go()
    wait_until(lambda: len(rows(page)) == 3)
    made = next(key for key in rows(page) if key not in ("b1", "b2"))
    page.open_entity("bulletin", made)
    wait_until(lambda: page.panel._title.text() == "Tập huấn")
    page.panel.withdraw_button.click()
    asked = page.findChild(WithdrawDialog)
    asked.given.emit("")
    assert asked._field.error
    asked.given.emit("Đổi lịch")
    wait_until(lambda: page.panel._gone.text == "Thông báo đã thu hồi: Đổi lịch")
    assert not page.panel.withdraw_button.isVisible()


def test_the_page_is_whole_in_every_look(session: Session, shown: Shown) -> None:
    session.take_post(PROVINCE)
    page, _ = page_of(session, shown)
    assert walk(page, (1150, 650)) == []
