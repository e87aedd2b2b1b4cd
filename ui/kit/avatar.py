"""The circle with a person's initials."""

from __future__ import annotations

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from ui.kit.theme import theme


def initials(full_name: str) -> str:
    """Return the first letters of family name and given name: Quàng Văn Mẫu is QM."""
    words = full_name.split()
    return "".join(word[0] for word in (words if len(words) < 2 else (words[0], words[-1]))).upper()


class Avatar(QWidget):
    """A person as a circle with initials."""

    def __init__(self, name: str, size: float = 28, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._size = size
        self.set_name(name)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)

    def set_name(self, name: str) -> None:
        """Show another person."""
        self._initials = initials(name)
        self.setAccessibleName(name)
        self.update()

    def sizeHint(self) -> QSize:  # noqa: D102
        side = theme().px(self._size)
        return QSize(side, side)

    def minimumSizeHint(self) -> QSize:  # noqa: D102
        return self.sizeHint()

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: D102
        look = theme()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(look.color("accent"))
        painter.drawEllipse(QRectF(self.rect()))
        painter.setPen(look.color("on-accent"))
        painter.setFont(look.font(self._size * 0.4, bold=True))
        painter.drawText(self.rect(), Qt.AlignmentFlag.AlignCenter, self._initials)
        painter.end()
