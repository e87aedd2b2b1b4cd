"""A slow line on loopback: half of the round trip each way, and a rate shared each way."""

from __future__ import annotations

import heapq
import itertools
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

_PIECE = 1400
# What a router keeps before it makes the sender wait.
_QUEUE_SECONDS = 0.3


@dataclass(slots=True)
class Way:
    """One direction of the line: `rate` bytes a second, `delay` seconds on the way."""

    rate: float
    delay: float
    carried: int = 0
    _free: float = 0.0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def send(self, size: int) -> float:
        """Take a piece; return when it arrives, having waited while the queue was full."""
        with self._lock:
            now = time.monotonic()
            self._free = max(self._free, now) + size / self.rate
            self.carried += size
            free = self._free
        time.sleep(max(0.0, free - now - _QUEUE_SECONDS))
        return free + self.delay


class Line:
    """A line to a port; `down` and `up` count what they carried."""

    def __init__(self, target: int, rtt: float, down: float, up: float) -> None:
        self.down, self.up = Way(down, rtt / 2), Way(up, rtt / 2)
        self._target = target
        self._rtt = rtt
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._open: list[socket.socket] = []
        self._threads: list[threading.Thread] = []
        self._start(self._accept)

    @property
    def port(self) -> int:
        """Return the port of the near end."""
        return int(self._listener.getsockname()[1])

    def close(self) -> None:
        """Hang up."""
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for end in self._open:
            _hang_up(end)
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
            self._start(self._carry, near)

    def _carry(self, near: socket.socket) -> None:
        time.sleep(self._rtt)  # the handshake
        far = socket.create_connection(("127.0.0.1", self._target))
        for end in (near, far):
            end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._open += [near, far]
        for source, sink, way in ((near, far, self.up), (far, near, self.down)):
            pipe = _Pipe(sink)
            self._start(_read, source, way, pipe)
            self._start(pipe.write)


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
                _hang_up(self._sink)
                return
            try:
                self._sink.sendall(piece)
            except OSError:
                return


def _read(source: socket.socket, way: Way, pipe: _Pipe) -> None:
    while True:
        try:
            piece = source.recv(_PIECE)
        except OSError:
            piece = b""
        pipe.put(way.send(len(piece)), piece)
        if not piece:
            return


def _hang_up(end: socket.socket) -> None:
    try:
        end.shutdown(socket.SHUT_RDWR)
    except OSError:
        return


@contextmanager
def shaped(target: int, *, rtt_ms: float, down_kbit: float, up_kbit: float) -> Iterator[Line]:
    """Put a line of this kind before a port."""
    line = Line(target, rtt_ms / 1000, down_kbit * 125, up_kbit * 125)
    try:
        yield line
    finally:
        line.close()
