"""The proofs over sockets in short: a few kills, a few desks with a restart, a line with faults."""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from app.kernel.clock import SystemClock
from sync.server.service import Service
from sync.server.store import Store
from tests.bench.shaper import COMMUNE, SHAPED, Line, Strength, Way
from tests.doubles.postgres import Cluster, cluster
from tests.doubles.toy import ToyPeople
from tests.doubles.toy import registry as toy
from tests.prove import prove_desks, prove_kill, prove_line

QUICK = replace(SHAPED, delay=(0.005, 0.01))


@pytest.fixture(scope="module")
def postgres() -> Iterator[Cluster]:
    with cluster() as made:
        yield made


def test_kills_lose_nothing_and_do_nothing_twice(postgres: Cluster, tmp_path: Path) -> None:
    found = prove_kill.prove(tmp_path, postgres.database(), 8, 3)
    assert found["exact"], found
    assert sum(found["kills"].values()) == 8


def test_desks_behind_a_balancer_end_equal_through_a_kill(tmp_path: Path) -> None:
    asked = argparse.Namespace(
        desks=8, minutes=0.1, servers=2, processes=2, restart_every=3.0, seed=2
    )
    found = prove_desks.prove(asked, tmp_path)
    assert found["exact"], found
    assert found["restarts"]["killed"] >= 1
    assert min(found["connections"]) > 0


def test_a_line_with_faults_loses_nothing(tmp_path: Path) -> None:
    found = prove_line.faulty(tmp_path / "line", QUICK, 6.0)
    assert found["exact"], found
    assert sum(found["struck"].values()) > 0


def test_servers_that_start_at_once_make_one_database(postgres: Cluster) -> None:
    url = postgres.database()
    clock = SystemClock()

    def started(_: int) -> Store:
        return Service(Store(url, clock), toy(), ToyPeople(), clock).store

    with ThreadPoolExecutor(4) as pool:
        stores = list(pool.map(started, range(4)))
    known = []
    for store in stores:
        with store.read() as connection:
            known.append(store.metas(connection))
        store.close()
    assert all(one == known[0] for one in known)


@pytest.fixture
def quiet() -> Iterator[Line]:
    line = Line(1, replace(COMMUNE, silent=2.0, every=10.0))
    yield line
    line.close()


def test_silences_fall_at_the_end_of_each_period(quiet: Line) -> None:
    at = quiet.began
    assert quiet.silences(at, at + 7) == 0
    assert quiet.silences(at + 7, at + 9) == pytest.approx(1)
    assert quiet.silences(at, at + 30) == pytest.approx(6)


def test_what_is_sent_in_a_silence_comes_after_it() -> None:
    way = Way(Strength((0.0, 0.0), 1e9, 1e9, silent=5.0, every=10.0), 1e9, time.monotonic() - 6, 1)
    now = time.monotonic()
    assert way.send(1) - now == pytest.approx(4.0, abs=0.5)
