"""The kernel's `Http` for those who pass a question on: to another line, or to another process."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass

from app.kernel.ports import Http, HttpReply


@dataclass(frozen=True, slots=True)
class Asked:
    """One question to an authority."""

    method: str
    url: str
    body: bytes
    headers: Mapping[str, str]
    timeout: float
    max_bytes: int

    def over(self, http: Http) -> HttpReply:
        """Ask it over a line; raises what the line raises."""
        return http.request(
            self.method,
            self.url,
            body=self.body,
            headers=self.headers,
            timeout=self.timeout,
            max_bytes=self.max_bytes,
        )


class Line(ABC):
    """A line that is made of others' answers."""

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
        """Ask; raises `Unavailable` with a code of the network's truth."""
        return self.ask(Asked(method, url, body, dict(headers or {}), timeout, max_bytes))

    @abstractmethod
    def ask(self, asked: Asked) -> HttpReply:
        """Have a question answered."""
