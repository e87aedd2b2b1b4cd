"""What a server process bears: polls a second, memory a waiting desk, cost as the database grows.

Processor time is that of the server's own process and of PostgreSQL's, so that the figures say
what a core bears, however busy the machine is.
"""

from __future__ import annotations

import os
import selectors
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from subprocess import Popen

from app.kernel.clock import SystemClock
from sync.protocol.messages import PROTO, RULES, SCHEMA, Request
from sync.server.accounts import Accounts
from sync.server.service import Account, Service
from sync.server.store import Store
from tests.bench import corpus, servers
from tests.bench.__main__ import Plan
from tests.bench.bench_push import batch
from tests.bench.figures import Figure, median
from tests.doubles.postgres import Cluster, cluster

WAITING = (10, 100, 1000, 10_000)
GROWTH = (20_000, 1_000_000)
_POLLS, _TICKS, _ROUNDS = 1500, os.sysconf("SC_CLK_TCK"), 5
_SCOPE = f"province,person:clerk,agency:{corpus.AGENCY}"


def measure(plan: Plan) -> list[Figure]:
    """Measure on PostgreSQL; with `--size` everything is smaller."""
    figures: list[Figure] = []
    with cluster() as made:
        counts = WAITING if not plan.size else (plan.size,)
        figures += _waiting(plan, made, counts)
        sizes = GROWTH if not plan.size else (plan.size * 10, plan.size * 20)
        figures += _grown(plan, made, sizes)
    return figures


def _waiting(plan: Plan, made: Cluster, counts: tuple[int, ...]) -> list[Figure]:
    url, port = made.database(), servers.free_port()
    servers.fill(url, 200)
    token, head = _token(url)
    process = servers.started(url, plan.folder / "files", port, "--waiting", "20000")
    figures: list[Figure] = []
    try:
        servers.wait_for(port, process)
        _poll(port, token, head, 50)
        polls = _POLLS if not plan.size else 50
        with _processor(process, made) as spent:
            _poll(port, token, head, polls)
        figures.append(Figure("polls per second and core", polls / spent.seconds, "polls/s"))
        empty = _memory(process)
        with ExitStack() as held:
            sockets: list[socket.socket] = []
            for count in counts:
                more = _sit(port, token, head, count - len(sockets))
                sockets += more
                for one in more:
                    held.callback(one.close)
                each = (_memory(process) - empty) / count
                figures.append(Figure(f"memory per waiting desk, {count:,}", each / 1e3, "kB"))
            with _processor(process, made) as spent:
                figures.append(_woken(url, sockets))
            said = f"{len(sockets):,} desks, each woken once"
            per = spent.seconds / len(sockets) * 1e3
            figures.append(Figure("processor per desk woken", per, "ms", compared_with=said))
    finally:
        process.kill()
        process.wait(30)
    return figures


def _token(url: str) -> tuple[str, int]:
    store = Store(url, SystemClock())
    try:
        given = Accounts(store, SystemClock()).sign_in("clerk", servers.PASSWORD, "bench")
        with store.read() as connection:
            return given.access, store.head(connection)
    finally:
        store.close()


def _ask(token: str, head: int, seconds: int) -> bytes:
    place = f"/sync/v1/wait?cursor={head}&scope={_SCOPE.replace(':', '%3A')}&seconds={seconds}"
    return f"GET {place} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\n\r\n".encode()


def _poll(port: int, token: str, head: int, times: int) -> None:
    """Ask so often whether there is news, over one connection."""
    with socket.create_connection(("127.0.0.1", port)) as line:
        for _ in range(times):
            line.sendall(_ask(token, head, 0))
            reply = line.recv(65_536)
            while b'"news"' not in reply:
                reply += line.recv(65_536)
            if b'"news":false' not in reply.replace(b" ", b""):
                raise RuntimeError(reply[:400])


def _sit(port: int, token: str, head: int, count: int) -> list[socket.socket]:
    """Let so many desks sit in the long poll; return when the server has taken all requests."""
    lines: list[socket.socket] = []
    for at in range(count):
        # One address has no more than 28,000 ports: others of loopback lend theirs.
        line = socket.create_connection(("127.0.0.1", port), source_address=(_from(at), 0))
        line.sendall(_ask(token, head, 55))
        lines.append(line)
    time.sleep(2.0 + count / 2000)
    return lines


def _from(number: int) -> str:
    return f"127.0.{number // 20_000 + 1}.1"


def _woken(url: str, lines: list[socket.socket]) -> Figure:
    """Commit once, and return the seconds until every desk has heard of it."""
    with selectors.DefaultSelector() as chosen:
        for line in lines:
            line.settimeout(0)
            chosen.register(line, selectors.EVENT_READ)
        store = Store(url, SystemClock())
        began, left = time.perf_counter(), len(lines)
        servers.commit(store)
        while left and time.perf_counter() - began < 120:
            for key, _ in chosen.select(1.0):
                chosen.unregister(key.fileobj)
                left -= 1
        store.close()
    if left:
        raise RuntimeError(f"{left} desks were not woken")
    return Figure(f"{len(lines):,} desks woken by one commit", time.perf_counter() - began, "s")


@dataclass(slots=True)
class _Spent:
    """Processor seconds."""

    seconds: float = 0.0


@contextmanager
def _processor(process: Popen[bytes], made: Cluster) -> Iterator[_Spent]:
    """Count what a server and PostgreSQL's processes spend within the block."""
    spent, before = _Spent(), _used(process.pid) + made.processor()
    yield spent
    spent.seconds = max(_used(process.pid) + made.processor() - before, 1 / _TICKS)


def _used(pid: int) -> float:
    words = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(words[11]) + int(words[12])) / _TICKS


def _memory(process: Popen[bytes]) -> int:
    lines = Path(f"/proc/{process.pid}/status").read_text().splitlines()
    return int(next(row for row in lines if row.startswith("VmRSS")).split()[1]) * 1024


def _grown(plan: Plan, made: Cluster, sizes: tuple[int, ...]) -> list[Figure]:
    """Measure the same things with few documents and with many."""
    took: list[dict[str, float]] = []
    for count in sizes:
        url = made.database()
        servers.fill(url, count)
        made.analyse(url)
        with servers.door(url, plan.folder / "files") as service:
            took.append(_costs(service, made, plan))
    few, many = took
    between = f"{sizes[0]:,} to {sizes[1]:,} documents"
    return [
        Figure(f"{name}, processor, {between}", many[name] / few[name], "×",
               compared_with=f"{few[name]:.2f} and {many[name]:.2f} ms")
        for name in few
    ]  # fmt: skip


def _costs(service: Service, made: Cluster, plan: Plan) -> dict[str, float]:
    """Return the milliseconds of processor time, ours and PostgreSQL's, of each."""
    account = Account("clerk", "clerk")
    with service.store.read() as connection:
        head = service.store.head(connection)
    held = tuple(_SCOPE.split(","))
    caught_up = Request(PROTO, SCHEMA, RULES, "bench", cursor=head, scope=held, compared=head)
    pages = Request(PROTO, SCHEMA, RULES, "bench", want=2000)
    verify = Request(
        PROTO, SCHEMA, RULES, "bench", cursor=head, scope=held, compared=head, verify=True
    )
    rounds = range(_ROUNDS if not plan.size else 1)

    def each(work: Callable[[int], object], parts: int = 1) -> float:
        times = []
        for turn in rounds:
            before = time.process_time() + made.processor()
            work(turn)
            times.append((time.process_time() + made.processor() - before) * 1e3 / parts)
        return max(median(times), 0.01)

    push = min(500, plan.rows(500))
    return {
        "a page of 500 rows": each(lambda _: list(service.handle(pages, account)), 4),
        "a round without news": each(
            lambda _: [list(service.handle(caught_up, account)) for _ in range(20)], 20
        ),
        "all digests": each(lambda _: list(service.handle(verify, account))),
        "a command": each(lambda turn: batch(service, turn, push), push),
        "100 changed, and their pull": each(lambda turn: _delta(service, account, turn, plan)),
    }


def _delta(service: Service, account: Account, turn: int, plan: Plan) -> None:
    with service.store.read() as connection:
        head = service.store.head(connection)
    servers.touch(service, min(100, plan.rows(100) // 2), turn)
    held = tuple(_SCOPE.split(","))
    asked = Request(
        PROTO, SCHEMA, RULES, "bench", cursor=head, scope=held, compared=head, fold=True
    )
    list(service.handle(asked, account))
