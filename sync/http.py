"""The one guarded HTTP session: limits on size and time, no redirects, typed truths.

Every failure is an `Unavailable` whose code says what the network really is: `sync.offline`,
`sync.portal`, `sync.proxy_auth`, `sync.tls_intercepted` or `sync.server_down`.
"""

from __future__ import annotations

import errno
import ipaddress
import re
import socket
import ssl
from collections.abc import Callable, Iterator, Mapping
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
from sync.proxies import Proxy, ProxyKeys, basic, proxy_for

_CHUNK = 1 << 16
_CONNECT = 10.0
# A reply that drips may take this many times its stall timeout, no longer.
_PATIENCE = 12
_REFUSING = (errno.ECONNREFUSED, errno.ECONNRESET)
# What http.client says where a proxy opens no tunnel; it has no type of its own.
_TUNNEL = re.compile(r"Tunnel connection failed: (\d{3})")
# OpenSSL's X509_V_ERR_* and Windows' CERT_E_*: not yet valid, expired; another name.
_TIME = frozenset({9, 10, 0x800B0101})
_NAME = frozenset({62, 64, 0x800B010F})
_DOWN = frozenset({502, 503, 504})


@dataclass(frozen=True, slots=True)
class Streamed:
    """A reply whose raw bytes, still packed, are read piece by piece."""

    status: int
    headers: Mapping[str, str]
    chunks: Iterator[bytes]


class _Way(HTTPAdapter):
    """Trust what the operating system trusts, or one file of roots; greet proxies by name.

    The libraries give roots of their own to what goes through a proxy; here it is one context.
    """

    def __init__(self, greeting: Callable[[str], dict[str, str]], ca: str) -> None:
        self._greeting = greeting
        self._ca = ca
        super().__init__()

    def init_poolmanager(self, *args: Any, **options: Any) -> Any:
        options["ssl_context"] = self._context()
        return super().init_poolmanager(*args, **options)

    def proxy_manager_for(self, proxy: str, **options: Any) -> Any:
        options["ssl_context"] = self._context()
        return super().proxy_manager_for(proxy, **options)

    def proxy_headers(self, proxy: str) -> dict[str, str]:
        return self._greeting(proxy)

    def cert_verify(self, conn: Any, *_: Any, **__: Any) -> None:
        """Leave the roots to the context."""
        conn.cert_reqs = "CERT_REQUIRED"

    def _context(self) -> ssl.SSLContext:
        if self._ca:
            return ssl.create_default_context(cafile=self._ca)
        return truststore.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


class Session:
    """Ask servers, through the system's proxy where it names one; belongs to one lane.

    With `tls` every address off loopback must be https. `ca` is a file of roots for a
    server whose authority the operating system does not know. `keys` know what a proxy
    wants to hear; without them it hears what its own address carries.
    """

    def __init__(
        self,
        clock: Clock,
        *,
        tls: bool = False,
        ca: str = "",
        keys: ProxyKeys | None = None,
        proxy: Callable[[str], Proxy | None] = proxy_for,
    ) -> None:
        self._clock = clock
        self._tls = tls
        self._ca = ca
        self._keys = keys
        self._proxy = proxy
        self._proxies: dict[str, Proxy] = {}
        self._session = requests.Session()
        # The environment's roots and a .netrc would win over ours and over the desk's token.
        self._session.trust_env = False
        self._session.headers["User-Agent"] = "HoaBan"
        self._mount()

    def _mount(self) -> None:
        for scheme in ("http://", "https://"):
            self._session.mount(scheme, _Way(self._greeting, self._ca))

    def _greeting(self, address: str) -> dict[str, str]:
        proxy = self._proxies[address]
        return basic(self._keys.get(proxy) if self._keys else proxy.credentials)

    def _chosen(self, url: str) -> dict[str, str]:
        """Return the proxy for an address as requests want it; none for this very machine."""
        proxy = None if is_loopback(urlsplit(url).hostname or "") else self._proxy(url)
        if proxy is None:
            return {}
        self._proxies[proxy.address] = proxy
        return {"http": proxy.address, "https": proxy.address}

    def _refused(self) -> None:
        """Forget what a proxy did not accept; the keyring may know better by the next try."""
        if self._keys is not None:
            self._keys.lost()
        self._session.close()
        self._mount()

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
                proxies=self._chosen(url),
            )
        except requests.RequestException as error:
            told = _truth(error)
            if told.code == "sync.proxy_auth":
                self._refused()
            raise told from error
        with reply:
            self._check(reply)
            yield reply

    def _check(self, reply: requests.Response) -> None:
        if reply.status_code == 407:
            self._refused()
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
    proxied = [c for c in causes if isinstance(c, urllib3.exceptions.ProxyError)]
    answer = next((m[1] for c in causes if (m := _TUNNEL.search(str(c)))), "")
    if answer == "407":
        return Unavailable("sync.proxy_auth")
    if any(isinstance(c, ssl.SSLCertVerificationError) for c in causes):
        return Unavailable("sync.tls_intercepted")
    if answer in ("502", "503", "504"):
        return Unavailable("sync.server_down")
    if proxied:
        # The proxy itself is not there, or refuses: that says nothing of the server.
        return Unavailable("sync.proxy_refused" if answer else "sync.proxy_down")
    if any(isinstance(c, socket.gaierror) for c in causes):
        return Unavailable("sync.offline")
    if any(isinstance(c, OSError) and c.errno in _REFUSING for c in causes):
        return Unavailable("sync.server_down")
    return Unavailable("sync.offline")


def certificate_fault(error: BaseException) -> str:
    """Return what is wrong with a certificate: time, name or root; "" where it is not that."""
    for cause in _causes(error):
        if isinstance(cause, ssl.SSLCertVerificationError):
            code = getattr(cause, "verify_code", 0) & 0xFFFFFFFF
            return "time" if code in _TIME else "name" if code in _NAME else "root"
    return ""
