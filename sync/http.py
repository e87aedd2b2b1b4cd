"""The one guarded HTTP session: limits on size and time, no redirects, typed truths.

Every failure is an `Unavailable` whose code says what the network really is: `sync.offline`,
`sync.portal`, `sync.proxy_auth`, `sync.tls_intercepted` or `sync.server_down`.
"""

from __future__ import annotations

import errno
import ipaddress
import socket
import ssl
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

import requests
import truststore
import urllib3
from requests.adapters import HTTPAdapter

from app.kernel.clock import Clock
from app.kernel.errors import RuleViolation, Unavailable
from app.kernel.ports import HttpReply

_CHUNK = 1 << 16
_CONNECT = 10.0
# A reply that drips may take this many times its stall timeout, no longer.
_PATIENCE = 12
_REFUSING = (errno.ECONNREFUSED, errno.ECONNRESET)
_DOWN = frozenset({502, 503, 504})


@dataclass(frozen=True, slots=True)
class Streamed:
    """A reply whose raw bytes, still packed, are read piece by piece."""

    status: int
    headers: Mapping[str, str]
    chunks: Iterator[bytes]


class _System(HTTPAdapter):
    """Trust what the operating system trusts."""

    def init_poolmanager(self, *args: Any, **options: Any) -> Any:
        options["ssl_context"] = truststore.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        return super().init_poolmanager(*args, **options)


class Session:
    """Ask servers; a session belongs to one lane.

    With `tls` every address off loopback must be https. `ca` is a file of roots for a
    server whose authority the operating system does not know.
    """

    def __init__(self, clock: Clock, *, tls: bool = False, ca: str = "") -> None:
        self._clock = clock
        self._tls = tls
        self._session = requests.Session()
        # Given with each request: the environment would win over the session's own.
        self._verify: str | bool = ca or True
        if not ca:
            self._session.mount("https://", _System())
        self._session.headers["User-Agent"] = "HoaBan"

    def close(self) -> None:
        """Close every connection."""
        self._session.close()

    def request(
        self,
        method: str,
        url: str,
        *,
        body: bytes = b"",
        headers: Mapping[str, str] | None = None,
        timeout: float = 10.0,
        max_bytes: int = 1 << 20,
    ) -> HttpReply:
        """Ask and read the whole reply; raises `Unavailable` with the network's truth."""
        with self._open(method, url, body, headers, timeout) as reply:
            pieces = self._pieces(reply, timeout, max_bytes, decode=True)
            return HttpReply(reply.status_code, reply.headers, b"".join(pieces))

    @contextmanager
    def stream(
        self,
        method: str,
        url: str,
        *,
        body: bytes = b"",
        headers: Mapping[str, str] | None = None,
        stall: float = 30.0,
        max_bytes: int = 1 << 32,
    ) -> Iterator[Streamed]:
        """Ask and read the reply as it comes; only silence of `stall` seconds ends it."""
        with self._open(method, url, body, headers, stall) as reply:
            pieces = self._pieces(reply, 0.0, max_bytes, decode=False)
            yield Streamed(reply.status_code, reply.headers, pieces)

    @contextmanager
    def _open(
        self, method: str, url: str, body: bytes, headers: Mapping[str, str] | None, stall: float
    ) -> Iterator[requests.Response]:
        if self._tls and not _guarded(url):
            raise RuleViolation("sync.tls_required", field="server")
        try:
            reply = self._session.request(
                method,
                url,
                data=body or None,
                headers=dict(headers or {}),
                stream=True,
                timeout=(min(_CONNECT, stall), stall),
                allow_redirects=False,
                verify=self._verify,
            )
        except requests.RequestException as error:
            raise _truth(error) from error
        with reply:
            self._check(reply)
            yield reply

    def _check(self, reply: requests.Response) -> None:
        if reply.status_code == 407:
            raise Unavailable("sync.proxy_auth")
        if reply.is_redirect or reply.status_code == 511:
            raise Unavailable("sync.portal")
        if reply.status_code in _DOWN and "hoaban" not in reply.headers.get("Content-Type", ""):
            raise Unavailable("sync.server_down", retry_at=self.retry_at(reply.headers))

    def retry_at(self, headers: Mapping[str, str]) -> Any:
        """Return the time that a Retry-After in seconds names, or None."""
        wait = headers.get("Retry-After", "")
        return (
            self._clock.now() + timedelta(seconds=int(wait[:6]))
            if wait.isascii() and wait.isdigit()
            else None
        )

    def _pieces(
        self, reply: requests.Response, timeout: float, max_bytes: int, *, decode: bool
    ) -> Iterator[bytes]:
        began, size = self._clock.monotonic(), 0
        try:
            for piece in reply.raw.stream(_CHUNK) if decode else _raw(reply):
                size += len(piece)
                if size > max_bytes:
                    raise Unavailable("sync.reply_too_large")
                if timeout and self._clock.monotonic() - began > timeout * _PATIENCE:
                    raise Unavailable("sync.offline")
                yield piece
        except (urllib3.exceptions.HTTPError, OSError) as error:
            raise _truth(error) from error


def _raw(reply: requests.Response) -> Iterator[bytes]:
    """Yield what has come, as soon as it has come, without unpacking it."""
    while piece := reply.raw.read1(_CHUNK, decode_content=False):
        yield piece


def _guarded(url: str) -> bool:
    parts = urlsplit(url)
    return parts.scheme == "https" or is_loopback(parts.hostname or "")


def is_loopback(host: str) -> bool:
    """Tell whether a host is this very machine."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _causes(error: BaseException) -> Iterator[BaseException]:
    seen: set[int] = set()
    waiting: list[Any] = [error]
    while waiting:
        one = waiting.pop()
        if isinstance(one, BaseException) and id(one) not in seen:
            seen.add(id(one))
            yield one
            waiting += [one.__cause__, one.__context__, getattr(one, "reason", None), *one.args]


def _truth(error: BaseException) -> Unavailable:
    """Say what a failure of the libraries means for a person."""
    causes = list(_causes(error))
    if any(
        "407" in str(c) for c in causes if isinstance(c, urllib3.exceptions.ProxyError | OSError)
    ):
        return Unavailable("sync.proxy_auth")
    if any(isinstance(c, ssl.SSLCertVerificationError) for c in causes):
        return Unavailable("sync.tls_intercepted")
    if any(isinstance(c, socket.gaierror) for c in causes):
        return Unavailable("sync.offline")
    if any(isinstance(c, OSError) and c.errno in _REFUSING for c in causes):
        return Unavailable("sync.server_down")
    return Unavailable("sync.offline")
