"""The password, the keyring, the lock: what stands before the database is opened."""

from __future__ import annotations

import json
import subprocess
import sys
import unicodedata
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import keyring
import pytest
from keyring.backend import KeyringBackend
from keyring.errors import KeyringLocked

from app.kernel.clock import FixedClock
from app.kernel.errors import Conflict, Damaged, NotPermitted, Unavailable
from app.store.keyring_box import KeyringBox
from app.store.keys import delay_after
from app.store.profile import Profile
from app.store.profile_file import KdfParams, list_profiles
from tests.app.store import toy

CHEAP = KdfParams(1, 64, 1)
WORD = "mật khẩu mẫu"


@pytest.fixture
def profile(tmp_path: Path, clock: FixedClock) -> Profile:
    folder = tmp_path / "profiles" / "a"
    return Profile.create(folder, WORD, clock, server="https://s", user="u", kdf=CHEAP)


def test_password_opens_and_says_so_again_after_loading(
    profile: Profile, clock: FixedClock, tmp_path: Path
) -> None:
    again = Profile.load(profile.folder, clock)
    assert again.unlock(WORD) == profile.unlock(WORD)
    assert (again.server, again.user) == ("https://s", "u")
    assert list_profiles(tmp_path / "profiles") == [profile.folder]
    with pytest.raises(Conflict, match=r"profile\.exists"):
        Profile.create(profile.folder, WORD, clock, kdf=CHEAP)


def test_decomposed_password_is_the_same(profile: Profile) -> None:
    assert profile.unlock(unicodedata.normalize("NFD", WORD)) == profile.unlock(WORD)


def test_wrong_password_is_told_before_the_database_and_waits_grow(
    profile: Profile, clock: FixedClock
) -> None:
    for _ in range(3):
        with pytest.raises(NotPermitted, match=r"profile\.wrong_password"):
            profile.unlock("sai")
    with pytest.raises(Unavailable, match=r"profile\.wait") as waiting:
        Profile.load(profile.folder, clock).unlock(WORD)
    assert waiting.value.params == {"seconds": 5}
    assert waiting.value.retry_at == clock.now() + timedelta(seconds=5)
    clock.advance(timedelta(days=-1))
    with pytest.raises(Unavailable) as back:
        profile.unlock(WORD)
    assert back.value.params == {"seconds": 5}
    clock.advance(timedelta(days=1, seconds=5))
    profile.unlock(WORD)
    with pytest.raises(NotPermitted):
        profile.unlock("sai")
    profile.unlock(WORD)
    assert delay_after(100) == 60


def test_changed_password_keeps_the_key(profile: Profile, clock: FixedClock) -> None:
    key = profile.unlock(WORD)
    profile.change_password(WORD, "mới")
    again = Profile.load(profile.folder, clock)
    assert again.unlock("mới") == key
    with pytest.raises(NotPermitted):
        again.unlock(WORD)


def test_no_secret_in_the_file(profile: Profile) -> None:
    key = profile.unlock(WORD)
    text = (profile.folder / "profile.json").read_text()
    assert key.hex() not in text
    assert WORD not in text
    assert (profile.folder / "profile.json").stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("text", ["", "{", "[]", '{"id": 1}'])
def test_broken_profile_file(profile: Profile, clock: FixedClock, text: str) -> None:
    (profile.folder / "profile.json").write_text(text)
    with pytest.raises(Damaged, match=r"profile\.damaged"):
        Profile.load(profile.folder, clock)


def test_altered_wrapping_is_damage_not_a_wrong_password(
    profile: Profile, clock: FixedClock
) -> None:
    path = profile.folder / "profile.json"
    data = json.loads(path.read_text())
    data["key"]["sealed"] = data["key"]["sealed"][:-2]
    path.write_text(json.dumps(data))
    with pytest.raises(Damaged, match=r"profile\.damaged"):
        Profile.load(profile.folder, clock).unlock(WORD)


def test_missing_profile(tmp_path: Path, clock: FixedClock) -> None:
    with pytest.raises(Unavailable, match=r"profile\.missing"):
        Profile.load(tmp_path, clock)


class Ring(KeyringBackend):
    """A keyring in memory that can be locked."""

    priority = 1.0

    def __init__(self) -> None:
        self.held: dict[tuple[str, str], str] = {}
        self.locked = False

    def _open(self) -> dict[tuple[str, str], str]:
        if self.locked:
            raise KeyringLocked
        return self.held

    def get_password(self, service: str, username: str) -> str | None:
        return self._open().get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        self._open()[service, username] = password

    def delete_password(self, service: str, username: str) -> None:
        self._open().pop((service, username))


@pytest.fixture
def ring() -> Iterator[Ring]:
    ring = Ring()
    before = keyring.get_keyring()
    keyring.set_keyring(ring)
    yield ring
    keyring.set_keyring(before)


def test_quick_unlock_through_the_keyring(profile: Profile, ring: Ring) -> None:
    box = KeyringBox()
    key = profile.unlock(WORD)
    assert profile.quick_unlock(box) is None
    assert not profile.quick
    profile.enable_quick_unlock(box, key)
    assert profile.quick
    assert profile.quick_unlock(box) == key
    box.set(f"profile:{profile.id}", "00" * 32)
    assert profile.quick_unlock(box) is None
    box.set(f"profile:{profile.id}", "nonsense")
    assert profile.quick_unlock(box) is None
    ring.locked = True
    assert profile.quick_unlock(box) is None
    with pytest.raises(Unavailable, match=r"keyring\.unavailable"):
        profile.enable_quick_unlock(box, key)
    ring.locked = False
    profile.disable_quick_unlock(box)
    assert ring.held == {}
    assert not profile.quick


HOLD = """
import sys, pathlib
from app.store.lock import ProfileLock
held = ProfileLock(pathlib.Path(sys.argv[1]))
print('held', flush=True)
sys.stdin.read()
"""


def test_second_process_is_named(profile: Profile) -> None:
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(profile.folder)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert holder.stdout is not None
    assert holder.stdout.readline() == "held\n"
    key = profile.unlock(WORD)
    with pytest.raises(Conflict, match=r"^profile_in_use$") as refused:
        profile.open(key, toy.registry())
    assert refused.value.params["pid"] == holder.pid
    holder.kill()
    holder.communicate()
    with profile.opened(key, toy.registry()) as store:
        assert store.get("note", "n1") is None
        with pytest.raises(Conflict):
            profile.open(key, toy.registry())
    with profile.opened(key, toy.registry()) as store:
        assert store.device
    with pytest.raises(NotPermitted):
        profile.open(bytes(32), toy.registry())
