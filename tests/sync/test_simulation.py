"""Seeded lives over a line that lies and disks that forget; every promise is judged."""

from __future__ import annotations

import sys

import pytest

from tests.sync.simulator.mutants import MUTANTS
from tests.sync.simulator.run import run

LIVES = 200
# So many in 10,000 lives
ENOUGH = 100
# Found within few lives; the others need more: ./prove simulate --mutant NAME
QUICK = ("acknowledged before caught up",)
FAULTS = {
    "clock jump",
    "clone",
    "crash",
    "crash in a round",
    "cut",
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
    "upgrade",
}


def test_every_life_ends_with_all_promises_kept() -> None:
    outcome = run(0, LIVES)
    sys.stdout.write(outcome.told())
    assert not outcome.failed, outcome.told()
    assert outcome.runs == LIVES
    rare = {fault for fault in FAULTS if outcome.hits[fault] * 10_000 < ENOUGH * LIVES}
    assert not rare, outcome.told()
    assert outcome.hits["fold"]


@pytest.mark.parametrize("mutant", QUICK)
def test_no_broken_engine_lives_well(mutant: str) -> None:
    assert mutant in MUTANTS
    outcome = run(0, LIVES, 1, mutant=mutant)
    assert outcome.failed, outcome.told()
    assert outcome.failed[0][1].startswith("AssertionError"), outcome.told()
