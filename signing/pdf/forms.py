"""Sizes of the visible forms of Decree 30/2020, in points."""

from __future__ import annotations

import json
from functools import lru_cache
from typing import Any

from app.kernel.ports import Box
from app.kernel.texts import resource

POINTS_PER_MM = 72 / 25.4


@lru_cache(maxsize=1)
def figures() -> dict[str, Any]:
    """Return the figures as they stand in the resources: millimetres and points."""
    loaded: dict[str, Any] = json.loads(
        resource("signing", "forms.json").read_text(encoding="utf-8")
    )
    return loaded


def seal_size(kind: str = "agency") -> float:
    """Return the diameter of a seal in points: its real size on paper."""
    return float(figures()["seal_mm"][kind]) * POINTS_PER_MM


def seal_box(signature: Box, kind: str = "agency") -> Box:
    """Return the place of the seal: over the left third of the person's signature."""
    size = seal_size(kind)
    right = signature.x + signature.width * float(figures()["seal_overlap"])
    bottom = signature.y + (signature.height - size) / 2
    return Box(signature.page, max(right - size, 0.0), max(bottom, 0.0), size, size)


def text_box(page_width: float, page_height: float, lines: int) -> Box:
    """Return the place of the text block: top right of the first page."""
    place, text = figures()["text_block_mm"], figures()["text_block_pt"]
    width = min(place["width"] * POINTS_PER_MM, page_width * 0.6)
    height = text["leading"] * max(lines, 1) + 2
    x = page_width - place["right"] * POINTS_PER_MM - width
    y = page_height - place["top"] * POINTS_PER_MM - height
    return Box(0, x, y, width, height)
