"""Lines of a page that a dragged signature snaps to."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import pypdfium2 as pdfium

from app.files.pdfium import PDFIUM
from app.kernel.ports import Purpose
from signing.pdf.forms import POINTS_PER_MM, figures
from signing.pdf.geometry import Rect, page_shape
from signing.pdf.placement import locate

_SAME = 2.0
"""Lines nearer to each other than this, in points, are one."""

_LEADING = 0.9
"""Lines of text closer than this part of their height belong to one block."""

_MOST = 2000
"""Text lines looked at on one page; a page with more has no blocks to speak of."""


@dataclass(frozen=True, slots=True)
class Guides:
    """Where edges and middles may snap: upright lines at `xs`, level ones at `ys`, ascending.

    Points of the shown page, from its lower left corner.
    """

    xs: tuple[float, ...] = ()
    ys: tuple[float, ...] = ()


def snap_lines(
    pdf: Path | bytes | BinaryIO, page: int, name: str = "", title: str = "", password: str = ""
) -> Guides:
    """Return the guides of a page: edges of its text blocks, margins, and the signer's middle.

    With the signer's name and title the middle between them is among the guides, across and up.
    """
    with PDFIUM:
        document = pdfium.PdfDocument(pdf, password=password or None)
        try:
            wide, high = page_shape(document, page).shown_size
            blocks = _blocks(_lines(document, page))
            own = locate(document, name, title, Purpose.APPROVE) if name else None
        finally:
            document.close()
    xs = [edge for block in blocks for edge in (block[0], block[2])]
    ys = [edge for block in blocks for edge in (block[1], block[3])]
    margins = figures()["margins_mm"]
    xs += [margins["left"] * POINTS_PER_MM, wide - margins["right"] * POINTS_PER_MM, wide / 2]
    ys += [margins["bottom"] * POINTS_PER_MM, high - margins["top"] * POINTS_PER_MM]
    firm: tuple[list[float], list[float]] = ([], [])
    if own is not None and own.page == page:
        firm = ([own.x + own.width / 2], [own.y + own.height / 2])
    return Guides(_thinned(xs, firm[0], wide), _thinned(ys, firm[1], high))


def _lines(document: pdfium.PdfDocument, index: int) -> list[Rect]:
    shape = page_shape(document, index)
    page = document[index]
    text = page.get_textpage()
    try:
        count = min(text.count_rects(), _MOST)
        return [shape.to_shown(text.get_rect(number)) for number in range(count)]
    finally:
        text.close()
        page.close()


def _blocks(lines: list[Rect]) -> list[Rect]:
    """Join text lines that stand close under or beside each other."""
    blocks: list[Rect] = []
    for line in sorted(lines, key=lambda rect: -rect[3]):
        near = next((b for b in blocks if _belongs(line, b)), None)
        if near is None:
            blocks.append(line)
            continue
        blocks.remove(near)
        blocks.append(
            (
                min(near[0], line[0]),
                min(near[1], line[1]),
                max(near[2], line[2]),
                max(near[3], line[3]),
            )
        )
    return blocks


def _belongs(line: Rect, block: Rect) -> bool:
    reach = (line[3] - line[1]) * _LEADING
    across = line[0] <= block[2] + reach and line[2] >= block[0] - reach
    return across and line[3] >= block[1] - reach


def _thinned(soft: Iterable[float], firm: list[float], most: float) -> tuple[float, ...]:
    """Keep one of lines that almost coincide, on the page only; a firm line stays as it is."""
    kept = list(firm)
    for value in sorted(soft):
        if 0 < value < most and all(abs(value - other) >= _SAME for other in kept):
            kept.append(value)
    return tuple(round(value, 2) for value in sorted(kept))
