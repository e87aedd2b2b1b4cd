"""The pages of the product: an explicit tuple; the navigation shows these and nothing else."""

from __future__ import annotations

from ui.bridge.page import PageSpec

PAGES: tuple[PageSpec, ...] = ()
