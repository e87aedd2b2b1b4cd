"""The box that a person places on a page: drag, snap, resize, arrow keys. Geometry only."""

from __future__ import annotations

from dataclasses import dataclass, replace

from PySide6.QtCore import QPointF, QRectF, Qt

from app.kernel.ports import Box

MIN_SIDE = 12.0
STEP = 1.0
LARGE_STEP = 10.0
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


@dataclass(frozen=True, slots=True)
class Guides:
    """Lines of one page that a box clings to: heights of `ys`, distances from the left of `xs`."""

    xs: tuple[float, ...] = ()
    ys: tuple[float, ...] = ()


def snapped(box: Box, guides: Guides, reach: float) -> tuple[Box, Guides]:
    """Return the box drawn to the nearest lines within reach, and the lines that hold it.

    Edges and middle of the box cling; of two lines the nearer wins.
    """
    across, x = _nearest((box.x, box.x + box.width / 2, box.x + box.width), guides.xs, reach)
    up, y = _nearest((box.y, box.y + box.height / 2, box.y + box.height), guides.ys, reach)
    held = Guides(() if x is None else (x,), () if y is None else (y,))
    return replace(box, x=box.x + across, y=box.y + up), held


def _nearest(
    edges: tuple[float, ...], lines: tuple[float, ...], reach: float
) -> tuple[float, float | None]:
    ways = [(abs(line - edge), line - edge, line) for edge in edges for line in lines]
    far, way, line = min(ways, default=(reach + 1, 0.0, 0.0))
    return (way, line) if far <= reach else (0.0, None)


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
    """Return the box after an arrow key: 1 point, with Shift 10; Ctrl resizes; None else."""
    move = _MOVES.get(Qt.Key(key))
    if move is None:
        return None
    step = LARGE_STEP if modifiers & Qt.KeyboardModifier.ShiftModifier else STEP
    across, up = move[0] * step, move[1] * step
    if modifiers & Qt.KeyboardModifier.ControlModifier:
        grown = replace(box, width=box.width + across, height=box.height - up, y=box.y + up)
        return inside(grown, size)
    return inside(replace(box, x=box.x + across, y=box.y + up), size)
