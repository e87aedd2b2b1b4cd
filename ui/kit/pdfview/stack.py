"""Where pages stand in the view: one below the other, centred."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence

from PySide6.QtCore import QPointF, QRectF

from app.kernel.ports import Box

MARGIN = 12


class PageStack:
    """Places of pages in pixels, at a zoom in pixels per point."""

    def __init__(self, sizes: Sequence[tuple[float, float]], zoom: float, width: int) -> None:
        self.sizes = sizes
        self.zoom = zoom
        widest = max((w for w, _ in sizes), default=0.0) * zoom
        self.width = max(width, round(widest + 2 * MARGIN))
        self._tops: list[float] = []
        top = float(MARGIN)
        for _, height in sizes:
            self._tops.append(top)
            top += height * zoom + MARGIN
        self.height = round(top)

    def rect(self, page: int) -> QRectF:
        """Return a page's rectangle."""
        width, height = (side * self.zoom for side in self.sizes[page])
        return QRectF((self.width - width) / 2, self._tops[page], width, height)

    def page_at(self, y: float) -> int:
        """Return the page at a height, the nearest one between pages."""
        return max(0, bisect_right(self._tops, y) - 1)

    def pages(self, top: float, bottom: float) -> range:
        """Return the pages that touch a stretch."""
        if not self._tops:
            return range(0)
        return range(self.page_at(top), self.page_at(bottom) + 1)

    def to_points(self, page: int, spot: QPointF) -> tuple[float, float]:
        """Return a place on a page in points from its lower left corner."""
        rect = self.rect(page)
        return (spot.x() - rect.x()) / self.zoom, (rect.bottom() - spot.y()) / self.zoom

    def to_pixels(self, page: int, box: tuple[float, float, float, float]) -> QRectF:
        """Return left, bottom, right, top in points as a rectangle of the view."""
        rect = self.rect(page)
        left, bottom, right, top = (side * self.zoom for side in box)
        return QRectF(rect.x() + left, rect.bottom() - top, right - left, top - bottom)

    def box_rect(self, box: Box) -> QRectF:
        """Return a box as a rectangle of the view."""
        return self.to_pixels(box.page, (box.x, box.y, box.x + box.width, box.y + box.height))


def fit_width(sizes: Sequence[tuple[float, float]], width: int) -> float:
    """Return the zoom at which the widest page fills a width."""
    widest = max((w for w, _ in sizes), default=0.0)
    return max(0.05, (width - 2 * MARGIN) / widest) if widest else 1.0
