"""Live seeded lives of desks and a server whose line, disks and clocks fail."""

from __future__ import annotations

import argparse
import os
import time

from tests.sync.simulator import run as simulator

RUNS = 10_000
ENOUGH = 100


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Take one seed, or how many to live from where on."""
    parser.add_argument("--seed", type=int, help="live this one and tell its story")
    parser.add_argument(
        "--mutant", default="", help="break the engine so, and see a life end badly"
    )
    parser.add_argument("--first", type=int, default=0, help="the first seed")
    parser.add_argument("--runs", type=int, default=RUNS, help="how many seeds")
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1)


def run_one(seed: int) -> int:
    """Live one seed and print its story."""
    outcome = simulator.run(seed, 1, 1, verbose=True)
    print(outcome.told())
    return 1 if outcome.failed else 0


def run_all(first: int, runs: int, processes: int) -> int:
    """Live many; answer 1 when one failed, or a fault struck less than 100 times in 10,000."""
    began = time.monotonic()
    outcome = simulator.run(first, runs, processes)
    print(outcome.told())
    print(f"{time.monotonic() - began:.0f} s")
    rare = [name for name, hits in outcome.hits.items() if hits < ENOUGH]
    if runs >= RUNS and rare:
        print(f"struck less than {ENOUGH} times: {', '.join(rare)}")
        return 1
    return 1 if outcome.failed else 0


def run(arguments: argparse.Namespace) -> int:
    """Run what the arguments say."""
    if arguments.mutant:
        outcome = simulator.run(arguments.first, arguments.runs, 1, mutant=arguments.mutant)
        print(outcome.told())
        return 0 if outcome.failed else 1
    if arguments.seed is not None:
        return run_one(arguments.seed)
    return run_all(arguments.first, arguments.runs, arguments.processes)
