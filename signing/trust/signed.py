"""Data that decide what is trusted lie beside a signature: `NAME` and `NAME.sig` (Ed25519).

Who may sign them: the keys of the shipped catalogue of modules, and those that the administrator
names in `signing.json` of the machine's folder, which nobody else may write.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from app.kernel.errors import Damaged

ENDING = ".sig"
SETTINGS = "signing.json"
_MAX_SIZE = 1 << 20


def read_signed(folder: Path, name: str, keys: Iterable[bytes]) -> bytes:
    """Return a file whose signature holds under one of the keys.

    Raises `OSError` when there is none, and `Damaged("trust_list_signature")`.
    """
    data = read_some(folder / name)
    try:
        signature = read_some(folder / f"{name}{ENDING}")
    except OSError as problem:
        raise Damaged("trust_list_signature", name=name) from problem
    if not any(_holds(key, data, signature) for key in keys):
        raise Damaged("trust_list_signature", name=name)
    return data


def read_some(path: Path) -> bytes:
    """Return a file, cut where no list of ours is as long; raises `OSError`."""
    with path.open("rb") as stream:
        return stream.read(_MAX_SIZE)


def _holds(key: bytes, data: bytes, signature: bytes) -> bool:
    try:
        Ed25519PublicKey.from_public_bytes(key).verify(signature, data)
    except (InvalidSignature, ValueError):
        return False
    return True
