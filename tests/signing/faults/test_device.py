"""A token that is slow, hangs, crashes, is pulled or loses its session: no second PIN, no file."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from app.kernel.clock import SystemClock
from app.kernel.errors import DeviceProblem
from signing.tokens.signer import TokenSigner
from tests.shim.shim import Answer
from tests.signing.conftest import MODULE, PINS, Pins
from tests.signing.faults.conftest import SHORT, Desk

BEFORE_LOGIN = ["C_GetSlotList", "C_GetTokenInfo", "C_OpenSession"]
AT_LOGIN = ["C_Login"]
AFTER_LOGIN = ["C_FindObjects", "C_GetAttributeValue", "C_SignInit", "C_Sign"]
EVERYWHERE = [*BEFORE_LOGIN, *AT_LOGIN, *AFTER_LOGIN]


def alive(pid: int) -> bool:
    """Tell whether a process lives; one that ended and was not waited for does not."""
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return False
    return "State:\tZ" not in status


def test_a_healthy_shim_signs(desk: Desk) -> None:
    assert desk.sign().field == "Sig_NguoiKy"
    assert desk.asked == (1, 1)
    assert desk.shim.count("signed") == 1


@pytest.mark.parametrize("function", ["C_GetSlotList", "C_FindObjects", "C_Login", "C_Sign"])
def test_a_slow_token_signs(desk: Desk, function: str) -> None:
    desk.shim.slow(function, 300)
    desk.sign()
    assert desk.asked == (1, 1)
    assert desk.shim.count("signed") == 1


@pytest.mark.parametrize("function", EVERYWHERE)
def test_a_hanging_call_ends_the_helper_and_the_next_act_works(desk: Desk, function: str) -> None:
    job = desk.job()
    helper = desk.device.helper_pid
    assert helper
    desk.shim.hang(function)
    assert desk.fail(job, SHORT) == "token_hangs"
    assert desk.device.helper_pid is None
    assert not alive(helper)
    asked = 0 if function in BEFORE_LOGIN[:2] else 1
    assert desk.asked == (asked, 0 if function in BEFORE_LOGIN else 1)
    before = desk.shim.count("login_user")
    desk.sign()
    assert desk.shim.count("login_user") == before + 1
    assert desk.shim.count("signed") == 1


@pytest.mark.parametrize("way", ["crash", "abort"])
@pytest.mark.parametrize("function", EVERYWHERE)
def test_a_crash_ends_the_helper_alone_and_the_next_act_works(
    desk: Desk, function: str, way: str
) -> None:
    job = desk.job()
    getattr(desk.shim, way)(function)
    assert desk.fail(job) == "token_crashed"
    assert desk.device.helper_pid is None
    before = desk.shim.count("login_user")
    assert before == (0 if function in BEFORE_LOGIN else 1)
    desk.sign()
    assert desk.shim.count("login_user") == before + 1
    assert desk.shim.count("signed") == 1


@pytest.mark.parametrize("way", ["hang", "crash"])
def test_a_signature_that_was_made_outlives_a_logout_that_fails(desk: Desk, way: str) -> None:
    job = desk.job()
    getattr(desk.shim, way)("C_Logout")
    with desk.within(SHORT):
        assert desk.signer.sign(job, desk.pins).path == desk.target
    assert desk.device.helper_pid is None
    assert desk.asked == (1, 1)


def test_a_token_pulled_in_mid_sign_is_named_and_works_when_it_is_back(desk: Desk) -> None:
    job = desk.job()
    desk.shim.remove("C_Sign")
    assert desk.fail(job) == "token_gone"
    assert desk.asked == (1, 1)
    assert desk.signer.tokens() == []
    assert desk.signer.keys.faults == {}
    assert desk.fail(job) == "token_gone"
    assert desk.asked == (1, 1), "nobody is asked for the PIN of a token that is not there"
    desk.shim.insert()
    desk.sign()
    assert desk.asked == (2, 2)


def test_a_token_pulled_while_the_pin_is_typed_gets_no_pin(desk: Desk) -> None:
    class Pulling(Pins):
        def pin(self, *arguments: object) -> bytearray:
            desk.shim.pull()
            return bytearray(PINS["Người ký"].encode())

    job = desk.job()
    desk.pins = Pulling()
    assert desk.fail(job) == "token_gone"
    assert desk.shim.count("login_user") == 0


def test_a_token_pulled_in_a_batch_is_not_opened_again_by_itself(desk: Desk) -> None:
    desk.shim.remove("C_Sign", nth=2)
    with desk.key() as key:
        assert len(key.sign(b"one")) == 256
        for back in (False, True):
            if back:
                desk.shim.insert()
            with pytest.raises(DeviceProblem):
                key.sign(b"two")
    assert desk.asked == (1, 1)
    with desk.key() as key:
        assert len(key.sign(b"two")) == 256
    assert desk.asked == (2, 2)
    assert desk.shim.count("signed") == 2


@pytest.mark.parametrize(
    ("way", "code"), [("lose_session", "token_gone"), ("forget_login", "token_failed")]
)
def test_a_session_lost_in_a_batch_costs_no_second_pin(desk: Desk, way: str, code: str) -> None:
    getattr(desk.shim, way)("C_Sign", nth=3)
    with desk.key() as key:
        signed = [key.sign(text) for text in (b"one", b"two")]
        with pytest.raises(DeviceProblem) as caught:
            key.sign(b"three")
        begun = desk.shim.count("C_SignInit")
        with pytest.raises(DeviceProblem):
            key.sign(b"three")
        assert desk.shim.count("C_SignInit") == begun, "a lost session is not used again"
    assert caught.value.code == code
    assert len(signed) == desk.shim.count("signed") == 2
    assert desk.asked == (1, 1)
    desk.sign()
    assert desk.asked == (2, 2)


@pytest.mark.parametrize(
    "answer",
    [
        Answer.HOST_MEMORY,
        Answer.DEVICE_MEMORY,
        Answer.DEVICE_ERROR,
        Answer.GENERAL_ERROR,
        Answer.FUNCTION_FAILED,
    ],
)
@pytest.mark.parametrize("function", ["C_OpenSession", "C_Login", "C_SignInit", "C_Sign"])
def test_an_error_of_the_library_is_said_and_the_next_act_works(
    desk: Desk, function: str, answer: Answer
) -> None:
    job = desk.job()
    desk.shim.answer(function, answer)
    assert desk.fail(job) == "token_failed"
    assert desk.shim.count("login_user") == (0 if function == "C_OpenSession" else 1)
    desk.sign()
    assert desk.shim.count("signed") == 1


def test_a_memory_error_in_a_batch_leaves_what_was_signed(desk: Desk) -> None:
    desk.shim.answer("C_Sign", Answer.DEVICE_MEMORY, nth=2)
    with desk.key() as key:
        assert key.sign(b"one")
        with pytest.raises(DeviceProblem) as caught:
            key.sign(b"two")
        with pytest.raises(DeviceProblem):
            key.sign(b"two")
    assert caught.value.code == "token_failed"
    assert desk.shim.count("C_Sign") == 2, "a session in doubt is not used again"
    assert desk.asked == (1, 1)
    assert desk.shim.count("signed") == 1


def test_a_hanging_library_hides_no_other(desk: Desk) -> None:
    modules = [desk.shim.module, MODULE]
    with TokenSigner(modules, SystemClock(), desk.office.trust, 20.0) as signer:
        signer.tokens()
        signer._devices[desk.shim.module]._limit = SHORT
        desk.shim.hang("C_FindObjects")
        found = signer.certificates()
        assert {c.token.module for c in found} >= {MODULE}
        assert signer.faults == {desk.shim.module: "token_hangs"}


def test_a_kept_login_ends_with_the_token_that_is_pulled(desk: Desk) -> None:
    keys = TokenSigner(
        [desk.shim.module], SystemClock(), desk.office.trust, 20.0, pin_minutes=lambda: 15
    )
    with desk.office.signer(keys) as signer:
        desk.signer = signer
        desk.sign()
        desk.sign()
        assert desk.asked == (1, 1), "the PIN of the first act still holds"
        desk.shim.pull()
        desk.shim.insert()
        desk.sign()
        assert desk.asked == (2, 2)


def test_no_helper_is_left(desk: Desk) -> None:
    desk.sign()
    helper = desk.device.helper_pid
    assert helper
    os.kill(helper, 0)
    desk.signer.close()
    assert not alive(helper)
