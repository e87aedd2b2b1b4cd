"""This PC, the line, or the server? Every link on the way, up to the first that is broken."""

from __future__ import annotations

import json
import socket
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urlsplit

from app.kernel.clock import VIETNAM, Clock
from app.kernel.errors import Unavailable
from app.kernel.network import NetworkFinding
from app.kernel.ports import CancelToken, HttpReply
from sync.http import Session, certificate_fault
from sync.protocol.messages import MEDIA_JSON, PROTO, RULES
from sync.proxies import Proxy, ProxyKeys, proxy_for

OK, WARN, FAIL = "ok", "warn", "fail"
PC, LINE, SERVER = "pc", "line", "server"
MAX_DRIFT = timedelta(minutes=5)
"""How far this PC's clock may be off before certificates and signatures suffer."""

# Addresses that nobody has (RFC 5737, RFC 3849): a way out is looked up, nothing is sent.
_NOBODY = (("192.0.2.1", socket.AF_INET), ("2001:db8::1", socket.AF_INET6))
_SECONDS = 8.0
_PORTS = {"http": 80, "https": 443}
# What a try to speak with the server means: whose it is, at which step, which sentence.
_TRUTHS = {
    "sync.proxy_auth": (PC, "proxy", "proxy.auth"),
    "sync.proxy_down": (PC, "proxy", "proxy.down"),
    "sync.proxy_refused": (LINE, "connection", "proxy.refused"),
    "sync.portal": (LINE, "portal", "portal"),
    "sync.server_down": (SERVER, "health", "health.down"),
}


def routed() -> bool:
    """Tell whether this PC has any way out of itself."""
    for address, family in _NOBODY:
        try:
            with socket.socket(family, socket.SOCK_DGRAM) as probe:
                probe.connect((address, 9))
        except OSError:
            continue
        return True
    return False


class Check:
    """Look at the way to one server; `session` makes the guarded session that asks it.

    `ahead` is how far the server's clock was ahead at the last exchange, None where there was
    none; `signed_out` tells that the server has asked for a sign-in.
    """

    def __init__(
        self,
        server: str,
        clock: Clock,
        keys: ProxyKeys,
        session: Callable[[], Session],
        *,
        proxy: Callable[[str], Proxy | None] = proxy_for,
        way_out: Callable[[], bool] = routed,
        ahead: Callable[[], timedelta | None] = lambda: None,
        signed_out: Callable[[], bool] = lambda: False,
    ) -> None:
        self._url = server.rstrip("/")
        parts = urlsplit(server)
        self._host = parts.hostname or ""
        self._port = parts.port or _PORTS.get(parts.scheme, 443)
        self._tls = parts.scheme == "https"
        self._clock = clock
        self._keys = keys
        self._session = session
        self._proxy = proxy
        self._way_out = way_out
        self._ahead = ahead
        self._signed_out = signed_out

    def __call__(self, cancel: CancelToken | None = None) -> Iterator[NetworkFinding]:
        """Yield findings, up to the first link that is broken."""
        for look in (self._pc, self._line, self._server):
            for finding in look():
                if cancel is not None:
                    cancel.raise_if_cancelled()
                yield finding
                if finding.state == FAIL:
                    return

    def remember_proxy(self, user: str, password: str) -> None:
        """Keep what the system's proxy wants to hear; raises `Unavailable`."""
        proxy = self._proxy(self._url)
        if proxy is None:
            raise Unavailable("sync.no_proxy")
        self._keys.put(proxy, user, password)

    def _pc(self) -> Iterator[NetworkFinding]:
        if self._local or self._way_out():
            yield NetworkFinding(PC, "card", OK, "card.ok")
        else:
            yield NetworkFinding(PC, "card", FAIL, "card.none")
        yield self._time(self._ahead())
        proxy = self._used()
        if proxy is None:
            yield NetworkFinding(PC, "proxy", OK, "proxy.none")
        elif isinstance(_reach(proxy.host, proxy.port), str):
            yield NetworkFinding(PC, "proxy", FAIL, "proxy.down", {"proxy": proxy.name})
        else:
            yield NetworkFinding(PC, "proxy", OK, "proxy.used", {"proxy": proxy.name})

    @property
    def _local(self) -> bool:
        return self._host in ("127.0.0.1", "localhost", "::1")

    def _used(self) -> Proxy | None:
        return None if self._local else self._proxy(self._url)

    def _time(self, ahead: timedelta | None) -> NetworkFinding:
        at = f"{self._clock.now().astimezone(VIETNAM):%H:%M %d/%m/%Y}"
        if ahead is None:
            return NetworkFinding(PC, "clock", OK, "clock.unknown", {"at": at})
        if abs(ahead) <= MAX_DRIFT:
            return NetworkFinding(PC, "clock", OK, "clock.ok", {"at": at})
        code = "clock.slow" if ahead > timedelta(0) else "clock.fast"
        minutes = round(abs(ahead).total_seconds() / 60)
        return NetworkFinding(PC, "clock", WARN, code, {"at": at, "minutes": minutes})

    def _line(self) -> Iterator[NetworkFinding]:
        if self._used() is not None:
            # Through a proxy it is the proxy that looks names up and connects.
            return
        host = {"host": self._host}
        try:
            socket.getaddrinfo(self._host, self._port, type=socket.SOCK_STREAM)
        except OSError:
            yield NetworkFinding(LINE, "name", FAIL, "name.unknown", host)
        yield NetworkFinding(LINE, "name", OK, "name.ok", host)
        found = _reach(self._host, self._port)
        if not isinstance(found, str):
            yield NetworkFinding(LINE, "connection", OK, "connection.ok", host)
        elif found == "refused":
            yield NetworkFinding(SERVER, "connection", FAIL, "connection.refused", host)
        else:
            yield NetworkFinding(LINE, "connection", FAIL, "connection.silent", host)

    def _server(self) -> Iterator[NetworkFinding]:
        session = self._session()
        try:
            try:
                reply = session.request("GET", f"{self._url}/health", timeout=_SECONDS)
            except Unavailable as error:
                yield from self._broken(error)
                return
            if self._tls:
                yield NetworkFinding(LINE, "tls", OK, "tls.ok")
            value = _own(reply)
            if value is None:
                yield NetworkFinding(LINE, "portal", FAIL, "portal")
                return
            yield NetworkFinding(LINE, "portal", OK, "portal.none")
            yield from self._alive(session, reply, value)
        finally:
            session.close()

    def _broken(self, error: Unavailable) -> Iterator[NetworkFinding]:
        if error.code == "sync.tls_intercepted":
            fault = certificate_fault(error)
            part = PC if fault == "time" and self._drifts() else LINE
            yield NetworkFinding(part, "tls", FAIL, f"tls.{fault}", {"host": self._host})
            return
        part, step, code = _TRUTHS.get(error.code, (LINE, "connection", "connection.breaks"))
        proxy = self._used()
        named = {"proxy": proxy.name} if proxy is not None and code.startswith("proxy") else {}
        yield NetworkFinding(part, step, FAIL, code, named)

    def _drifts(self) -> bool:
        ahead = self._ahead()
        return ahead is not None and abs(ahead) > MAX_DRIFT

    def _alive(
        self, session: Session, reply: HttpReply, value: dict[str, Any]
    ) -> Iterator[NetworkFinding]:
        if self._ahead() is None:
            ahead = _date(reply.headers.get("Date", ""))
            if ahead is not None:
                yield self._time(ahead - self._clock.now())
        try:
            ready = session.request("GET", f"{self._url}/ready", timeout=_SECONDS)
        except Unavailable:
            ready = None
        if ready is None or ready.status != 200:
            yield NetworkFinding(SERVER, "health", FAIL, "health.not_ready")
            return
        yield NetworkFinding(SERVER, "health", OK, "health.ok")
        yield _same("version", value.get("proto"), PROTO)
        yield _same("rules", value.get("rules"), RULES)
        if self._signed_out():
            yield NetworkFinding(SERVER, "account", WARN, "account.sign_in")


def _same(step: str, theirs: Any, ours: int) -> NetworkFinding:
    """Compare a number of the server's with this program's; an older server tells none."""
    if theirs is None or theirs == ours:
        return NetworkFinding(SERVER, step, OK, f"{step}.ok", {"number": ours})
    newer = isinstance(theirs, int) and theirs > ours
    return NetworkFinding(SERVER, step, WARN, f"{step}.{'behind' if newer else 'ahead'}")


def _reach(host: str, port: int) -> bool | str:
    """Return True for a connection, else refused or silent."""
    try:
        socket.create_connection((host, port), _SECONDS).close()
    except ConnectionRefusedError:
        return "refused"
    except OSError:
        return "silent"
    return True


def _own(reply: HttpReply) -> dict[str, Any] | None:
    if not reply.headers.get("Content-Type", "").startswith(MEDIA_JSON):
        return None
    try:
        value = json.loads(reply.body)
    except ValueError:
        return None
    return value if isinstance(value, dict) else None


def _date(text: str) -> datetime | None:
    try:
        found = parsedate_to_datetime(text)
    except ValueError:
        return None
    return found if found.tzinfo is not None else None
