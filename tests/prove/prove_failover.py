"""Kill the primary in the middle of traffic, again and again: no acknowledged command is lost."""

from __future__ import annotations

import argparse
import json
import tempfile
from pathlib import Path

from tests.doubles.replication import pair
from tests.sync.failover import Scene


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Take how often, how long and with how many desks."""
    parser.add_argument("--deaths", type=int, default=6, help="how often the primary dies")
    parser.add_argument("--seconds", type=float, default=20.0, help="of traffic before each death")
    parser.add_argument("--desks", type=int, default=12, help="desks at work")


def run(arguments: argparse.Namespace) -> int:
    """Let the primary die, promote, bring the dead one back; answer 1 when anything was lost."""
    lost = 0
    with tempfile.TemporaryDirectory() as folder, pair() as machines:
        scene = Scene.begin(Path(folder), machines, arguments.desks)
        try:
            for turn in range(arguments.deaths):
                told = scene.die_at_work(arguments.seconds)
                scene.promote(told)
                lost += len(scene.lost)
                # One machine alone: the administrator's choice, while the other comes back.
                scene.primary.wait_for("")
                scene.traffic(arguments.seconds / 4)
                scene.rejoin()
                _tell(scene, turn + 1, len(told), lost)
            scene.settle()
            scene.judge()
            done = {"commands": scene.commands(), "lost": lost, "once": True, "converged": True}
            print(json.dumps(done))
        finally:
            scene.close()
    return 1 if lost else 0


def _tell(scene: Scene, deaths: int, told: int, lost: int) -> None:
    said = {
        "deaths": deaths,
        "primary": scene.primary.name,
        "desks": len(scene.workers),
        "commands": scene.commands(),
        "acknowledged_at_death": told,
        "lost": lost,
        "cuts": sum(worker.cuts for worker in scene.workers),
    }
    print(json.dumps(said), flush=True)
