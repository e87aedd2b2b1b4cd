"""Sign, seal and check; forgeries; what is not known; bad files."""

from __future__ import annotations

import subprocess
from datetime import timedelta
from io import BytesIO
from pathlib import Path

import pytest
from pyhanko.pdf_utils.crypt import StandardSecurityHandler
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.pdf_utils.writer import copy_into_new_writer

from app.kernel.clock import SystemClock
from app.kernel.errors import Damaged, HoaBanError, RuleViolation
from app.kernel.ports import Purpose, Verdict
from app.kernel.texts import Texts
from signing.trust.store import TrustStore
from tests.signing.conftest import Office, Pins, typeset
from tests.signing.forgeries import FORGERIES, add_field, forged


@pytest.fixture(scope="module")
def issued(shared_office: Office, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A letter with a field for its number, signed by the person and sealed by the agency."""
    from tests.signing.conftest import LETTER

    source = tmp_path_factory.mktemp("issued") / "letter.pdf"
    source.write_bytes(_with_field(typeset(LETTER)))
    tsa = shared_office.authority.tsa_url
    signed = shared_office.sign(source, Purpose.APPROVE, tsa=tsa)
    sealed = shared_office.sign(signed.path, Purpose.ISSUE, tsa=tsa)
    assert (signed.level, sealed.level) == ("B-LT", "B-LT")
    assert (signed.field, sealed.field) == ("Sig_NguoiKy", "Sig_CoQuan")
    return sealed.path


def test_signed_and_sealed_is_valid_for_us_and_for_poppler(office: Office, issued: Path) -> None:
    report = office.verifier().verify(issued)
    assert report.verdict is Verdict.VALID
    assert [s.field for s in report.signatures] == ["Sig_NguoiKy", "Sig_CoQuan"]
    assert {s.changes for s in report.signatures} == {"permitted"}
    assert {s.time_source for s in report.signatures} == {"timestamp"}
    assert {s.level for s in report.signatures} == {"B-LT"}
    other = subprocess.run(
        ["pdfsig", "-nocert", str(issued)], capture_output=True, text=True, check=False
    )
    assert other.stdout.count("Signature is Valid") == 2
    assert other.stdout.count("ETSI.CAdES.detached") == 2


def test_long_term_data_need_no_line(office: Office, issued: Path) -> None:
    report = office.verifier().verify(issued, offline=True)
    assert report.verdict is Verdict.VALID
    assert office.http.asked == []


@pytest.mark.parametrize("after", [timedelta(hours=1), timedelta(days=30), timedelta(days=20_000)])
def test_long_term_data_hold_after_their_own_time_has_passed(
    office: Office, issued: Path, after: timedelta
) -> None:
    later = SystemClock().now() + after
    report = office.verifier().verify(issued, later, offline=True)
    assert [s.reasons for s in report.signatures] == [(), ()]
    assert report.verdict is Verdict.VALID
    assert {s.time_source for s in report.signatures} == {"timestamp"}


def test_a_stamp_of_nobody_known_keeps_the_level_and_is_not_trusted(
    office: Office, issued: Path
) -> None:
    report = office.verifier(trust=TrustStore([])).verify(issued, offline=True)
    assert {s.level for s in report.signatures} == {"B-LT"}
    assert {s.time_source for s in report.signatures} == {"claimed"}
    assert all("timestamp_untrusted" in s.reasons for s in report.signatures)


def test_an_unknown_root_is_unknown(office: Office, issued: Path) -> None:
    report = office.verifier(trust=TrustStore([])).verify(issued)
    assert report.verdict is Verdict.UNKNOWN
    assert all("unknown_root" in s.reasons for s in report.signatures)


def test_without_time_stamp_and_line_the_status_is_not_known(office: Office, letter: Path) -> None:
    signed = office.sign(letter, Purpose.APPROVE)
    assert signed.level == "B-B"
    verifier = office.verifier()
    report = verifier.verify(signed.path, offline=True)
    assert report.verdict is Verdict.UNKNOWN
    assert report.signatures[0].reasons == ("revocation_unknown",)
    assert report.signatures[0].time_source == "claimed"
    assert verifier.verify(signed.path).verdict is Verdict.VALID


def test_an_unreachable_tsa_leaves_b_b_and_says_so(office: Office, letter: Path) -> None:
    signed = office.sign(letter, Purpose.APPROVE, tsa="http://127.0.0.1:9/tsa")
    assert signed.level == "B-B"
    assert signed.warnings == ("timestamp_unavailable",)


@pytest.mark.parametrize("kind", FORGERIES)
def test_three_forgeries_are_invalid(
    office: Office,
    issued: Path,
    tmp_path: Path,
    kind: str,
) -> None:
    altered = tmp_path / "forged.pdf"
    altered.write_bytes(forged(issued.read_bytes(), FORGERIES[kind]))
    assert altered.read_bytes().startswith(issued.read_bytes())
    report = office.verifier().verify(altered)
    assert report.verdict is Verdict.INVALID
    for found in report.signatures:
        assert found.changes == "forbidden"
        assert "changed_after" in found.reasons


def test_a_flipped_byte_is_invalid(office: Office, issued: Path, tmp_path: Path) -> None:
    data = bytearray(issued.read_bytes())
    place = data.find(b"stream") + 20
    data[place] ^= 1
    altered = tmp_path / "altered.pdf"
    altered.write_bytes(data)
    report = office.verifier().verify(altered)
    assert report.verdict in {Verdict.INVALID, Verdict.UNREADABLE}
    assert report.verdict is Verdict.INVALID
    assert all("altered" in s.reasons for s in report.signatures)


def test_one_unreadable_signature_hides_no_other(
    office: Office, issued: Path, tmp_path: Path
) -> None:
    data = bytearray(issued.read_bytes())
    last = data.rfind(b"/Contents <3") + len(b"/Contents <")
    data[last : last + 8] = b"ffffffff"
    broken = tmp_path / "broken.pdf"
    broken.write_bytes(data)
    report = office.verifier().verify(broken)
    assert [s.verdict for s in report.signatures] == [Verdict.VALID, Verdict.INVALID]
    assert report.signatures[1].reasons == ("unreadable_signature",)


def test_a_revoked_certificate_is_invalid(office: Office, letter: Path, tmp_path: Path) -> None:
    from sync.server.demo.authority import DemoAuthority
    from tests.doubles.http import LoopbackHttp
    from tests.signing.conftest import MODULE, NAME, free_port, plugged, token_folder

    authority = DemoAuthority.create(tmp_path / "ca", [("mau", NAME)], [], port=free_port())
    authority.anchors(tmp_path / "trust")
    tokens = token_folder(tmp_path / "hsm")
    with plugged(tokens):
        authority.load_token("person-mau", "Người ký", "4711", module=MODULE)
    own = Office(tmp_path, authority, LoopbackHttp(), TrustStore([tmp_path / "trust"]), tokens)
    signed = own.sign(letter, Purpose.APPROVE)
    authority.revoke("person-mau", SystemClock().now() - timedelta(hours=1))
    with authority.serve():
        report = own.verifier().verify(signed.path)
    assert report.verdict is Verdict.INVALID
    assert report.signatures[0].reasons == ("revoked",)


def test_the_seal_waits_for_the_person_and_nobody_signs_after_it(
    office: Office, letter: Path, issued: Path
) -> None:
    cases = [
        (letter, Purpose.ISSUE, "seal_before_signature"),
        (issued, Purpose.ISSUE, "seal_twice"),
        (issued, Purpose.APPROVE, "signature_after_seal"),
    ]
    with office.signer() as signer:
        for source, purpose, code in cases:
            pins = Pins()
            with pytest.raises(RuleViolation) as caught:
                signer.sign(office.job(signer, source, purpose), pins)
            assert (caught.value.code, pins.asked) == (code, [])


def _with_field(data: bytes) -> bytes:
    writer = IncrementalPdfFileWriter(BytesIO(data))
    add_field(writer)
    out = BytesIO()
    writer.write(out)
    return out.getvalue()


def _encrypted(data: bytes) -> bytes:
    writer = copy_into_new_writer(PdfFileReader(BytesIO(data)))
    handler = StandardSecurityHandler.build_from_pw("mau", "mau")
    writer._assign_security_handler(handler)
    out = BytesIO()
    writer.write(out)
    return out.getvalue()


BAD = {
    "empty": (lambda _data: b"", "empty", "pdf_empty"),
    "text": (lambda _data: b"<html>\n" * 500, "not_pdf", "pdf_not_pdf"),
    "cut": (lambda data: data[: len(data) // 3], "damaged", "pdf_damaged"),
    "head only": (lambda _data: b"%PDF-1.7\n", "damaged", "pdf_damaged"),
    "encrypted": (_encrypted, "encrypted", "pdf_encrypted"),
}


@pytest.mark.parametrize("kind", BAD)
def test_bad_files_are_verdicts_and_typed_errors(office: Office, letter: Path, kind: str) -> None:
    make, reason, code = BAD[kind]
    letter.write_bytes(make(letter.read_bytes()))
    report = office.verifier().verify(letter)
    assert (report.verdict, report.reasons) == (Verdict.UNREADABLE, (reason,))
    with office.signer() as signer, pytest.raises(Damaged) as caught:
        signer.sign(office.job(signer, letter, Purpose.APPROVE), Pins())
    assert caught.value.code == code
    assert Texts().error(caught.value)


def test_missing_and_unsigned(office: Office, letter: Path, tmp_path: Path) -> None:
    verifier = office.verifier()
    assert verifier.verify(letter).verdict is Verdict.UNSIGNED
    assert verifier.verify(tmp_path / "none.pdf").reasons == ("file_missing",)
    with office.signer() as signer, pytest.raises(HoaBanError) as caught:
        signer.sign(office.job(signer, tmp_path / "none.pdf", Purpose.APPROVE), Pins())
    assert caught.value.code == "pdf_missing"
