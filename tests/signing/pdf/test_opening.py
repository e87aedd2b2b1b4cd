"""Real files: damaged, encrypted, locked by earlier signers, with metadata that must stay."""

from __future__ import annotations

import re
import subprocess
from dataclasses import replace
from io import BytesIO
from pathlib import Path

import pytest
from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.crypt.permissions import StandardPermissions
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.pdf_utils.writer import copy_into_new_writer

from app.kernel.clock import SystemClock
from app.kernel.errors import Damaged
from app.kernel.ports import Box, Purpose, Verdict
from signing.pdf.completion import Means, PdfCompleter
from tests.signing.conftest import LETTER, Office, Pins, typeset
from tests.signing.test_forms import picture

# The last bit says that the file bears no authentication code (ISO/TS 32004).
PRINTING = StandardPermissions.ALLOW_PRINTING | StandardPermissions.TOLERATE_MISSING_PDF_MAC
BOX = Box(0, 300, 260, 120, 60)


def refused(office: Office, path: Path, **more: object) -> str:
    """Return why a file was not signed; nobody may have been asked for a PIN."""
    pins = Pins()
    with office.signer() as signer, pytest.raises(Damaged) as caught:
        signer.sign(office.job(signer, path, Purpose.APPROVE, box=BOX, **more), pins)
    assert pins.asked == []
    return caught.value.code


def pdfsig(path: Path | None, *words: str) -> int:
    """Return how many signatures poppler finds valid."""
    done = subprocess.run(
        ["pdfsig", "-nocert", *words, str(path)], capture_output=True, text=True, check=False
    )
    return done.stdout.count("Signature is Valid.")


def encrypted(user: str, rights: StandardPermissions) -> bytes:
    """Return a letter with a password of its owner and, perhaps, of its readers."""
    writer = copy_into_new_writer(PdfFileReader(BytesIO(typeset(LETTER))))
    writer.encrypt("chu-tep", user, pdf_mac=False, perms=rights)
    out = BytesIO()
    writer.write(out)
    return out.getvalue()


def locked(data: bytes, **params: generic.PdfObject) -> bytes:
    """Return a signed PDF whose first signature names a lock, as its signer would have."""
    writer = IncrementalPdfFileWriter(BytesIO(data))
    field = writer.root["/AcroForm"]["/Fields"][0]
    transform = generic.DictionaryObject(
        {generic.NameObject(f"/{k}"): v for k, v in params.items()}
    )
    reference = generic.DictionaryObject(
        {
            generic.NameObject("/TransformMethod"): generic.NameObject("/FieldMDP"),
            generic.NameObject("/TransformParams"): transform,
        }
    )
    field["/V"][generic.NameObject("/Reference")] = generic.ArrayObject([reference])
    writer.mark_update(field.raw_get("/V").reference)
    out = BytesIO()
    writer.write(out)
    return out.getvalue()


@pytest.mark.parametrize("damage", ["startxref", "table", "front"])
def test_a_damaged_file_is_signed_as_it_is_shown(
    office: Office, tmp_path: Path, damage: str
) -> None:
    path, whole = tmp_path / "damaged.pdf", typeset(LETTER)
    path.write_bytes(
        {
            "startxref": whole[: whole.rindex(b"startxref")],
            "table": whole.replace(b"\nxref", b"\nfrex"),
            "front": b"From: the mail\n" * 20 + whole,
        }[damage]
    )
    shown = picture(path)
    signed = office.sign(path, Purpose.APPROVE, lines=(), image=b"")
    assert "pdf_repaired" in signed.warnings
    assert picture(signed.path).tobytes() == shown.tobytes()
    assert office.verifier().verify(signed.path).verdict is Verdict.VALID
    assert pdfsig(signed.path) == 1


def test_what_is_added_takes_no_place_of_what_a_file_fails_to_count(
    office: Office, tmp_path: Path
) -> None:
    path = tmp_path / "understated.pdf"
    whole = typeset(LETTER)
    page = PdfFileReader(BytesIO(whole)).root["/Pages"]["/Kids"][0]
    said = page.raw_get("/Contents").idnum - 1
    path.write_bytes(re.sub(rb"/Size (\d+)", b"/Size %d" % said, whole))
    shown = picture(path)
    signed = office.sign(path, Purpose.APPROVE, lines=(), image=b"")
    assert signed.warnings == ()
    assert picture(signed.path).tobytes() == shown.tobytes()
    assert office.verifier().verify(signed.path).verdict is Verdict.VALID
    assert pdfsig(signed.path) == 1


def test_a_damaged_file_that_is_signed_is_left_alone(office: Office, letter: Path) -> None:
    signed = office.sign(letter, Purpose.APPROVE)
    data = signed.path.read_bytes()
    letter.write_bytes(data[: data.rindex(b"startxref")])
    assert refused(office, letter) == "pdf_cut_short"
    letter.write_bytes(data.replace(b"startxref", b"startfrex"))
    assert refused(office, letter) == "pdf_damaged_signed"


def test_an_encrypted_file_is_signed_with_its_password_only(office: Office, tmp_path: Path) -> None:
    path = tmp_path / "encrypted.pdf"
    path.write_bytes(encrypted("doc-tep", StandardPermissions.allow_everything()))
    assert refused(office, path) == "pdf_password"
    assert refused(office, path, password="khac") == "pdf_password"
    signed = office.sign(path, Purpose.APPROVE, password="doc-tep")
    assert pdfsig(signed.path, "-upw", "doc-tep") == 1
    reader = PdfFileReader(BytesIO(signed.path.read_bytes()))
    assert reader.encrypted
    reader.decrypt("doc-tep")
    (made,) = reader.embedded_regular_signatures
    assert made.compute_integrity_info() is None
    assert made.summarise_integrity_info()["coverage"].name == "ENTIRE_FILE"


@pytest.mark.parametrize("level", ["B-LT", "B-LTA"])
def test_an_encrypted_file_is_completed_while_its_password_is_at_hand(
    office: Office, tmp_path: Path, level: str
) -> None:
    path = tmp_path / "encrypted.pdf"
    path.write_bytes(encrypted("doc-tep", StandardPermissions.allow_everything()))
    tsa = office.authority.tsa_url
    signed = office.sign(path, Purpose.APPROVE, password="doc-tep", level=level, tsa=tsa)
    assert (signed.level, signed.warnings) == (level, ())
    report = office.verifier().verify(signed.path, offline=True, password="doc-tep")
    assert (report.signatures[0].level, report.signatures[0].reasons) == (level, ())
    assert report.verdict is Verdict.VALID
    assert pdfsig(signed.path, "-upw", "doc-tep") == 1
    assert office.verifier().verify(signed.path).reasons == ("encrypted",)


def test_without_a_kept_password_nothing_is_completed_later_and_that_is_said(
    office: Office, tmp_path: Path
) -> None:
    path, later = tmp_path / "encrypted.pdf", tmp_path / "later.pdf"
    path.write_bytes(encrypted("doc-tep", StandardPermissions.allow_everything()))
    nobody = "http://127.0.0.1:9/tsa"
    signed = office.sign(path, Purpose.APPROVE, password="doc-tep", level="B-LT", tsa=nobody)
    assert signed.level == "B-B"
    assert signed.warnings == ("timestamp_unavailable", "password_not_kept")
    means = Means(office.trust, SystemClock(), office.http, office.authority.tsa_url)
    assert signed.path is not None
    with pytest.raises(Damaged, match="completion_password"):
        PdfCompleter(means).complete(signed.path, later, "B-LT")
    assert not later.exists()
    done = PdfCompleter(replace(means, password="doc-tep")).complete(signed.path, later, "B-LT")
    assert done.levels == {"Sig_NguoiKy": "B-LT"}
    report = office.verifier().verify(later, password="doc-tep")
    assert (report.verdict, report.signatures[0].reasons) == (Verdict.VALID, ())


def test_the_owners_limits_are_honoured(office: Office, tmp_path: Path) -> None:
    path = tmp_path / "limited.pdf"
    path.write_bytes(encrypted("", PRINTING))
    assert refused(office, path) == "pdf_not_permitted"
    signed = office.sign(path, Purpose.APPROVE, password="chu-tep")
    assert office.verifier().verify(signed.path).verdict is Verdict.VALID


@pytest.mark.parametrize(
    ("params", "code"),
    [
        ({"Action": generic.NameObject("/All")}, "pdf_fields_locked"),
        (
            {
                "Action": generic.NameObject("/Include"),
                "Fields": generic.ArrayObject([generic.pdf_string("Sig_NguoiKy_2")]),
            },
            "pdf_fields_locked",
        ),
        (
            {
                "Action": generic.NameObject("/Include"),
                "Fields": generic.ArrayObject(),
                "P": generic.NumberObject(1),
            },
            "pdf_locked",
        ),
    ],
)
def test_locks_of_earlier_signers_are_honoured(
    office: Office, letter: Path, params: dict[str, generic.PdfObject], code: str
) -> None:
    signed = office.sign(letter, Purpose.APPROVE)
    letter.write_bytes(locked(signed.path.read_bytes(), **params))
    assert refused(office, letter) == code


def test_earlier_signatures_stay_whole(office: Office, letter: Path) -> None:
    path: Path | None = letter
    for number in (1, 2, 3):
        assert path is not None
        path = office.sign(path, Purpose.APPROVE, box=Box(0, 60, 150.0 * number, 120, 60)).path
        report = office.verifier().verify(path)
        assert [s.verdict for s in report.signatures] == [Verdict.VALID] * number
        assert pdfsig(path) == number


def test_metadata_are_left_alone(office: Office, letter: Path) -> None:
    before = PdfFileReader(BytesIO(letter.read_bytes()))
    signed = office.sign(letter, Purpose.APPROVE)
    after = PdfFileReader(BytesIO(signed.path.read_bytes()))
    assert after.root["/Metadata"].data == before.root["/Metadata"].data
    assert dict(after.trailer["/Info"]) == dict(before.trailer["/Info"])
