"""Turn places on the shown page into places in the page's own coordinates, and back.

The shown page is what a person sees: cropped, and rotated clockwise by a multiple of 90 degrees.
"""

from __future__ import annotations

from dataclasses import dataclass

import pypdfium2 as pdfium

from app.kernel.ports import Box

Rect = tuple[float, float, float, float]


@dataclass(frozen=True, slots=True)
class PageShape:
    """The visible part of a page in its own coordinates, and its rotation (0, 90, 180, 270)."""

    left: float
    bottom: float
    right: float
    top: float
    rotation: int = 0

    @property
    def shown_size(self) -> tuple[float, float]:
        """Return width and height as shown."""
        width, height = self.right - self.left, self.top - self.bottom
        return (height, width) if self.rotation in (90, 270) else (width, height)

    def to_own(self, box: Box) -> Rect:
        """Return a box as left, bottom, right, top in the page's own coordinates."""
        first = self._own_point(box.x, box.y)
        second = self._own_point(box.x + box.width, box.y + box.height)
        return _ordered(first, second)

    def to_shown(self, rect: Rect) -> Rect:
        """Return a rectangle of the page's own coordinates as shown."""
        return _ordered(self._shown_point(rect[0], rect[1]), self._shown_point(rect[2], rect[3]))

    def _own_point(self, x: float, y: float) -> tuple[float, float]:
        width, height = self.right - self.left, self.top - self.bottom
        u, v = {
            0: (x, y),
            90: (width - y, x),
            180: (width - x, height - y),
            270: (y, height - x),
        }[self.rotation]
        return self.left + u, self.bottom + v

    def _shown_point(self, x: float, y: float) -> tuple[float, float]:
        width, height = self.right - self.left, self.top - self.bottom
        u, v = x - self.left, y - self.bottom
        return {
            0: (u, v),
            90: (v, width - u),
            180: (width - u, height - v),
            270: (height - v, u),
        }[self.rotation]


def _ordered(first: tuple[float, float], second: tuple[float, float]) -> Rect:
    return (
        min(first[0], second[0]),
        min(first[1], second[1]),
        max(first[0], second[0]),
        max(first[1], second[1]),
    )


def page_shape(document: pdfium.PdfDocument, index: int) -> PageShape:
    """Return the visible part and the rotation of a page."""
    page = document[index]
    try:
        media, crop = page.get_mediabox(), page.get_cropbox()
        return PageShape(
            max(media[0], crop[0]),
            max(media[1], crop[1]),
            min(media[2], crop[2]),
            min(media[3], crop[3]),
            page.get_rotation(),
        )
    finally:
        page.close()
