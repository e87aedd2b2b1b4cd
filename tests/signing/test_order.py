"""The decree's order of signatures: who comes first, and what counts for whom."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.kernel.errors import Damaged, RuleViolation
from app.kernel.ports import Purpose
from app.kernel.purposes import FORMS, Look, Owner
from tests.signing.conftest import Office


def test_every_purpose_has_a_form_and_pictures_are_of_the_right_hand() -> None:
    assert set(FORMS) == set(Purpose)
    assert len({form.field for form in FORMS.values()}) >= 4
    agency = {p for p, form in FORMS.items() if form.owner is Owner.AGENCY}
    assert agency == {Purpose.ISSUE, Purpose.INCOMING, Purpose.ATTACHMENT, Purpose.COPY}
    pictures = {p for p, form in FORMS.items() if form.look in (Look.SEAL, Look.SIGNATURE)}
    assert pictures == {Purpose.APPROVE, Purpose.ISSUE}


@pytest.mark.parametrize(
    ("first", "more"),
    [
        (Purpose.COMMENT, {}),
        (Purpose.INCOMING, {"lines": ("ĐẾN (mẫu)", "Số: 12")}),
        (Purpose.COMMENT, {"level": "B-LTA"}),
    ],
)
def test_no_other_mark_stands_for_the_authorised_person(
    office: Office, letter: Path, first: Purpose, more: dict[str, object]
) -> None:
    tsa = office.authority.tsa_url
    made = office.sign(letter, first, tsa=tsa, **({"level": "B-B"} | more))
    assert made.field == FORMS[first].field
    assert made.path
    with pytest.raises(RuleViolation, match="seal_before_signature"):
        office.sign(made.path, Purpose.ISSUE)
    signed = office.sign(made.path, Purpose.APPROVE)
    assert signed.path
    assert office.sign(signed.path, Purpose.ISSUE).field == "Sig_CoQuan"


def test_no_seal_over_a_signature_that_no_longer_holds(office: Office, letter: Path) -> None:
    signed = office.sign(letter, Purpose.APPROVE)
    assert signed.path
    data = bytearray(signed.path.read_bytes())
    data[data.find(b"stream") + 20] ^= 1
    signed.path.write_bytes(data)
    with pytest.raises(Damaged, match="person_signature_broken"):
        office.sign(signed.path, Purpose.ISSUE)


def test_nobody_opines_on_what_the_agency_has_sealed(office: Office, letter: Path) -> None:
    signed = office.sign(letter, Purpose.APPROVE)
    assert signed.path
    sealed = office.sign(signed.path, Purpose.ISSUE)
    assert sealed.path
    with pytest.raises(RuleViolation, match="signature_after_seal"):
        office.sign(sealed.path, Purpose.COMMENT)
