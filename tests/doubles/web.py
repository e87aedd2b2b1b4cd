"""Servers on loopback: ours under uvicorn, and one that answers whatever a test wants."""

from __future__ import annotations

import ipaddress
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import uvicorn


@dataclass
class Running:
    url: str


@contextmanager
def serve(app: Any) -> Iterator[Running]:
    """Run an ASGI application on a free port."""
    listener = socket.create_server(("127.0.0.1", 0))
    config = uvicorn.Config(app, log_level="error", access_log=False, timeout_graceful_shutdown=1)
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
    thread.start()
    while not server.started:
        time.sleep(0.005)
    try:
        yield Running(f"http://127.0.0.1:{listener.getsockname()[1]}")
    finally:
        server.should_exit = True
        thread.join(10)
        listener.close()


@contextmanager
def liar(
    reply: bytes | None,
    tls: Path | None = None,
    name: str = "",
    age: int = 0,
    heard: list[bytes] | None = None,
    *,
    hold: bool = False,
    drip: float = 0.0,
) -> Iterator[str]:
    """Answer every request with these bytes and hang up; None means silence.

    With `tls` there is a certificate of its own in that folder, for `name` beside 127.0.0.1,
    and made `age` days ago. `heard` takes what was asked. `hold` keeps the line open after
    the bytes; `drip` puts so many seconds between the last six of them.
    """
    listener = socket.create_server(("127.0.0.1", 0))
    context = _own_certificate(tls, name, age) if tls is not None else None
    done = threading.Event()

    def run() -> None:
        while not done.is_set():
            try:
                peer, _ = listener.accept()
            except OSError:
                return
            _answer(_Peer(peer, reply, hold, drip, heard), context, done)

    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield f"{'https' if tls else 'http'}://127.0.0.1:{listener.getsockname()[1]}/"
    finally:
        done.set()
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join(5)


@dataclass
class _Peer:
    line: socket.socket
    reply: bytes | None
    hold: bool
    drip: float
    heard: list[bytes] | None


def _answer(peer: _Peer, context: ssl.SSLContext | None, done: threading.Event) -> None:
    reply = peer.reply
    try:
        with context.wrap_socket(peer.line, server_side=True) if context else peer.line as line:
            line.settimeout(5)
            asked = line.recv(65536)
            if peer.heard is not None:
                peer.heard.append(asked)
            whole = len(reply or b"") - (6 if peer.drip else 0)
            line.sendall((reply or b"")[:whole])
            for byte in (reply or b"")[whole:]:
                done.wait(peer.drip)
                line.sendall(bytes([byte]))
            if reply is None or peer.hold:
                done.wait(5)
    except OSError:
        peer.line.close()


def _own_certificate(folder: Path, host: str = "", age: int = 0) -> ssl.SSLContext:
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "mẫu")])
    now = datetime.now(UTC) - timedelta(days=age)  # noqa: TID251 - judged by the real clock
    names: list[x509.GeneralName] = [x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]
    if host:
        names.append(x509.DNSName(host))
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(7)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    (folder / "cert.pem").write_bytes(made.public_bytes(pem))
    (folder / "key.pem").write_bytes(
        key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "cert.pem", folder / "key.pem")
    return context
