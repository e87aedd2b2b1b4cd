"""The server's tokens lie in the keyring where one works, in the database where none does."""

from __future__ import annotations

from collections.abc import Iterator

import keyring
import pytest
from keyring.backends import fail

from app.store.desk import DeskStore
from app.store.keyring_box import KeyringBox
from app.store.tokens import KeptTokens
from tests.app.store.test_profile import Ring

NAME = "sync.refresh"


@pytest.fixture
def ring() -> Iterator[Ring]:
    ring, before = Ring(), keyring.get_keyring()
    keyring.set_keyring(ring)
    yield ring
    keyring.set_keyring(before)


@pytest.fixture
def no_ring(ring: Ring) -> None:
    keyring.set_keyring(fail.Keyring())


def kept(store: DeskStore) -> KeptTokens:
    return KeptTokens(store, KeyringBox())


def test_a_token_lies_in_the_keyring_and_not_in_the_database(store: DeskStore, ring: Ring) -> None:
    tokens = kept(store)
    assert tokens.get(NAME) is None
    tokens.set(NAME, "một")
    assert (list(ring.held.values()), store.meta(NAME)) == (["một"], "")
    assert kept(store).get(NAME) == "một"
    tokens.delete(NAME)
    assert (ring.held, tokens.get(NAME), kept(store).get(NAME)) == ({}, None, None)


def test_with_a_locked_keyring_it_lies_in_the_database_until_one_works(
    store: DeskStore, ring: Ring
) -> None:
    kept(store).set(NAME, "cũ")
    ring.locked = True
    kept(store).set(NAME, "mới")
    assert (store.meta(NAME), kept(store).get(NAME)) == ("mới", "mới")
    ring.locked = False
    # The keyring still holds the spent one, which must not come back.
    assert kept(store).get(NAME) == "mới"
    assert (list(ring.held.values()), store.meta(NAME)) == (["mới"], "")


@pytest.mark.usefixtures("no_ring")
def test_without_any_keyring_it_lies_in_the_database(store: DeskStore) -> None:
    tokens = kept(store)
    tokens.set(NAME, "một")
    assert (store.meta(NAME), kept(store).get(NAME)) == ("một", "một")
    tokens.delete(NAME)
    assert (store.meta(NAME), kept(store).get(NAME)) == ("", None)


def test_the_keyring_is_asked_once(store: DeskStore, ring: Ring) -> None:
    kept(store).set(NAME, "một")
    tokens = kept(store)
    assert tokens.get(NAME) == "một"
    ring.locked = True
    assert tokens.get(NAME) == "một"


def test_two_profiles_of_a_machine_do_not_meet(
    store: DeskStore, ring: Ring, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("other")
    other = DeskStore.open(folder, bytes(32), store.registry, store.clock)
    kept(store).set(NAME, "một")
    kept(other).set(NAME, "hai")
    assert (kept(store).get(NAME), kept(other).get(NAME)) == ("một", "hai")
    other.close()
