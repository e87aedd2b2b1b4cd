from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from app.kernel.bus import Bus
from app.kernel.clock import FixedClock
from app.store.desk import DeskStore
from app.store.replica import Replica
from tests.app.store import toy

KEY = bytes(range(32))


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock(toy.AT)


@pytest.fixture
def store(tmp_path: Path, clock: FixedClock) -> Iterator[DeskStore]:
    opened = DeskStore.open(tmp_path, KEY, toy.registry(), clock)
    yield opened
    opened.close()


@pytest.fixture
def replica(store: DeskStore) -> Replica:
    return Replica(store)


@pytest.fixture
def bus(store: DeskStore, clock: FixedClock) -> Bus:
    return Bus(store.registry, store.transaction, store.device, clock, store.changes)
