"""An authority behind a line that answers wrongly: it listens where the certificates point.

The real services of the demonstration authority answer behind it; each fault spoils one of them.
"""

from __future__ import annotations

import http.client
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from asn1crypto import tsp

from app.kernel.clock import Clock, SystemClock
from app.kernel.ports import HttpReply
from sync.http import Session
from sync.server.demo.authority import DemoAuthority
from tests.signing.conftest import free_port

Answer = tuple[int, str, bytes]
Ask = Callable[[bytes], Answer]
Fault = Callable[[Ask, bytes], Answer | None]
"""A fault gets the real service and the request; None means that the line is cut."""

PAGE = b"<!DOCTYPE html><html><head><title>502</title></head><body>" + b"<p>Sorry</p>" * 200


class Hurried(Session):
    """The real session, which waits for a line that has faults less long than a person would."""

    def __init__(self, line: Line) -> None:
        super().__init__(SystemClock())
        self._patience = 0.5 if slow in line.faults.values() else 20.0

    def request(self, method: str, url: str, **options: object) -> HttpReply:
        """Ask as ever, within a shorter time."""
        return super().request(method, url, **options | {"timeout": self._patience})  # type: ignore[arg-type]


def html(_ask: Ask, _body: bytes) -> Answer:
    """A page for people, as of a portal, with 200."""
    return 200, "text/html", PAGE


def error_page(_ask: Ask, _body: bytes) -> Answer:
    """A page for people with 500."""
    return 500, "text/html", PAGE


def busy(_ask: Ask, _body: bytes) -> Answer:
    """Nothing, with 503."""
    return 503, "text/plain", b""


def moved(_ask: Ask, _body: bytes) -> Answer:
    """A redirect."""
    return 302, "text/plain", b""


def empty(_ask: Ask, _body: bytes) -> Answer:
    """Nothing, with 200."""
    return 200, "application/octet-stream", b""


def noise(_ask: Ask, _body: bytes) -> Answer:
    """Bytes that mean nothing."""
    return 200, "application/octet-stream", bytes(range(256)) * 8


def another_kind(_ask: Ask, _body: bytes) -> Answer:
    """Sound DER of something else: SEQUENCE { INTEGER 1 }."""
    return 200, "application/octet-stream", bytes.fromhex("3003020101")


def huge(_ask: Ask, _body: bytes) -> Answer:
    """More than anybody reads."""
    return 200, "application/octet-stream", bytes(12 << 20)


def cut(_ask: Ask, _body: bytes) -> None:
    """Hang up."""


def slow(_ask: Ask, _body: bytes) -> Answer:
    """Nothing, for longer than anybody waits."""
    return 0, "", b""


def half(ask: Ask, body: bytes) -> Answer:
    """The first half of the right answer."""
    status, kind, data = ask(body)
    return status, kind, data[: len(data) // 2]


def try_later(_ask: Ask, _body: bytes) -> Answer:
    """What a responder says that cannot answer now (OCSPResponseStatus 3)."""
    return 200, "application/ocsp-response", bytes.fromhex("30030a0103")


def shell_of_an_answer(_ask: Ask, _body: bytes) -> Answer:
    """A successful OCSP answer whose inner part is none."""
    inner = bytes.fromhex("06092b0601050507300101" + "0405" + "3003020101")
    whole = b"\xa0" + bytes((len(inner) + 2,)) + b"\x30" + bytes((len(inner),)) + inner
    body = bytes.fromhex("0a0100") + whole
    return 200, "application/ocsp-response", b"\x30" + bytes((len(body),)) + body


def spoilt_signature(ask: Ask, body: bytes) -> Answer:
    """The right answer with a wrong signature, whose bytes stand last."""
    status, kind, data = ask(body)
    place = len(data) - 40
    return status, kind, data[:place] + bytes((data[place] ^ 0x55,)) + data[place + 1 :]


def spoilt_stamp(ask: Ask, body: bytes) -> Answer:
    """A stamp whose signature is wrong."""
    status, kind, data = ask(body)
    reply = tsp.TimeStampResp.load(data)
    signature = reply["time_stamp_token"]["content"]["signer_infos"][0]["signature"].native
    return status, kind, data.replace(signature, bytes(len(signature)))


def other_nonce(ask: Ask, body: bytes) -> Answer:
    """A stamp for another request: its nonce is not ours."""
    return _other(ask, body, "nonce", 4711)


def no_nonce(ask: Ask, body: bytes) -> Answer:
    """A stamp that names no nonce."""
    return _other(ask, body, "nonce", None)


def other_imprint(ask: Ask, body: bytes) -> Answer:
    """A stamp over something else."""
    imprint = tsp.TimeStampReq.load(body)["message_imprint"]
    changed = {"hash_algorithm": imprint["hash_algorithm"], "hashed_message": bytes(32)}
    return _other(ask, body, "message_imprint", tsp.MessageImprint(changed))


def refusal(_ask: Ask, _body: bytes) -> Answer:
    """A sound reply that refuses (PKIStatus 2)."""
    reply = tsp.TimeStampResp({"status": {"status": "rejection"}})
    return 200, "application/timestamp-reply", reply.dump()


def _other(ask: Ask, body: bytes, name: str, value: object) -> Answer:
    asked = tsp.TimeStampReq.load(body)
    kept = {key: asked[key] for key in ("version", "message_imprint", "nonce", "cert_req")}
    kept[name] = value
    if value is None:
        del kept[name]
    return ask(tsp.TimeStampReq(kept).dump())


NOTHING_SOUND: dict[str, Fault] = {
    fault.__name__: fault
    for fault in (html, error_page, busy, moved, empty, noise, another_kind, huge, cut, slow, half)
}
"""Faults that any service may have."""
WRONG_STAMPS: dict[str, Fault] = {
    fault.__name__: fault for fault in (spoilt_stamp, other_nonce, no_nonce, other_imprint, refusal)
}
"""Faults of time stamps alone."""
WRONG_STATUS: dict[str, Fault] = {
    fault.__name__: fault for fault in (spoilt_signature, try_later, shell_of_an_answer)
}
"""Faults of OCSP answers and lists alone."""


@dataclass
class Line:
    """The services of an authority, by the names in their paths: tsa, ocsp, crls."""

    authority: DemoAuthority
    faults: dict[str, Fault] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)

    @contextmanager
    def open(self, clock: Clock | None = None) -> Iterator[Line]:
        """Serve at the port that the certificates name."""
        behind = free_port()
        with self.authority.serve(behind, clock):
            server = ThreadingHTTPServer(("127.0.0.1", self.authority.port), _handler(self, behind))
            server.daemon_threads = False
            thread = threading.Thread(target=server.serve_forever, args=(0.02,))
            thread.start()
            try:
                yield self
            finally:
                server.shutdown()
                server.server_close()
                thread.join()

    def well(self) -> None:
        """Take all faults away and forget what was asked."""
        self.faults.clear()
        self.asked.clear()


def _handler(line: Line, behind: int) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._answer(b"")

        def do_POST(self) -> None:
            self._answer(self.rfile.read(int(self.headers["Content-Length"])))

        def log_message(self, *_: object) -> None:
            """Keep still."""

        def _answer(self, body: bytes) -> None:
            service = self.path.split("/")[2]
            line.asked.append(service)

            def ask(changed: bytes) -> Answer:
                return _forward(behind, self.command, self.path, changed)

            fault = line.faults.get(service)
            answer = fault(ask, body) if fault else ask(body)
            if answer is None or not answer[0]:
                if answer:
                    self.connection.recv(1)  # until whoever asked has gone
                self.close_connection = True
                return
            with suppress(ConnectionError):  # whoever asked may have had enough
                _reply(self, answer)

    return Handler


def _forward(port: int, method: str, path: str, body: bytes) -> Answer:
    asking = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    try:
        asking.request(method, path, body or None)
        reply = asking.getresponse()
        return reply.status, reply.headers["Content-Type"], reply.read()
    finally:
        asking.close()


def _reply(handler: BaseHTTPRequestHandler, answer: Answer) -> None:
    status, kind, data = answer
    handler.send_response(status)
    handler.send_header("Content-Type", kind)
    handler.send_header("Content-Length", str(len(data)))
    if status == 302:
        handler.send_header("Location", handler.path)
    handler.end_headers()
    handler.wfile.write(data)
