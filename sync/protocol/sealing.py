"""The keys of a desk or a server: seal for one reader, sign as one writer (Ed25519, RFC 8032)."""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from app.kernel.errors import Damaged
from app.store import sealing
from app.store.sealing import KEY_BYTES


@dataclass(frozen=True, slots=True)
class Public:
    """What others may know of a desk or a server: to seal for it, to check what it signed."""

    seal: bytes
    sign: bytes

    @property
    def text(self) -> str:
        """Return both as one text."""
        return told(self.seal + self.sign)

    @classmethod
    def read(cls, text: str) -> Public:
        """Return the keys of a text; raises `Damaged("sync.sealed")`."""
        raw = heard(text)
        if len(raw) != KEY_BYTES * 2:
            raise Damaged("sync.sealed")
        return cls(raw[:KEY_BYTES], raw[KEY_BYTES:])

    def check(self, signature: bytes, data: bytes) -> None:
        """Raise `Damaged("sync.sealed")` unless the owner has signed the data."""
        try:
            Ed25519PublicKey.from_public_bytes(self.sign).verify(signature, data)
        except (InvalidSignature, ValueError) as error:
            raise Damaged("sync.sealed") from error


@dataclass(frozen=True, slots=True)
class Private:
    """What only the desk or the server itself knows."""

    seal: bytes
    sign: bytes

    @classmethod
    def new(cls) -> Private:
        """Draw new keys."""
        return cls(sealing.new_private(), Ed25519PrivateKey.generate().private_bytes_raw())

    @property
    def text(self) -> str:
        """Return both as one text, for a place that is itself kept shut."""
        return told(self.seal + self.sign)

    @classmethod
    def read(cls, text: str) -> Private:
        """Return the keys of a text; raises `Damaged("sync.sealed")`."""
        raw = heard(text)
        if len(raw) != KEY_BYTES * 2:
            raise Damaged("sync.sealed")
        return cls(raw[:KEY_BYTES], raw[KEY_BYTES:])

    @property
    def public(self) -> Public:
        """Return what others may know."""
        sign = Ed25519PrivateKey.from_private_bytes(self.sign).public_key()
        return Public(sealing.public_of(self.seal), sign.public_bytes_raw())

    def signature(self, data: bytes) -> bytes:
        """Sign the data."""
        return Ed25519PrivateKey.from_private_bytes(self.sign).sign(data)

    def unseal(self, sealed: bytes, purpose: bytes) -> bytes:
        """Return what was sealed for this reader; raises `Damaged("sync.sealed")`."""
        try:
            return sealing.unseal(self.seal, sealed, purpose)
        except ValueError as error:
            raise Damaged("sync.sealed") from error


def seal(reader: bytes, data: bytes, purpose: bytes) -> bytes:
    """Seal data so that only the reader opens it; raises `Damaged("sync.sealed")`."""
    try:
        return sealing.seal(reader, data, purpose)
    except ValueError as error:
        raise Damaged("sync.sealed") from error


def told(raw: bytes) -> str:
    """Return bytes as text."""
    return base64.urlsafe_b64encode(raw).decode()


def heard(text: str) -> bytes:
    """Return the bytes of a text; raises `Damaged("sync.sealed")`."""
    try:
        return base64.urlsafe_b64decode(text.encode())
    except (binascii.Error, ValueError) as error:
        raise Damaged("sync.sealed") from error
