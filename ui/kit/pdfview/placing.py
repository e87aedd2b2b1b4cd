"""The box on the page in the hands of a person: pointer and keys move it, lines hold it."""

from __future__ import annotations

from PySide6.QtCore import QObject, QPointF, QRectF, Qt, Signal

from app.kernel.ports import Box
from ui.kit.pdfview import overlay
from ui.kit.pdfview.overlay import Guides
from ui.kit.texts import tr

Point = tuple[float, float]
# How near to a line, in pixels, the pointer lets the box cling to it
_REACH = 6.0
_NONE = Guides()


class Placing(QObject):
    """Hold one box; `changed` when it is to be drawn anew, `moved(Box)` when a person moved it."""

    changed = Signal()
    moved = Signal(object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.box: Box | None = None
        self.text = ""
        self.held = _NONE
        self._size: Point = (0.0, 0.0)
        self._grip: overlay.Grip | None = None
        self.guides = _NONE

    def show(self, box: Box, text: str, size: Point) -> None:
        """Show a box on a page of a size."""
        self._size = size
        self.box = overlay.inside(box, size)
        self.text = text or tr("kit.pdf.box")
        self.changed.emit()

    def clear(self) -> None:
        """Take the box away, and the lines with it."""
        self.box, self._grip = None, None
        self.guides = self.held = _NONE
        self.changed.emit()

    def change(self, box: Box) -> None:
        """Put the box elsewhere on its page, as a person says by numbers."""
        if self.box is not None:
            self._move(overlay.inside(box, self._size))

    def press(self, rect: QRectF, spot: QPointF, point: Point) -> bool:
        """Take hold of the box drawn at `rect`; False where the pointer is beside it."""
        if self.box is not None:
            self._grip = overlay.grip(rect, spot, self.box, point)
        return self._grip is not None

    @property
    def holding(self) -> bool:
        """Tell whether the pointer holds the box."""
        return self._grip is not None

    def drag(self, point: Point, zoom: float, *, free: bool) -> None:
        """Follow the pointer; unless `free`, the lines of the page hold the box."""
        if self._grip is None or self.box is None:
            return
        box = overlay.dragged(self._grip, point, self._size)
        self.held = _NONE
        if not free and not self._grip.corner:
            drawn, self.held = overlay.snapped(box, self.guides, _REACH / zoom)
            box = overlay.inside(drawn, self._size)
        self._move(box)

    def release(self) -> None:
        """Let go."""
        self._grip, self.held = None, _NONE
        self.changed.emit()

    def press_key(self, key: int, modifiers: Qt.KeyboardModifier) -> bool:
        """Move or resize by an arrow key; False for any other key."""
        moved = None
        if self.box is not None:
            moved = overlay.nudged(self.box, key, modifiers, self._size)
        if moved is not None:
            self._move(moved)
        return moved is not None

    def cursor(self, rect: QRectF, spot: QPointF, point: Point) -> Qt.CursorShape | None:
        """Return the pointer over the box drawn at `rect`, None beside it."""
        hold = overlay.grip(rect, spot, self.box, point) if self.box is not None else None
        if hold is None:
            return None
        return Qt.CursorShape.SizeFDiagCursor if hold.corner else Qt.CursorShape.SizeAllCursor

    def _move(self, box: Box) -> None:
        self.box = box
        self.changed.emit()
        self.moved.emit(box)
