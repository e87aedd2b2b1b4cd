"""What those who sign need of an open key, wherever it lies."""

from __future__ import annotations

from typing import Protocol


class OpenKey(Protocol):
    """A key that is open for use."""

    @property
    def pss(self) -> bool:
        """Tell whether signatures are RSA-PSS."""

    def sign(self, data: bytes) -> bytes:
        """Return the signature over SHA-256 of the bytes; raises `DeviceProblem`."""


class Unlock(Protocol):
    """Open the key of a job's certificate, once nothing is left to refuse."""

    def __call__(self) -> OpenKey:
        """Ask for the PIN where that is needed."""
