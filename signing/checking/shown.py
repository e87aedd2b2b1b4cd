"""Compare what is shown: the bytes that were signed, and the file as it is now, page by page.

Both are drawn by PDFium, a reader of its own: what one reader takes for the document and another
does not shows as a difference too.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from typing import Any, BinaryIO

import pypdfium2 as pdfium
from PIL import Image, ImageChops

from app.files.pdfium import PDFIUM
from app.kernel.ports import Box, ShownChange
from signing.checking.colours import without_profiles

DOTS = 96 / 72
"""Pixels for each point: enough to tell one digit from another in the smallest allowed type."""

_MOST_PIXELS = 4_000_000
_CELL = 8
_DIFFERENT = 40
_DARK = 160
_FADED = 96
_CONTRAST = 48
_LEAST_HIDDEN = 12
_LEAST_SHARE = 0.03

# It warns of every form in XFA that it draws no such form; the reasons say that there is one.
logging.getLogger("pypdfium2").setLevel(logging.ERROR)

NotComparable = (pdfium.PdfiumError, ValueError, OSError, MemoryError)
"""What drawing raises on files that PDFium cannot draw."""

Rect = tuple[float, float, float, float]
"""Left, bottom, right, top in points of the shown page."""


class Pictures:
    """The pages of one file as they were at some ends of the file, drawn once each."""

    def __init__(self, stream: BinaryIO, password: str = "") -> None:
        self._password = password or None
        self._stream = stream
        self._counts: dict[int, int] = {}
        self._drawn: dict[tuple[int, int], Image.Image] = {}

    def pages(self, end: int) -> int:
        """Return how many pages PDFium finds in the file up to an end."""
        if end not in self._counts:
            self._draw(end, ())
        return self._counts[end]

    def page(self, end: int, number: int) -> Image.Image:
        """Return a page drawn with its forms; raises `NotComparable`."""
        if (end, number) not in self._drawn:
            self._draw(end, (number,))
        return self._drawn[end, number]

    def _draw(self, end: int, numbers: Iterable[int]) -> None:
        self._stream.seek(0)
        data = without_profiles(self._stream.read(end))
        with PDFIUM:
            document = pdfium.PdfDocument(data, password=self._password)
            try:
                document.init_forms()
                self._counts[end] = len(document)
                for number in numbers:
                    self._drawn[end, number] = _picture(document, number)
            finally:
                document.close()

    def hides(self, before: int, after: int, number: int, rect: Rect) -> bool:
        """Tell whether something over a place takes away what could be read there."""
        old, new = self.page(before, number), self.page(after, number)
        if old.size != new.size:
            return True
        window = _window(rect, old.size)
        old, new = old.crop(window).convert("L"), new.crop(window).convert("L")
        dark = old.point(lambda value: 255 if value < _DARK else 0)
        if dark.getbbox() is None or old == new:
            return False
        faded = ImageChops.subtract(new, old).point(lambda v: 255 if v >= _FADED else 0)
        flat = _contrast(new).point(lambda value: 255 if value < _CONTRAST else 0)
        readable = _contrast(old).point(lambda value: 255 if value >= _CONTRAST else 0)
        readable = ImageChops.multiply(dark, readable)
        lost = ImageChops.multiply(readable, ImageChops.lighter(faded, flat))
        count, all_dark = lost.histogram()[255], readable.histogram()[255]
        return count >= _LEAST_HIDDEN and count >= all_dark * _LEAST_SHARE

    def changes(
        self, before: int, after: int, number: int, allowed: Iterable[Rect], *, covered: bool
    ) -> list[ShownChange]:
        """Return the places of a page that look different; the allowed ones are left out."""
        old, new = self.page(before, number), self.page(after, number)
        if old.size != new.size:
            width, height = (side / DOTS for side in new.size)
            return [ShownChange(Box(number, 0, 0, width, height), "changed")]
        parts = ImageChops.difference(old, new).split()
        most = ImageChops.lighter(ImageChops.lighter(parts[0], parts[1]), parts[2])
        different = most.point(lambda value: 255 if value >= _DIFFERENT else 0)
        for rect in allowed:
            different.paste(0, _window(rect, old.size))
        if different.getbbox() is None:
            return []
        height = old.size[1]
        return [
            ShownChange(_box(number, window, height), _kind(old, new, window, covered=covered))
            for window in _windows(different)
        ]


def whole_page(number: int, size: tuple[int, int], kind: str) -> ShownChange:
    """Return a change that takes the whole of a page."""
    return ShownChange(Box(number, 0, 0, size[0] / DOTS, size[1] / DOTS), kind)


def _picture(document: Any, number: int) -> Image.Image:
    page = document[number]
    try:
        width, height = page.get_size()
        if width * height * DOTS * DOTS > _MOST_PIXELS:
            raise ValueError("the page is too large to be drawn")
        bitmap = page.render(scale=DOTS, rev_byteorder=True)
        picture: Image.Image = bitmap.to_pil().copy()
        bitmap.close()
    finally:
        page.close()
    return picture


def _contrast(picture: Image.Image) -> Image.Image:
    """Return how far the lightest and the darkest pixel of each neighbourhood are apart."""
    return ImageChops.subtract(
        _spread(picture, ImageChops.lighter), _spread(picture, ImageChops.darker)
    )


def _spread(
    picture: Image.Image, choose: Callable[[Image.Image, Image.Image], Image.Image]
) -> Image.Image:
    """Return for each pixel the chosen one of its five by five neighbours: a row, then a column."""
    for across, down in ((1, 0), (0, 1)):
        chosen = picture
        for step in (-2, -1, 1, 2):
            moved = picture.copy()
            moved.paste(picture, (across * step, down * step))
            chosen = choose(chosen, moved)
        picture = chosen
    return picture


def _window(rect: Rect, size: tuple[int, int]) -> tuple[int, int, int, int]:
    """Return a rectangle in pixels from the upper left corner, one pixel wider all around."""
    left, bottom, right, top = rect
    width, height = size
    return (
        max(0, int(left * DOTS) - 1),
        max(0, int(height - top * DOTS) - 1),
        min(width, int(right * DOTS) + 2),
        min(height, int(height - bottom * DOTS) + 2),
    )


def _box(number: int, window: tuple[int, int, int, int], height: int) -> Box:
    left, upper, right, lower = (value / DOTS for value in window)
    return Box(number, left, height / DOTS - lower, right - left, lower - upper)


def _kind(
    old: Image.Image, new: Image.Image, window: tuple[int, int, int, int], *, covered: bool
) -> str:
    before, after = (_is_blank(picture.crop(window)) for picture in (old, new))
    if after and not before:
        return "hidden" if covered else "removed"
    return "added" if before else "changed"


def _is_blank(picture: Image.Image) -> bool:
    low, high = picture.convert("L").getextrema()
    return bool(high - low < _CONTRAST)  # type: ignore[operator]


def _windows(different: Image.Image) -> list[tuple[int, int, int, int]]:
    """Return the rectangles around the places that hang together, in pixels."""
    cells = different.reduce(_CELL)
    width, height = cells.size
    left = {i for i, value in enumerate(cells.tobytes()) if value}
    found = []
    while left:
        waiting = [left.pop()]
        xs, ys = [], []
        while waiting:
            y, x = divmod(waiting.pop(), width)
            xs.append(x)
            ys.append(y)
            for near_y in range(max(0, y - 1), min(height, y + 2)):
                for near_x in range(max(0, x - 2), min(width, x + 3)):
                    index = near_y * width + near_x
                    if index in left:
                        left.remove(index)
                        waiting.append(index)
        found.append(_clip(xs, ys, different.size))
    return sorted(found, key=lambda window: (window[1], window[0]))


def _clip(xs: list[int], ys: list[int], size: tuple[int, int]) -> tuple[int, int, int, int]:
    return (
        min(xs) * _CELL,
        min(ys) * _CELL,
        min(size[0], (max(xs) + 1) * _CELL),
        min(size[1], (max(ys) + 1) * _CELL),
    )
