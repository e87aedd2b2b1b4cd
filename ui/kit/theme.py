"""Theme: tokens to QPalette and one QSS, light or dark, at any scale from 100 to 250 %.

This is the only place that calls `setStyleSheet`. Sizes in `resources/theme/app.qss` are
written for 100 %; every `px` in it is multiplied by the scale, hairlines (1px) excepted. Widgets that paint
themselves ask `theme()` for colours, fonts and pixels, and repaint on the style change that
Qt sends to all widgets.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from functools import partial

from PySide6.QtCore import QObject, QTimer, Signal
from PySide6.QtGui import QColor, QFont, QFontDatabase, QPalette
from PySide6.QtWidgets import QApplication, QStyleFactory, QWidget

from app.kernel.texts import resource

MODES = ("light", "dark")
SCALE_MIN, SCALE_MAX = 100, 250
BODY, SMALL, TINY, TITLE = 14.0, 12.5, 11.0, 16.0
FAMILY = "Noto Sans"
_FACES = ("NotoSans-Regular.ttf", "NotoSans-Bold.ttf", "NotoSans-Italic.ttf")
_PIXELS = re.compile(r"(?<![\d.])(?!1px)(\d+(?:\.\d+)?)px")
_TOKEN = re.compile(r"@([a-z0-9-]+)")
_ROLES = {
    QPalette.ColorRole.Window: "bg",
    QPalette.ColorRole.WindowText: "ink",
    QPalette.ColorRole.Base: "panel",
    QPalette.ColorRole.AlternateBase: "bg",
    QPalette.ColorRole.Text: "ink",
    QPalette.ColorRole.PlaceholderText: "ink3",
    QPalette.ColorRole.Button: "panel",
    QPalette.ColorRole.ButtonText: "ink",
    QPalette.ColorRole.BrightText: "bad",
    QPalette.ColorRole.Highlight: "accent",
    QPalette.ColorRole.HighlightedText: "on-accent",
    QPalette.ColorRole.Link: "info",
    QPalette.ColorRole.LinkVisited: "info",
    QPalette.ColorRole.ToolTipBase: "ink",
    QPalette.ColorRole.ToolTipText: "panel",
    QPalette.ColorRole.Light: "panel",
    QPalette.ColorRole.Midlight: "hover",
    QPalette.ColorRole.Mid: "line",
    QPalette.ColorRole.Dark: "edge",
    QPalette.ColorRole.Shadow: "edge",
    QPalette.ColorRole.Accent: "accent",
}


def load_tokens(mode: str) -> Mapping[str, str]:
    """Return the colours of a mode by token name, as #rrggbb."""
    tokens: dict[str, str] = json.loads(
        resource("theme", f"{mode}.json").read_text(encoding="utf-8")
    )
    return tokens


class Theme(QObject):
    """Hold mode and scale; answer colours, fonts and scaled pixels."""

    changed = Signal()

    def __init__(self, app: QApplication, mode: str = "light", scale: int = 100) -> None:
        super().__init__(app)
        self._app = app
        self._sheet = resource("theme", "app.qss").read_text(encoding="utf-8")
        self._tokens: Mapping[str, str] = {}
        self._wearer: QApplication | QWidget = app
        self._worn = 0
        self._bare = QTimer(self, singleShot=True, interval=0)
        self._bare.timeout.connect(self._dress_application)
        self.mode = mode
        self.scale = scale
        _load_fonts()
        app.setStyle(QStyleFactory.create("Fusion"))
        self.apply(mode, scale)

    def apply(self, mode: str, scale: int) -> None:
        """Switch mode and scale; scale is held within its bounds."""
        mode = mode if mode in MODES else MODES[0]
        scale = max(SCALE_MIN, min(SCALE_MAX, scale))
        if self._tokens and (mode, scale) == (self.mode, self.scale):
            return
        self.mode, self.scale = mode, scale
        self._tokens = load_tokens(self.mode)
        # A sheet put in the place of another restyles every widget several times over; put
        # where there is none it restyles each once, and hidden pages when they are shown.
        self._wearer.setStyleSheet("")
        self._app.setPalette(self._palette())
        self._app.setFont(self.font())
        self._wearer.setStyleSheet(self._style())
        self.changed.emit()

    def dress(self, window: QWidget) -> None:
        """Give the sheet to one window and its dialogs instead of the whole application.

        What is built outside the window is then styled once, when it is put in; under a
        sheet of the application every step of building restyles all that was built before.
        """
        self._wearer.setStyleSheet("")
        self._wearer = window
        window.setStyleSheet(self._style())
        self._worn += 1
        window.destroyed.connect(partial(self._undress, self._worn))

    def _undress(self, worn: int) -> None:
        if worn != self._worn or QApplication.closingDown():
            return
        # Not now: a new sheet would restyle the window's parts while they are being destroyed
        self._wearer = self._app
        self._bare.start()

    def _dress_application(self) -> None:
        if self._wearer is self._app:
            self._app.setStyleSheet(self._style())

    def set_mode(self, mode: str) -> None:
        """Switch between light and dark."""
        self.apply(mode, self.scale)

    def set_scale(self, scale: int) -> None:
        """Set the scale in percent."""
        self.apply(self.mode, scale)

    def color(self, token: str) -> QColor:
        """Return the colour of a token."""
        return QColor(self._tokens[token])

    def px(self, size: float) -> int:
        """Return a length given for 100 % in pixels of the present scale."""
        return round(size * self.scale / 100)

    def font(self, size: float = BODY, *, bold: bool = False, italic: bool = False) -> QFont:
        """Return the screen font; `size` in pixels at 100 %."""
        font = QFont(FAMILY)
        font.setPixelSize(max(1, self.px(size)))
        font.setBold(bold)
        font.setItalic(italic)
        return font

    def _palette(self) -> QPalette:
        palette = QPalette()
        for role, token in _ROLES.items():
            palette.setColor(role, self.color(token))
        for role in (
            QPalette.ColorRole.Text,
            QPalette.ColorRole.ButtonText,
            QPalette.ColorRole.WindowText,
        ):
            palette.setColor(QPalette.ColorGroup.Disabled, role, self.color("ink3"))
        return palette

    def _style(self) -> str:
        colored = _TOKEN.sub(lambda m: self._tokens[m[1]], self._sheet)
        return _PIXELS.sub(lambda m: f"{self.px(float(m[1]))}px", colored)


def _load_fonts() -> None:
    known = QFontDatabase.families()
    if FAMILY in known and _loaded:
        return
    for face in _FACES:
        if QFontDatabase.addApplicationFontFromData(resource("fonts", face).read_bytes()) < 0:
            raise RuntimeError(f"font {face} cannot be loaded")
        _loaded.append(face)


_loaded: list[str] = []


def install(app: QApplication, mode: str = "light", scale: int = 100) -> Theme:
    """Give the application its theme, once; later calls switch it."""
    existing = app.findChild(Theme)
    if existing is not None:
        existing.apply(mode, scale)
        return existing
    return Theme(app, mode, scale)


def theme() -> Theme:
    """Return the theme of the running application; installs the default if there is none."""
    app = QApplication.instance()
    if not isinstance(app, QApplication):
        raise RuntimeError("no QApplication")
    return app.findChild(Theme) or install(app)
