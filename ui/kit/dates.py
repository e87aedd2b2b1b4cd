"""A date typed as dd/mm/yyyy, with a calendar at hand."""

from __future__ import annotations

import re
from datetime import date as Date  # noqa: N812 - the field has a `date` of its own

from PySide6.QtCore import QDate, QLocale, QPoint, Qt, Signal
from PySide6.QtGui import QKeyEvent, QTextCharFormat
from PySide6.QtWidgets import QCalendarWidget, QDialog, QToolButton, QWidget

from ui.kit.buttons import IconButton
from ui.kit.fields import LineEdit
from ui.kit.icons import icon
from ui.kit.layout import Column, Row
from ui.kit.texts import tr
from ui.kit.theme import theme

_TYPED = re.compile(r"(\d{1,2})[/.\- ](\d{1,2})(?:[/.\- ](\d{4}|\d{2}))?")
_DIGITS = re.compile(r"(\d{2})(\d{2})(\d{4})")


def parse_date(text: str, year: int) -> Date | None:
    """Read 20/11/2026, 20-11-26, 20112026 or, in the given year, 20/11; None if it is no date."""
    found = _TYPED.fullmatch(text.strip()) or _DIGITS.fullmatch(text.strip())
    if found is None:
        return None
    day, month, written = found[1], found[2], found[3]
    full = year if written is None else int(written) + (2000 if len(written) == 2 else 0)
    try:
        return Date(full, int(month), int(day))
    except ValueError:
        return None


def show_date(value: Date | None) -> str:
    """Write a date as dd/mm/yyyy."""
    return "" if value is None else f"{value:%d/%m/%Y}"


class DateField(LineEdit):
    """A date; `changed(object)` carries the date or None when it becomes another one."""

    changed = Signal(object)

    def __init__(
        self,
        name: str,
        value: Date | None = None,
        *,
        today: Date | None = None,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(name, show_date(value), tr("kit.date.format"), parent=parent)
        self._today = today
        self._last = value
        self._calendar = IconButton("calendar", tr("kit.date.pick"), parent=self)
        self._calendar.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._calendar.clicked.connect(self.pick)
        box = self.layout()
        if isinstance(box, Row):
            box.extend(self._calendar)
            box.set_margins((0, 0, 1, 0))
        self.editingFinished.connect(self._finish)
        self.textEdited.connect(lambda _: self._tell())

    @property
    def date(self) -> Date | None:
        """Return the date, None if empty or wrong."""
        return parse_date(self.value, self._year())

    @property
    def valid(self) -> bool:
        """Tell whether the field is empty or holds a date."""
        return not self.value or self.date is not None

    def set_date(self, value: Date | None) -> None:
        """Show a date."""
        self.setText(show_date(value))
        self.set_error(False)
        self._tell()

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: D102
        if event.key() == Qt.Key.Key_Down and event.modifiers() & Qt.KeyboardModifier.AltModifier:
            self.pick()
            return
        super().keyPressEvent(event)

    def pick(self) -> None:
        """Open the calendar under the field."""
        popup = QDialog(self, Qt.WindowType.Popup)
        popup.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        calendar = _calendar(self.accessibleName())
        shown = self.date or self._today
        if shown is not None:
            calendar.setSelectedDate(QDate(shown.year, shown.month, shown.day))
        calendar.activated.connect(lambda chosen: self._take(chosen, popup))
        calendar.clicked.connect(lambda chosen: self._take(chosen, popup))
        popup.setLayout(Column(calendar, margins=(4, 4, 4, 4)))
        popup.move(self.mapToGlobal(QPoint(0, self.height() + 2)))
        popup.show()
        calendar.setFocus()

    def _year(self) -> int:
        return self._today.year if self._today is not None else QDate.currentDate().year()

    def _take(self, chosen: QDate, popup: QDialog) -> None:
        popup.close()
        self.set_date(Date(chosen.year(), chosen.month(), chosen.day()))

    def _finish(self) -> None:
        if self.date is not None:
            self.setText(show_date(self.date))
        self.set_error(not self.valid)
        self._tell()

    def _tell(self) -> None:
        if self.date != self._last:
            self._last = self.date
            self.changed.emit(self._last)


def _calendar(name: str) -> QCalendarWidget:
    calendar = QCalendarWidget()
    calendar.setAccessibleName(name)
    calendar.setLocale(QLocale(QLocale.Language.Vietnamese, QLocale.Country.Vietnam))
    calendar.setFirstDayOfWeek(Qt.DayOfWeek.Monday)
    calendar.setVerticalHeaderFormat(QCalendarWidget.VerticalHeaderFormat.NoVerticalHeader)
    calendar.setHorizontalHeaderFormat(QCalendarWidget.HorizontalHeaderFormat.ShortDayNames)
    head, free = QTextCharFormat(), QTextCharFormat()
    head.setForeground(theme().color("ink2"))
    free.setForeground(theme().color("bad"))
    calendar.setHeaderTextFormat(head)
    for day in (Qt.DayOfWeek.Saturday, Qt.DayOfWeek.Sunday):
        calendar.setWeekdayTextFormat(day, free)
    turns = (
        ("prevmonth", "chevron-left", tr("kit.date.previous")),
        ("nextmonth", "chevron-right", tr("kit.date.next")),
    )
    for part, picture, words in turns:
        button = calendar.findChild(QToolButton, f"qt_calendar_{part}")
        if button is not None:
            button.setIcon(icon(picture, "ink"))
            button.setAccessibleName(words)
    return calendar
