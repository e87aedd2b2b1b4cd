"""Logins: kept between acts for some minutes, ended by the helper itself, PINs overwritten."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from app.kernel.clock import SystemClock
from app.kernel.errors import DeviceProblem
from app.kernel.ports import CertificateInfo
from signing.tokens.constants import Attribute, User
from signing.tokens.key import UnlockedKey
from signing.tokens.login import Login
from signing.tokens.signer import TokenSigner
from tests.shim.fixtures import shim, shim_library
from tests.shim.shim import Answer, Quirk, Shim
from tests.signing.conftest import MODULE, Office, Pins, use_tokens

__all__ = ["shim", "shim_library"]
TAIL = b"k7Zmau-q3482"
# Freed memory loses its first bytes to the allocator; what follows them shows a PIN left behind
LONG_PIN = "0" * 200 + TAIL.decode()


class Desk:
    """A signer behind the shim whose PIN holds for some minutes."""

    def __init__(self, office: Office, shim: Shim) -> None:
        self.shim = shim
        self.minutes = 0
        self.pins = Pins()
        self.signer = TokenSigner(
            [shim.module], SystemClock(), office.trust, pin_minutes=lambda: self.minutes
        )

    def certificate(self, label: str = "Người ký") -> CertificateInfo:
        return next(c for c in self.signer.certificates() if c.token.label == label)

    def act(self, label: str = "Người ký", times: int = 1) -> None:
        """Sign some bytes in one act."""
        with self.signer.unlocked(self.certificate(label), self.pins, "approve") as key:
            for number in range(times):
                assert key.sign(bytes([number]))

    @property
    def logins(self) -> tuple[int, int]:
        """Return how often the person was asked, and how often the token got a PIN."""
        return len(self.pins.asked), self.shim.count("login_user")


@pytest.fixture
def desk(office: Office, shim: Shim) -> Iterator[Desk]:
    made = Desk(office, shim)
    yield made
    made.signer.close()


def until(done: Callable[[], bool]) -> None:
    """Wait for another process; a test that waits in vain fails."""
    end = time.monotonic() + 30
    while not done():
        assert time.monotonic() < end
        time.sleep(0.01)


def test_each_act_asks_when_nothing_is_kept(desk: Desk) -> None:
    desk.act(times=5)
    desk.act()
    assert desk.logins == (2, 2)
    assert desk.shim.count("C_Logout") == 2


def test_a_kept_login_serves_the_next_act(desk: Desk) -> None:
    desk.minutes = 15
    desk.act()
    desk.act(times=3)
    assert desk.logins == (1, 1)
    assert desk.shim.count("C_Logout") == 0
    desk.act("Cơ quan")
    assert desk.logins == (2, 2), "another key is another login"
    assert desk.shim.count("C_Logout") == 1


def test_the_helper_ends_a_kept_login_by_itself(desk: Desk) -> None:
    certificate = desk.certificate()
    with desk.signer.unlocked(certificate, desk.pins, "approve") as key:
        key.rest(0.05)
        until(lambda: desk.shim.count("C_Logout") == 1)
        assert not key.resume()
        with pytest.raises(DeviceProblem):
            key.sign(b"too late")
    desk.act()
    assert desk.logins == (2, 2)


def test_a_batch_that_outlasts_the_minutes_is_not_disturbed(desk: Desk) -> None:
    with desk.signer.unlocked(desk.certificate(), desk.pins, "approve") as key:
        key.rest(600.0)
        assert key.resume()
        key.rest(0.0001)
        until(lambda: desk.shim.count("C_Logout") == 1)
    desk.minutes = 99
    desk.act()
    asked: list[float] = []
    real = UnlockedKey.rest

    def rest(key: UnlockedKey, seconds: float) -> None:
        asked.append(seconds)
        real(key, seconds)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(UnlockedKey, "rest", rest)
        desk.act()
    assert asked == [900.0], "fifteen minutes at most, whatever is configured"


def test_a_locked_desk_forgets_the_login(desk: Desk) -> None:
    desk.minutes = 15
    desk.act()
    desk.signer.forget()
    assert desk.shim.count("C_Logout") == 1
    with desk.signer.unlocked(desk.certificate(), desk.pins, "approve") as key:
        key.sign(b"going on")
        desk.signer.forget()
    assert not key.resume()
    assert desk.logins == (2, 2)


def test_a_kept_login_of_a_pulled_token_is_none(desk: Desk) -> None:
    desk.minutes = 15
    desk.act()
    desk.shim.pull()
    desk.shim.insert()
    desk.act()
    assert desk.logins == (2, 2)


def test_a_key_that_asks_each_time_is_served_within_the_batch(desk: Desk) -> None:
    desk.shim.quirk(Quirk.ALWAYS)
    desk.minutes = 15
    desk.act(times=4)
    desk.act(times=2)
    assert desk.logins == (1, 1)
    assert desk.shim.count("login_context") == 6


def test_a_pin_refused_before_a_signature_is_not_tried_again(desk: Desk) -> None:
    desk.shim.quirk(Quirk.ALWAYS)
    with desk.signer.unlocked(desk.certificate(), desk.pins, "approve") as key:
        key.sign(b"right")
        desk.shim.answer("C_Login", Answer.PIN_INCORRECT)
        for code in ("pin_incorrect", "token_failed"):
            with pytest.raises(DeviceProblem) as caught:
                key.sign(b"refused")
            assert caught.value.code == code
    assert desk.shim.count("login_context") == 2


def test_a_pin_pad_serves_a_key_that_asks_each_time(desk: Desk) -> None:
    desk.shim.pin_pad("4711")
    desk.shim.quirk(Quirk.ALWAYS)

    class Nothing(Pins):
        def pin(self, *_arguments: object) -> bytearray:
            return bytearray()

    with desk.signer.unlocked(desk.certificate(), Nothing(), "approve") as key:
        assert key.token.pin_pad
        assert key.sign(b"one")
        assert key.sign(b"two")
    assert desk.shim.count("login_context") == 2


def copies(pid: int, secret: bytes) -> int:
    """Count a secret in the writable memory of a process, apart from the vendor's library."""
    found = 0
    with Path(f"/proc/{pid}/mem").open("rb", buffering=0) as memory:
        for line in Path(f"/proc/{pid}/maps").read_text().splitlines():
            start, end, rights = re.match(r"(\w+)-(\w+) (\S+)", line).groups()  # type: ignore[union-attr]
            if rights.startswith("rw") and not re.search(r"\[v|libtoken", line):
                memory.seek(int(start, 16))
                found += memory.read(int(end, 16) - int(start, 16)).count(secret)
    return found


def test_the_helper_keeps_no_copy_of_the_pin(office: Office, shim: Shim, tmp_path: Path) -> None:
    with pytest.MonkeyPatch.context() as patch:
        use_tokens(tmp_path / "own", patch)
        office.authority.load_token("person-mau", "Người ký", LONG_PIN, module=MODULE)
        desk = Desk(office, shim)
        desk.pins = Pins(LONG_PIN)
        try:
            with desk.signer.unlocked(desk.certificate(), desk.pins, "approve") as key:
                key.sign(b"one")
                pid = desk.signer._devices[shim.module].helper_pid
                assert pid
                assert copies(pid, TAIL) == 0
            assert copies(pid, TAIL) == 0
        finally:
            desk.signer.close()


class Answering:
    """A library for one key that may ask each time; what it is given as PIN is noted."""

    def __init__(self, *, always: bool) -> None:
        self.always = always
        self.given: list[bytes] = []

    def __getattr__(self, _name: str) -> Callable[..., object]:
        return lambda *_arguments: b""

    def open_session(self, _slot: int) -> int:
        return 1

    def objects(self, *_arguments: object) -> list[int]:
        return [1]

    def attribute(self, _session: int, _handle: int, name: Attribute) -> bytes:
        return bytes([self.always]) if name is Attribute.ALWAYS_AUTHENTICATE else b""

    def login(self, _session: int, _user: User, pin: bytearray) -> None:
        self.given.append(bytes(pin))


def test_a_pin_that_a_key_wants_again_is_overwritten_at_the_end() -> None:
    library, pin = Answering(always=True), bytearray(b"4711")
    head = {"slot": 0, "serial": "", "id": "", "public": "ff"}
    login = Login(library, head, pin)  # type: ignore[arg-type]
    login.sign("pkcs1", {"RSA_PKCS"}, b"data")
    assert library.given == [b"4711", b"4711"]
    assert pin == b"4711"
    login.close()
    assert pin == bytearray(4)


def test_a_pin_that_is_wanted_once_is_overwritten_after_the_login() -> None:
    library, pin = Answering(always=False), bytearray(b"4711")
    head = {"slot": 0, "serial": "", "id": "", "public": "ff"}
    login = Login(library, head, pin)  # type: ignore[arg-type]
    assert pin == bytearray(4)
    login.sign("pkcs1", {"RSA_PKCS"}, b"data")
    assert library.given == [b"4711"]


def test_one_act_of_several_signatures_asks_once_and_keeps_nothing(desk: Desk) -> None:
    with desk.signer.one_pin():
        desk.act()
        desk.act()
    assert desk.logins == (1, 1)
    desk.act()
    assert desk.logins == (2, 2)


def test_a_lock_within_an_act_ends_what_is_kept(desk: Desk) -> None:
    with desk.signer.one_pin():
        desk.act()
        desk.signer.forget()
        desk.act()
    assert desk.logins == (2, 2)


def test_after_an_act_the_pin_holds_as_long_as_the_setting_says(desk: Desk) -> None:
    desk.minutes = 5
    with desk.signer.one_pin():
        desk.act()
    desk.act()
    assert desk.logins == (1, 1)
