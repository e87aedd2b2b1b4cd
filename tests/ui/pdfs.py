"""Small PDFs for tests, written by hand: text, form fields, ink, turned and damaged pages."""

from __future__ import annotations

from collections.abc import Sequence

import pypdfium2 as pdfium
import pypdfium2.raw as pdfium_c


def build(objects: Sequence[bytes]) -> bytes:
    """Return a PDF of numbered objects, the first one being the catalogue."""
    out = bytearray(b"%PDF-1.7\n")
    places = []
    for number, body in enumerate(objects, start=1):
        places.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    start = len(out)
    out += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    for place in places:
        out += b"%010d 00000 n \n" % place
    out += b"trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (
        len(objects) + 1,
        start,
    )
    return bytes(out)


def stream(data: bytes, entries: bytes = b"") -> bytes:
    """Return a stream object."""
    return b"<< /Length %d %s >>\nstream\n%s\nendstream" % (len(data), entries, data)


def signed_look(rotate: int = 0) -> bytes:
    """Return a page with text, a red signature picture in a form field and a blue ink mark."""
    seal = stream(
        b"0.8 0.1 0.15 rg 0 0 100 100 re f", b"/Type /XObject /Subtype /Form /BBox [0 0 100 100]"
    )
    ink = stream(
        b"0.1 0.2 0.8 RG 6 w 0 0 m 100 40 l S",
        b"/Type /XObject /Subtype /Form /BBox [0 0 100 40]",
    )
    words = stream(b"BT /F1 24 Tf 72 700 Td (So: 4512/UBND-TH) Tj 0 -40 Td (Kinh gui cac xa) Tj ET")
    return build(
        [
            b"<< /Type /Catalog /Pages 2 0 R /AcroForm << /Fields [6 0 R] /SigFlags 3 >> >>",
            b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
            b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Rotate %d /Contents 4 0 R"
            b" /Resources << /Font << /F1 5 0 R >> >> /Annots [6 0 R 8 0 R] >>" % rotate,
            words,
            b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
            (
                b"<< /Type /Annot /Subtype /Widget /FT /Sig /T (Seal) /Rect [300 200 400 300]"
                b" /F 4 /P 3 0 R /AP << /N 7 0 R >> >>"
            ),
            seal,
            (
                b"<< /Type /Annot /Subtype /Ink /Rect [300 120 400 160] /F 4 /P 3 0 R"
                b" /InkList [[300 120 400 160]] /AP << /N 9 0 R >> >>"
            ),
            ink,
        ]
    )


def pages(count: int) -> bytes:
    """Return a PDF with one numbered line per page."""
    kids = b" ".join(b"%d 0 R" % (4 + 2 * n) for n in range(count))
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [%s] /Count %d >>" % (kids, count),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
    ]
    for n in range(count):
        objects += [
            b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 300 400] /Contents %d 0 R"
            b" /Resources << /Font << /F1 3 0 R >> >> >>" % (5 + 2 * n),
            stream(b"BT /F1 20 Tf 40 340 Td (trang so %d) Tj ET" % (n + 1)),
        ]
    return build(objects)


def locked() -> bytes:
    """Return a PDF that says it is encrypted with a password nobody has."""
    plain = pages(1)
    encrypt = (
        b"/Encrypt << /Filter /Standard /V 2 /R 3 /Length 128 /P -3904 /O <"
        + b"41" * 32
        + b"> /U <"
        + b"42" * 32
        + b"> >> /ID [<00><00>]"
    )
    return plain.replace(b"/Root 1 0 R", b"/Root 1 0 R " + encrypt)


def is_encrypted(data: bytes) -> bool:
    """Tell whether pdfium takes a PDF for an encrypted one."""
    try:
        pdfium.PdfDocument(data)
    except pdfium.PdfiumError as error:
        return bool(error.err_code == pdfium_c.FPDF_ERR_PASSWORD)
    return False
