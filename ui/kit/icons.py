"""One-colour icons drawn in the colours of the theme, and the logo of the program."""

from __future__ import annotations

from functools import lru_cache

from PySide6.QtCore import QByteArray, QRectF, Qt
from PySide6.QtGui import QColor, QIcon, QPainter, QPixmap
from PySide6.QtSvg import QSvgRenderer
from PySide6.QtWidgets import QApplication

from app.kernel.texts import resource
from ui.kit.theme import theme

LOGO = "hoa-ban"


@lru_cache(maxsize=512)
def _renderer(name: str, color: str) -> QSvgRenderer:
    source = resource("icons", f"{name}.svg").read_text(encoding="utf-8")
    return QSvgRenderer(QByteArray(source.replace("currentColor", color).encode()))


@lru_cache(maxsize=1024)
def _drawn(name: str, color: str, width: int, height: int) -> QPixmap:
    picture = QPixmap(max(1, width), max(1, height))
    picture.fill(Qt.GlobalColor.transparent)
    painter = QPainter(picture)
    _renderer(name, color).render(painter, QRectF(picture.rect()))
    painter.end()
    return picture


def draw_icon(painter: QPainter, rect: QRectF, name: str, color: QColor) -> None:
    """Draw an icon into a rectangle."""
    ratio = painter.device().devicePixelRatioF()
    side = round(rect.width() * ratio)
    picture = _drawn(name, color.name(), side, round(rect.height() * ratio))
    painter.drawPixmap(rect, picture, QRectF(picture.rect()))


def pixmap(name: str, size: float = 18, tint: str = "ink2") -> QPixmap:
    """Return an icon as a pixmap, `size` in pixels at 100 %, sharp on the primary screen."""
    screen = QApplication.primaryScreen()
    ratio = screen.devicePixelRatio() if screen is not None else 1.0
    side = theme().px(size)
    sharp = round(side * ratio)
    picture = QPixmap(_drawn(name, theme().color(tint).name(), sharp, sharp))
    picture.setDevicePixelRatio(ratio)
    return picture


def icon(name: str, tint: str = "ink2", size: float = 18) -> QIcon:
    """Return an icon for Qt's own menus and buttons, in the colour of now."""
    return QIcon(pixmap(name, size, tint))


def app_icon() -> QIcon:
    """Return the icon of the program for windows and the task bar."""
    made = QIcon()
    for size in (16, 24, 32, 48, 64, 128, 256):
        made.addPixmap(_drawn(LOGO, "", size, size))
    return made
