"""The shim itself: it hands everything on, each fault shows, and each is counted."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.shim.probe import probe
from tests.shim.shim import COUNTERS, SOFTHSM, Answer, Quirk, Shim
from tests.signing.conftest import Office

OK, GONE, REMOVED, NO_SESSION = 0x0, 0xE0, 0x32, 0xB3
LOW, FINAL, LOCKED, PAD = 0x10000, 0x20000, 0x40000, 0x100
PSS = {0xD, 0xE, 0x43, 0x44, 0x45, 0x47}
ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(autouse=True)
def _tokens(office: Office) -> None:
    """SoftHSM2 has the office's tokens."""


@pytest.fixture
def pin(shim: Shim) -> str:
    """The PIN of the token in the first slot."""
    for pin in ("4711", "080915"):
        if probe(SOFTHSM, "open", f"login:{pin}")[1][0] == OK:
            return pin
    raise AssertionError("no token takes a PIN")


def codes(answers: list[list[object]]) -> list[object]:
    return [code for code, _ in answers]


def test_it_hands_everything_on(shim: Shim, pin: str) -> None:
    steps = ["slots", "slots:0", "present", "flags", "mechanisms", "open", f"login:{pin}", "key",
             "attribute:0x102", "choose", "size", "finish", "info", "logout", "close"]  # fmt: skip
    straight, through = probe(SOFTHSM, *steps), probe(shim.module, *steps)
    assert through == straight
    assert codes(through) == [OK] * len(steps)
    assert shim.count("C_Login") == shim.count("login_user") == shim.count("signed") == 1
    assert shim.count("C_Sign") == 2
    assert shim.count("wrong_pins") == 0


def test_counts_go_on_from_process_to_process(shim: Shim, pin: str) -> None:
    for _ in range(2):
        probe(shim.module, "open", f"login:{pin}", "sign", "sign:pss")
    assert shim.count("signed") == shim.count("C_Sign") == shim.count("C_SignInit") == 4
    assert set(COUNTERS) > {"C_Sign", "losses"}


def test_latency_lasts(shim: Shim, pin: str) -> None:
    shim.slow("C_Sign", 20)
    _, slow = probe(shim.module, "open", f"login:{pin}", "floor:3")[-1]
    assert slow[1] >= 20


def test_a_call_hangs_and_the_next_process_goes_on(shim: Shim, pin: str) -> None:
    shim.hang("C_Sign", nth=2)
    steps = ["open", f"login:{pin}", "sign", "sign", "sign"]
    command = [sys.executable, "-m", "tests.shim.probe", shim.module, *steps]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE) as process:
        while shim.count("C_Sign") < 2:
            assert process.poll() is None
            time.sleep(0.01)
        assert process.stdout
        assert [process.stdout.readline() != b"" for _ in range(3)] == [True] * 3
        process.kill()
        assert process.stdout.read() == b""
    assert shim.count("signed") == 1
    assert codes(probe(shim.module, *steps)) == [OK] * 5


@pytest.mark.parametrize(("way", "ended"), [("crash", signal.SIGSEGV), ("abort", signal.SIGABRT)])
def test_a_call_ends_the_process(shim: Shim, pin: str, way: str, ended: int) -> None:
    getattr(shim, way)("C_Login")
    command = [sys.executable, "-m", "tests.shim.probe", shim.module, "open", f"login:{pin}"]
    run = subprocess.run(command, cwd=ROOT, env=os.environ.copy(), capture_output=True, check=False)
    assert run.returncode == -ended
    assert len(run.stdout.splitlines()) == 1
    assert codes(probe(shim.module, "open", f"login:{pin}")) == [OK, OK]


def test_a_token_is_pulled_in_mid_sign_and_put_back(shim: Shim, pin: str) -> None:
    shim.remove("C_Sign", nth=2)
    again = ["insert", "info", "slots", "open", f"login:{pin}", "sign"]
    steps = ["open", f"login:{pin}", "sign", "sign", "slots", "slots:0", "present", "flags", "open"]
    answers = probe(shim.module, *steps, *again)
    assert codes(answers[:4]) == [OK, OK, OK, REMOVED]
    assert answers[4] == [OK, []]
    assert answers[5] == probe(SOFTHSM, "slots:0")[0]
    assert answers[6] == [OK, False]
    assert codes(answers[7:9]) == [GONE, GONE]
    assert codes(answers[9:]) == [OK, NO_SESSION, OK, OK, OK, OK]
    assert answers[11] == probe(SOFTHSM, "slots")[0]


def test_a_token_is_pulled_between_calls(shim: Shim, pin: str) -> None:
    answers = probe(shim.module, "open", "pull", f"login:{pin}", "insert", f"login:{pin}", "open")
    assert codes(answers) == [OK, OK, REMOVED, OK, NO_SESSION, OK]
    shim.pull()
    assert probe(shim.module, "slots") == [[OK, []]]
    assert shim.count("removed") == 1


def test_wrong_pins_count_down_to_the_lock(shim: Shim, pin: str) -> None:
    shim.tries(3)
    shim.answer("C_Login", Answer.PIN_INCORRECT, times=3)
    steps = ["open", "flags"]
    for _ in range(3):
        steps += [f"login:{pin}", "flags"]
    answers = probe(shim.module, *steps, f"login:{pin}")
    flags = [value & (LOW | FINAL | LOCKED) for _, value in answers[1::2]]
    assert flags == [0, LOW, LOW | FINAL, LOW | LOCKED]
    assert codes(answers[2::2]) == [Answer.PIN_INCORRECT] * 3 + [Answer.PIN_LOCKED]
    assert shim.count("wrong_pins") == 3


def test_a_truly_wrong_pin_counts_and_a_right_one_forgives(shim: Shim, pin: str) -> None:
    shim.tries(3)
    answers = probe(shim.module, "open", "login:0000", "flags", f"login:{pin}", "flags")
    assert codes(answers) == [OK, Answer.PIN_INCORRECT, OK, OK, OK]
    assert [value & LOW for _, value in answers[2::2]] == [LOW, 0]
    assert shim.count("wrong_pins") == 0


def test_a_session_is_lost(shim: Shim, pin: str) -> None:
    shim.lose_session("C_Sign", nth=2)
    answers = probe(shim.module, "open", f"login:{pin}", "sign", "sign", "info", "open", "sign")
    assert codes(answers)[:5] == [OK, OK, OK, NO_SESSION, NO_SESSION]
    assert answers[6][0] != OK, "the new session is not logged in"


def test_a_login_is_forgotten(shim: Shim, pin: str) -> None:
    shim.forget_login("C_Sign")
    answers = probe(shim.module, "open", f"login:{pin}", "sign", "info", f"login:{pin}", "sign")
    assert codes(answers) == [OK, OK, Answer.USER_NOT_LOGGED_IN, OK, OK, OK]


@pytest.mark.parametrize("answer", [Answer.HOST_MEMORY, Answer.DEVICE_MEMORY])
def test_a_call_answers_an_error(shim: Shim, pin: str, answer: Answer) -> None:
    shim.answer("C_Sign", answer, nth=2)
    answers = probe(shim.module, "open", f"login:{pin}", "sign", "sign", "sign")
    assert codes(answers) == [OK, OK, OK, answer, OK]
    assert shim.count("signed") == 2


def test_the_question_for_the_size_is_answered_with_zero(shim: Shim, pin: str) -> None:
    steps = ("open", f"login:{pin}", "choose", "size", "finish")
    straight = probe(shim.module, *steps)
    shim.quirk(Quirk.ZERO_SIZE)
    answers = probe(shim.module, *steps)
    assert straight[3] == [OK, 256]
    assert answers[3] == [OK, 0]
    assert answers[4] == straight[4]


def test_read_write_sessions_are_refused(shim: Shim) -> None:
    shim.quirk(Quirk.READ_ONLY)
    assert codes(probe(shim.module, "open:6", "open:4")) == [0xE2, OK]


def test_pss_is_hidden_and_refused(shim: Shim, pin: str) -> None:
    assert set(probe(shim.module, "mechanisms")[0][1]) >= {0x1, 0xD, 0x43}
    shim.quirk(Quirk.NO_PSS)
    answers = probe(shim.module, "mechanisms", "open", f"login:{pin}", "sign:pss", "sign")
    assert not PSS & set(answers[0][1])
    assert 0x1 in answers[0][1]
    assert codes(answers[1:]) == [OK, OK, Answer.MECHANISM_INVALID, OK]


def test_a_key_asks_before_each_signature(shim: Shim, pin: str) -> None:
    shim.quirk(Quirk.ALWAYS)
    first = ["open", f"login:{pin}", "attribute:0x202", f"again:{pin}"]
    signing = ["choose", f"again:{pin}", "size", "finish"]
    answers = probe(shim.module, *first, *signing, *signing, "sign")
    assert answers[2] == [OK, "01"]
    assert codes(answers[3:]) == [0x91] + [OK] * 8 + [Answer.USER_NOT_LOGGED_IN]
    assert (shim.count("login_user"), shim.count("login_context")) == (1, 3)
    wrong = probe(shim.module, "open", f"login:{pin}", "choose", "again:0000", "finish")
    assert codes(wrong) == [OK, OK, OK, Answer.PIN_INCORRECT, Answer.USER_NOT_LOGGED_IN]


def test_a_key_has_a_pin_of_its_own(shim: Shim, pin: str) -> None:
    shim.signing_pin("135790")
    calls = ["open", f"login:{pin}", "choose", f"again:{pin}", "again:135790", "finish"]
    answers = codes(probe(shim.module, *calls))
    assert answers == [OK, OK, OK, Answer.PIN_INCORRECT, OK, OK]


def test_a_pin_pad_takes_the_pin_itself(shim: Shim, pin: str) -> None:
    assert probe(shim.module, "open", "login")[1][0] != OK
    shim.pin_pad(pin)
    answers = probe(shim.module, "flags", "open", "login", "sign")
    assert answers[0][1] & PAD
    assert codes(answers) == [OK] * 4
    shim.well()
    shim.pin_pad("9999")
    assert codes(probe(shim.module, "open", "login")) == [OK, Answer.PIN_INCORRECT]


def test_no_object_has_an_id(shim: Shim, pin: str) -> None:
    start = ("open", f"login:{pin}")
    _, key_id = probe(shim.module, *start, "attribute:0x102")[-1]
    assert probe(shim.module, *start, f"key:{key_id}")[-1][1]
    shim.quirk(Quirk.EMPTY_ID)
    answers = probe(shim.module, *start, "attribute:0x102", f"key:{key_id}", "key")
    assert answers[2] == [OK, ""]
    assert answers[3] == [OK, 0]
    assert answers[4][1]


def test_two_libraries_know_nothing_of_each_other(
    shim: Shim, shim_library: Path, tmp_path: Path
) -> None:
    other = Shim.install(shim_library, tmp_path / "other")
    shim.answer("C_OpenSession", Answer.GENERAL_ERROR)
    other.pull()
    assert codes(probe(shim.module, "open", "slots")) == [Answer.GENERAL_ERROR, OK]
    assert probe(other.module, "slots") == [[OK, []]]
    assert other.count("C_OpenSession") == 0


def test_a_fault_that_nobody_knows_ends_the_process(shim: Shim) -> None:
    shim._add("latency C_Nothing 1 2 3")
    assert probe(shim.module, "slots") == []
