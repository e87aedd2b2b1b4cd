"""Seeded lives over a line that lies and disks that forget; every promise is judged."""

from __future__ import annotations

import sys

import pytest

from tests.sync.simulator.mutants import MUTANTS
from tests.sync.simulator.run import run
from tests.sync.simulator.scenarios import SCENARIOS, Played, played

LIVES = 2500
ENOUGH = 100
# Lives that once ended badly: a server restored before the first pull had ended; a page torn
# while the log was carried over; both in one
ONCE_LOST = (1595, 2185, 3451)
# Lived once more through all of SQLAlchemy
WHOLE = 60
FAULTS = {
    "clock jump",
    "clone",
    "crash",
    "crash in a round",
    "cut",
    "damage",
    "full disk",
    "half a frame",
    "late duplicate",
    "lost reply",
    "lost request",
    "lost or torn writes",
    "power cut",
    "power cut of the server",
    "restore",
    "role change",
    "tombstones purged",
    "upgrade",
}


@pytest.mark.slow
def test_every_life_ends_with_all_promises_kept() -> None:
    outcome = run(0, LIVES)
    sys.stdout.write(outcome.told())
    assert not outcome.failed, outcome.told()
    assert outcome.runs == LIVES
    rare = {fault for fault in FAULTS if outcome.hits[fault] < ENOUGH}
    assert not rare, outcome.told()
    assert outcome.hits["fold"]


@pytest.mark.parametrize("seed", ONCE_LOST)
def test_what_once_ended_badly_ends_well(seed: int) -> None:
    outcome = run(seed, 1, 1)
    assert (outcome.runs, outcome.failed) == (1, [])


def test_lives_are_the_same_through_all_of_sqlalchemy() -> None:
    thin, thick = run(0, WHOLE), run(0, WHOLE, thick=True)
    assert not thick.failed, thick.told()
    assert (thin.stories, thin.hits) == (thick.stories, thick.hits)
    assert thin.stories


@pytest.fixture(scope="module")
def plays() -> Played:
    return played()


def test_every_mutant_has_its_scenario() -> None:
    assert set(SCENARIOS) == set(MUTANTS)


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_a_scenario_ends_well(plays: Played, scenario: str) -> None:
    whole, _ = plays[scenario]
    assert not whole


@pytest.mark.parametrize("mutant", MUTANTS)
def test_a_broken_engine_fails_its_scenario(plays: Played, mutant: str) -> None:
    _, broken = plays[mutant]
    assert broken.startswith("AssertionError"), broken or "the mutant lived well"
