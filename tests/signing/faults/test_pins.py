"""PINs through the shim: each is tried once, tries are counted down, locks are believed."""

from __future__ import annotations

import pytest

from app.kernel.errors import DeviceProblem
from app.kernel.ports import SIGNING_PIN, CertificateInfo, TokenInfo, TokenState
from signing.cli import FixedPin
from tests.shim.shim import Answer, Quirk
from tests.signing.conftest import PINS, Pins
from tests.signing.faults.conftest import Desk


class Watching(Pins):
    """Note what the token says of its PIN when the person is asked."""

    def __init__(self, value: str = "") -> None:
        super().__init__(value)
        self.seen: list[TokenState] = []

    def pin(self, token: TokenInfo, certificate: CertificateInfo, purpose: str) -> bytearray:
        self.seen.append(token.state)
        return super().pin(token, certificate, purpose)


class Nothing(Pins):
    """Leave the PIN to the pad."""

    def pin(self, token: TokenInfo, _certificate: CertificateInfo, _purpose: str) -> bytearray:
        self.asked.append(token.label)
        return bytearray()


def test_wrong_pins_are_counted_down_and_a_locked_token_gets_none(desk: Desk) -> None:
    job = desk.job()
    desk.shim.tries(3)
    desk.pins = pins = Watching("0000")
    assert [desk.fail(job) for _ in range(3)] == [
        "pin_incorrect_low",
        "pin_incorrect_last",
        "pin_locked",
    ]
    assert pins.seen == [TokenState.FINE, TokenState.COUNT_LOW, TokenState.FINAL_TRY]
    assert desk.asked == (3, 3)
    assert desk.fail(job) == "pin_locked"
    assert desk.asked == (3, 3), "a locked token gets no PIN, and nobody is asked for one"
    assert {t.state for t in desk.signer.tokens()} == {TokenState.LOCKED}


def test_the_last_try_may_be_right(desk: Desk) -> None:
    job = desk.job()
    desk.shim.tries(2)
    desk.pins = Pins("0000")
    assert desk.fail(job) == "pin_incorrect_last"
    desk.pins = pins = Watching()
    desk.sign()
    assert pins.seen == [TokenState.FINAL_TRY]
    assert desk.shim.count("login_user") == 2
    assert {t.state for t in desk.signer.tokens()} == {TokenState.FINE}


def test_a_right_pin_that_the_token_refuses_is_not_tried_again(desk: Desk) -> None:
    job = desk.job()
    desk.shim.answer("C_Login", Answer.PIN_INCORRECT)
    assert desk.fail(job).startswith("pin_incorrect")
    assert desk.asked == (1, 1)
    desk.sign()
    assert desk.asked == (2, 2)


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        (Answer.PIN_LOCKED, "pin_locked"),
        (Answer.PIN_EXPIRED, "pin_not_set"),
        (Answer.DEVICE_REMOVED, "token_gone"),
        (Answer.TOKEN_NOT_PRESENT, "token_gone"),
    ],
)
def test_what_the_login_answers_is_said(desk: Desk, answer: Answer, code: str) -> None:
    job = desk.job()
    desk.shim.answer("C_Login", answer)
    assert desk.fail(job) == code
    assert desk.asked == (1, 1)


def test_a_crash_at_the_login_leaves_the_count_of_tries_to_the_token(desk: Desk) -> None:
    job = desk.job()
    desk.shim.tries(3)
    desk.shim.crash("C_Login")
    assert desk.fail(job) == "token_crashed"
    assert desk.asked == (1, 1)
    assert desk.shim.count("wrong_pins") == 0
    assert {t.state for t in desk.signer.tokens()} == {TokenState.FINE}
    assert desk.asked == (1, 1), "a look at the tokens tries no PIN"


def test_a_key_that_always_asks_is_asked_with_one_pin(desk: Desk) -> None:
    desk.shim.quirk(Quirk.ALWAYS)
    with desk.key() as key:
        signed = [key.sign(text) for text in (b"one", b"two", b"three")]
    assert len({*signed}) == desk.shim.count("signed") == 3
    assert desk.asked == (1, 1)
    assert desk.shim.count("login_context") == 3
    desk.sign()
    assert desk.shim.count("login_context") == 4


def test_a_key_that_always_asks_and_refuses_is_not_asked_again(desk: Desk) -> None:
    desk.shim.quirk(Quirk.ALWAYS)
    with desk.key() as key:
        assert key.sign(b"one")
        desk.shim.answer("C_Login", Answer.PIN_INCORRECT)
        for _ in range(2):
            with pytest.raises(DeviceProblem):
                key.sign(b"two")
    assert desk.asked == (1, 1)
    assert desk.shim.count("login_context") == 2
    assert desk.shim.count("signed") == 1


def test_a_pin_pad_takes_the_pin_itself(desk: Desk) -> None:
    desk.shim.pin_pad(PINS["Người ký"])
    desk.pins = Nothing()
    assert all(t.pin_pad for t in desk.signer.tokens())
    desk.sign()
    assert desk.asked == (1, 1)


def test_a_wrong_pin_on_the_pad_and_a_pad_that_is_left(desk: Desk) -> None:
    job = desk.job()
    desk.pins = Nothing()
    desk.shim.pin_pad("9999")
    desk.shim.tries(3)
    assert desk.fail(job) == "pin_incorrect_low"
    desk.shim.answer("C_Login", Answer.FUNCTION_CANCELED)
    assert desk.fail(job) == "pin_pad_cancelled"
    assert desk.shim.count("wrong_pins") == 1
    assert desk.asked == (2, 2)


def test_without_a_pad_an_empty_pin_reaches_no_token(desk: Desk) -> None:
    job = desk.job()
    desk.pins = Nothing()
    assert desk.fail(job) == "pin_empty"
    assert desk.shim.count("C_Login") == 0


class Two(Pins):
    """Answer for the token and, apart, for its key."""

    def __init__(self, own: str) -> None:
        super().__init__()
        self.own = own
        self.purposes: list[str] = []

    def pin(self, token: TokenInfo, certificate: CertificateInfo, purpose: str) -> bytearray:
        self.purposes.append(purpose)
        given = super().pin(token, certificate, purpose)
        return bytearray(self.own.encode()) if purpose == SIGNING_PIN else given


def contexts(desk: Desk) -> tuple[int, int]:
    """Return how often a key was given a PIN, and how many signatures it made."""
    return desk.shim.count("login_context"), desk.shim.count("signed")


def test_a_signing_pin_of_its_own_is_asked_for_once_and_known_from_then_on(desk: Desk) -> None:
    desk.shim.signing_pin("135790")
    desk.pins = pins = Two("135790")
    with desk.key() as key:
        assert len({key.sign(text) for text in (b"one", b"two", b"three")}) == 3
    assert pins.purposes == ["approve", SIGNING_PIN]
    assert contexts(desk) == (4, 3), "the token's PIN was given to the key once"
    desk.sign()
    assert pins.purposes == ["approve", SIGNING_PIN] * 2
    assert contexts(desk) == (5, 4), "the token's PIN is not given to this key again"
    assert desk.shim.count("login_user") == 2


def test_a_wrong_signing_pin_is_never_tried_again(desk: Desk) -> None:
    job = desk.job()
    desk.shim.signing_pin("135790")
    desk.pins = pins = Two("111111")
    assert desk.fail(job) == "signing_pin_incorrect"
    assert (pins.purposes, contexts(desk)) == (["approve", SIGNING_PIN], (2, 0))
    assert desk.fail(job) == "signing_pin_incorrect"
    assert contexts(desk) == (3, 0), "one try for each PIN that was typed"


def test_the_token_s_pin_typed_again_costs_no_try_of_the_signing_pin(desk: Desk) -> None:
    job = desk.job()
    desk.shim.signing_pin("135790")
    desk.pins = Two(PINS["Người ký"])
    assert desk.fail(job) == "signing_pin_incorrect"
    assert contexts(desk) == (1, 0)


def test_nobody_who_cannot_type_it_gives_a_pin_twice(desk: Desk) -> None:
    job = desk.job()
    desk.shim.signing_pin("135790")
    desk.pins = FixedPin(PINS["Người ký"])  # type: ignore[assignment]
    assert desk.fail(job) == "signing_pin_wanted"
    assert contexts(desk) == (1, 0)


def test_both_pins_hold_between_acts_and_end_with_the_login(desk: Desk) -> None:
    desk.shim.signing_pin("135790")
    desk.pins = pins = Two("135790")
    with desk.signer.one_pin():
        for text in (b"one", b"two"):
            with desk.key() as key:
                key.sign(text)
    assert (pins.purposes, contexts(desk)) == (["approve", SIGNING_PIN], (3, 2))
    with desk.key() as key:
        key.sign(b"three")
    assert pins.purposes == ["approve", SIGNING_PIN] * 2
