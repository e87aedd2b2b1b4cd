"""A letter with everything that attacks reach for: a field, a layer, a picture, spare objects."""

from __future__ import annotations

from io import BytesIO
from typing import Any

from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter

from tests.signing.conftest import LETTER, typeset
from tests.signing.forgeries import add_field

name = generic.NameObject
text = generic.TextStringObject

OVERLAY = "/Che"
LAYER = "/Lop"
SPARE_CONTENT = b"BT /Fx 40 Tf 60 500 Td (9.000.000) Tj ET"


def array(*items: Any) -> generic.ArrayObject:
    """Return an array; plain numbers become PDF numbers."""
    return generic.ArrayObject([_item(item) for item in items])


def dictionary(**entries: Any) -> generic.DictionaryObject:
    """Return a dictionary with the keyword's names as keys."""
    return generic.DictionaryObject({name(f"/{key}"): _item(v) for key, v in entries.items()})


def stream(data: bytes, **entries: Any) -> generic.StreamObject:
    """Return an unfiltered stream."""
    return generic.StreamObject(dict_data=dictionary(**entries), stream_data=data)


def rich_letter() -> bytes:
    """Return the letter of two pages, unsigned."""
    source = typeset(LETTER + "#pagebreak()\nTrang hai: số tiền 1.000.000 đồng.")
    writer = IncrementalPdfFileWriter(BytesIO(source))
    add_field(writer)
    _add_pictures(writer)
    _add_spares(writer)
    out = BytesIO()
    writer.write(out)
    return out.getvalue()


def page_reference(handler: Any, number: int = 0) -> Any:
    """Return the reference of a page."""
    return handler.find_page_for_modification(number)[0]


def spare(root: Any, key: str) -> Any:
    """Return the reference of a spare object."""
    return root["/PieceInfo"]["/HoaBan"].raw_get(f"/{key}")


def _add_pictures(writer: IncrementalPdfFileWriter) -> None:
    """Put a black bar, and text on a layer, on the first page."""
    layer = writer.add_object(dictionary(Type=name("/OCG"), Name=text("Lớp")))
    plan = dictionary(D=dictionary(ON=array(layer), Order=array(layer)), OCGs=array(layer))
    writer.root[name("/OCProperties")] = writer.add_object(plan)
    box = array(0, 0, 100, 30)
    bar = stream(b"0 g 0 0 100 30 re f", Type=name("/XObject"), Subtype=name("/Form"), BBox=box)
    on_layer = stream(
        b"0 g 20 5 60 20 re f",
        Type=name("/XObject"),
        Subtype=name("/Form"),
        BBox=box,
        OC=layer,
    )
    page = page_reference(writer).get_object()
    pictures = dictionary()
    pictures[name(OVERLAY)] = writer.add_object(bar)
    pictures[name(LAYER)] = writer.add_object(on_layer)
    page["/Resources"][name("/XObject")] = pictures
    drawn = stream(b"q 1 0 0 1 300 600 cm /Che Do Q q 1 0 0 1 300 650 cm /Lop Do Q")
    contents = page.raw_get("/Contents")
    page[name("/Contents")] = array(contents, writer.add_object(drawn))
    writer.mark_update(page_reference(writer))
    writer.mark_update(page["/Resources"].container_ref)
    writer.update_root()


def _add_spares(writer: IncrementalPdfFileWriter) -> None:
    """Lay by what a later revision may switch to: objects that nothing shows at signing."""
    kept = dictionary(
        Content=writer.add_object(stream(SPARE_CONTENT)),
        Bar=writer.add_object(
            stream(b"", Type=name("/XObject"), Subtype=name("/Form"), BBox=array(0, 0, 1, 1))
        ),
    )
    writer.root[name("/PieceInfo")] = dictionary(HoaBan=kept)
    other = generic.DictionaryObject(dict(writer.root.items()))
    for key in ("/PieceInfo", "/Metadata", "/AcroForm"):
        other.pop(name(key))
    kept[name("/Catalog")] = writer.add_object(other)
    writer.update_root()


def _item(value: Any) -> Any:
    if isinstance(value, generic.PdfObject):
        return value
    if isinstance(value, int):
        return generic.NumberObject(value)
    return generic.FloatObject(value)
