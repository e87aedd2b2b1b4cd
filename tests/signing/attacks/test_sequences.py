"""What offices do to a signed file stays valid; a later signature that covers text does not."""

from __future__ import annotations

import asyncio
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.sign.signers import PdfTimeStamper

from app.kernel.ports import Box, FileReport, Purpose, Verdict
from signing.trust.remote import HttpTimeStamper
from tests.signing.attacks.document import array, name, rich_letter
from tests.signing.attacks.updates import SAVING
from tests.signing.conftest import Office, typeset
from tests.signing.forgeries import forged

OVER_NUMBER = Box(0, 60, 750, 160, 40)
BESIDE = Box(0, 320, 690, 150, 60)


def verify(office: Office, path: Path) -> FileReport:
    """Verify with the line, as the desk does."""
    return office.verifier().verify(path)


def _letter(folder: Path) -> Path:
    path = folder / "letter.pdf"
    path.write_bytes(rich_letter())
    return path


def _time_stamp(office: Office, path: Path) -> Path:
    writer = IncrementalPdfFileWriter(BytesIO(path.read_bytes()), strict=False)
    stamper = PdfTimeStamper(HttpTimeStamper(office.http, office.authority.tsa_url))
    out = asyncio.run(stamper.async_timestamp_pdf(writer, "sha256"))
    target = path.with_name(f"{path.stem}-t.pdf")
    target.write_bytes(out.getvalue())
    return target


def test_every_signature_of_an_office_stays_valid(office: Office, tmp_path: Path) -> None:
    tsa = office.authority.tsa_url
    first = office.sign(_letter(tmp_path), Purpose.APPROVE, tsa=tsa).path
    second = office.sign(first, Purpose.APPROVE, box=BESIDE).path
    sealed = office.sign(second, Purpose.ISSUE, tsa=tsa).path
    for path in (first, second, sealed):
        report = verify(office, path)
        assert report.verdict is Verdict.VALID
        assert {(s.reasons, s.shown) for s in report.signatures} == {((), ())}


def test_renewed_archives_stay_valid(office: Office, tmp_path: Path) -> None:
    tsa = office.authority.tsa_url
    signed = office.sign(_letter(tmp_path), Purpose.APPROVE, tsa=tsa).path
    renewed = _time_stamp(office, _time_stamp(office, signed))
    report = verify(office, renewed)
    assert report.verdict is Verdict.VALID
    assert [s.changes for s in report.signatures] == ["permitted", "permitted", "none"]


def test_stamps_on_attachments_and_copies_stay_valid(office: Office, tmp_path: Path) -> None:
    source = tmp_path / "annex.pdf"
    source.write_bytes(typeset('#set page(paper: "a4")\n#v(60pt)\nPhụ lục kèm theo.'))
    lines = ("Số: 05/QĐ-UBND", "28/11/2026 08:00:00 +07:00")
    stamped = office.sign(source, Purpose.ATTACHMENT, lines=lines).path
    both = office.sign(stamped, Purpose.COPY, lines=lines, box=Box(0, 60, 500, 200, 40)).path
    report = verify(office, both)
    assert report.verdict is Verdict.VALID
    assert {(s.reasons, s.shown) for s in report.signatures} == {((), ())}


@pytest.mark.parametrize("colour", ["white", "black", "#ddeeff"])
def test_a_later_signature_over_the_number_is_found_and_framed(
    office: Office, tmp_path: Path, colour: str
) -> None:
    signed = office.sign(_letter(tmp_path), Purpose.APPROVE).path
    cover = _png(Image.new("RGBA", (160, 40), colour))
    covered = office.sign(signed, Purpose.ISSUE, box=OVER_NUMBER, image=cover).path
    report = verify(office, covered)
    assert report.verdict is Verdict.INVALID
    first, second = report.signatures
    assert "signature_covers_content" in first.reasons
    assert second.reasons == ()
    assert any(_within(change.box, OVER_NUMBER) for change in first.shown)


def test_a_transparent_signature_over_the_number_covers_nothing(
    office: Office, tmp_path: Path
) -> None:
    signed = office.sign(_letter(tmp_path), Purpose.APPROVE).path
    clear = _png(Image.new("RGBA", (160, 40), (255, 0, 0, 40)))
    report = verify(office, office.sign(signed, Purpose.ISSUE, box=OVER_NUMBER, image=clear).path)
    assert report.verdict is Verdict.VALID


def test_a_signature_as_large_as_the_page_is_an_overlay(office: Office, tmp_path: Path) -> None:
    signed = office.sign(_letter(tmp_path), Purpose.APPROVE).path
    clear = Image.new("RGBA", (500, 700), (0, 0, 0, 0))
    clear.paste((0, 0, 0, 255), (300, 500, 340, 520))
    page = Box(0, 20, 20, 550, 800)
    report = verify(office, office.sign(signed, Purpose.ISSUE, box=page, image=_png(clear)).path)
    assert report.verdict is Verdict.INVALID
    assert "overlay" in report.signatures[0].reasons


def test_content_that_may_change_by_itself_is_said_and_stays_valid(
    office: Office, tmp_path: Path
) -> None:
    source = tmp_path / "letter.pdf"
    source.write_bytes(forged(rich_letter(), SAVING["a script at opening"][0]))
    report = verify(office, office.sign(source, Purpose.APPROVE).path)
    assert report.verdict is Verdict.VALID
    assert report.signatures[0].reasons == ("dynamic_content",)


def test_pictures_that_cannot_be_drawn_are_said(office: Office, tmp_path: Path) -> None:
    """A page too large to be drawn cannot be compared: the verdict is unknown, not valid."""
    source = tmp_path / "letter.pdf"
    source.write_bytes(forged(rich_letter(), _enlarge))
    signed = office.sign(source, Purpose.APPROVE, box=BESIDE).path
    sealed = office.sign(signed, Purpose.ISSUE, box=Box(0, 100, 100, 90, 90)).path
    report = verify(office, sealed)
    assert report.verdict is Verdict.UNKNOWN
    assert report.signatures[0].reasons == ("not_comparable",)
    assert report.signatures[0].changes == "permitted"


def _enlarge(writer: IncrementalPdfFileWriter) -> None:
    page = writer.find_page_for_modification(0)[0]
    page.get_object()[name("/MediaBox")] = array(0, 0, 9000, 9000)
    writer.mark_update(page)


def _png(picture: Image.Image) -> bytes:
    out = BytesIO()
    picture.save(out, "PNG")
    return out.getvalue()


def _within(box: Box, wanted: Box) -> bool:
    return (
        wanted.x - 8 <= box.x
        and box.x + box.width <= wanted.x + wanted.width + 8
        and wanted.y - 8 <= box.y
        and box.y + box.height <= wanted.y + wanted.height + 8
    )
