"""What a report says beside the verdict: level, both times, whence the status is known."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from io import BytesIO
from pathlib import Path

import pytest
from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.sign.signers import PdfTimeStamper

from app.kernel.clock import FixedClock, SystemClock
from app.kernel.ports import FileReport, Purpose, SignatureReport, StatusFact, Verdict
from signing.checking.verify import PdfVerifier
from signing.trust.cache import KeepingHttp, StatusCache
from signing.trust.remote import HttpTimeStamper
from tests.signing.conftest import Office


def sealed_in_time(office: Office, data: bytes) -> bytes:
    """Return a file with a time stamp of the document behind all that is in it."""
    stamper = PdfTimeStamper(HttpTimeStamper(office.http, office.authority.tsa_url))
    writer, out = IncrementalPdfFileWriter(BytesIO(data), strict=False), BytesIO()
    asyncio.run(stamper.async_timestamp_pdf(writer, "sha256", None, output=out))
    return out.getvalue()


def first(report: FileReport) -> SignatureReport:
    return report.signatures[0]


@pytest.fixture
def bare(office: Office, letter: Path) -> bytes:
    """A letter signed without a time stamp."""
    signed = office.sign(letter, Purpose.APPROVE)
    assert signed.path is not None
    return signed.path.read_bytes()


@pytest.fixture
def lasting(office: Office, letter: Path) -> bytes:
    """A letter signed with a time stamp and the data that prove its certificates."""
    signed = office.sign(letter, Purpose.APPROVE, tsa=office.authority.tsa_url)
    assert (signed.path, signed.level) != (None, "B-B")
    return signed.path.read_bytes()  # type: ignore[union-attr]


def test_a_later_time_stamp_of_the_document_gives_a_bare_signature_its_time(
    office: Office, bare: bytes
) -> None:
    report = office.verifier().verify(BytesIO(sealed_in_time(office, bare)))
    signature, stamp = report.signatures
    assert report.verdict is Verdict.VALID
    assert (signature.level, signature.time_source) == ("B-T", "document")
    assert (stamp.level, stamp.time_source) == ("DocTimeStamp", "timestamp")
    assert signature.signed_at == stamp.signed_at
    assert signature.claimed_at is not None
    assert signature.claimed_at != signature.signed_at


def test_a_document_stamp_over_the_kept_data_makes_it_lasting(
    office: Office, lasting: bytes
) -> None:
    assert first(office.verifier().verify(BytesIO(lasting))).level == "B-LT"
    report = office.verifier().verify(BytesIO(sealed_in_time(office, lasting)), offline=True)
    assert first(report).level == "B-LTA"
    assert first(report).verdict is Verdict.VALID
    assert first(report).time_source == "timestamp"


def test_a_broken_document_stamp_proves_nothing(office: Office, bare: bytes) -> None:
    data = bytearray(sealed_in_time(office, bare))
    data[bare.rfind(b"%%EOF") + 12] ^= 1
    signature = first(office.verifier().verify(BytesIO(bytes(data))))
    assert signature.time_source == "claimed"


def test_the_certificate_and_whence_its_status_is_known_are_told(
    office: Office, bare: bytes, lasting: bytes
) -> None:
    asked = first(office.verifier().verify(BytesIO(bare)))
    assert asked.serial
    assert asked.valid_from is not None
    assert asked.valid_until is not None
    assert asked.valid_from < SystemClock().now() < asked.valid_until
    assert asked.status is not None
    assert (asked.status.source, asked.status.in_file, asked.status.kept) == ("ocsp", False, False)
    assert asked.status.produced_at is not None
    inside = first(office.verifier().verify(BytesIO(lasting), offline=True))
    assert inside.status is not None
    assert inside.status.in_file
    nothing = first(office.verifier().verify(BytesIO(bare), offline=True))
    assert (nothing.status, nothing.verdict) == (StatusFact(), Verdict.UNKNOWN)


def test_what_was_answered_serves_without_a_line_until_it_is_stale(
    office: Office, bare: bytes, tmp_path: Path
) -> None:
    now = SystemClock().now()

    def check(at: datetime, *, offline: bool) -> SignatureReport:
        cache = StatusCache(tmp_path / "status", FixedClock(at))
        line = KeepingHttp(office.http, cache)
        checker = PdfVerifier(office.trust, FixedClock(at), line, cache)
        return first(checker.verify(BytesIO(bare), offline=offline))

    assert check(now, offline=True).verdict is Verdict.UNKNOWN
    assert check(now, offline=False).verdict is Verdict.VALID
    office.http.asked.clear()
    kept = check(now + timedelta(seconds=30), offline=True)
    assert kept.verdict is Verdict.VALID
    assert kept.status is not None
    assert kept.status.kept
    again = check(now + timedelta(minutes=1), offline=False)
    assert (again.verdict, office.http.asked) == (Verdict.VALID, [])
    stale = check(now + timedelta(days=30), offline=True)
    assert (stale.verdict, stale.reasons) == (Verdict.UNKNOWN, ("revocation_unknown",))


def test_a_clock_that_is_behind_is_named(office: Office, lasting: bytes) -> None:
    behind = FixedClock(SystemClock().now() - timedelta(days=2))
    found = first(PdfVerifier(office.trust, behind, office.http).verify(BytesIO(lasting)))
    assert "clock_wrong" in found.reasons
    assert found.verdict is Verdict.UNKNOWN
    early = office.verifier().verify(BytesIO(lasting), behind.now(), offline=True)
    assert "clock_wrong" not in first(early).reasons


def test_a_stamp_whose_maker_cannot_be_asked_about_is_not_taken_on_trust(
    office: Office, letter: Path
) -> None:
    signed = office.sign(letter, Purpose.APPROVE, tsa=office.authority.tsa_url, level="B-T").path
    assert signed is not None
    offline = first(office.verifier().verify(signed, offline=True))
    assert "timestamp_unchecked" in offline.reasons
    assert (offline.verdict, offline.time_source) == (Verdict.UNKNOWN, "timestamp")
    office.http.asked.clear()
    online = first(office.verifier().verify(signed))
    assert (online.verdict, online.level) == (Verdict.VALID, "B-T")


def test_a_broken_field_hides_no_other(office: Office, bare: bytes) -> None:
    writer = IncrementalPdfFileWriter(BytesIO(bare), strict=False)
    fields = writer.root["/AcroForm"]["/Fields"]
    broken = generic.DictionaryObject(
        {
            generic.NameObject("/FT"): generic.NameObject("/Sig"),
            generic.NameObject("/T"): generic.TextStringObject("Hong"),
        }
    )
    reference = writer.add_object(broken)
    broken[generic.NameObject("/Kids")] = generic.ArrayObject([reference])
    fields.insert(0, reference)
    writer.update_container(fields)
    out = BytesIO()
    writer.write(out)
    found = office.verifier().verify(BytesIO(out.getvalue())).signatures
    assert [s.field for s in found] == ["Sig_NguoiKy", "Hong"]
    assert found[1].reasons == ("unreadable_signature",)
    assert found[0].signer


def test_a_file_behind_a_password_is_checked_with_it(office: Office, bare: bytes) -> None:
    from tests.signing.test_verify import _encrypted

    data = _encrypted(bare)
    checker = office.verifier()
    assert checker.verify(BytesIO(data)).reasons == ("encrypted",)
    assert checker.verify(BytesIO(data), password="khác").reasons == ("password_wrong",)
    # Putting it behind a password rewrote the file, so the signature no longer holds.
    opened = checker.verify(BytesIO(data), password="mau")
    assert (opened.verdict, first(opened).field) == (Verdict.INVALID, "Sig_NguoiKy")
