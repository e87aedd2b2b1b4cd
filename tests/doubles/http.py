"""A plain `Http` for tests: urllib on loopback, with the port's typed errors."""

from __future__ import annotations

import urllib.error
import urllib.request
from collections.abc import Mapping

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
        assert url.startswith("http://127.0.0.1:"), "tests stay on loopback"
        request = urllib.request.Request(
            url, data=body or None, headers=dict(headers or {}), method=method
        )
        try:
            with urllib.request.urlopen(request, timeout=timeout) as reply:
                return HttpReply(reply.status, dict(reply.headers), reply.read(max_bytes))
        except urllib.error.HTTPError as problem:
            return HttpReply(problem.code, {}, b"")
        except OSError as problem:
            raise Unavailable("no_line") from problem
