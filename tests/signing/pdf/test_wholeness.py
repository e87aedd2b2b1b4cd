"""A download that broke off: cut at every byte, it is refused, or it is a whole earlier file."""

from __future__ import annotations

from collections import Counter
from io import BytesIO

import pytest
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.pdf_utils.reader import PdfFileReader

from app.kernel.errors import Damaged, HoaBanError
from app.kernel.ports import Purpose, SignJob
from signing.pdf import pades
from signing.pdf.wholeness import check_whole
from tests.signing.attacks.raw import table, update
from tests.signing.pdf.small import HEAD, NOBODY, small

MARK = b"%%EOF"


def outcome(data: bytes) -> str:
    """Return why a file is refused, or with which warnings it may be signed."""
    job = SignJob(BytesIO(data), BytesIO(), Purpose.COPY, NOBODY)
    try:
        with pades.prepare(job) as prepared:
            return "repaired" if prepared.warnings else "fine"
    except HoaBanError as refused:
        return refused.code


def is_whole(data: bytes) -> bool:
    """Tell whether a file is taken for one that arrived as it was sent."""
    try:
        check_whole(BytesIO(data))
    except Damaged as refused:
        return refused.code != "pdf_cut_short"
    return True


def revised(first: bytes, *, stream: bool) -> bytes:
    """Return a file with another page content in a second revision."""
    if not stream:
        return update(first, {4: b"<</Length 6>>\nstream\nq 0 g Q\nendstream"})
    writer = IncrementalPdfFileWriter(BytesIO(first))
    page = writer.root["/Pages"]["/Kids"][0]
    page["/Contents"]._data = b"q 0 g 1 0 0 1 9 9 cm Q"
    writer.mark_update(page.raw_get("/Contents"))
    writer.force_write_when_empty = True
    out = BytesIO()
    writer.write(out)
    return out.getvalue()


@pytest.mark.parametrize("stream", [False, True], ids=["classic table", "table as a stream"])
def test_a_cut_at_any_byte_never_passes_an_earlier_revision_off_as_the_file(
    *, stream: bool
) -> None:
    first = small(stream=stream)
    whole = revised(first, stream=stream)
    assert PdfFileReader(BytesIO(whole)).xrefs.total_revisions == 2
    end, seen = first.rindex(MARK) + len(MARK), Counter[str]()
    told = whole.rindex(b"startxref")
    for cut in range(len(whole) + 1):
        found = outcome(whole[:cut])
        seen[found] += 1
        if end <= cut and not whole[end:cut].strip():
            assert found == "fine", (cut, found)  # the first revision is a whole file
        elif end <= cut < told + 10:
            assert found == "pdf_cut_short", (cut, found)
        elif cut > whole.rindex(b"\n", 0, whole.rindex(MARK)):
            assert found == "fine", (cut, found)  # all is there but letters of the mark
        elif cut >= end:
            assert found == "pdf_cut_short", (cut, found)
        else:
            assert found not in ("fine", "pdf_cut_short"), (cut, found)
    assert seen["pdf_cut_short"] > 100, seen


@pytest.mark.parametrize(
    ("behind", "whole"),
    [
        (b"", True),
        (b"\r\n\r\n", True),
        (b"\n\x00\x00\x00", True),
        (b"\n--boundary of a mail--\n", True),
        (b"\n</html>", True),
        (b"\n5 apples", True),
        (b"\n% a remark", True),
        (b"\n%\xe2\xe3\n7 0 obj\n<<", False),
        (b"\n7 0 ob", False),
        (b"\n7", False),
        (b"\nxre", False),
        (b"\nendstream\nendobj", False),
        (b"\nstartxref\n9\n", False),
    ],
)
def test_only_the_beginning_of_a_revision_counts_as_one(behind: bytes, *, whole: bool) -> None:
    assert is_whole(small() + behind) is whole


def test_a_linearized_file_without_the_part_behind_its_first_page_is_cut() -> None:
    """The table of the first page comes first and ends with the offset 0 (Annex F.3.4)."""
    for length, whole in ((99999, False), (10, True)):
        data = HEAD + b"1 0 obj\n<</Linearized 1/L %d/H[1 2]/O 3/E 4/N 1/T 5>>\nendobj\n" % length
        front = table(data, {1: len(HEAD)}, b"/Root 1 0 R", 0)
        front = front[: front.index(b"startxref")] + b"startxref\n0\n%%EOF\n"
        assert is_whole(data + front) is whole
        assert is_whole(data + front + b"9 0 obj\n") is False
        later = table(data + front, {1: len(HEAD)}, b"/Root 1 0 R", 0)
        assert is_whole(data + front + later), "what ends soundly was changed by a program"


def test_the_last_mark_is_found_across_the_blocks_that_are_read() -> None:
    for more in range((1 << 20) - 8, (1 << 20) + 8):
        assert is_whole(HEAD + MARK + b"\n" + b"x" * more)
        assert not is_whole(HEAD + MARK + b"\n7 0 obj\n" + b"x" * more)
