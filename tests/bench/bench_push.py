"""Commands decided by the server, with the real rules, in batches as desks send them."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterator
from dataclasses import replace

from app.documents import commands as c
from app.documents.model import Particulars
from app.features import registry
from app.files.model import FileRef
from app.kernel.bus import wrap
from app.kernel.command import Command, Envelope
from app.kernel.ids import derived_id
from sync.protocol.messages import ACCEPTED, PROTO, RULES, SCHEMA, ReceiptFrame, Request
from sync.server.memory import collect_rarely
from sync.server.service import Account, Service
from tests.bench import corpus, servers
from tests.bench.__main__ import Plan
from tests.bench.corpus import AGENCY, INCOMING, NOW, TODAY
from tests.bench.figures import Figure, median, p95
from tests.doubles.postgres import cluster

SIZE = 8000
_BATCH = 1000
_DEVICE = "bench-push"


def measure(plan: Plan) -> list[Figure]:
    """Measure on SQLite and on PostgreSQL."""
    figures: list[Figure] = []
    # As `python -m sync.server serve` does.
    collect_rarely()
    with cluster() as made:
        databases = {
            "PostgreSQL": made.database(),
            "SQLite": f"sqlite:///{plan.folder / 'push.db'}",
        }
        for name, url in databases.items():
            servers.fill(url, 0)
            with servers.door(url, plan.folder) as service:
                figures += _push(service, name, plan.rows(SIZE))
    return figures


def _push(service: Service, name: str, count: int) -> list[Figure]:
    received = [_envelope(n + 1, _receive(n)) for n in range(count)]
    registered = [_envelope(count + n + 1, _register(n)) for n in range(count)]
    single = _envelope(2 * count + 1, _receive(count))
    budget = 8000 if name == "PostgreSQL" else None
    first = _send(service, received)
    second = _send(service, registered)
    alone = [
        _once(service, replace(single, n=2 * count + n + 1, **_named(count + n))) for n in range(20)
    ]
    again = _once_more(service, received)
    both = 2 * count / (sum(first) + sum(second))
    return [
        Figure(f"{name}: commands, real rules", both, "cmds/s", budget,
               f"{2 * count:,} commands in batches of {_BATCH:,}", least=True),
        Figure(f"{name}: receive a document", count / sum(first), "cmds/s"),
        Figure(f"{name}: register it, with its number", count / sum(second), "cmds/s"),
        Figure(f"{name}: one command, median", median(alone) * 1e3, "ms"),
        Figure(f"{name}: one command, p95", p95(alone) * 1e3, "ms"),
        Figure(f"{name}: commands sent twice", count / sum(again), "cmds/s"),
    ]  # fmt: skip


def _named(n: int) -> dict[str, object]:
    made = _envelope(1, _receive(n))
    return {"id": made.id, "entity": made.entity, "args": made.args}


def _send(service: Service, envelopes: list[Envelope]) -> list[float]:
    starts = range(0, len(envelopes), _BATCH)
    return [_request(service, envelopes[at : at + _BATCH]) for at in starts]


def _once(service: Service, envelope: Envelope) -> float:
    return _request(service, [envelope])


def _once_more(service: Service, envelopes: list[Envelope]) -> list[float]:
    return _send(service, envelopes)


def batch(service: Service, turn: int, count: int) -> float:
    """Receive so many documents as a desk of its own, and return the seconds."""
    device, first = f"bench-{turn}", 10_000_000 + turn * 10_000
    made = [replace(_envelope(n + 1, _receive(first + n)), device=device) for n in range(count)]
    return _request(service, made, device)


def _request(service: Service, envelopes: list[Envelope], device: str = _DEVICE) -> float:
    """Send one request; only its commands are timed, the pull behind them is left unread."""
    request = Request(
        PROTO, SCHEMA, RULES, device, receipts_seen=10**9, commands=tuple(envelopes), want=0
    )
    began = time.perf_counter()
    frames: Iterator[object] = service.handle(request, Account("clerk", "clerk"))
    took = time.perf_counter() - began
    taken = 0
    for frame in frames:
        if not isinstance(frame, ReceiptFrame):
            if taken:
                break
            continue
        if frame.code != ACCEPTED:
            raise RuntimeError(f"the server refused a command: {frame.code}")
        taken += 1
    return took


def _envelope(n: int, command: Command) -> Envelope:
    handler = registry().handler(command.NAME)
    made = wrap(handler, command, corpus.actor("clerk"), _DEVICE, NOW)
    return replace(made, n=n, id=derived_id("push", command.NAME, command.id))


def _receive(n: int) -> Command:
    what = Particulars(
        subject=f"Về việc rà soát hộ nghèo, lần {n} (mẫu)", type="CV", type_name="Công văn",
        number=str(n % 9000 + 1), notation="UBND-VX", issued=TODAY, issuer="UBND tỉnh (mẫu)",
        signer="Người ký mẫu",
    )  # fmt: skip
    digest = hashlib.sha256(f"push {n}".encode()).hexdigest()
    file = FileRef(digest, 60_000, "application/pdf")
    return c.Receive(_id(n), AGENCY, what, files=(file,))


def _register(n: int) -> Command:
    return c.Register(_id(n), INCOMING, TODAY)


def _id(n: int) -> str:
    return derived_id("push", "document", str(n))
