"""The key lies in the system's keyring only while the person and the province wish it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import keyring
import pytest

from app.entry.desks import launcher
from app.kernel.errors import NotPermitted
from app.settings import Scope
from tests.app.entry.conftest import PASSWORD
from tests.app.store.test_profile import Ring


@pytest.fixture
def ring() -> Iterator[Ring]:
    made, before = Ring(), keyring.get_keyring()
    keyring.set_keyring(made)
    yield made
    keyring.set_keyring(before)


def wish(folder: Path, wanted: bool) -> None:
    """Open with the password and set the wish, as the page of settings does."""
    desk = launcher(folder.parent).open(folder, PASSWORD, online=False)
    desk.settings.set("quick_unlock", wanted)
    mine = desk.settings.to_map(Scope.PERSON)
    desk.store.set_meta("settings.person", f'{{"quick_unlock": {str(wanted).lower()}}}')
    desk.close()
    assert mine["quick_unlock"] is wanted


def test_the_keyring_opens_only_after_the_wish_and_no_longer_after_its_end(
    profile: Path, ring: Ring
) -> None:
    door = launcher(profile.parent)
    with pytest.raises(NotPermitted):
        door.open(profile, None, online=False)
    wish(profile, wanted=True)
    door.open(profile, PASSWORD, online=False).close()
    assert door.quick() == {profile}
    door.open(profile, None, online=False).close()
    wish(profile, wanted=False)
    door.open(profile, None, online=False).close()
    assert door.quick() == frozenset()
    with pytest.raises(NotPermitted):
        door.open(profile, None, online=False)
    assert not any(value for name, value in ring.held.items() if "profile:" in str(name))


def test_a_locked_keyring_leaves_the_password(profile: Path, ring: Ring) -> None:
    wish(profile, wanted=True)
    ring.locked = True
    door = launcher(profile.parent)
    door.open(profile, PASSWORD, online=False).close()
    assert door.quick() == frozenset()
    ring.locked = False
    door.open(profile, PASSWORD, online=False).close()
    assert door.quick() == {profile}
