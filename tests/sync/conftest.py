"""Servers over a toy feature, on SQLite and on a real PostgreSQL."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from app.kernel.clock import FixedClock
from sync.server.service import Account, Service
from sync.server.store import Store
from tests.doubles.postgres import Cluster, cluster
from tests.doubles.toy import HoldBuckets, ToyPeople, registry
from tests.sync.desk import Desk

NOON = datetime(2026, 3, 2, 5, 0, tzinfo=UTC)


@pytest.fixture(scope="session")
def postgres() -> Iterator[Cluster]:
    with cluster() as made:
        yield made


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock(NOON)


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'server.db'}"
    return request.getfixturevalue("postgres").database()


@pytest.fixture
def store(url: str, clock: FixedClock) -> Iterator[Store]:
    made = Store(url, clock)
    yield made
    made.close()


@pytest.fixture
def service(store: Store, clock: FixedClock) -> Service:
    made = Service(store, registry(), ToyPeople(), clock)
    made.run_as_system(
        HoldBuckets("an", ("all", "person:an", "agency:x")),
        HoldBuckets("binh", ("all", "person:binh", "agency:x")),
    )
    return made


@pytest.fixture
def desk(service: Service, clock: FixedClock) -> Callable[..., Desk]:
    return lambda person="an", device=None: Desk(
        service, Account(person, person), device or f"desk-{person}", clock
    )
