"""A desk's first pull and its acts through 300 ms and 1 Mbit/s; by the clock, as the line takes it.

How a whole day goes on worse lines, with TLS and two people, is `./prove line`.
"""

from __future__ import annotations

import os
import time

from app.documents import commands as c
from app.documents.model import Particulars
from app.features import registry
from app.identity.actors import resolve
from app.kernel.bus import Bus
from app.kernel.clock import SystemClock, local_date
from app.kernel.ids import new_id
from app.store.replica import Replica
from sync.client.engine import Engine
from tests.bench import corpus, servers
from tests.bench.__main__ import Plan
from tests.bench.bench_pull import SIZE, Desk, fresh
from tests.bench.figures import Figure, median
from tests.bench.shaper import SHAPED, shaped

_ACTS = 5


def measure(plan: Plan) -> list[Figure]:
    """Measure the whole first pull, its first documents, and a registration with its number."""
    url = f"sqlite:///{plan.folder / 'server.db'}"
    servers.fill(url, plan.rows(SIZE))
    with (
        servers.serving(url, plan.folder / "files") as port,
        shaped(port, SHAPED) as line,
    ):
        taken, desk = fresh(plan, line.port)
        acts = [_register(desk) for _ in range(_ACTS)]
        desk.store.close()
    what, load = "300 ms, 1 Mbit/s", f"load {os.getloadavg()[0]:.1f}"
    carried = f"{taken.wire / 1e6:.2f} MB: the line alone {taken.wire / 125_000:.1f} s; {load}"
    return [
        Figure(f"{what}: first pull of {taken.documents:,}", taken.seconds, "s", 28, carried),
        Figure(f"{what}: first documents on the desk", taken.first, "s", 3, load),
        Figure(f"{what}: registered, numbered and back", median(acts), "s", compared_with=load),
    ]


def _register(desk: Desk) -> float:
    """Receive and register a document; return the seconds until its number is here."""
    store, clock = desk.store, SystemClock()
    store.resolve_actor = lambda get, e: resolve(get, e.person, e.post, e.at)
    today, entity = local_date(clock.now()), new_id(clock.now())
    what = Particulars(
        subject="Về việc rà soát (mẫu)", type="CV", type_name="Công văn", number=entity[-6:],
        notation="UBND-VX", issued=corpus.TODAY, issuer="UBND tỉnh (mẫu)", signer="Người ký mẫu",
    )  # fmt: skip
    began = time.perf_counter()
    bus = Bus(registry(), store.transaction, store.device, clock, store.changes)
    bus.run(
        corpus.actor("clerk"),
        c.Receive(entity, corpus.AGENCY, what),
        c.Register(entity, corpus.INCOMING, today),
    )
    Engine(Replica(store), desk.transport).round(flush=True)
    took = time.perf_counter() - began
    held = store.get("document", entity)
    if held is None or held.arrival_number is None:
        raise RuntimeError("there is no number")
    return took
