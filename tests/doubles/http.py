"""A plain `Http` for tests: the standard library on loopback, with the port's typed errors."""

from __future__ import annotations

import http.client
from collections.abc import Mapping
from urllib.parse import urlsplit

from app.kernel.errors import Unavailable
from app.kernel.ports import HttpReply


class LoopbackHttp:
    """Ask real servers on loopback; `asked` lists the addresses."""

    def __init__(self) -> None:
        self.asked: list[str] = []

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
        """Ask; raises `Unavailable`."""
        self.asked.append(url)
        parts = urlsplit(url)
        assert parts.hostname == "127.0.0.1", "tests stay on loopback"
        line = http.client.HTTPConnection("127.0.0.1", parts.port, timeout=timeout)
        try:
            line.request(method, parts.path, body or None, dict(headers or {}))
            reply = line.getresponse()
            return HttpReply(reply.status, dict(reply.headers), reply.read(max_bytes))
        except OSError as problem:
            raise Unavailable("no_line") from problem
        finally:
            line.close()
