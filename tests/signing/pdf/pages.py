"""Pages turned, cropped and laid across, whose words still stand upright as shown."""

from __future__ import annotations

from io import BytesIO

from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter

A4 = (595.276, 841.89)
# Where a point of the shown page lies on a page that is shown turned: a, b, c, d, e, f of `cm`.
TURNS = {
    0: (1, 0, 0, 1, 0.0, 0.0),
    90: (0, 1, -1, 0, A4[1], 0.0),
    180: (-1, 0, 0, -1, A4[0], A4[1]),
    270: (0, -1, 1, 0, 0.0, A4[0]),
}


def reshaped(
    data: bytes, rotation: int = 0, crop: tuple[int, int, int, int] | None = None
) -> bytes:
    """Return an A4 PDF whose first page has a rotation and a crop box, and looks upright."""
    writer = IncrementalPdfFileWriter(BytesIO(data))
    reference = writer.root["/Pages"]["/Kids"].raw_get(0)
    page = reference.get_object()
    wide, high = A4 if rotation in (0, 180) else A4[::-1]
    turn = " ".join(str(value) for value in TURNS[rotation])
    before = writer.add_object(generic.StreamObject(stream_data=f"q {turn} cm\n".encode()))
    after = writer.add_object(generic.StreamObject(stream_data=b"\nQ"))
    contents = generic.ArrayObject([before, page.raw_get("/Contents"), after])
    page[generic.NameObject("/Contents")] = contents
    page[generic.NameObject("/MediaBox")] = _numbers(0, 0, wide, high)
    page[generic.NameObject("/Rotate")] = generic.NumberObject(rotation)
    if crop:
        page[generic.NameObject("/CropBox")] = _numbers(*crop)
    writer.mark_update(reference)
    out = BytesIO()
    writer.write(out)
    return out.getvalue()


def _numbers(*values: float) -> generic.ArrayObject:
    return generic.ArrayObject([generic.FloatObject(value) for value in values])
