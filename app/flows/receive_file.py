"""Take a scanned or sent PDF in: refuse what may not enter, propose what it says of itself."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from app.documents.model import Particulars, Urgency
from app.documents.rows import TwinRow
from app.documents.secrecy import secrecy_mark
from app.files.model import FileRef
from app.files.pdf import PdfText
from app.files.suggest import Suggestion, suggest
from app.kernel.errors import RuleViolation
from app.kernel.ports import CancelToken

_BLOCK = 1 << 20
_MAX_NAME = 120


class FindTwins(Protocol):
    """Look for documents that may be the same."""

    def __call__(self, sha256: str, found: Suggestion) -> tuple[TwinRow, ...]:
        """Return them; by the file, or by what the page says."""


class Keep(Protocol):
    """Put a file in the vault."""

    def __call__(self, source: Path, media: str = ..., name: str = ...) -> FileRef:
        """Answer its reference."""


@dataclass(frozen=True, slots=True)
class ReceivePorts:
    """What taking a file in stands on; `read` is `app.files.pdf.read_text` or its like."""

    read: Callable[[Path], PdfText]
    keep: Keep
    twins: FindTwins


@dataclass(frozen=True, slots=True)
class Taken:
    """A file in the vault, with what its first page proposes and its possible twins."""

    file: FileRef
    pages: int
    text: str
    found: Suggestion
    twins: tuple[TwinRow, ...]

    @property
    def particulars(self) -> Particulars:
        """Return the proposal as the registration form shows it, to be confirmed."""
        f = self.found
        return Particulars(
            subject=f.subject,
            type=f.type,
            type_name=f.type_name,
            number=f.number,
            notation=f.notation[:30],
            issued=f.issued,
            issuer=f.issuer,
            pages=min(self.pages, 999),
            urgency=Urgency(f.urgency) if f.urgency else Urgency.NORMAL,
        )


def receive_file(
    ports: ReceivePorts, source: Path, role: str = "main", cancel: CancelToken | None = None
) -> Taken:
    """Check a PDF and keep it; nothing is kept of one that is refused.

    Raises what `app.files.pdf.read_text` raises, and `RuleViolation("document.secret")` for
    a page that bears a secrecy mark.
    """
    read = ports.read(source)
    refuse_secret(read)
    if cancel is not None:
        cancel.raise_if_cancelled()
    found = suggest(read.texts[0]) if read.texts else Suggestion()
    twins = ports.twins(digest(source), found)
    kept = ports.keep(source, name=source.name[:_MAX_NAME])
    file = FileRef(kept.sha256, kept.size, kept.media, kept.name, role)
    return Taken(file, read.pages, read.whole, found, twins)


def refuse_secret(read: PdfText) -> None:
    """Raise `RuleViolation("document.secret")` if any page bears a mark in box 10a."""
    if any(secrecy_mark(text) for text in read.texts):
        raise RuleViolation("document.secret", field="file")


def digest(source: Path) -> str:
    """Return the SHA-256 of a file."""
    hashed = hashlib.sha256()
    with source.open("rb") as stream:
        while block := stream.read(_BLOCK):
            hashed.update(block)
    return hashed.hexdigest()
