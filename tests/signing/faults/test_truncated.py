"""A signed file that ends too soon, at every kilobyte: a verdict comes, and never a good one."""

from __future__ import annotations

import re
from collections import Counter
from io import BytesIO
from pathlib import Path

import pytest

from app.kernel.clock import FixedClock, SystemClock
from app.kernel.errors import HoaBanError
from app.kernel.ports import Purpose, SignJob, Verdict
from signing.checking.verify import PdfVerifier
from signing.pdf import pades
from signing.pdf.appearance import demo_seal, demo_signature
from sync.server.demo.softkeys import SoftKeys
from tests.signing.conftest import AGENCY, NAME, TITLE
from tests.signing.faults.bureau import Bureau

STEP = 1024
BEYOND_REPAIR = {Verdict.UNREADABLE, Verdict.UNSIGNED, Verdict.INVALID}


@pytest.fixture(scope="module")
def issued(the_bureau: Bureau) -> tuple[bytes, int]:
    """A letter with a signature and a seal, and where the person's signature ended."""
    the_bureau.line.well()
    authority = the_bureau.line.authority
    keys = SoftKeys(authority, the_bureau.trust, FixedClock(SystemClock().now()), authority.tsa_url)
    look = {"signer_name": NAME, "signer_title": TITLE}
    signed, first = keys.sign(
        the_bureau.letter, "person-mau", Purpose.APPROVE, image=demo_signature(NAME), **look
    )
    issued, second = keys.sign(signed, "agency-mau", Purpose.ISSUE, image=demo_seal(AGENCY), **look)
    assert (first.level, second.level) == ("B-LT", "B-LT")
    return issued, len(signed)


def cuts(whole: bytes) -> list[int]:
    """Return every kilobyte but those at which a revision ends: there it is a whole file."""
    marks = [found.end() for found in re.finditer(rb"%%EOF", whole)]
    near = {end for mark in marks for end in range(mark - 7, mark + 3)}
    return [end for end in range(0, len(whole), STEP) if end not in near]


def test_no_part_of_a_signed_file_is_valid(bureau: Bureau, issued: tuple[bytes, int]) -> None:
    whole, _ = issued
    verifier = PdfVerifier(bureau.trust, SystemClock())
    assert verifier.verify(BytesIO(whole)).verdict is Verdict.VALID
    ends = cuts(whole)
    verdicts = [verifier.verify(BytesIO(whole[:end])).verdict for end in ends]
    assert len(verdicts) == len(ends) > 100
    assert set(verdicts) <= BEYOND_REPAIR, Counter(verdicts)
    assert Verdict.UNREADABLE in verdicts


def test_a_part_that_ends_with_a_revision_is_what_that_revision_was(
    bureau: Bureau, issued: tuple[bytes, int]
) -> None:
    whole, signed = issued
    report = PdfVerifier(bureau.trust, SystemClock()).verify(BytesIO(whole[:signed]))
    assert report.verdict is Verdict.VALID
    assert [s.field for s in report.signatures] == ["Sig_NguoiKy"]


@pytest.mark.parametrize("missing", [1, 2, 6, 7, 64, 512])
def test_a_last_part_that_is_missing_is_seen(
    bureau: Bureau, issued: tuple[bytes, int], missing: int
) -> None:
    """Without the last bytes the file may still be read; what was signed must then be whole."""
    whole, _ = issued
    report = PdfVerifier(bureau.trust, SystemClock()).verify(BytesIO(whole[:-missing]))
    covered = {s.field: s.verdict for s in report.signatures}
    assert report.verdict in BEYOND_REPAIR or (
        report.verdict is Verdict.VALID and len(covered) == 2 and missing <= len(b"%%EOF\n")
    )


def test_parts_are_refused_or_signed_and_never_break_the_program(
    bureau: Bureau, issued: tuple[bytes, int], tmp_path: Path
) -> None:
    whole, _ = issued
    keys = SoftKeys(bureau.line.authority, bureau.trust, None)  # type: ignore[arg-type]
    certificate = keys._certificate("agency-mau")
    outcomes = Counter[str]()
    ends = cuts(whole)
    for end in ends:
        job = SignJob(BytesIO(whole[:end]), BytesIO(), Purpose.COPY, certificate, lines=("SAO Y",))
        try:
            with pades.prepare(job):
                outcomes["prepared"] += 1
                assert b"/ByteRange" not in whole[:end], "nobody has signed it yet"
        except HoaBanError as refused:
            outcomes[refused.code] += 1
    assert outcomes.total() == len(ends)
    refused = outcomes["pdf_damaged"] + outcomes["pdf_damaged_signed"] + outcomes["pdf_cut_short"]
    assert refused > len(ends) * 9 // 10, outcomes
