"""Authorities that are slow, wrong, expired, gone or answer with pages: nothing is passed off."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from app.kernel.clock import FixedClock, SystemClock
from app.kernel.ports import Verdict
from signing.trust.store import TrustStore
from sync.server.demo.authority import DemoAuthority
from tests.signing.faults.bureau import Bureau, authority_of
from tests.signing.faults.lines import NOTHING_SOUND, WRONG_STATUS, Line

STATUS_FAULTS = NOTHING_SOUND | WRONG_STATUS


@pytest.mark.parametrize("fault", NOTHING_SOUND)
def test_without_any_stamp_the_level_is_b_b_and_said(bureau: Bureau, fault: str) -> None:
    bureau.line.faults["tsa"] = NOTHING_SOUND[fault]
    data, signed = bureau.sign()
    assert "tsa" in bureau.line.asked
    assert (signed.level, signed.warnings) == ("B-B", ("timestamp_unavailable",))
    bureau.line.well()
    assert bureau.verdict(data) == (Verdict.VALID, ())
    assert bureau.verdict(data, offline=True) == (Verdict.UNKNOWN, ("revocation_unknown",))


def test_a_good_line_gives_all(bureau: Bureau) -> None:
    data, signed = bureau.sign()
    assert (signed.level, signed.warnings) == ("B-LT", ())
    assert {"tsa", "ocsp"} <= set(bureau.line.asked)
    assert bureau.verdict(data, offline=True) == (Verdict.VALID, ())


def test_a_stamp_by_an_expired_stranger_proves_nothing(
    bureau: Bureau, other: DemoAuthority
) -> None:
    data, signed = bureau.sign(other.tsa_url)
    assert (signed.level, signed.warnings) == ("B-T", ("revocation_unavailable",))
    verdict, reasons = bureau.verdict(data)
    assert verdict is Verdict.UNKNOWN
    assert "timestamp_untrusted" in reasons


def test_a_stamp_by_an_expired_authority_that_is_trusted_proves_nothing(
    bureau: Bureau, other: DemoAuthority, tmp_path: Path
) -> None:
    other.anchors(tmp_path / "trust")
    bureau.line.authority.anchors(tmp_path / "trust-too")
    trust = TrustStore([tmp_path / "trust", tmp_path / "trust-too"])
    strict = Bureau(bureau.line, trust, bureau.letter)
    data, signed = strict.sign(other.tsa_url)
    assert (signed.level, signed.warnings) == ("B-T", ("revocation_unavailable",))
    verdict, reasons = strict.verdict(data)
    assert verdict is Verdict.UNKNOWN
    assert {"timestamp_untrusted", "timestamp_unchecked"} & set(reasons)


@pytest.mark.parametrize("fault", STATUS_FAULTS)
def test_without_a_sound_status_nothing_long_lived_is_claimed(bureau: Bureau, fault: str) -> None:
    bureau.line.faults |= {"ocsp": STATUS_FAULTS[fault], "crls": STATUS_FAULTS[fault]}
    data, signed = bureau.sign()
    assert {"ocsp", "crls"} & set(bureau.line.asked)
    assert (signed.level, signed.warnings) == ("B-T", ("revocation_unavailable",))
    reasons = ("timestamp_unchecked", "revocation_unknown")
    assert bureau.verdict(data, offline=True) == (Verdict.UNKNOWN, reasons)
    bureau.line.well()
    assert bureau.verdict(data) == (Verdict.VALID, ())


@pytest.mark.parametrize("fault", STATUS_FAULTS)
def test_a_status_that_cannot_be_had_is_unknown(bureau: Bureau, fault: str) -> None:
    data, _ = bureau.sign("")
    assert bureau.verdict(data) == (Verdict.VALID, ())
    bureau.line.well()
    bureau.line.faults |= {"ocsp": STATUS_FAULTS[fault], "crls": STATUS_FAULTS[fault]}
    assert bureau.verdict(data) == (Verdict.UNKNOWN, ("revocation_unknown",))
    assert bureau.line.asked


@pytest.mark.parametrize("fault", STATUS_FAULTS)
def test_the_list_stands_in_for_an_answer_that_cannot_be_had(bureau: Bureau, fault: str) -> None:
    data, _ = bureau.sign("")
    bureau.line.well()
    bureau.line.faults["ocsp"] = STATUS_FAULTS[fault]
    assert bureau.verdict(data) == (Verdict.VALID, ())
    assert {"ocsp", "crls"} <= set(bureau.line.asked)


def test_answers_of_another_day_do_not_count(bureau: Bureau, tmp_path: Path) -> None:
    data, _ = bureau.sign("")
    late = FixedClock(SystemClock().now() - timedelta(days=40))
    authority = authority_of(tmp_path / "ca", SystemClock().now())
    authority.anchors(tmp_path / "trust")
    with Line(authority).open(late) as line:
        old = Bureau(line, TrustStore([tmp_path / "trust"]), bureau.letter)
        data, signed = old.sign("")
        assert signed.level == "B-B"
        verdict, reasons = old.verdict(data)
    assert (verdict, reasons) == (Verdict.UNKNOWN, ("revocation_unknown",))
