"""Dates as officials type them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

import pytest
from PySide6.QtCore import QDate, Qt
from PySide6.QtWidgets import QApplication, QCalendarWidget, QDialog, QWidget

from tests.ui.typing import letters, press
from ui.kit.dates import DateField, parse_date

Shown = Callable[..., QWidget]


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("20/11/2026", date(2026, 11, 20)),
        ("1/2/2026", date(2026, 2, 1)),
        ("20-11-26", date(2026, 11, 20)),
        ("20.11.2026", date(2026, 11, 20)),
        ("20112026", date(2026, 11, 20)),
        ("20/11", date(2025, 11, 20)),
        ("29/02/2024", date(2024, 2, 29)),
        ("29/02/2025", None),
        ("31/11/2026", None),
        ("2026/11/20", None),
        ("hôm nay", None),
        ("", None),
    ],
)
def test_dates_are_read(typed: str, meant: date | None) -> None:
    assert parse_date(typed, 2025) == meant


def test_a_typed_date_is_told_once_and_written_out(qapp: QApplication, shown: Shown) -> None:
    field = DateField("Hạn", today=date(2026, 1, 5))
    heard: list[date | None] = []
    field.changed.connect(heard.append)
    shown(field)
    field.setFocus()
    letters(field, "20/11")
    press(field, Qt.Key.Key_Return)
    assert heard[-1] == date(2026, 11, 20)
    assert field.text() == "20/11/2026"
    assert field.valid


def test_a_wrong_date_is_marked_and_kept(qapp: QApplication, shown: Shown) -> None:
    field = DateField("Hạn", date(2026, 11, 20))
    shown(field)
    field.selectAll()
    letters(field, "31/02/2026")
    press(field, Qt.Key.Key_Return)
    assert field.text() == "31/02/2026", "nothing typed is thrown away"
    assert not field.valid
    assert field.date is None
    assert field.property("state") == "error"
    field.set_date(None)
    assert field.valid
    assert field.property("state") == ""


def test_the_calendar_opens_with_alt_down_on_the_date_and_gives_one(
    qapp: QApplication, shown: Shown
) -> None:
    field = DateField("Hạn", date(2026, 11, 20))
    heard: list[date | None] = []
    field.changed.connect(heard.append)
    shown(field)
    press(field, Qt.Key.Key_Down, Qt.KeyboardModifier.AltModifier)
    calendar = field.findChild(QCalendarWidget)
    assert calendar.selectedDate() == QDate(2026, 11, 20)
    calendar.clicked.emit(QDate(2026, 12, 1))
    assert heard == [date(2026, 12, 1)]
    assert field.text() == "01/12/2026"
    qapp.sendPostedEvents(None, 52)
    assert not [d for d in field.findChildren(QDialog) if d.isVisible()]
