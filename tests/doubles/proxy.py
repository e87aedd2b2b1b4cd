"""A proxy on loopback that leads every name to one server, and asks who is there if it shall."""

from __future__ import annotations

import socket
import threading
from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

_ASKS = (
    b"HTTP/1.1 407 Proxy Authentication Required\r\n"
    b'Proxy-Authenticate: Basic realm="mau", charset="UTF-8"\r\nContent-Length: 0\r\n\r\n'
)


@dataclass
class Proxied:
    """Where the proxy listens, whom it lets through, and what it was asked for."""

    port: int
    target: int
    credentials: str = ""
    refusal: bytes = b""
    asked: list[str] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def lets(self, head: bytes) -> bool:
        said = b64encode(self.credentials.encode())
        return not self.credentials or b"Proxy-Authorization: Basic " + said + b"\r\n" in head


@contextmanager
def proxy(target: int, credentials: str = "", refusal: bytes = b"") -> Iterator[Proxied]:
    """Run a proxy before a port; `refusal` is its answer instead of a tunnel."""
    listener = socket.create_server(("127.0.0.1", 0))
    made = Proxied(listener.getsockname()[1], target, credentials, refusal)
    peers: list[threading.Thread] = []

    def run() -> None:
        while True:
            try:
                peer, _ = listener.accept()
            except OSError:
                return
            peers.append(threading.Thread(target=_serve, args=(peer, made)))
            peers[-1].start()

    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield made
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        for one in (thread, *peers):
            one.join(10)


def _serve(peer: socket.socket, made: Proxied) -> None:
    with peer:
        peer.settimeout(5)
        head = b""
        while b"\r\n\r\n" not in head:
            piece = peer.recv(65536)
            if not piece:
                return
            head += piece
        made.asked.append(head.split(b"\r\n", 1)[0].decode())
        if not made.lets(head):
            peer.sendall(_ASKS)
        elif made.refusal:
            peer.sendall(made.refusal)
        else:
            _tunnel(peer, made.target, head)


def _tunnel(peer: socket.socket, target: int, head: bytes) -> None:
    with socket.create_connection(("127.0.0.1", target)) as far:
        if head.startswith(b"CONNECT"):
            peer.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
        else:
            far.sendall(head)
        back = threading.Thread(target=_pump, args=(far, peer))
        back.start()
        _pump(peer, far)
        back.join(10)


def _pump(source: socket.socket, sink: socket.socket) -> None:
    try:
        while piece := source.recv(65536):
            sink.sendall(piece)
        sink.shutdown(socket.SHUT_WR)
    except OSError:
        return
