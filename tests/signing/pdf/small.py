"""The smallest files that are PDFs, with either kind of table of their objects."""

from __future__ import annotations

from datetime import UTC, datetime
from io import BytesIO

from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.pdf_utils.writer import copy_into_new_writer

from app.kernel.ports import CertificateInfo, TokenInfo
from tests.signing.attacks.raw import table

HEAD = b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n"
_EVER = datetime(2026, 1, 1, tzinfo=UTC)
NOBODY = CertificateInfo(TokenInfo("", -1, "", ""), "", "", "", "", "", "", _EVER, _EVER, b"")
PAGE = {
    1: b"<</Type/Catalog/Pages 2 0 R>>",
    2: b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
    3: b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 200 200]/Contents 4 0 R>>",
    4: b"<</Length 3>>\nstream\nq Q\nendstream",
}


def assembled(objects: dict[int, bytes], trailer: bytes = b"/Root 1 0 R") -> bytes:
    """Return a file of these objects with a classic table."""
    data, places = HEAD, {}
    for number, body in objects.items():
        places[number] = len(data)
        data += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    return data + table(data, places, trailer, 0).replace(b"/Prev 0 ", b"")


def small(*, stream: bool = False) -> bytes:
    """Return one empty page; `stream` puts objects and table into streams (7.5.7, 7.5.8)."""
    data = assembled(PAGE)
    if not stream:
        return data
    writer = copy_into_new_writer(PdfFileReader(BytesIO(data)), {"stream_xrefs": True})
    out = BytesIO()
    writer.write(out)
    return out.getvalue()
