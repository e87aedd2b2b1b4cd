"""The box that a person places on a page: drag, resize, arrow keys. Geometry only."""

from __future__ import annotations

from dataclasses import dataclass, replace

from PySide6.QtCore import QPointF, QRectF, Qt

from app.kernel.ports import Box

MIN_SIDE = 12.0
STEP = 2.0
FINE_STEP = 0.5
HANDLE = 9.0
_MOVES = {
    Qt.Key.Key_Left: (-1, 0),
    Qt.Key.Key_Right: (1, 0),
    Qt.Key.Key_Up: (0, 1),
    Qt.Key.Key_Down: (0, -1),
}


@dataclass(frozen=True, slots=True)
class Grip:
    """What the pointer holds: the box where it was, and whether its corner."""

    box: Box
    start: tuple[float, float]
    corner: bool


def inside(box: Box, size: tuple[float, float]) -> Box:
    """Return the box kept within its page."""
    width = min(max(box.width, MIN_SIDE), size[0])
    height = min(max(box.height, MIN_SIDE), size[1])
    x = min(max(box.x, 0.0), size[0] - width)
    y = min(max(box.y, 0.0), size[1] - height)
    return Box(box.page, x, y, width, height)


def grip(rect: QRectF, spot: QPointF, box: Box, point: tuple[float, float]) -> Grip | None:
    """Return the hold that a pointer at `spot` takes on the box drawn at `rect`."""
    corner = QRectF(rect.right() - HANDLE, rect.bottom() - HANDLE, 2 * HANDLE, 2 * HANDLE)
    if corner.contains(spot):
        return Grip(box, point, corner=True)
    return Grip(box, point, corner=False) if rect.contains(spot) else None


def dragged(hold: Grip, point: tuple[float, float], size: tuple[float, float]) -> Box:
    """Return the box after the pointer has moved to a point of the page."""
    across, up = point[0] - hold.start[0], point[1] - hold.start[1]
    box = hold.box
    if not hold.corner:
        return inside(replace(box, x=box.x + across, y=box.y + up), size)
    height = max(MIN_SIDE, box.height - up)
    grown = replace(box, width=box.width + across, height=height, y=box.y + box.height - height)
    return inside(grown, size)


def nudged(
    box: Box, key: int, modifiers: Qt.KeyboardModifier, size: tuple[float, float]
) -> Box | None:
    """Return the box after an arrow key: Ctrl moves finely, Shift resizes; None for other keys."""
    move = _MOVES.get(Qt.Key(key))
    if move is None:
        return None
    step = FINE_STEP if modifiers & Qt.KeyboardModifier.ControlModifier else STEP
    across, up = move[0] * step, move[1] * step
    if modifiers & Qt.KeyboardModifier.ShiftModifier:
        grown = replace(box, width=box.width + across, height=box.height - up, y=box.y + up)
        return inside(grown, size)
    return inside(replace(box, x=box.x + across, y=box.y + up), size)
