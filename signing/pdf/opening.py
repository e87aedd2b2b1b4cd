"""Open a document to sign it: with its password, and from a sound copy where it is damaged.

A signature is an addition to a file, so a file whose structure cannot be read cannot bear one.
Where viewers show it all the same and nobody has signed it yet, it is written anew from what they
show, and only if every page of it looks the same: what is signed stays what was shown.
"""

from __future__ import annotations

from dataclasses import dataclass
from io import BytesIO
from typing import Any, BinaryIO

import pypdfium2 as pdfium
import pypdfium2.raw as pdfium_c
from pyhanko.pdf_utils.crypt import StandardSecurityHandler
from pyhanko.pdf_utils.crypt.api import AuthStatus
from pyhanko.pdf_utils.crypt.permissions import StandardPermissions
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter

from app.files.pdfium import PDFIUM
from app.kernel.errors import Damaged
from signing.pdf.pages import BAD_FILE, filled_fields, open_reader, page_object
from signing.pdf.permissions import check_locks

CHUNK = 1 << 20
_SIGNED = b"/ByteRange"
_SCALE = 0.5


class Writer(IncrementalPdfFileWriter):
    """An addition to a document that leaves its metadata alone.

    A signature changes nothing that metadata tell of, and PDF/A wants both their forms alike.
    """

    IO_CHUNK_SIZE = CHUNK

    def start_above(self, number: int) -> None:
        """Number new objects above a number, lest they take the place of what is there."""
        self._lastobj_id = max(self._lastobj_id, number)

    def _update_meta(self) -> None:
        """Keep the metadata as they are, sound or not."""


@dataclass(frozen=True, slots=True)
class Opened:
    """A document that may be added to; `fields` are its signatures."""

    writer: IncrementalPdfFileWriter
    fields: list[tuple[str, Any, Any]]
    repaired: bool = False


def open_writer(stream: BinaryIO, password: str) -> Opened:
    """Open a document, repaired where it must be and may be.

    Raises `Damaged` with the reason: the password, locks of earlier signers, damage.
    """
    try:
        return _open(stream, password)
    except BAD_FILE as problem:
        return open_repaired(stream, problem)


def open_repaired(stream: BinaryIO, problem: Exception) -> Opened:
    """Write an unsigned damaged document anew, in place, and open that."""
    if _bears_signature(stream):
        raise Damaged("pdf_damaged_signed") from problem
    try:
        sound = _rewritten(stream)
    except (pdfium.PdfiumError, OSError, MemoryError) as worse:
        raise Damaged("pdf_damaged") from worse
    stream.seek(0)
    stream.truncate()
    stream.write(sound)
    try:
        opened = _open(stream, "")
    except BAD_FILE as worse:
        raise Damaged("pdf_damaged") from worse
    return Opened(opened.writer, opened.fields, repaired=True)


def _open(stream: BinaryIO, password: str) -> Opened:
    reader = open_reader(stream)
    if reader.encrypted:
        _unlock(reader, password)
    fields = filled_fields(reader)
    check_locks(reader, fields)
    page_object(reader, 0)
    writer = Writer(reader.stream, prev=reader)
    writer.start_above(_highest(reader))
    return Opened(writer, fields)


def _highest(reader: Any) -> int:
    """Return the highest number of an object, whatever /Size says: some files understate it."""
    revisions = range(reader.xrefs.total_revisions)
    listed = (reader.xrefs.explicit_refs_in_revision(number) for number in revisions)
    return max((reference.idnum for found in listed for reference in found), default=0)


def _unlock(reader: Any, password: str) -> None:
    """Decrypt; a reader without the owner's rights needs leave to add a field (ISO 32000-1, 22)."""
    handler = reader.security_handler
    if not isinstance(handler, StandardSecurityHandler) or handler.pdf_mac_enabled:
        raise Damaged("pdf_encrypted")
    result = reader.decrypt(password)
    if result.status is AuthStatus.FAILED:
        raise Damaged("pdf_password")
    needed = (
        StandardPermissions.ALLOW_MODIFICATION_GENERIC
        | StandardPermissions.ALLOW_ANNOTS_FORM_FILLING
    )
    granted = result.permission_flags
    if result.status is AuthStatus.USER and granted is not None and needed not in granted:
        raise Damaged("pdf_not_permitted")


def _bears_signature(stream: BinaryIO) -> bool:
    """Tell whether the bytes of a signature may lie in a file that cannot be read."""
    stream.seek(0)
    tail = b""
    while block := stream.read(CHUNK):
        if _SIGNED in tail + block:
            return True
        tail = block[-len(_SIGNED) :]
    return False


def _rewritten(stream: BinaryIO) -> bytes:
    """Return a sound copy that looks the same, page by page; raises `Damaged` otherwise."""
    out = BytesIO()
    with PDFIUM:
        before = pdfium.PdfDocument(stream)
        try:
            if pdfium_c.FPDF_GetSecurityHandlerRevision(before) != -1:
                raise Damaged("pdf_encrypted")
            before.save(out)
            after = pdfium.PdfDocument(out.getvalue())
            try:
                if not _same(before, after):
                    raise Damaged("pdf_damaged")
            finally:
                after.close()
        finally:
            before.close()
    return out.getvalue()


def _same(before: pdfium.PdfDocument, after: pdfium.PdfDocument) -> bool:
    if len(before) != len(after) or not len(before):
        return False
    before.init_forms()
    after.init_forms()
    return all(_picture(before, n) == _picture(after, n) for n in range(len(before)))


def _picture(document: pdfium.PdfDocument, index: int) -> tuple[int, int, bytes]:
    page = document[index]
    try:
        bitmap = page.render(scale=_SCALE, may_draw_forms=True)
        seen = bitmap.width, bitmap.height, bytes(bitmap.buffer)
        bitmap.close()
        return seen
    finally:
        page.close()
