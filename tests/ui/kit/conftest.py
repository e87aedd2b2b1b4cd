"""A PDF view on the screen."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from PySide6.QtWidgets import QApplication, QWidget

from tests.doubles.runner import InlineRunner
from ui.kit.pdfview.view import PdfView

Shown = Callable[..., QWidget]


@pytest.fixture
def view(qapp: QApplication, shown: Shown) -> Iterator[PdfView]:
    made = PdfView(InlineRunner())
    shown(made, 640, 900)
    yield made
    made.shutdown()
