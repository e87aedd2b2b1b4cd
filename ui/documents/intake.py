"""Take a file in and read it: what page 1 says, whether it may be here at all. No Qt."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from enum import Enum
from pathlib import Path
from typing import Any

from app.catalogues.lists import document_types as types_of
from app.desk import Desk
from app.documents.secrecy import secrecy_mark
from app.files import checks
from app.files.model import FileRef
from app.files.pdf import PdfText, read_text
from app.files.suggest import suggest
from app.kernel.errors import HoaBanError, RuleViolation
from app.registers import origin_number
from ui.documents.form import Values, proposed
from ui.documents.issuers import whole_issuer

CATALOGUE = "catalogue"
PDF = "application/pdf"
_FIRST_PAGES = 2


class Where(Enum):
    """Whether a file can be shown."""

    HERE = "here"
    MISSING = "missing"
    SECRET = checks.SECRET


def where(desk: Desk, file: FileRef) -> Where:
    """Tell whether a file is here, and may be shown; a mark of secrecy keeps it back."""
    if not desk.store.vault.here(file.sha256):
        return Where.MISSING
    if file.media != PDF:
        return Where.HERE
    with desk.store.reader() as connection:
        kept = checks.verdicts(connection, (file.sha256,)).get(file.sha256)
    if kept is None:
        _, mark = read(desk, file)
        kept = checks.SECRET if mark else ""
    return Where.SECRET if kept == checks.SECRET else Where.HERE


def take_in(desk: Desk, path: Path) -> FileRef:
    """Keep a PDF in the vault; one that is marked secret is refused before it is stored.

    Raises `RuleViolation("document.secret")` and what reading a PDF raises.
    """
    if _mark(read_text(path, max_pages=_FIRST_PAGES)):
        raise RuleViolation("document.secret", field="file")
    return desk.store.vault.put(path, name=path.name)


def read(desk: Desk, file: FileRef | None) -> tuple[Values, str]:
    """Return what page 1 of a file proposes, and the mark of secrecy it bears.

    A file that is not here, or cannot be read, proposes nothing: the clerk types.
    """
    if file is None or not desk.store.vault.has(file.sha256):
        return {}, ""
    try:
        with desk.store.vault.open(file.sha256) as stream:
            text = read_text(stream, max_pages=_FIRST_PAGES)
    except HoaBanError:
        return {}, ""
    first = text.texts[0] if text.texts else ""
    found = suggest(first)
    whole = replace(found, issuer=whole_issuer(found.issuer, first))
    return proposed(whole, text.pages), _mark(text) or ""


def _mark(text: PdfText) -> str | None:
    return next((m for m in map(secrecy_mark, text.texts) if m), None)


def next_number(ctx: Any, book: str) -> int | None:
    """Return the number that this desk would give now, None when the server gives it."""
    try:
        return origin_number(ctx, book)[0]
    except RuleViolation:
        return None


def document_types(desk: Desk, today: date) -> Mapping[str, str]:
    """Return the types of documents by code."""
    items = [item for _, item in desk.store.entities(CATALOGUE)]
    return {t.code: t.name.split(" (")[0] for t in types_of(items, today)}
