"""Seal data for one reader, with the primitives of a kept-up library.

X25519 with a key of its own for each message, HKDF-SHA256 and ChaCha20-Poly1305 (RFC 7748,
5869, 8439). Callers say in their own words what does not open.
"""

from __future__ import annotations

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

KEY_BYTES = 32
# The key of a message is used once, so its nonce need not differ.
_NONCE = bytes(12)


def new_private() -> bytes:
    """Draw a private key."""
    return X25519PrivateKey.generate().private_bytes_raw()


def public_of(private: bytes) -> bytes:
    """Return the public half of a private key; raises `ValueError`."""
    return X25519PrivateKey.from_private_bytes(private).public_key().public_bytes_raw()


def seal(reader: bytes, data: bytes, purpose: bytes) -> bytes:
    """Seal data to a public key; `purpose` opens it again. Raises `ValueError` for no key."""
    once = X25519PrivateKey.generate()
    mine = once.public_key().public_bytes_raw()
    shared = once.exchange(X25519PublicKey.from_public_bytes(reader))
    return mine + _cipher(shared, mine + reader, purpose).encrypt(_NONCE, data, purpose)


def unseal(private: bytes, sealed: bytes, purpose: bytes) -> bytes:
    """Return what was sealed for a reader; raises `ValueError` for what was altered or another's."""
    once, text = sealed[:KEY_BYTES], sealed[KEY_BYTES:]
    own = X25519PrivateKey.from_private_bytes(private)
    shared = own.exchange(X25519PublicKey.from_public_bytes(once))
    try:
        return _cipher(shared, once + public_of(private), purpose).decrypt(_NONCE, text, purpose)
    except InvalidTag as error:
        raise ValueError("not sealed for this reader and purpose") from error


def _cipher(shared: bytes, salt: bytes, purpose: bytes) -> ChaCha20Poly1305:
    return ChaCha20Poly1305(HKDF(SHA256(), KEY_BYTES, salt, purpose).derive(shared))
