"""Signing in to the server: password, and a signing device or a code where that is not enough."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from app.kernel.ports import CertificateInfo, Prompts


@dataclass(frozen=True, slots=True)
class Proof:
    """What shows that somebody has a key at hand: its certificate (DER) and a signature."""

    certificate: bytes
    signature: bytes
    scheme: str


class SignIn(Protocol):
    """Sign this desk's person in to the server anew."""

    @property
    def login(self) -> str:
        """Return the account."""

    @property
    def server(self) -> str:
        """Return the server's address."""

    def __call__(
        self,
        password: str,
        prompts: Prompts,
        certificate: CertificateInfo | None = None,
        code: str = "",
    ) -> None:
        """Sign in; `NotPermitted("sync.second_factor")` where certificate or code is needed.

        Raises `NotPermitted`, `Unavailable`, and what a token says: `DeviceProblem`,
        `RuleViolation`, `Cancelled`.
        """
