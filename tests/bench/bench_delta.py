"""A hundred changed documents of 20,000: what they cost on the wire and how long they take."""

from __future__ import annotations

import os
import resource
import time
from contextlib import ExitStack

from tests.bench import peers, servers
from tests.bench.__main__ import Plan
from tests.bench.bench_pull import SIZE, fresh
from tests.bench.figures import Figure, median
from tests.doubles.postgres import cluster

CHANGED, BUDGET_KB, _ROUNDS = 100, 12, 5


def measure(plan: Plan) -> list[Figure]:
    """Measure on SQLite and on PostgreSQL, a fresh change each round."""
    size = plan.rows(SIZE)
    changed = min(CHANGED, size // 10)
    figures: list[Figure] = []
    with ExitStack() as stack:
        postgres = stack.enter_context(cluster()).database()
        databases = {"SQLite": f"sqlite:///{plan.folder / 'server.db'}", "PostgreSQL": postgres}
        for name, url in databases.items():
            servers.fill(url, size)
            with servers.serving(url, plan.folder / "files") as port:
                figures += _delta(plan, name, url, port, changed)
    ours = max(f.value for f in figures if f.unit == "kB")
    return figures + peers.delta(plan, ours)


def _delta(plan: Plan, name: str, url: str, port: int, changed: int) -> list[Figure]:
    _, desk = fresh(plan, port)
    wire: list[float] = []
    took: list[float] = []
    busy: list[float] = []
    with servers.door(url, plan.folder / "files") as service:
        for turn in range(plan.times(_ROUNDS)):
            servers.touch(service, changed, turn)
            before = resource.getrusage(resource.RUSAGE_SELF)
            began = time.perf_counter()
            later = desk.pull()
            took.append((time.perf_counter() - began) * 1e3)
            after = resource.getrusage(resource.RUSAGE_SELF)
            busy.append((after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime) * 1e3)
            wire.append(later.wire / 1e3)
    desk.store.close()
    what = f"{name}: {changed} changed of {plan.rows(SIZE):,}"
    load = f"load {os.getloadavg()[0]:.1f}"
    return [
        Figure(f"{what}, on the wire", median(wire), "kB", BUDGET_KB, f"worst {max(wire):.1f}"),
        Figure(f"{what}, kept on the desk's disk", median(took), "ms", compared_with=load),
        Figure(f"{what}, processor of the desk", median(busy), "ms"),
    ]
