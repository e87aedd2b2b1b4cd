"""Habits of vendors' libraries: the signature comes out right, or it is said why not."""

from __future__ import annotations

import pytest

from tests.shim.shim import Answer, Quirk
from tests.signing.faults.conftest import Desk


@pytest.mark.parametrize("quirk", [q for q in Quirk if q is not Quirk.PIN_PAD])
def test_a_habit_keeps_nobody_from_signing(desk: Desk, quirk: Quirk) -> None:
    desk.shim.quirk(quirk)
    signed = desk.sign()
    assert desk.asked == (1, 1)
    assert desk.shim.count("signed") == 1
    assert ("pkcs1" in signed.warnings) == (quirk is Quirk.NO_PSS)


def test_all_habits_at_once(desk: Desk) -> None:
    for quirk in Quirk:
        if quirk is not Quirk.PIN_PAD:
            desk.shim.quirk(quirk)
    for function in ("C_GetSlotList", "C_FindObjects", "C_GetAttributeValue", "C_SignInit"):
        desk.shim.slow(function, 30)
    desk.sign()
    assert desk.asked == (1, 1)
    assert desk.shim.count("login_context") == desk.shim.count("signed") == 1


def test_a_token_that_refuses_its_own_mechanism_says_so(desk: Desk) -> None:
    job = desk.job()
    desk.shim.answer("C_SignInit", Answer.MECHANISM_INVALID)
    assert desk.fail(job) == "token_mechanism"
    assert desk.shim.count("C_SignInit") == 1, "no other mechanism is tried behind one's back"


def test_certificates_without_ids_are_listed(desk: Desk) -> None:
    desk.shim.quirk(Quirk.EMPTY_ID)
    found = desk.signer.certificates()
    assert {c.token.label for c in found} == {"Người ký", "Cơ quan"}
    assert len({c.cert_id for c in found}) == len(found)
    assert all(c.cert_id for c in found)


def test_a_slot_that_fails_hides_no_other(desk: Desk) -> None:
    everything = {t.label for t in desk.signer.tokens()}
    desk.shim.answer("C_GetTokenInfo", Answer.DEVICE_ERROR)
    fewer = {t.label for t in desk.signer.tokens()}
    assert len(fewer) == len(everything) - 1
    assert fewer < everything
