"""The proxy that the system names for an address, and what is said to it of who asks.

Name and password of a proxy lie in the system's keyring under its host and port; an address
that carries them itself (`http://user:password@proxy:3128`) is taken apart, so that they stand
in no message and no log.
"""

from __future__ import annotations

import json
from base64 import b64encode
from dataclasses import dataclass, field
from urllib.parse import unquote, urlsplit
from urllib.request import getproxies, proxy_bypass  # noqa: TID251 - settings; asks nobody

from app.kernel.ports import KeyValue

_PORTS = {"http": 80, "https": 443, "socks5": 1080}


@dataclass(frozen=True, slots=True)
class Proxy:
    """A proxy without secrets in its address, and the credentials that the address carried."""

    scheme: str
    host: str
    port: int
    credentials: tuple[str, str] | None = field(default=None, repr=False)

    @property
    def address(self) -> str:
        """Return the address that requests take; it carries no credentials."""
        return f"{self.scheme}://{self._host}:{self.port}"

    @property
    def name(self) -> str:
        """Return host and port, for people and for the keyring."""
        return f"{self._host}:{self.port}"

    @property
    def _host(self) -> str:
        return f"[{self.host}]" if ":" in self.host else self.host


def proxy_for(url: str) -> Proxy | None:
    """Return the proxy that the system (registry, system settings, environment) names."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    named = getproxies()
    found = named.get(parts.scheme) or named.get("all")
    if not found or not host or proxy_bypass(parts.netloc.rpartition("@")[2]):
        return None
    return parsed(found)


def parsed(text: str) -> Proxy | None:
    """Return the proxy that an address names; None for one that names no host."""
    parts = urlsplit(text if "://" in text else f"http://{text}")
    try:
        port = parts.port
    except ValueError:
        return None
    if not parts.hostname:
        return None
    given = None
    if parts.username:
        given = unquote(parts.username), unquote(parts.password or "")
    return Proxy(parts.scheme, parts.hostname, port or _PORTS.get(parts.scheme, 3128), given)


class ProxyKeys:
    """Names and passwords of proxies, kept in the system's keyring and read once each.

    `lost` forgets what was read: after a proxy's refusal the keyring is asked anew.
    """

    def __init__(self, box: KeyValue) -> None:
        self._box = box
        self._read: dict[str, tuple[str, str] | None] = {}

    def get(self, proxy: Proxy) -> tuple[str, str] | None:
        """Return name and password: the keyring's before those of the proxy's address."""
        if proxy.name not in self._read:
            self._read[proxy.name] = _pair(self._box.get(_kept(proxy)))
        return self._read[proxy.name] or proxy.credentials

    def put(self, proxy: Proxy, user: str, password: str) -> None:
        """Keep name and password; raises `Unavailable("keyring.unavailable")`."""
        self._box.set(_kept(proxy), json.dumps([user, password]))
        self._read.pop(proxy.name, None)

    def lost(self) -> None:
        """Ask the keyring anew from now on."""
        self._read.clear()


def basic(credentials: tuple[str, str] | None) -> dict[str, str]:
    """Return the header that says who asks (RFC 7617, in UTF-8 as Vietnamese names need)."""
    if credentials is None:
        return {}
    said = b64encode(":".join(credentials).encode()).decode("ascii")
    return {"Proxy-Authorization": f"Basic {said}"}


def _kept(proxy: Proxy) -> str:
    return f"proxy.{proxy.name}"


def _pair(text: str | None) -> tuple[str, str] | None:
    try:
        value = json.loads(text or "null")
    except ValueError:
        return None
    if not isinstance(value, list) or [type(v) for v in value] != [str, str]:
        return None
    return value[0], value[1]
