"""The rim of pyHanko that signing and checking share: open a file, name what is wrong with it."""

from __future__ import annotations

import zlib
from typing import Any, BinaryIO

from PIL import Image, ImageChops
from pyhanko.pdf_utils import generic, misc
from pyhanko.pdf_utils.content import PdfContent
from pyhanko.pdf_utils.layout import BoxConstraints
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.fields import enumerate_sig_fields

from signing.pdf import quick
from signing.pdf.geometry import PageShape

BAD_FILE = (
    misc.PdfError,
    ValueError,
    LookupError,
    TypeError,
    AttributeError,
    ArithmeticError,
    AssertionError,
    NotImplementedError,
    RecursionError,
    MemoryError,
    OSError,
    zlib.error,
)
"""What pyHanko and its parsers raise on damaged and hostile files, as measured on such files."""

FULL_TURN = 360

quick.install()


def open_reader(stream: BinaryIO) -> PdfFileReader:
    """Open a PDF leniently: signing must not fail on what every viewer shows."""
    return PdfFileReader(stream, strict=False)


def page_object(handler: Any, index: int) -> Any:
    """Return the dictionary of a page."""
    return handler.find_page_for_modification(index)[0].get_object()


def shape_of(page: Any) -> PageShape:
    """Return the visible part and the rotation of a page dictionary."""
    media = _inherited(page, "/MediaBox") or [0, 0, 595.276, 841.89]
    crop = _inherited(page, "/CropBox") or media
    m, c = _ordered(media), _ordered(crop)
    rotation = int(_inherited(page, "/Rotate") or 0) % FULL_TURN
    return PageShape(
        max(m[0], c[0]), max(m[1], c[1]), min(m[2], c[2]), min(m[3], c[3]), rotation // 90 * 90
    )


def filled_fields(reader: Any) -> list[tuple[str, Any, Any]]:
    """Return name, signature and field of every signature field that is filled."""
    found = []
    for name, value, reference in enumerate_sig_fields(reader, filled_status=True):
        found.append((name, value, reference.get_object()))
    return found


def value_of(dictionary: Any, key: str, default: Any = None) -> Any:
    """Return an entry with references followed; pyHanko's own `get` does not follow them."""
    try:
        return dictionary[key]
    except KeyError:
        return default


class StampPage(PdfContent):
    """A pre-rendered stamp as the content of a signature's appearance."""

    def __init__(self, pdf: BinaryIO, *, opaque: bool = False) -> None:
        super().__init__()
        self._pdf = pdf
        self._opaque = opaque

    def render(self) -> bytes:
        """Bring the page in as a form and return the operator that paints it."""
        form = self._ensure_writer.import_page_as_xobject(PdfFileReader(self._pdf), page_ix=0)
        if self._opaque:
            _cut_out(self._ensure_writer, form.get_object())
        self.resources.xobject["/HoaBanStamp"] = form
        x1, y1, x2, y2 = form.get_object()["/BBox"]
        self.box = BoxConstraints(width=abs(x1 - x2), height=abs(y1 - y2))
        return b"/HoaBanStamp Do"


def _cut_out(writer: Any, form: Any) -> None:
    """Put stencils in place of soft masks, which PDF/A-1 forbids (ISO 19005-1, 6.4)."""
    pictures = value_of(value_of(form, "/Resources", {}), "/XObject", {})
    for name in pictures:
        picture = pictures[name]
        if value_of(picture, "/Subtype") == "/Form":
            _cut_out(writer, picture)
        soft = picture.pop(generic.pdf_name("/SMask"), None)
        if soft is not None:
            picture[generic.pdf_name("/Mask")] = writer.add_object(_stencil(soft.get_object()))


def _stencil(soft: Any) -> generic.StreamObject:
    """Return the mask of a picture whose points are wholly there or not (ISO 32000-1, 8.9.6.3)."""
    size = int(soft["/Width"]), int(soft["/Height"])
    gone = ImageChops.invert(Image.frombytes("L", size, soft.data)).convert(
        "1", dither=Image.Dither.NONE
    )
    entries = {"/Type": "/XObject", "/Subtype": "/Image"}
    made: dict[Any, Any] = {generic.pdf_name(k): generic.pdf_name(v) for k, v in entries.items()}
    made |= {
        generic.pdf_name("/Width"): generic.NumberObject(size[0]),  # type: ignore[no-untyped-call]
        generic.pdf_name("/Height"): generic.NumberObject(size[1]),  # type: ignore[no-untyped-call]
        generic.pdf_name("/BitsPerComponent"): generic.NumberObject(1),  # type: ignore[no-untyped-call]
        generic.pdf_name("/ImageMask"): generic.BooleanObject(True),  # type: ignore[no-untyped-call]  # noqa: FBT003
    }
    mask = generic.StreamObject(made, stream_data=gone.tobytes())
    mask.compress()  # type: ignore[no-untyped-call]
    return mask


def _inherited(page: Any, key: str) -> Any:
    node, steps = page, 0
    while node is not None and steps < 64:
        if key in node:
            return node[key]
        node = value_of(node, "/Parent")
        steps += 1
    return None


def _ordered(box: Any) -> tuple[float, float, float, float]:
    x1, y1, x2, y2 = (float(box[number]) for number in range(4))
    return min(x1, x2), min(y1, y2), max(x1, x2), max(y1, y2)
