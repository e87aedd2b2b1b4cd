"""What looking at the way to the server finds, and who looks: one finding for each link."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from app.kernel.ports import CancelToken


@dataclass(frozen=True, slots=True)
class NetworkFinding:
    """What one step found; texts by `network.<code>`, and nothing of any document or person.

    `part` is pc, line or server; `state` ok, warn or fail.
    """

    part: str
    step: str
    state: str
    code: str
    params: Mapping[str, str | int] = field(default_factory=dict)


class NetworkCheck(Protocol):
    """Walk from this PC over the line to the server."""

    def __call__(self, cancel: CancelToken | None = None) -> Iterator[NetworkFinding]:
        """Yield findings as they are made, up to the first link that is broken."""

    def remember_proxy(self, user: str, password: str) -> None:
        """Keep what the system's proxy wants to hear; raises `Unavailable`."""
