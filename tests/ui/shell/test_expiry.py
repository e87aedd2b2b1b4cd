"""Certificates that end are told of in time, each stage once, and never by colour alone."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from PySide6.QtWidgets import QWidget

from app.kernel.clock import FixedClock
from app.kernel.ports import CertificateInfo, TokenInfo
from app.kernel.texts import Texts
from tests.ui.sessions import session_of
from ui.shell.expiry import take_ending
from ui.shell.statusbar import LineState, StatusBar

NOW = datetime(2026, 11, 20, 1, 20, tzinfo=UTC)


def certificate(serial: str, until: datetime) -> CertificateInfo:
    token = TokenInfo("m", 0, "Người ký", "77")
    start = until - timedelta(days=1000)
    return CertificateInfo(token, "01", "", "", f"Người {serial}", "CA", serial, start, until, b"")


def test_each_stage_is_told_once_and_kept(tmp_path: Path, qapp: object) -> None:
    with session_of(tmp_path, "mai") as session:
        desk = session.desk
        clock = desk.clock
        assert isinstance(clock, FixedClock)
        mine = [certificate("one", clock.now() + timedelta(days=61))]
        told = []
        for _ in range(63):
            for _ in range(2):
                found = take_ending(desk, mine)
                if found is not None:
                    told.append((found.stage, found.days, found.tone))
            clock.advance(timedelta(days=1))
        assert told == [(60, 60, "warn"), (30, 30, "warn"), (7, 7, "bad"), (0, -1, "bad")]


def test_the_most_pressing_comes_first_and_the_other_with_the_next_look(
    tmp_path: Path, qapp: object
) -> None:
    with session_of(tmp_path, "mai") as session:
        now = session.desk.clock.now()
        both = [
            certificate("late", now + timedelta(days=40)),
            certificate("soon", now + timedelta(days=5)),
        ]
        first, second = (take_ending(session.desk, both) for _ in range(2))
        assert first is not None and "Người soon" in first.said(Texts())
        assert second is not None and "Người late" in second.said(Texts())
        assert take_ending(session.desk, both) is None


@pytest.mark.parametrize(
    ("days", "said", "style"),
    [
        (100, "còn 100 ngày", "secondary"),
        (41, "sắp hết hạn, còn 41 ngày", "warn"),
        (6, "sắp hết hạn, còn 6 ngày", "bad"),
        (-2, "đã hết hạn", "bad"),
    ],
)
def test_the_status_bar_says_it_in_words(
    shown: Callable[..., QWidget], days: int, said: str, style: str
) -> None:
    bar = StatusBar(Texts("vi"), FixedClock(NOW))
    shown(bar, 1366, 30)
    until = NOW + timedelta(days=days, hours=1)
    bar.show_state(LineState("ok", device="Quàng Văn Mẫu", device_until=until))
    assert said in bar._device.text()
    assert bar._device.property("look") == style
