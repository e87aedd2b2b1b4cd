"""Let many desks work on PostgreSQL through several servers that are restarted and killed."""

from __future__ import annotations

import argparse
import json
import os
import random
import tempfile
import time
from collections import Counter
from contextlib import ExitStack
from pathlib import Path
from subprocess import Popen
from typing import Any

from app.kernel.clock import SystemClock
from tests.bench import servers
from tests.doubles.postgres import cluster
from tests.prove import once, province
from tests.prove.balancer import balancing
from tests.prove.children import Told

DESKS, MINUTES, SERVERS, PROCESSES, RESTART_EVERY = 200, 10.0, 3, 4, 20.0


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Take how many desks work how long."""
    parser.add_argument("--desks", type=int, default=DESKS)
    parser.add_argument("--minutes", type=float, default=MINUTES)
    parser.add_argument("--servers", type=int, default=SERVERS, help="server processes")
    parser.add_argument("--processes", type=int, default=PROCESSES, help="of desks")
    parser.add_argument("--restart-every", type=float, default=RESTART_EVERY, metavar="SECONDS")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", action="store_true")


def run(arguments: argparse.Namespace) -> int:
    """Prove, and say the counts; 0 when all ends equal and every effect is there once."""
    with tempfile.TemporaryDirectory() as folder:
        found = prove(arguments, Path(folder))
    if arguments.json:
        print(json.dumps(found))
    else:
        for name, value in found.items():
            print(f"{name}: {value}")
    return 0 if found["exact"] else 1


def prove(arguments: argparse.Namespace, folder: Path) -> dict[str, Any]:
    """Return what was counted."""
    with ExitStack() as stack:
        url = stack.enter_context(cluster()).database()
        province.build(url, arguments.desks, SystemClock())
        processes = _Servers(url, folder / "files", arguments.servers, arguments.seed)
        stack.callback(processes.end)
        balancer = stack.enter_context(balancing(processes.ports))
        children = [
            _child(stack, folder, balancer.port, arguments, part)
            for part in _parts(arguments.desks, arguments.processes)
        ]
        began = time.monotonic()
        _all(children, "work")
        while time.monotonic() - began < arguments.minutes * 60:
            time.sleep(min(arguments.restart_every, arguments.minutes * 30))
            processes.restart_one()
        worked = time.monotonic() - began
        settled = sum(answer["settled"] for answer in _all(children, "settle"))
        ends = _all(children, "compare")
        _all(children, "end")
        counts: Counter[str] = sum((Counter(end["counts"]) for end in ends), Counter())
        told = once.counted(url, folder / "files", counts)
    differ = sum(end["differ"] for end in ends)
    return {
        "desks": arguments.desks,
        "servers": arguments.servers,
        "seconds": round(worked),
        "load": os.getloadavg()[0],
        "restarts": dict(processes.restarts),
        "connections": sorted(balancer.carried.values()),
        "settled": settled,
        "desks_that_differ": differ,
        "desks_counts": dict(counts),
        **told,
        "exact": once.exact(told)
        and not differ
        and settled == arguments.desks
        and not counts["refused"],
    }


def _child(
    stack: ExitStack, folder: Path, port: int, arguments: argparse.Namespace, part: range
) -> Told:
    url = f"http://127.0.0.1:{port}"
    numbers = (str(part.start), str(part.stop), str(arguments.seed))
    child = Told("tests.prove.desks_child", str(folder), url, *numbers)
    stack.callback(child.kill)
    child.heard()
    return child


def _parts(count: int, processes: int) -> list[range]:
    each = -(-count // processes)
    return [range(at, min(at + each, count)) for at in range(0, count, each)]


def _all(children: list[Told], word: str) -> list[dict[str, Any]]:
    for child in children:
        child.tell(word)
    return [child.heard() for child in children]


class _Servers:
    """Server processes on one database, each at a port of its own."""

    def __init__(self, url: str, files: Path, count: int, seed: int) -> None:
        self.ports = [servers.free_port() for _ in range(count)]
        self.restarts: Counter[str] = Counter()
        self._url, self._files = url, files
        self._chance = random.Random(seed)
        self._running: dict[int, Popen[bytes]] = {}
        for port in self.ports:
            self._start(port)

    def _start(self, port: int) -> None:
        process = servers.started(
            self._url, self._files, port, "--pool", "4", "--log-level", "error"
        )
        servers.wait_for(port, process)
        self._running[port] = process

    def restart_one(self) -> None:
        """End one, in order or at once in turns, while the others serve; then start it again."""
        port = self._chance.choice(self.ports)
        process = self._running[port]
        if self.restarts.total() % 2:
            self.restarts["in order"] += 1
            process.terminate()
        else:
            self.restarts["killed"] += 1
            process.kill()
        process.wait(60)
        self._start(port)

    def end(self) -> None:
        """End all."""
        for process in self._running.values():
            process.terminate()
        for process in self._running.values():
            process.wait(60)
