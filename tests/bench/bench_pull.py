"""The first pull of 20,000 documents over real HTTP, streamed and onto the desk's disk."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from app.kernel.clock import SystemClock
from app.store.desk import DeskStore
from app.store.replica import Replica
from sync.client.engine import Engine
from sync.client.snapshots import Snapshots
from sync.client.transport import HttpTransport
from sync.http import Session, Streamed
from sync.protocol.messages import Frame, Mark, Request, RowFrame
from sync.server.snapshots import Snapshots as ServerSnapshots
from tests.bench import desks, peers, servers
from tests.bench.__main__ import Plan
from tests.bench.corpus import AGENCY
from tests.bench.figures import Figure, median
from tests.bench.shaper import COMMUNE, SHAPED, shaped
from tests.doubles.postgres import cluster

SIZE = 20_000
_ROUNDS = 3
# Trials with few rows have snapshots too.
_LEAST = 10
# What, how strong, seconds for all and to the first documents
_LINES = (
    ("300 ms, 1 Mbit/s", SHAPED, (28, 3)),
    ("bad commune", COMMUNE, (None, 10)),
)


class _Memory(dict[str, str]):
    """Tokens in memory."""

    def set(self, name: str, value: str) -> None:
        self[name] = value

    def delete(self, name: str) -> None:
        self.pop(name, None)


class _Counting(Session):
    """The guarded session, with the bytes of the bodies that came."""

    taken = 0

    @contextmanager
    def stream(self, *args: Any, **options: Any) -> Iterator[Streamed]:
        with super().stream(*args, **options) as reply:
            yield Streamed(reply.status, reply.headers, self._count(reply.chunks))

    def _count(self, chunks: Iterator[bytes]) -> Iterator[bytes]:
        for piece in chunks:
            self.taken += len(piece)
            yield piece


@dataclass(slots=True)
class _Watch:
    """A transport that notes when the first page was whole, and how many rows came."""

    inner: HttpTransport
    began: float = field(default_factory=time.perf_counter)
    first: float = 0.0
    documents: int = 0
    rows: int = 0

    def exchange(self, request: Request) -> Iterator[Frame]:
        for frame in self.inner.exchange(request):
            if isinstance(frame, RowFrame):
                self.rows += 1
                self.documents += frame.kind == "document"
            yield frame
            if isinstance(frame, Mark) and self.documents and not self.first:
                self.first = time.perf_counter() - self.began


@dataclass(frozen=True, slots=True)
class Pulled:
    """What a pull cost: seconds, seconds to the first documents on the desk, bytes, rows."""

    seconds: float
    first: float
    wire: int
    rows: int
    documents: int


@dataclass(frozen=True, slots=True)
class Taken:
    """What a pull by snapshots cost.

    Seconds until caught up, to the first documents, bytes; rows that the snapshots brought,
    with their seconds and processor seconds; seconds until lists and search are whole too.
    """

    seconds: float
    first: float
    wire: int
    came: int
    filled: float
    spent: float
    listed: float


def _rows(store: DeskStore) -> int:
    both = "SELECT (SELECT count(*) FROM entity) + (SELECT count(*) FROM event)"
    with store.reader() as connection:
        return int(connection.exec_driver_sql(both).scalar() or 0)


class Desk:
    """A desk at a port."""

    def __init__(self, store: DeskStore, port: int) -> None:
        self._session = _Counting(SystemClock())
        tokens = _Memory()
        self.transport = HttpTransport(self._session, f"http://127.0.0.1:{port}", tokens)
        self.transport.sign_in("clerk", servers.PASSWORD)
        self.store = store

    def pull(self) -> Pulled:
        """Pull until caught up."""
        before = self._session.taken
        watch = _Watch(self.transport)
        Engine(Replica(self.store), watch).round()
        seconds = time.perf_counter() - watch.began
        wire = self._session.taken - before
        return Pulled(seconds, watch.first, wire, watch.rows, watch.documents)

    def take(self) -> Taken:
        """Pull by snapshots as the service does: one page, the snapshots, the rest, the lists."""
        before = self._session.taken
        watch, replica = _Watch(self.transport), Replica(self.store)
        engine = Engine(replica, watch)
        engine.round(once=True)
        held = _rows(self.store)
        began, busy = time.perf_counter(), time.process_time()
        Snapshots(self.store, self.transport).fill()
        filled, spent = time.perf_counter() - began, time.process_time() - busy
        came = _rows(self.store) - held
        engine.round()
        whole, wire = time.perf_counter() - watch.began, self._session.taken - before
        while replica.list_some(500):
            continue
        listed = time.perf_counter() - watch.began
        return Taken(whole, watch.first, wire, came, filled, spent, listed)

    def stream(self) -> Pulled:
        """Read every frame of a first pull and keep none."""
        before = self._session.taken
        watch = _Watch(self.transport)
        empty = Request(1, 1, 1, "bench-reader", want=100_000)
        for _ in watch.exchange(empty):
            pass
        seconds = time.perf_counter() - watch.began
        return Pulled(
            seconds, watch.first, self._session.taken - before, watch.rows, watch.documents
        )


def measure(plan: Plan) -> list[Figure]:
    """Measure on SQLite and on PostgreSQL."""
    size = plan.rows(SIZE)
    figures: list[Figure] = []
    with ExitStack() as stack:
        postgres = stack.enter_context(cluster()).database()
        databases = {"SQLite": f"sqlite:///{plan.folder / 'server.db'}", "PostgreSQL": postgres}
        for name, url in databases.items():
            servers.fill(url, size)
            with servers.serving(url, plan.folder / "files") as port:
                figures += _fast(plan, name, url, port)
                if name == "SQLite":
                    figures += _ready_made(plan, url, port)
    kept = [f.value for f in figures if f.what.endswith("on the desk's disk")]
    return figures + peers.pull(plan, max(kept))


def _fast(plan: Plan, name: str, url: str, port: int) -> list[Figure]:
    rounds = plan.times(_ROUNDS)
    streamed = [fresh(plan, port, stream=True)[0] for _ in range(rounds)]
    kept = [fresh(plan, port)[0] for _ in range(rounds - 1)]
    last, desk = fresh(plan, port)
    kept.append(last)
    nothing = desk.pull()
    desk.store.close()
    size = plan.rows(SIZE)
    per = f"{size:,} documents and {last.rows - last.documents:,} other rows"
    stream_rate = median(p.documents / p.seconds for p in streamed)
    kept_rate = median(p.documents / p.seconds for p in kept)
    return [
        Figure(f"{name}: first pull, streamed", stream_rate, "docs/s", 20_000, per, least=True),
        Figure(
            f"{name}: first pull, streamed, all rows",
            median(p.rows / p.seconds for p in streamed), "rows/s",
        ),
        Figure(f"{name}: first pull, on the desk's disk", kept_rate, "docs/s"),
        Figure(
            f"{name}: first pull, on the disk, all rows",
            median(p.rows / p.seconds for p in kept), "rows/s",
        ),
        Figure(f"{name}: first pull on the wire", last.wire / 1e6, "MB"),
        Figure(f"{name}: nothing new", nothing.seconds * 1e3, "ms"),
    ]  # fmt: skip


def _ready_made(plan: Plan, url: str, port: int) -> list[Figure]:
    """Measure snapshots beside the stream: they are there from here on."""
    began = time.process_time()
    folder = plan.folder / "files" / "snapshots"
    with servers.door(url, plan.folder / "files") as service:
        made = list(
            ServerSnapshots(folder, service.store, service.clock).build(
                least=_LEAST, only=(f"agency:{AGENCY}",)
            )
        )
    build = time.process_time() - began
    near = [_taken(plan, port) for _ in range(plan.times(_ROUNDS))]
    rows = sum(one.rows for one in made)
    carried = f"{near[-1].wire / 1e6:.2f} MB, {rows:,} rows in {sum(m.parts for m in made)} parts"
    fill = median(one.came / one.filled for one in near)
    work = median(one.came / one.spent for one in near)
    lists = f"every row kept; lists and search whole after {near[-1].listed:.1f} s"
    figures = [
        Figure("snapshots: first pull, on the disk, all rows", fill, "rows/s", 200_000, carried,
               least=True),
        Figure("snapshots: the same by processor time", work, "rows/s", None, "both sides apart"),
        Figure("snapshots: first pull, until caught up", near[-1].seconds, "s", None, lists),
        Figure("snapshots: built once, processor", build, "s", None, f"{rows:,} rows"),
    ]  # fmt: skip
    for what, strength, most in _LINES:
        with shaped(port, strength) as line:
            far = _taken(plan, line.port)
        said = f"{far.wire / 1e6:.2f} MB; lists whole after {far.listed:.1f} s"
        figures += [
            Figure(f"{what}: first pull by snapshots", far.seconds, "s", most[0], said),
            Figure(f"{what}: first documents on the desk", far.first, "s", most[1]),
        ]
    return figures


def _taken(plan: Plan, port: int) -> Taken:
    home = plan.folder / f"pull-{time.monotonic_ns()}"
    home.mkdir()
    desk = Desk(desks.opened(home), port)
    try:
        return desk.take()
    finally:
        desk.store.close()


def fresh(plan: Plan, port: int, *, stream: bool = False) -> tuple[Pulled, Desk]:
    """Pull with a desk that has nothing yet; a reader's desk is closed at once."""
    home = plan.folder / f"pull-{time.monotonic_ns()}"
    Path(home).mkdir()
    desk = Desk(desks.opened(home), port)
    if stream:
        taken = desk.stream()
        desk.store.close()
        return taken, desk
    return desk.pull(), desk
