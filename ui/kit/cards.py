"""Rows as cards: sender, date, subject, numbers, badges, signature, what is not yet sent."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from PySide6.QtCore import (
    QEvent,
    QModelIndex,
    QPersistentModelIndex,
    QPointF,
    QRect,
    QRectF,
    QSize,
    Qt,
    QTimer,
)
from PySide6.QtGui import QFont, QFontMetrics, QPainter, QResizeEvent, QTextLayout, QTextOption
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHeaderView,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QWidget,
)

from ui.kit.badges import badge_width, draw_badge
from ui.kit.icons import draw_icon
from ui.kit.lists import RowsView
from ui.kit.rowmodel import ROW, RowModel
from ui.kit.theme import BODY, SMALL, theme

_SHIELDS = {
    "ok": ("shield-check", "ok"),
    "warn": ("shield-alert", "warn"),
    "bad": ("shield-x", "bad"),
    "neutral": ("shield", "ink3"),
}
_LINES = 2


@dataclass(frozen=True, slots=True)
class CardRow:
    """What a card shows; `shield` is ok, warn, bad, neutral or "" for none."""

    sender: str
    date: str
    subject: str
    number: str = ""
    notation: str = ""
    badges: tuple[tuple[str, str], ...] = ()
    shield: str = ""
    shield_text: str = ""
    pending: str = ""
    unread: bool = False

    def spoken(self) -> str:
        """Return the whole card as a screen reader says it."""
        words = (
            self.sender,
            self.date,
            self.subject,
            self.number,
            self.notation,
            *(text for text, _ in self.badges),
            self.shield_text,
            self.pending,
        )
        return ", ".join(word for word in words if word)


class _Metrics:
    """Fonts and measures of a card at one scale."""

    def __init__(self) -> None:
        look = theme()
        self.pad_x, self.pad_y = look.px(14), look.px(9)
        self.small, self.small_bold = look.font(SMALL), look.font(SMALL, bold=True)
        self.body, self.body_bold = look.font(BODY), look.font(BODY, bold=True)
        self.small_line = look.px(19)
        self.body_line = look.px(20)
        self.badge_line = look.px(21)
        self.badge = look.px(18)
        self.icon = look.px(15)
        self.gap = look.px(6)


@lru_cache(maxsize=4)
def _metrics_at(_scale: int) -> _Metrics:
    return _Metrics()


def _metrics() -> _Metrics:
    return _metrics_at(theme().scale)


class CardDelegate(QStyledItemDelegate):
    """Paint `CardRow`s; the height follows the lines that the subject needs."""

    def __init__(self, card: Callable[[Any], CardRow], view: QWidget) -> None:
        super().__init__(view)
        self._card = card

    def height(self, row: Any, width: int) -> int:
        """Return the height of a row's card at a width."""
        m, card = _metrics(), self._card(row)
        lines = len(_wrap(card.subject, _subject_font(m, card), width - 2 * m.pad_x))
        height = 2 * m.pad_y + 2 * m.small_line + lines * m.body_line + 2
        return height if _one_line(m, card, width) else height + m.badge_line

    def paint(  # noqa: D102
        self,
        painter: QPainter,
        option: QStyleOptionViewItem,
        index: QModelIndex | QPersistentModelIndex,
    ) -> None:
        look, m = theme(), _metrics()
        painter.save()
        self._ground(painter, option)
        row = index.data(ROW)
        if row is not None:
            card = self._card(row)
            area = option.rect.adjusted(m.pad_x, m.pad_y, -m.pad_x, -m.pad_y)
            y = self._head(painter, m, card, area)
            y = self._subject(painter, m, card, area, y)
            self._foot(painter, m, card, area, y)
        painter.fillRect(
            QRect(option.rect.x(), option.rect.bottom(), option.rect.width(), 1),
            look.color("line"),
        )
        painter.restore()

    def _ground(self, painter: QPainter, option: QStyleOptionViewItem) -> None:
        look = theme()
        chosen = bool(option.state & QStyle.StateFlag.State_Selected)
        hover = bool(option.state & QStyle.StateFlag.State_MouseOver)
        ground = "selected" if chosen else "hover" if hover else "panel"
        painter.fillRect(option.rect, look.color(ground))
        if chosen:
            bar = QRect(option.rect.topLeft(), QSize(look.px(3), option.rect.height()))
            painter.fillRect(bar, look.color("accent"))
        if option.state & QStyle.StateFlag.State_HasFocus:
            painter.setPen(look.color("accent"))
            painter.drawRect(option.rect.adjusted(0, 0, -1, -2))

    def _head(self, painter: QPainter, m: _Metrics, card: CardRow, area: QRect) -> int:
        look = theme()
        date_width = QFontMetrics(m.small).horizontalAdvance(card.date)
        line = QRect(area.x(), area.y(), area.width(), m.small_line)
        _text(painter, line, card.date, m.small, "ink2", right=True)
        line.setWidth(area.width() - date_width - look.px(8))
        _text(painter, line, card.sender, m.small_bold, "ink" if card.unread else "ink2")
        return area.y() + m.small_line

    def _subject(self, painter: QPainter, m: _Metrics, card: CardRow, area: QRect, y: int) -> int:
        font = _subject_font(m, card)
        for text in _wrap(card.subject, font, area.width()):
            _text(painter, QRect(area.x(), y, area.width(), m.body_line), text, font, "ink")
            y += m.body_line
        return y

    def _foot(self, painter: QPainter, m: _Metrics, card: CardRow, area: QRect, y: int) -> None:
        look = theme()
        line = QRect(area.x(), y, area.width(), m.small_line)
        x = line.x()
        for text, font in ((card.number, m.small_bold), (card.notation, m.small)):
            if text:
                line.setLeft(x)
                _text(painter, line, text, font, "ink2")
                x += QFontMetrics(font).horizontalAdvance(text) + m.gap
        if card.shield:
            name, token = _SHIELDS[card.shield]
            side = m.icon
            spot = QRectF(area.right() - side + 1, y + (m.small_line - side) / 2, side, side)
            draw_icon(painter, spot, name, look.color(token))
        if not _one_line(m, card, area.width() + 2 * m.pad_x):
            y += m.badge_line
            x = area.x()
        elif card.badges:
            x += m.gap if card.number or card.notation else 0
        self._badges(painter, m, card, QPointF(x, y + (m.small_line - m.badge) / 2))
        if card.pending:
            low = QRect(area.x(), y, area.width(), m.small_line)
            _text(painter, low, f"↥ {card.pending}", m.small, "ink2", right=True)

    def _badges(self, painter: QPainter, m: _Metrics, card: CardRow, at: QPointF) -> None:
        for text, tone in card.badges:
            at.setX(at.x() + draw_badge(painter, at, text, tone) + m.gap)


class CardList(RowsView):
    """A list of cards over a `RowModel`.

    A table of one column, because its header keeps 100,000 row heights cheaply; only the
    rows in sight are measured.
    """

    def __init__(
        self,
        model: RowModel,
        card: Callable[[Any], CardRow],
        name: str,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.setAccessibleName(name)
        self._delegate = CardDelegate(card, self)
        self.setItemDelegate(self._delegate)
        self.setProperty("look", "cards")
        self.horizontalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Stretch)
        self.horizontalHeader().hide()
        self.verticalHeader().hide()
        self.verticalHeader().setMinimumSectionSize(8)
        self.setShowGrid(False)
        self.setTabKeyNavigation(False)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setMouseTracking(True)
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(self._measure)
        self.attach(model)
        model.dataChanged.connect(self._measure_soon)
        model.loaded.connect(self._measure_soon)
        self.verticalScrollBar().valueChanged.connect(self._measure_soon)
        self._default_height()

    def changeEvent(self, event: QEvent) -> None:  # noqa: D102
        super().changeEvent(event)
        if event.type() is QEvent.Type.StyleChange:
            self._default_height()

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: D102
        super().resizeEvent(event)
        self._measure_soon()

    def _default_height(self) -> None:
        if hasattr(self, "_timer"):
            self.verticalHeader().setDefaultSectionSize(usual_height())
            self._measure_soon()

    def _measure_soon(self) -> None:
        self._timer.start(0)

    def _measure(self) -> None:
        header, high = self.verticalHeader(), self.viewport().height()
        place = max(0, header.visualIndexAt(0))
        while place < self._rows.total and header.sectionViewportPosition(place) < high:
            row = self._rows.row(place)
            if row is not None:
                needed = self._delegate.height(row, self.viewport().width())
                if header.sectionSize(place) != needed:
                    header.resizeSection(place, needed)
            place += 1


def usual_height() -> int:
    """Return the height of a card with two lines of subject and one of numbers."""
    m = _metrics()
    return 2 * m.pad_y + 2 * m.small_line + 2 * m.body_line + 2


def _subject_font(m: _Metrics, card: CardRow) -> QFont:
    return m.body_bold if card.unread else m.body


def _one_line(m: _Metrics, card: CardRow, width: int) -> bool:
    """Tell whether numbers, badges and the shield share one line."""
    if card.pending:
        return False
    used = sum(badge_width(text) + m.gap for text, _ in card.badges)
    for text, font in ((card.number, m.small_bold), (card.notation, m.small)):
        used += QFontMetrics(font).horizontalAdvance(text) + m.gap
    return used + 4 * m.gap <= width - 2 * m.pad_x


def _wrap(text: str, font: QFont, width: int) -> tuple[str, ...]:
    return _wrapped(text, font.pixelSize(), font.bold(), width)


@lru_cache(maxsize=1024)
def _wrapped(text: str, pixels: int, bold: bool, width: int) -> tuple[str, ...]:
    """Break into at most two lines, the last one elided."""
    font = theme().font(bold=bold)
    font.setPixelSize(pixels)
    layout = QTextLayout(text, font)
    option = QTextOption()
    option.setWrapMode(QTextOption.WrapMode.WordWrap)
    layout.setTextOption(option)
    layout.beginLayout()
    lines: list[str] = []
    while (line := layout.createLine()).isValid():
        line.setLineWidth(max(1, width))
        start = line.textStart()
        if len(lines) == _LINES - 1:
            rest = text[start:]
            lines.append(QFontMetrics(font).elidedText(rest, Qt.TextElideMode.ElideRight, width))
            break
        lines.append(text[start : start + line.textLength()].rstrip())
    layout.endLayout()
    return tuple(lines)


def _text(
    painter: QPainter, rect: QRect, text: str, font: QFont, tint: str, *, right: bool = False
) -> None:
    side = Qt.AlignmentFlag.AlignRight if right else Qt.AlignmentFlag.AlignLeft
    painter.setFont(font)
    painter.setPen(theme().color(tint))
    metrics = painter.fontMetrics()
    if metrics.horizontalAdvance(text) > rect.width():
        text = metrics.elidedText(text, Qt.TextElideMode.ElideRight, rect.width())
    painter.drawText(rect, side | Qt.AlignmentFlag.AlignVCenter, text)
