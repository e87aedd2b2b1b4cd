"""What `profile.json` says: who it is, where the server is, the wrapped key. Nothing secret.

The login reads these files before anything else of the store is loaded, so this module stands
on the kernel alone.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from platformdirs import user_data_path

from app.kernel.codec import from_json
from app.kernel.errors import Damaged, RuleViolation, Unavailable

FILE = "profile.json"


@dataclass(frozen=True, slots=True)
class KdfParams:
    """The cost of argon2id: rounds, memory in KiB, lanes (RFC 9106 §4, second choice)."""

    rounds: int = 3
    memory: int = 64 * 1024
    lanes: int = 2


@dataclass(frozen=True, slots=True)
class WrappedKey:
    """The key under the password; all values are hexadecimal and may lie on the disk."""

    kdf: KdfParams
    salt: str
    sealed: str
    check: str


@dataclass(frozen=True, slots=True)
class SealedKey:
    """A key sealed to a public key; both values are hexadecimal."""

    public: str
    sealed: str


@dataclass(frozen=True, slots=True)
class ProfileFile:
    """The file of one profile; `recovery` is its key, sealed to the province's."""

    id: str
    server: str
    user: str
    key: WrappedKey
    failures: int = 0
    failed_at: datetime | None = None
    quick: bool = False
    recovery: SealedKey | None = None


def read(folder: Path) -> ProfileFile:
    """Read the file of a profile folder.

    Raises `Unavailable("profile.missing" | "store.io_failed")`, `Damaged("profile.damaged")`.
    """
    path = folder / FILE
    if not path.is_file():
        raise Unavailable("profile.missing")
    try:
        text = path.read_bytes()
    except OSError as error:
        raise Unavailable("store.io_failed") from error
    try:
        return from_json(ProfileFile, json.loads(text))
    except (ValueError, RuleViolation) as error:
        raise Damaged("profile.damaged") from error


def profiles_folder() -> Path:
    """Return where this system keeps the profiles of this user of it."""
    return user_data_path("HoaBan", appauthor=False) / "profiles"


def list_profiles(folder: Path) -> list[Path]:
    """Return the profile folders in a folder, by name."""
    return sorted(path.parent for path in folder.glob(f"*/{FILE}"))
