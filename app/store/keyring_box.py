"""The keyring of the operating system as a small named store."""

from __future__ import annotations

import keyring
from keyring.errors import KeyringError, PasswordDeleteError

from app.kernel.errors import Unavailable

SERVICE = "hoa-ban"


class KeyringBox:
    """A `KeyValue` over `keyring`; one that is missing or locked holds nothing."""

    def get(self, name: str) -> str | None:
        """Return a value, or None; the password unlocks then."""
        try:
            return keyring.get_password(SERVICE, name)
        except KeyringError:
            return None

    def set(self, name: str, value: str) -> None:
        """Keep a value; raises `Unavailable("keyring.unavailable")`."""
        try:
            keyring.set_password(SERVICE, name, value)
        except KeyringError as error:
            raise Unavailable("keyring.unavailable") from error

    def delete(self, name: str) -> None:
        """Forget a value; raises `Unavailable("keyring.unavailable")` for a locked keyring."""
        try:
            keyring.delete_password(SERVICE, name)
        except PasswordDeleteError:
            return
        except KeyringError as error:
            raise Unavailable("keyring.unavailable") from error
