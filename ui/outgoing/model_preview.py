"""The bytes that are shown and will be signed, and where the signature goes on them."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import BinaryIO

from app.desk import Desk
from app.documents.model import KIND, Document, State
from app.files.pdf import page_count
from app.files.pdfium import PDFIUM
from app.flows.places import kept_place
from app.flows.sign_document import FORM, content_of, with_number
from app.forms.compose import compose
from app.kernel.actor import Actor
from app.kernel.errors import RuleViolation, Unavailable
from app.kernel.ports import Box, Purpose
from signing.pdf.placement import find_box

MAX_PREVIEW = 300 << 20
_TO_SIGN = (State.SUBMITTED, State.APPROVED, State.AWAITING_NUMBER, State.NUMBERED)


@dataclass(frozen=True, slots=True)
class Preview:
    """A document as it will be signed: its bytes, their hash, and the place found.

    `words` is the place that the words of the page tell, `box` where the signature goes.
    """

    document: Document
    data: bytes
    sha256: str
    words: Box | None
    box: Box | None

    @property
    def content(self) -> str:
        """Return the hash of what number and date are set on."""
        return content_of(self.document)

    @property
    def numbered(self) -> bool:
        """Tell whether the page bears its number."""
        return self.document.reserved is not None


def preview_of(desk: Desk, actor: Actor, document_id: str) -> Preview:
    """Return what will be signed, with number and date set in where they are reserved.

    A page of words is set from the words, never read from the file beside them: it is the words
    that get number and date, and are signed.

    Raises `RuleViolation("document.file_missing")` or `Unavailable("vault.missing")`. Reads
    and sets pages: not for the GUI thread.
    """
    document: Document | None = desk.store.get(KIND, document_id)
    main = document.main_file if document is not None else None
    if document is None or main is None:
        raise RuleViolation("document.file_missing", field="files")
    if document.form == FORM and document.state in _TO_SIGN:
        data = compose(with_number(document))
    else:
        if main.size > MAX_PREVIEW:
            raise Unavailable("vault.missing")
        with desk.store.vault.open(main.sha256) as stream:
            data = stream.read()
    words = words_place(document, data)
    box = _kept_or(desk, actor, document, data, words)
    return Preview(document, data, hashlib.sha256(data).hexdigest(), words, box)


def places(desk: Desk, actor: Actor) -> Callable[[Document, BinaryIO], Box | None]:
    """Return what finds the place of a document's signature in a run of many."""

    def find(document: Document, data: BinaryIO) -> Box | None:
        return _kept_or(desk, actor, document, data, words_place(document, data))

    return find


def _kept_or(
    desk: Desk, actor: Actor, document: Document, data: bytes | BinaryIO, words: Box | None
) -> Box | None:
    """Return the place that was kept for the unit and type of document, else that of the words."""
    kind = document.particulars.type
    kept = kept_place(desk.store, actor.agency, kind, Purpose.APPROVE)
    return words if kept is None else kept.box(page_count(data), words)


def words_place(document: Document, data: bytes | BinaryIO) -> Box | None:
    """Return the place between the signer's title and name, found from the words."""
    p = document.particulars
    approver = document.approval.name if document.approval is not None else ""
    with PDFIUM:
        return find_box(data, p.signer or approver, p.signer_title, Purpose.APPROVE)
