"""A file of 20 MB up and down on loopback, cut ten times, brought twice; a plain upload beside."""

from __future__ import annotations

import random
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from app.kernel.clock import SystemClock
from app.kernel.errors import Unavailable
from sync.http import Session
from tests.bench.__main__ import Plan
from tests.bench.figures import Figure, median
from tests.doubles.line import Line
from tests.doubles.toy import AddNote
from tests.sync.real import Process, RealDesk
from tests.sync.server_process import PASSWORD

SIZE = 20
CUTS = 10
_ROUNDS = 3
_LEAF = 256 * 1024
_X = ("agency:x",)
# The least that keeps a file: it reads the body, writes it and brings it to the disk.
_BARE = """
import http.server, os, sys
class Sink(http.server.BaseHTTPRequestHandler):
    def do_PUT(self):
        left = int(self.headers["Content-Length"])
        with open(sys.argv[1], "wb") as target:
            while left:
                piece = self.rfile.read(min(left, 65536))
                target.write(piece)
                left -= len(piece)
            target.flush()
            os.fsync(target.fileno())
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()
    def log_message(self, *_):
        return
server = http.server.HTTPServer(("127.0.0.1", 0), Sink)
print(server.server_port, flush=True)
server.serve_forever()
"""


def measure(plan: Plan) -> list[Figure]:
    """Measure with a server in a process of its own."""
    chance = random.Random(20)
    size = plan.rows(SIZE) << 20
    with ExitStack() as stack:
        server = Process(plan.folder)
        stack.callback(server.kill)
        desks = [RealDesk(plan.folder / who, server.url, who) for who in ("an", "binh")]
        for desk in desks:
            stack.callback(desk.close)
            desk.transport.sign_in(desk.person, PASSWORD)
        sent = [chance.randbytes(size) for _ in range(_ROUNDS)]
        figures = _rates(plan, desks, sent)
        figures += _cuts(desks[0], server, chance.randbytes(size))
        return figures


def _rates(plan: Plan, desks: list[RealDesk], sent: list[bytes]) -> list[Figure]:
    an, binh = desks
    names = [an.store.vault.put(data).sha256 for data in sent]
    size = len(sent[0])
    with _bare(plan.folder / "bare") as url:
        session = Session(SystemClock(), tls=False)
        plain = [
            _timed(lambda data=data: session.request("PUT", url, body=data, timeout=60.0))
            for data in sent
        ]
        session.close()
    up = [_timed(lambda name=name: an.files.upload(name)) for name in names]
    for name in names:
        an.act(AddNote(f"blob-{name[:8]}", "", _X, files=(name,)))
    an.engine.round()
    binh.engine.round()
    again = binh.store.vault.put(sent[0]).sha256
    known = _timed(lambda: binh.files.upload(again))
    binh.store.vault.remove(again)
    down = [_timed(lambda name=name: binh.files.download(name)) for name in names]
    mega = size / 1e6
    return [
        Figure("upload", mega / median(up), "MB/s", None, f"{size >> 20} MiB in leaves, by pieces"),
        Figure("one PUT to a bare file server", mega / median(plain), "MB/s"),
        Figure("upload, against the bare PUT", median(up) / median(plain), "×"),
        Figure("download, verified and sealed leaf by leaf", mega / median(down), "MB/s"),
        Figure("upload of what one may see already", known * 1e3, "ms", None, "no byte is sent"),
    ]


def _cuts(desk: RealDesk, server: Process, data: bytes) -> list[Figure]:
    """Send a file whole and one through cuts; what is over is what was sent twice."""
    line = Line(server.port)
    try:
        desk.through(line.url)
        whole = desk.store.vault.put(data[::-1]).sha256
        desk.files.upload(whole)
        overhead = line.passed - len(data)
        began = line.passed
        name = desk.store.vault.put(data).sha256
        step = len(data) // (CUTS + 1)
        line.cut_after = line.passed + step
        while True:
            try:
                desk.files.upload(name)
                break
            except Unavailable:
                line.cut_after = line.passed + step if line.cuts < CUTS else 0
        twice = (line.passed - began - len(data) - overhead) / max(line.cuts, 1)
    finally:
        line.close()
    told = f"{len(data) >> 20} MiB, {line.cuts} cuts"
    return [Figure("sent twice per cut", max(twice, 1.0) / 1024, "KiB", _LEAF / 1024, told)]


def _timed(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


@contextmanager
def _bare(target: Path) -> Iterator[str]:
    process = subprocess.Popen(
        [sys.executable, "-c", _BARE, str(target)], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    try:
        yield f"http://127.0.0.1:{int(process.stdout.readline())}/"
    finally:
        process.terminate()
        process.wait(10)
        process.stdout.close()
