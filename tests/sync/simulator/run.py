"""Many lives over several processes: `run` from tests and `./prove simulate`."""

from __future__ import annotations

import argparse
import gc
import hashlib
import json
import subprocess
import sys
import tempfile
import traceback
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from tests.power.power import build, preloaded

STEPS = 12
_MEMORY = Path("/dev/shm")
_TOLD = 5
_SWEPT = 100


@dataclass
class Outcome:
    """What came of many lives."""

    runs: int = 0
    hits: Counter[str] = field(default_factory=Counter)
    failed: list[tuple[int, str]] = field(default_factory=list)
    # What all the stories come to, whoever lived them and in whatever order.
    stories: int = 0

    def told(self) -> str:
        """Return the hits and the failures in words."""
        lines = [f"{self.runs} lives, {len(self.failed)} failed"]
        lines += [f"  {name:24} {hits:8}" for name, hits in sorted(self.hits.items())]
        lines += [f"  ./prove simulate --seed {s}: {why}" for s, why in self.failed[:_TOLD]]
        return "\n".join(lines)


def run(
    first: int,
    runs: int,
    processes: int = 2,
    *,
    verbose: bool = False,
    mutant: str = "",
    thick: bool = False,
) -> Outcome:
    """Live the seeds from `first` on, shared among processes; `thick`: through SQLAlchemy."""
    outcome = Outcome()
    with tempfile.TemporaryDirectory(dir=_MEMORY if _MEMORY.is_dir() else None) as folder:
        place = Path(folder).resolve()
        environment = preloaded(build(place))
        share = -(-runs // processes)
        workers = [
            subprocess.Popen(
                [sys.executable, "-m", "tests.sync.simulator.run", "--folder", str(place / str(w)),
                 "--first", str(first + w * share),
                 "--runs", str(max(0, min(share, runs - w * share))),
                 "--mutant", mutant, *(["--verbose"] if verbose else []),
                 *(["--thick"] if thick else [])],
                env=environment, stdout=subprocess.PIPE, text=True,
            )
            for w in range(processes)
        ]  # fmt: skip
        for worker in workers:
            said, _ = worker.communicate()
            assert worker.returncode == 0, "a worker of the simulator broke"
            told = json.loads(said)
            outcome.runs += told["runs"]
            outcome.hits.update(told["hits"])
            outcome.failed += [(seed, why) for seed, why in told["failed"]]
            outcome.stories ^= told["stories"]
    return outcome


def _work(
    folder: Path, first: int, runs: int, *, verbose: bool, mutant: str, thick: bool
) -> Outcome:
    from tests.sync.simulator.bench import Bench
    from tests.sync.simulator.judge import judge
    from tests.sync.simulator.mutants import break_it
    from tests.sync.simulator.world import World

    if mutant:
        break_it(mutant)

    bench, outcome = Bench(folder, thin=not thick), Outcome()
    gc.disable()
    gc.freeze()
    for seed in range(first, first + runs):
        if seed % _SWEPT == 0:
            gc.collect()
        world = World(bench, seed)
        try:
            world.live(STEPS)
            world.settle()
            judge(world)
        except Exception as error:  # noqa: BLE001 - whatever a life dies of is its finding
            outcome.failed.append((seed, f"{type(error).__name__}: {error}"[:400]))
            if verbose:
                sys.stderr.write("\n".join([*world.story, ""]))
                traceback.print_exception(error)
        world.close()
        outcome.runs += 1
        told = "\n".join([str(seed), *world.story]).encode()
        outcome.stories ^= int.from_bytes(hashlib.blake2b(told, digest_size=8).digest())
        outcome.hits.update(world.hits)
        if mutant and outcome.failed:
            break
    outcome.hits["lost or torn writes"] = bench.power.losses
    return outcome


def main() -> int:
    """Live some seeds in this process and print what came of it as JSON."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--first", type=int, required=True)
    parser.add_argument("--runs", type=int, required=True)
    parser.add_argument("--verbose", action="store_true")
    parser.add_argument("--mutant", default="", help="how to break the engine first")
    parser.add_argument("--thick", action="store_true", help="through SQLAlchemy")
    a = parser.parse_args()
    outcome = _work(a.folder, a.first, a.runs, verbose=a.verbose, mutant=a.mutant, thick=a.thick)
    sys.stdout.write(json.dumps(vars(outcome)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
