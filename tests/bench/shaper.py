"""A slow line on loopback: delay and rate each way, silences, and faults that strike by chance."""

from __future__ import annotations

import heapq
import itertools
import random
import socket
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass

_PIECE = 1400
# What a router keeps before it makes the sender wait.
_QUEUE_SECONDS = 0.3
_STALL_SECONDS = 4.0
_WINDOW = 64 << 10
_PORTAL = b"<html><body>Xin moi dang nhap Wi-Fi (trang mau)</body></html>"
PORTAL = (
    b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nConnection: close\r\nContent-Length: %d\r\n\r\n%s"
    % (len(_PORTAL), _PORTAL)
)


@dataclass(frozen=True, slots=True)
class Strength:
    """How good a line is: `delay` seconds each way from and to, bytes a second, silences.

    The faults are shares of connections: cut in the middle, silent for some seconds and then
    cut, answered by a portal's page, and with the reply lost once the server has the request.
    """

    delay: tuple[float, float]
    down: float
    up: float
    silent: float = 0.0
    every: float = 90.0
    cut: float = 0.0
    stall: float = 0.0
    portal: float = 0.0
    lost: float = 0.0


SHAPED = Strength((0.15, 0.15), 1000 * 125, 384 * 125)
COMMUNE = Strength((0.4, 1.1), 128 * 125, 48 * 125, silent=15.0)


class Way:
    """One direction of the line; what it carries comes in order, whatever the delay of each."""

    def __init__(self, strength: Strength, rate: float, began: float, seed: int) -> None:
        self.carried = 0
        self._strength, self._rate, self._began = strength, rate, began
        self._chance = random.Random(seed)
        self._free = self._last = 0.0
        self._lock = threading.Lock()

    def send(self, size: int) -> float:
        """Take a piece; return when it arrives, having waited while the queue was full."""
        with self._lock:
            now = time.monotonic()
            self._free = self._awake(max(self._free, now)) + size / self._rate
            self.carried += size
            free = self._free
            self._last = max(self._last, self._awake(free) + self.delay())
            arrives = self._last
        time.sleep(max(0.0, free - now - _QUEUE_SECONDS))
        return arrives

    def delay(self) -> float:
        """Return how long the next piece is on its way."""
        return self._chance.uniform(*self._strength.delay)

    def _awake(self, at: float) -> float:
        """Return the time, or the end of the silence that it falls into: the last of a period."""
        s = self._strength
        begins = s.every - s.silent
        into = (at - self._began) % s.every
        return at + s.every - into if s.silent and into >= begins else at


class Line:
    """A line to a port; `down` and `up` count what they carried, `struck` the faults."""

    def __init__(self, target: int, strength: Strength, seed: int = 0) -> None:
        self.began = time.monotonic()
        self.down = Way(strength, strength.down, self.began, seed)
        self.up = Way(strength, strength.up, self.began, seed + 1)
        self.strength = strength
        self.struck: Counter[str] = Counter()
        self._chance = random.Random(seed + 2)
        self._target = target
        self._listener = socket.create_server(("127.0.0.1", 0))
        # On loopback the kernel takes megabytes at once, which no line far away does.
        self._listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _WINDOW)
        self._open: list[socket.socket] = []
        self._threads: list[threading.Thread] = []
        self._start(self._accept)

    @property
    def port(self) -> int:
        """Return the port of the near end."""
        return int(self._listener.getsockname()[1])

    def silences(self, start: float, stop: float) -> float:
        """Return how many seconds of silence fell between two times."""
        s = self.strength
        first = int((start - self.began) // s.every)
        last = int((stop - self.began) // s.every)
        begins = [self.began + (n + 1) * s.every - s.silent for n in range(first, last + 1)]
        return sum(max(0.0, min(stop, b + s.silent) - max(start, b)) for b in begins)

    def mend(self) -> None:
        """Let no fault strike from now on; the line stays as slow as it is."""
        s = self.strength
        self.strength = Strength(s.delay, s.down, s.up, s.silent, s.every)

    def retarget(self, port: int) -> None:
        """Lead new connections to another port."""
        self._target = port

    def close(self) -> None:
        """Hang up."""
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for end in self._open:
            hang_up(end)
        for thread in self._threads:
            thread.join(5)
        for end in self._open:
            end.close()

    def _start(self, work: object, *args: object) -> None:
        thread = threading.Thread(target=work, args=args, daemon=True)  # type: ignore[arg-type]
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        while True:
            try:
                near, _ = self._listener.accept()
            except OSError:
                return
            self._threads = [t for t in self._threads if t.is_alive()]
            self._start(self._carry, near)

    def _carry(self, near: socket.socket) -> None:
        time.sleep(max(0.0, self.up.send(0) - time.monotonic()) + self.down.delay())  # handshake
        self._open.append(near)
        fault = self._fault()
        if fault == "portal":
            with suppress(OSError):
                near.recv(_PIECE)
                near.sendall(PORTAL)
            hang_up(near)
            return
        try:
            far = socket.socket()
            far.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _WINDOW)
            self._open.append(far)
            far.connect(("127.0.0.1", self._target))
        except OSError:
            hang_up(near)
            return
        for end in (near, far):
            end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        up, down = _Pipe(far), _Pipe(near)
        self._start(_read, near, self.up, up, 0)
        self._start(_read, far, self.down, down, self._bound(fault), fault == "stall")
        self._start(up.write)
        self._start(down.write)

    def _fault(self) -> str:
        s, number, reached = self.strength, self._chance.random(), 0.0
        for name in ("cut", "stall", "portal", "lost"):
            reached += getattr(s, name)
            if number < reached:
                self.struck[name] += 1
                return name
        return ""

    def _bound(self, fault: str) -> int:
        """Return how many bytes of replies pass before the fault; 0 is no bound, 1 none at all."""
        if fault == "lost":
            return 1
        return self._chance.choice((300, 2_000, 20_000)) if fault in ("cut", "stall") else 0


class _Pipe:
    """Pieces on the way, each with the time of its arrival."""

    def __init__(self, sink: socket.socket) -> None:
        self._sink = sink
        self._pieces: list[tuple[float, int, bytes]] = []
        self._turn = itertools.count()
        self._news = threading.Condition()

    def put(self, at: float, piece: bytes) -> None:
        with self._news:
            heapq.heappush(self._pieces, (at, next(self._turn), piece))
            self._news.notify()

    def write(self) -> None:
        while True:
            with self._news:
                while not self._pieces:
                    self._news.wait()
                at, _, piece = heapq.heappop(self._pieces)
            time.sleep(max(0.0, at - time.monotonic()))
            if not piece:
                hang_up(self._sink)
                return
            try:
                self._sink.sendall(piece)
            except OSError:
                return


def _read(source: socket.socket, way: Way, pipe: _Pipe, bound: int, stalls: bool = False) -> None:
    """Carry what comes; a line that is cut at a bound loses the piece that reaches it."""
    passed = 0
    while True:
        try:
            piece = source.recv(_PIECE)
        except OSError:
            piece = b""
        passed += len(piece)
        if bound and passed >= bound:
            time.sleep(_STALL_SECONDS if stalls else 0.0)
            hang_up(source)
            piece = b""
        pipe.put(way.send(len(piece)), piece)
        if not piece:
            return


def hang_up(end: socket.socket) -> None:
    """End both directions of a connection."""
    with suppress(OSError):
        end.shutdown(socket.SHUT_RDWR)


@contextmanager
def shaped(target: int, strength: Strength, seed: int = 0) -> Iterator[Line]:
    """Put a line of this strength before a port."""
    line = Line(target, strength, seed)
    try:
        yield line
    finally:
        line.close()
