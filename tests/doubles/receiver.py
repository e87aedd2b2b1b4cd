"""A receiver of what the server sends outside: it knows a message again by its key."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

HANG = -1


@dataclass
class Receiver:
    """`says` is what it answers in turn, 200 after that; `HANG` takes the message and is silent."""

    says: list[int] = field(default_factory=list)
    after: str = ""
    came: list[tuple[str, str]] = field(default_factory=list)
    known: dict[str, Any] = field(default_factory=dict)
    url: str = ""
    taken: threading.Event = field(default_factory=threading.Event)
    hanging: threading.Event = field(default_factory=threading.Event)
    done: threading.Event = field(default_factory=threading.Event)
    lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def keys(self) -> list[str]:
        return [key for key, _ in self.came]

    def take(self, key: str, token: str, body: bytes) -> int:
        with self.lock:
            self.came.append((key, token))
            self.taken.set()
            said = self.says.pop(0) if self.says else 200
            if said in (200, HANG):
                self.known.setdefault(key, json.loads(body))
            return said


@contextmanager
def receiver(says: Sequence[int] = (), after: str = "") -> Iterator[Receiver]:
    made = Receiver(list(says), after)

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            token = self.headers.get("Authorization", "")
            said = made.take(self.headers["Idempotency-Key"], token, body)
            if said == HANG:
                made.hanging.set()
                made.done.wait(30)
                return
            self.send_response(said)
            if made.after:
                self.send_header("Retry-After", made.after)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Say nothing: the output of tests is theirs."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    made.url = f"http://127.0.0.1:{server.server_address[1]}/nhan"
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield made
    finally:
        made.done.set()
        server.shutdown()
        server.server_close()
        thread.join()
