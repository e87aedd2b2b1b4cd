"""Draw the pages in sight on the lane, a few at a time, and keep their pictures."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QImage

from ui.kit.pdfview.document import PdfFile, Picture
from ui.kit.pdfview.pictures import Pictures
from ui.kit.rowmodel import Submit

_MAX_RUNNING = 2


class Drawer(QObject):
    """Hold pictures by page and scale (pixels per 1,000 points).

    `drawn(int)` when a page has come, `failed(BaseException)` when one could not be drawn.
    """

    drawn = Signal(int)
    failed = Signal(object)

    def __init__(self, submit: Submit, lane: str) -> None:
        super().__init__()
        self._submit, self._lane = submit, lane
        self._pictures = Pictures()
        self._running: set[tuple[int, int]] = set()
        self._broken: set[int] = set()
        self._generation = 0

    @property
    def pixels(self) -> int:
        """Return how many pixels are kept."""
        return self._pictures.pixels

    def picture(self, page: int, scale: int) -> QImage | None:
        """Return a page's picture, at another scale while the right one is on its way."""
        return self._pictures.get(page, scale) or self._pictures.any_of(page)

    def missing(self, pages: Sequence[int], scale: int) -> list[int]:
        """Return the pages that do not stand in their full sharpness yet."""
        return [
            page
            for page in pages
            if page not in self._broken and self._pictures.get(page, scale) is None
        ]

    def want(self, file: PdfFile, pages: Sequence[int], scale: int) -> None:
        """Have pages drawn, as many at a time as the lane takes well."""
        for page in self.missing(pages, scale):
            if len(self._running) >= _MAX_RUNNING:
                return
            if (page, scale) not in self._running:
                self._running.add((page, scale))
                self._submit(
                    self._lane,
                    partial(file.render, page, scale / 1000),
                    partial(self._keep, self._generation, page, scale),
                    partial(self._fail, self._generation, page, scale),
                )

    def clear(self) -> None:
        """Forget everything; what is still being drawn is dropped when it comes."""
        self._generation += 1
        self._running.clear()
        self._broken.clear()
        self._pictures.clear()

    def _keep(self, generation: int, page: int, scale: int, picture: Picture) -> None:
        if generation == self._generation:
            self._running.discard((page, scale))
            self._pictures.put(page, scale, picture)
            self.drawn.emit(page)

    def _fail(self, generation: int, page: int, scale: int, error: BaseException) -> None:
        if generation == self._generation:
            self._running.discard((page, scale))
            self._broken.add(page)
            self.failed.emit(error)
