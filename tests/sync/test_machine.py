"""The same lives led by hypothesis, which makes a bad one as short as it can."""

from __future__ import annotations

import random

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule, run_state_machine_as_test

from tests.sync.simulator.bench import Bench, Steady
from tests.sync.simulator.desk import SimDesk
from tests.sync.simulator.events import HONEST
from tests.sync.simulator.judge import judge
from tests.sync.simulator.mutants import MUTANTS
from tests.sync.simulator.world import World

LIVES = settings(
    max_examples=6,
    stateful_step_count=12,
    deadline=None,
    derandomize=True,
    database=None,
    print_blob=False,
    suppress_health_check=list(HealthCheck),
)
CHANCE = st.randoms(use_true_random=False)
PLACE = st.integers(0, 7)


def machine(bench: Bench) -> type[RuleBasedStateMachine]:
    """Return the machine whose lives use this bench."""

    class Life(RuleBasedStateMachine):
        @initialize(seed=st.integers(0, 1000))
        def begin(self, seed: int) -> None:
            self.world = World(bench, seed)

        def desk(self, chance: random.Random, place: int) -> SimDesk:
            self.world.chance = chance
            return self.world.desks[place % len(self.world.desks)]

        @rule(chance=CHANCE, place=PLACE)
        def act(self, chance: random.Random, place: int) -> None:
            desk = self.desk(chance, place)
            self.world.act(desk)
            self.world.after(desk)

        @rule(chance=CHANCE, place=PLACE)
        def sync(self, chance: random.Random, place: int) -> None:
            desk = self.desk(chance, place)
            self.world.sync(desk)
            self.world.after(desk)

        @rule(chance=CHANCE, place=PLACE, event=st.sampled_from(HONEST))
        def happen(self, chance: random.Random, place: int, event: object) -> None:
            desk = self.desk(chance, place)
            assert callable(event)
            event(self.world, desk)
            self.world.after(desk)

        def teardown(self) -> None:
            try:
                self.world.settle()
                judge(self.world)
            finally:
                self.world.close()

    return Life


@pytest.fixture
def bench(tmp_path_factory: pytest.TempPathFactory) -> Bench:
    made = Bench(tmp_path_factory.mktemp("machine").resolve(), Steady())
    yield made
    made.end()


def test_no_order_of_things_breaks_a_promise(bench: Bench) -> None:
    run_state_machine_as_test(machine(bench), settings=LIVES)


def test_a_broken_engine_is_found(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    MUTANTS["receipt dropped"](monkeypatch.setattr)
    once = settings(LIVES, phases=[Phase.generate])
    with pytest.raises(AssertionError):
        run_state_machine_as_test(machine(bench), settings=once)
