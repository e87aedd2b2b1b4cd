"""The text that a person selects, on one page."""

from __future__ import annotations

from PySide6.QtCore import QObject, Signal

from ui.kit.pdfview.document import PageText, PdfFile, Rect
from ui.kit.pdfview.textsearch import copied, letter_at, strips, word_at
from ui.kit.rowmodel import Submit

Point = tuple[float, float]


class Marks(QObject):
    """Select from where the pointer went down to where it is; the text comes from the lane."""

    changed = Signal()

    def __init__(self, submit: Submit, lane: str) -> None:
        super().__init__()
        self._submit, self._lane = submit, lane
        self._page = -1
        self._text: PageText | None = None
        self._from: Point = (0.0, 0.0)
        self._to: Point = (0.0, 0.0)
        self._range = (0, 0)
        self._asked = 0
        self._whole_word = False

    @property
    def selected_text(self) -> str:
        """Return the text selected."""
        return "" if self._text is None else copied(self._text, *self._range)

    def begin(self, file: PdfFile, page: int, point: Point) -> None:
        """Start at a point of a page."""
        self._start(file, page, point, word=False)

    def word(self, file: PdfFile, page: int, point: Point) -> None:
        """Select the word at a point."""
        self._start(file, page, point, word=True)

    def extend(self, page: int, point: Point) -> None:
        """Go on to a point, of this page or of the pages around it."""
        below, above = (1e6, -1e6), (-1e6, 1e6)
        outside = below if page > self._page else above
        self._to = point if page == self._page else outside
        self._select()

    def strips(self, page: int) -> list[Rect]:
        """Return what is selected on a page, in points."""
        if page != self._page or self._text is None:
            return []
        return strips(self._text, *self._range)

    def close(self) -> None:
        """Forget the selection."""
        self._asked += 1
        self._page, self._text, self._range = -1, None, (0, 0)

    def _start(self, file: PdfFile, page: int, point: Point, *, word: bool) -> None:
        self.close()
        self._page, self._from, self._to, self._whole_word = page, point, point, word
        asked = self._asked
        self._submit(
            self._lane,
            lambda: file.text(page),
            lambda text: self._take(asked, text),
            lambda _error: None,
        )
        self.changed.emit()

    def _take(self, asked: int, text: PageText) -> None:
        if asked == self._asked:
            self._text = text
            self._select()

    def _select(self) -> None:
        if self._text is None:
            return
        first, last = letter_at(self._text, *self._from), letter_at(self._text, *self._to)
        if first is None or last is None:
            return
        if self._whole_word:
            self._range = word_at(self._text.text, first)
        elif self._from == self._to:
            self._range = (0, 0)
        else:
            self._range = (min(first, last), max(first, last) + 1)
        self.changed.emit()
