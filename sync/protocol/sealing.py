"""Seal for one reader and sign as one writer, with the primitives of a kept-up library.

X25519 with a key of its own for each message, HKDF-SHA256 and ChaCha20-Poly1305 seal
(RFC 7748, 5869, 8439); Ed25519 signs (RFC 8032).
"""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass

from cryptography.exceptions import InvalidSignature, InvalidTag
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from app.kernel.errors import Damaged

KEY_BYTES = 32
# The key of a message is used once, so its nonce need not differ.
_NONCE = bytes(12)


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
        seal, sign = X25519PrivateKey.generate(), Ed25519PrivateKey.generate()
        return cls(seal.private_bytes_raw(), sign.private_bytes_raw())

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
        seal = X25519PrivateKey.from_private_bytes(self.seal).public_key()
        sign = Ed25519PrivateKey.from_private_bytes(self.sign).public_key()
        return Public(seal.public_bytes_raw(), sign.public_bytes_raw())

    def signature(self, data: bytes) -> bytes:
        """Sign the data."""
        return Ed25519PrivateKey.from_private_bytes(self.sign).sign(data)

    def unseal(self, sealed: bytes, purpose: bytes) -> bytes:
        """Return what was sealed for this reader; raises `Damaged("sync.sealed")`."""
        once, text = sealed[:KEY_BYTES], sealed[KEY_BYTES:]
        try:
            own = X25519PrivateKey.from_private_bytes(self.seal)
            shared = own.exchange(X25519PublicKey.from_public_bytes(once))
            key = _derive(shared, once + self.public.seal, purpose)
            return ChaCha20Poly1305(key).decrypt(_NONCE, text, purpose)
        except (InvalidTag, ValueError) as error:
            raise Damaged("sync.sealed") from error


def seal(reader: bytes, data: bytes, purpose: bytes) -> bytes:
    """Seal data so that only the reader opens it; raises `Damaged("sync.sealed")`."""
    once = X25519PrivateKey.generate()
    mine = once.public_key().public_bytes_raw()
    try:
        shared = once.exchange(X25519PublicKey.from_public_bytes(reader))
    except ValueError as error:
        raise Damaged("sync.sealed") from error
    key = _derive(shared, mine + reader, purpose)
    return mine + ChaCha20Poly1305(key).encrypt(_NONCE, data, purpose)


def told(raw: bytes) -> str:
    """Return bytes as text."""
    return base64.urlsafe_b64encode(raw).decode()


def heard(text: str) -> bytes:
    """Return the bytes of a text; raises `Damaged("sync.sealed")`."""
    try:
        return base64.urlsafe_b64decode(text.encode())
    except (binascii.Error, ValueError) as error:
        raise Damaged("sync.sealed") from error


def _derive(shared: bytes, salt: bytes, purpose: bytes) -> bytes:
    return HKDF(SHA256(), KEY_BYTES, salt, purpose).derive(shared)
