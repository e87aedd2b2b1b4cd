"""Three ways in which people forge a signed PDF: each is an honest incremental update."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from io import BytesIO

from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.pdf_utils.writer import BasePdfFileWriter

FIELD = "SoKyHieu"
name = generic.NameObject


def replace_page(writer: IncrementalPdfFileWriter) -> None:
    """Put another page in the place of the signed one."""
    page = writer.root["/Pages"]["/Kids"][0]
    stream = generic.StreamObject(stream_data=b"BT /F1 12 Tf 50 700 Td (x) Tj ET")
    page[name("/Contents")] = writer.add_object(stream)
    writer.mark_update(writer.root["/Pages"]["/Kids"].raw_get(0))


def alter_number(writer: IncrementalPdfFileWriter) -> None:
    """Cover the number on the page."""
    reference = writer.root["/Pages"]["/Kids"][0].raw_get("/Contents")
    reference = reference.raw_get(0) if isinstance(reference, generic.ArrayObject) else reference
    stream = reference.get_object()
    altered = stream.data + b"\n1 1 1 rg 70 760 120 20 re f"
    new = generic.StreamObject(stream_data=altered)
    writer.mark_update(reference)
    writer.objects[(reference.generation, reference.idnum)] = new


def fill_field(writer: IncrementalPdfFileWriter) -> None:
    """Write another number into a field; one is laid over the page where there is none."""
    found = [f.get_object() for f in writer.root["/AcroForm"]["/Fields"]]
    form_field = next((f for f in found if f.get("/T") == FIELD), None)
    value = generic.TextStringObject("99/QĐ-GIẢ")
    if form_field is None:
        add_field(writer, value)
        return
    form_field[name("/V")] = value
    writer.mark_update(form_field.container_ref)


FORGERIES: Mapping[str, Callable[[IncrementalPdfFileWriter], None]] = {
    "page-replaced": replace_page,
    "number-altered": alter_number,
    "field-filled": fill_field,
}


def forged(data: bytes, forge: Callable[[IncrementalPdfFileWriter], None]) -> bytes:
    """Return a file with a forgery behind its signatures."""
    writer = IncrementalPdfFileWriter(BytesIO(data), strict=False)
    forge(writer)
    out = BytesIO()
    writer.write(out)
    return out.getvalue()


def add_field(writer: BasePdfFileWriter, value: generic.TextStringObject | None = None) -> None:
    """Add a field for the number to the first page, empty unless a value is given."""
    page = writer.root["/Pages"]["/Kids"][0]
    reference = writer.root["/Pages"]["/Kids"].raw_get(0)
    rectangle = generic.ArrayObject([generic.NumberObject(n) for n in (70, 60, 200, 80)])
    form_field = generic.DictionaryObject(
        {
            name("/FT"): name("/Tx"),
            name("/T"): generic.TextStringObject(FIELD),
            name("/Type"): name("/Annot"),
            name("/Subtype"): name("/Widget"),
            name("/Rect"): rectangle,
            name("/P"): reference,
        }
    )
    if value is not None:
        form_field[name("/V")] = value
    added = writer.add_object(form_field)
    page[name("/Annots")] = generic.ArrayObject([*page.get("/Annots", ()), added])
    writer.mark_update(reference)
    if "/AcroForm" not in writer.root:
        form = generic.DictionaryObject({name("/Fields"): generic.ArrayObject([added])})
        writer.root[name("/AcroForm")] = writer.add_object(form)
        writer.update_root()
        return
    fields = writer.root["/AcroForm"]["/Fields"]
    fields.append(added)
    writer.update_container(fields)
