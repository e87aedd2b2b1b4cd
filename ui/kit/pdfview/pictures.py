"""Rendered pages, kept up to a number of pixels."""

from __future__ import annotations

from collections import OrderedDict

from PySide6.QtGui import QImage

from ui.kit.pdfview.document import Picture

MAX_KEPT_PIXELS = 24_000_000
Key = tuple[int, int]


class Pictures:
    """Pictures by page and scale, least used out first."""

    def __init__(self, limit: int = MAX_KEPT_PIXELS) -> None:
        self._limit = limit
        self._kept: OrderedDict[Key, QImage] = OrderedDict()
        self.pixels = 0

    def get(self, page: int, scale: int) -> QImage | None:
        """Return a page's picture at a scale."""
        image = self._kept.get((page, scale))
        if image is not None:
            self._kept.move_to_end((page, scale))
        return image

    def any_of(self, page: int) -> QImage | None:
        """Return the newest picture of a page at whatever scale, to show meanwhile."""
        return next((image for key, image in reversed(self._kept.items()) if key[0] == page), None)

    def put(self, page: int, scale: int, picture: Picture) -> None:
        """Keep a picture."""
        image = QImage(
            picture.data, picture.width, picture.height, picture.stride, QImage.Format.Format_RGB32
        ).copy()
        self._drop((page, scale))
        self._kept[page, scale] = image
        self.pixels += image.width() * image.height()
        while self.pixels > self._limit and len(self._kept) > 1:
            self._drop(next(iter(self._kept)))

    def clear(self) -> None:
        """Forget every picture."""
        self._kept.clear()
        self.pixels = 0

    def _drop(self, key: Key) -> None:
        image = self._kept.pop(key, None)
        if image is not None:
            self.pixels -= image.width() * image.height()
