"""The bytes that are shown and will be signed, and where the signature goes on them."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import BinaryIO

from app.desk import Desk
from app.documents.model import KIND, Document, State
from app.files.pdfium import PDFIUM
from app.flows.sign_document import FORM, content_of, with_number
from app.forms.compose import compose
from app.kernel.errors import RuleViolation, Unavailable
from app.kernel.ports import Box, Purpose
from signing.pdf.placement import find_box

MAX_PREVIEW = 300 << 20
_TO_SIGN = (State.SUBMITTED, State.APPROVED, State.AWAITING_NUMBER, State.NUMBERED)


@dataclass(frozen=True, slots=True)
class Preview:
    """A document as it will be signed: its bytes, their hash, and the place found."""

    document: Document
    data: bytes
    sha256: str
    box: Box | None

    @property
    def content(self) -> str:
        """Return the hash of what number and date are set on."""
        return content_of(self.document)

    @property
    def numbered(self) -> bool:
        """Tell whether the page bears its number."""
        return self.document.reserved is not None


def preview_of(desk: Desk, document_id: str) -> Preview:
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
    return Preview(document, data, hashlib.sha256(data).hexdigest(), place_of(document, data))


def place_of(document: Document, data: bytes | BinaryIO) -> Box | None:
    """Return the place between the signer's title and name, found from the words."""
    p = document.particulars
    approver = document.approval.name if document.approval is not None else ""
    with PDFIUM:
        return find_box(data, p.signer or approver, p.signer_title, Purpose.APPROVE)
