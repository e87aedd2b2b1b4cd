"""Read PDFs: whether they are whole, how many pages, and the text on them.

pypdfium2 is loaded on first use. PDFium allows one call at a time in a process, so all work
goes through one lock.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any, Protocol

from app.files.pdfium import PDFIUM
from app.kernel.errors import Damaged, RuleViolation, Unavailable

MAX_BYTES = 300 << 20
MAX_PAGES = 5000
# Beyond this much text, search gains nothing
MAX_TEXT = 400_000
MAX_TEXT_PAGES = 400
_HEAD = 1024
_MAGIC = b"%PDF-"
_ENCRYPTED = 4
_BLANKS = re.compile(r"[ \t\u00a0]+")


class Open(Protocol):
    """A stream of bytes that can be read from any place."""

    def read(self, size: int = -1, /) -> bytes:
        """Return at most `size` bytes."""

    def seek(self, offset: int, whence: int = 0, /) -> int:
        """Go to a place."""

    def tell(self) -> int:
        """Return the place."""


@dataclass(frozen=True, slots=True)
class PdfText:
    """The number of pages and the text of the first ones."""

    pages: int
    texts: tuple[str, ...]

    @property
    def whole(self) -> str:
        """Return all text that was read."""
        return "\n".join(self.texts)


def check_size(size: int) -> None:
    """Raise `RuleViolation` with `file.empty` or `file.too_large`."""
    if size == 0:
        raise RuleViolation("file.empty", field="file")
    if size > MAX_BYTES:
        raise RuleViolation("file.too_large", field="file", limit=MAX_BYTES >> 20)


def read_text(source: Path | bytes | Open, *, max_pages: int = MAX_TEXT_PAGES) -> PdfText:
    """Return the pages and texts of a PDF.

    Raises `RuleViolation` with `file.not_pdf`, `file.encrypted`, `file.empty` or
    `file.too_large`, `Damaged("file.damaged")`, `Unavailable("file.unreadable")`.
    """
    with opened(source) as document:
        pages = len(document)
        return PdfText(pages, tuple(_texts(document, min(pages, max_pages))))


def page_count(source: Path | bytes | Open, password: str = "") -> int:
    """Return the number of pages of a whole PDF; raises as `read_text` does."""
    with opened(source, password) as document:
        return len(document)


def password_for(source: Path | bytes | Open, passwords: Sequence[str]) -> str:
    """Return the one of some passwords that opens a PDF; "" where none does or none is needed."""
    for password in ("", *passwords):
        try:
            with opened(source, password):
                return password
        except RuleViolation as error:
            if error.code != "file.encrypted":
                return ""
        except (Damaged, Unavailable):
            return ""
    return ""


def without_password(document: Any) -> bytes:
    """Return an open PDF as bytes that anybody can read, to show it; it never leaves memory."""
    import pypdfium2.raw

    plain = BytesIO()
    document.save(plain, flags=pypdfium2.raw.FPDF_REMOVE_SECURITY)
    return plain.getvalue()


@contextmanager
def opened(source: Path | bytes | Open, password: str = "") -> Iterator[Any]:
    """Yield the checked PdfDocument, held alone until the block ends."""
    import pypdfium2

    held = _checked(source)
    with PDFIUM:
        try:
            document = pypdfium2.PdfDocument(held, password=password or None)
        except pypdfium2.PdfiumError as error:
            raise _fault(error) from error
        try:
            _check_pages(document)
            yield document
        finally:
            document.close()


def _checked(source: Path | bytes | Open) -> Any:
    """Look at size and first bytes before PDFium sees anything."""
    if isinstance(source, bytes):
        check_size(len(source))
        _check_head(source[:_HEAD])
        return source
    if isinstance(source, Path):
        try:
            check_size(source.stat().st_size)
            with source.open("rb") as stream:
                _check_head(stream.read(_HEAD))
        except OSError as error:
            raise Unavailable("file.unreadable") from error
        return source
    check_size(source.seek(0, 2))
    source.seek(0)
    _check_head(source.read(_HEAD))
    source.seek(0)
    return source


def _check_head(head: bytes) -> None:
    if _MAGIC not in head:
        raise RuleViolation("file.not_pdf", field="file")


def _fault(error: Exception) -> RuleViolation | Damaged:
    if getattr(error, "err_code", None) == _ENCRYPTED:
        return RuleViolation("file.encrypted", field="file")
    return Damaged("file.damaged")


def _check_pages(document: Any) -> None:
    count = len(document)
    if count == 0:
        raise RuleViolation("file.empty", field="file")
    if count > MAX_PAGES:
        raise RuleViolation("file.too_many_pages", field="file", limit=MAX_PAGES)


def _texts(document: Any, pages: int) -> Iterator[str]:
    import pypdfium2

    room = MAX_TEXT
    for number in range(pages):
        try:
            page = document[number]
            text = page.get_textpage().get_text_bounded()
        except pypdfium2.PdfiumError as error:
            raise Damaged("file.damaged") from error
        tidy = _BLANKS.sub(" ", text.replace("\r\n", "\n").replace("\r", "\n"))[:room]
        room -= len(tidy)
        yield tidy
        if room <= 0:
            return
