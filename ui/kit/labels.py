"""Labels in the text styles of the theme, icons and the logo as widgets."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QFrame, QLabel, QSizePolicy, QWidget

from ui.kit.icons import LOGO, draw_icon
from ui.kit.theme import theme

STYLES = (
    "body",
    "strong",
    "secondary",
    "faint",
    "title",
    "section",
    "required",
    "ok",
    "warn",
    "bad",
    "info",
)


class Label(QLabel):
    """Plain text in one of `STYLES`; never interpreted as markup."""

    def __init__(
        self,
        text: str = "",
        style: str = "body",
        *,
        wrap: bool = False,
        selectable: bool = False,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(text, parent)
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setProperty("look", style)
        self.setWordWrap(wrap)
        if selectable:
            self.setTextInteractionFlags(
                Qt.TextInteractionFlag.TextSelectableByMouse
                | Qt.TextInteractionFlag.TextSelectableByKeyboard
            )

    def set_style(self, style: str) -> None:
        """Change the text style."""
        self.setProperty("look", style)
        restyle(self)


class ElidedLabel(QLabel):
    """One line that ends in … when short of room, with the whole text as tooltip."""

    def __init__(self, text: str = "", style: str = "body", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._whole = text
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setProperty("look", style)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self._elide()

    def set_text(self, text: str) -> None:
        """Show another text."""
        self._whole = text
        self._elide()

    @property
    def whole(self) -> str:
        """Return the text in full."""
        return self._whole

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: D102
        super().resizeEvent(event)
        self._elide()

    def changeEvent(self, event: QEvent) -> None:  # noqa: D102
        super().changeEvent(event)
        if event.type() in (QEvent.Type.FontChange, QEvent.Type.StyleChange):
            self._elide()

    def _elide(self) -> None:
        shown = self.fontMetrics().elidedText(
            self._whole, Qt.TextElideMode.ElideRight, max(0, self.width())
        )
        self.setText(shown)
        self.setToolTip(self._whole if shown != self._whole else "")
        self.setAccessibleName(self._whole)


class Icon(QWidget):
    """An icon of the theme; `name` is announced to nobody unless given a text."""

    def __init__(
        self,
        name: str,
        size: float = 18,
        tint: str = "ink2",
        text: str = "",
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._name = name
        self._size = size
        self._tint = tint
        self.setAccessibleName(text)
        self.setToolTip(text)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)

    def set_icon(self, name: str, tint: str | None = None, text: str = "") -> None:
        """Show another icon."""
        self._name = name
        self._tint = tint or self._tint
        self.setAccessibleName(text)
        self.setToolTip(text)
        self.update()

    def sizeHint(self) -> QSize:  # noqa: D102
        side = theme().px(self._size)
        return QSize(side, side)

    def minimumSizeHint(self) -> QSize:  # noqa: D102
        return self.sizeHint()

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: D102
        painter = QPainter(self)
        color = QColor() if self._name == LOGO else theme().color(self._tint)
        draw_icon(painter, QRectF(self.rect()), self._name, color)
        painter.end()


class Line(QFrame):
    """A hairline between parts."""

    def __init__(self, *, vertical: bool = False, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("line", "v" if vertical else "h")
        if vertical:
            self.setFixedWidth(1)
        else:
            self.setFixedHeight(1)


class Pane(QFrame):
    """A ground for other widgets: `bg`, `panel`, `card` or `footer` (hairline above)."""

    def __init__(self, ground: str = "panel", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("ground", ground)


def restyle(widget: QWidget) -> None:
    """Let a widget take the QSS that fits its changed properties."""
    widget.style().unpolish(widget)
    widget.style().polish(widget)
    widget.update()
