"""A line on loopback between a desk and a server: slow, cut after so many bytes, or lying."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from dataclasses import dataclass, field


@dataclass
class Line:
    """Pass bytes on; `cut_after` counts the bytes of both ways until the line breaks once."""

    target: int
    rate: int = 0
    cut_after: int = 0
    cuts: int = 0
    passed: int = 0
    _listener: socket.socket = field(init=False)
    _threads: list[threading.Thread] = field(default_factory=list)
    _open: list[socket.socket] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._listener.getsockname()[1]}"

    def close(self) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._drop()
        for thread in self._threads:
            thread.join(5)

    def _drop(self) -> None:
        for one in self._open:
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
        self._open.clear()

    def _accept(self) -> None:
        while True:
            try:
                desk, _ = self._listener.accept()
            except OSError:
                return
            server = socket.create_connection(("127.0.0.1", self.target))
            self._open += [desk, server]
            for source, sink in ((desk, server), (server, desk)):
                pump = threading.Thread(target=self._pump, args=(source, sink), daemon=True)
                self._threads.append(pump)
                pump.start()

    def _pump(self, source: socket.socket, sink: socket.socket) -> None:
        with source, contextlib.suppress(OSError):
            while data := source.recv(16384):
                self.passed += len(data)
                if self.rate:
                    time.sleep(len(data) / self.rate)
                if self.cut_after and self.passed >= self.cut_after:
                    self.cut_after, self.cuts = 0, self.cuts + 1
                    break
                sink.sendall(data)
            for one in (source, sink):
                one.shutdown(socket.SHUT_RDWR)
