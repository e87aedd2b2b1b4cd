"""Time stamps that are wrong: none is taken, and an order that requires one is not signed."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.kernel.errors import Unavailable
from app.kernel.ports import Purpose, Verdict
from tests.signing.conftest import Office, free_port
from tests.signing.faults.bureau import Bureau
from tests.signing.faults.lines import NOTHING_SOUND, WRONG_STAMPS

STAMP_FAULTS = NOTHING_SOUND | WRONG_STAMPS


@pytest.mark.parametrize("fault", WRONG_STAMPS)
def test_without_a_sound_stamp_the_level_is_b_b_and_said(bureau: Bureau, fault: str) -> None:
    bureau.line.faults["tsa"] = WRONG_STAMPS[fault]
    data, signed = bureau.sign()
    assert "tsa" in bureau.line.asked
    assert signed.level == "B-B"
    assert signed.warnings == ("timestamp_unavailable",)
    bureau.line.well()
    assert bureau.verdict(data) == (Verdict.VALID, ())
    assert bureau.verdict(data, offline=True) == (Verdict.UNKNOWN, ("revocation_unknown",))


@pytest.mark.parametrize("fault", STAMP_FAULTS)
def test_an_order_that_requires_a_time_refuses_without_a_sound_stamp(
    bureau: Bureau, fault: str
) -> None:
    bureau.line.faults["tsa"] = STAMP_FAULTS[fault]
    with pytest.raises(Unavailable) as caught:
        bureau.sign(require_time=True)
    assert caught.value.code == "timestamp_required"
    assert "tsa" in bureau.line.asked


def test_an_authority_that_is_not_there_leaves_b_b(bureau: Bureau) -> None:
    nowhere = f"http://127.0.0.1:{free_port()}/tsa"
    data, signed = bureau.sign(nowhere)
    assert (signed.level, signed.warnings) == ("B-B", ("timestamp_unavailable",))
    assert bureau.verdict(data) == (Verdict.VALID, ())
    with pytest.raises(Unavailable):
        bureau.sign(nowhere, require_time=True)


def test_no_file_is_left_where_a_time_is_required_and_cannot_be_had(
    office: Office, letter: Path
) -> None:
    nowhere = f"http://127.0.0.1:{free_port()}/tsa"
    with pytest.raises(Unavailable):
        office.sign(letter, Purpose.APPROVE, tsa=nowhere, require_time=True)
    assert [p.name for p in letter.parent.iterdir() if "letter" in p.name] == ["letter.pdf"]
