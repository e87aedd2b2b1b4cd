"""Look for a text through all pages, some pages at a time, so that drawing goes on."""

from __future__ import annotations

from PySide6.QtCore import QObject, Signal

from ui.kit.pdfview.document import PageText, PdfFile, Rect
from ui.kit.pdfview.textsearch import Hit, find, strips
from ui.kit.rowmodel import Submit

_PAGES_AT_ONCE = 8
_MAX_HITS = 1000
Found = list[tuple[Hit, list[Rect]]]


class Finder(QObject):
    """Hold the places found; `changed` when they, or the current one, move."""

    changed = Signal()

    def __init__(self, submit: Submit, lane: str) -> None:
        super().__init__()
        self._submit, self._lane = submit, lane
        self._asked = 0
        self._found: Found = []
        self._current = -1
        self._near = 0

    @property
    def total(self) -> int:
        """Return how many places were found."""
        return len(self._found)

    @property
    def current(self) -> int:
        """Return which place is shown, from 1; 0 for none."""
        return self._current + 1

    def find(self, file: PdfFile, pages: int, query: str, near: int) -> None:
        """Look for a query; the first place from page `near` on is shown."""
        self.close()
        self._near = near
        if query.strip():
            self._look(file, pages, query, 0)
        else:
            self.changed.emit()

    def step(self, by: int) -> None:
        """Go to another place, round and round."""
        if self._found:
            self._current = (self._current + by) % len(self._found)
            self.changed.emit()

    def strips(self, page: int) -> list[tuple[Rect, bool]]:
        """Return the places on a page, and whether each is the current one."""
        return [
            (strip, number == self._current)
            for number, (hit, lines) in enumerate(self._found)
            if hit.page == page
            for strip in lines
        ]

    def spot(self) -> tuple[int, Rect] | None:
        """Return page and rectangle of the current place."""
        if not 0 <= self._current < len(self._found):
            return None
        hit, lines = self._found[self._current]
        return (hit.page, lines[0]) if lines else None

    def close(self) -> None:
        """Forget everything."""
        self._asked += 1
        self._found = []
        self._current = -1

    def _look(self, file: PdfFile, pages: int, query: str, first: int) -> None:
        asked = self._asked
        batch = range(first, min(first + _PAGES_AT_ONCE, pages))

        def done(found: Found) -> None:
            if asked != self._asked:
                return
            self._take(found)
            if batch.stop < pages and self.total < _MAX_HITS:
                self._look(file, pages, query, batch.stop)

        self._submit(
            self._lane,
            lambda: _search(file.texts(batch), query),
            done,
            lambda _error: None,
        )

    def _take(self, found: Found) -> None:
        self._found += found
        if self._current < 0 and self._found:
            later = (n for n, (hit, _) in enumerate(self._found) if hit.page >= self._near)
            self._current = next(later, 0)
        self.changed.emit()


def _search(texts: list[tuple[int, PageText]], query: str) -> Found:
    return [
        (hit, strips(text, hit.start, hit.end))
        for page, text in texts
        for hit in find(page, text.text, query)
    ]
