"""The profile's random key: wrapped by the password, known by its check value.

The password never opens the database itself: argon2id makes a wrapping key of it, which
unwraps the 32 random bytes that do. A wrong password is thus known before the database is
touched, and changing it rewrites one small file.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
import unicodedata
from dataclasses import replace

from argon2.low_level import Type, hash_secret_raw
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from app.kernel.errors import Damaged, NotPermitted
from app.store.engine import KEY_BYTES
from app.store.profile_file import KdfParams, WrappedKey

_SALT = 16
_NONCE = 12
_PURPOSE = b"hoa-ban profile key 1"
# Seconds to wait after so many wrong passwords in a row; the last figure stays. There is no
# lock-out: offline nobody could lift it.
DELAYS = (0, 0, 0, 5, 15, 30, 60)


def new_key() -> bytes:
    """Return a random key for a database."""
    return secrets.token_bytes(KEY_BYTES)


def wrap(key: bytes, password: str, kdf: KdfParams) -> WrappedKey:
    """Seal a key under a password with a new salt and nonce."""
    salt, nonce = secrets.token_bytes(_SALT), secrets.token_bytes(_NONCE)
    sealed = AESGCM(_derive(password, salt, kdf)).encrypt(nonce, key, _PURPOSE)
    return WrappedKey(kdf, salt.hex(), (nonce + sealed).hex(), check_value(key))


def unwrap(wrapped: WrappedKey, password: str) -> bytes:
    """Return the key.

    Raises `NotPermitted("profile.wrong_password")`, or `Damaged("profile.damaged")` where the
    values cannot be such a wrapping at all.
    """
    try:
        salt, sealed = bytes.fromhex(wrapped.salt), bytes.fromhex(wrapped.sealed)
    except ValueError as error:
        raise Damaged("profile.damaged") from error
    if len(salt) != _SALT or len(sealed) != _NONCE + KEY_BYTES + 16:
        raise Damaged("profile.damaged")
    cipher = AESGCM(_derive(password, salt, wrapped.kdf))
    try:
        key = cipher.decrypt(sealed[:_NONCE], sealed[_NONCE:], _PURPOSE)
    except InvalidTag as error:
        raise NotPermitted("profile.wrong_password") from error
    if not fits(wrapped, key):
        raise Damaged("profile.damaged")
    return key


def rewrap(wrapped: WrappedKey, old: str, new: str) -> WrappedKey:
    """Seal the same key under another password; raises as `unwrap`."""
    return replace(wrap(unwrap(wrapped, old), new, wrapped.kdf), check=wrapped.check)


def check_value(key: bytes) -> str:
    """Return what tells a right key without telling the key."""
    return hmac.new(key, _PURPOSE + b" check", hashlib.sha256).hexdigest()


def fits(wrapped: WrappedKey, key: bytes) -> bool:
    """Tell whether a key, from the keyring say, is the one that was wrapped."""
    return hmac.compare_digest(check_value(key), wrapped.check)


def delay_after(failures: int) -> int:
    """Return the seconds to wait after so many wrong passwords in a row."""
    return DELAYS[min(failures, len(DELAYS) - 1)]


def _derive(password: str, salt: bytes, kdf: KdfParams) -> bytes:
    # The same password comes composed or decomposed, as the input method likes.
    return hash_secret_raw(
        unicodedata.normalize("NFC", password).encode(),
        salt,
        time_cost=kdf.rounds,
        memory_cost=kdf.memory,
        parallelism=kdf.lanes,
        hash_len=KEY_BYTES,
        type=Type.ID,
    )
