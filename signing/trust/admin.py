"""What an administrator does to the machine's list of anchors: add, remove, sign anew.

The private key lies in a file that only its owner may read, the machine's folder by default; its
public half goes into `signing.json` there, which is what makes it count.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from asn1crypto import x509  # type: ignore[import-untyped]
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)

from app.kernel.errors import Damaged, NotPermitted, RuleViolation
from signing.trust.anchors import LIST, Anchor, AnchorList, ListPlace, written
from signing.trust.certificates import common_name
from signing.trust.signed import ENDING, SETTINGS
from signing.trust.store import read_certificates

KEY_FILE = "anchors.key"
_KEYS = "catalogue_keys"


@dataclass(frozen=True, slots=True)
class Bounds:
    """What new anchors are trusted for; without a name each bears its own."""

    purpose: str
    name: str = ""
    since: datetime | None = None
    until: datetime | None = None


class MachineList:
    """The list in the machine's folder, changed and signed again as a whole."""

    def __init__(self, place: ListPlace, key_file: Path | None = None) -> None:
        self._place = place
        self._key_file = key_file or place.folder / KEY_FILE

    def add(self, files: Sequence[Path], bounds: Bounds) -> list[Anchor]:
        """Trust the certificates of files; returns them.

        Raises `RuleViolation`: trust_no_certificate, trust_not_authority; `NotPermitted`
        without the right to write; `Damaged` where the list that is there is not sound.
        """
        new = [
            Anchor(c, bounds.name or common_name(c.subject), bounds.purpose, *_times(bounds))
            for path in files
            for c in _authorities(path)
        ]
        fresh = {a.certificate.sha256: a for a in new}
        self._change(lambda old: [*_without(old, fresh), *fresh.values()])
        return list(fresh.values())

    def remove(self, sha256: str) -> None:
        """Trust a certificate no more; raises `RuleViolation("trust_unknown")` and as `add`."""
        wanted = sha256.lower().replace(":", "")

        def others(old: Sequence[Anchor]) -> list[Anchor]:
            left = [a for a in old if a.certificate.sha256.hex() != wanted]
            if len(left) == len(old):
                raise RuleViolation("trust_unknown", field="sha256")
            return left

        self._change(others)

    def _change(self, make: Callable[[Sequence[Anchor]], list[Anchor]]) -> None:
        current: AnchorList = self._place.read()
        anchors = make(current.anchors)
        serial = max(current.serial, self._place.least) + 1
        try:
            self._place.folder.mkdir(parents=True, exist_ok=True)
            key = self._key()
            data = written(serial, anchors)
            # Between the two the list is not sound, and nobody trusts it.
            _put(self._place.folder / LIST, data)
            _put(self._place.folder / f"{LIST}{ENDING}", key.sign(data))
        except OSError as problem:
            raise NotPermitted("trust_folder", folder=str(self._place.folder)) from problem

    def _key(self) -> Ed25519PrivateKey:
        try:
            key = load_pem_private_key(self._key_file.read_bytes(), None)
        except FileNotFoundError:
            key = Ed25519PrivateKey.generate()
            pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
            _put(self._key_file, pem, 0o600)
        except (ValueError, TypeError) as problem:
            raise Damaged("trust_key") from problem
        if not isinstance(key, Ed25519PrivateKey):
            raise Damaged("trust_key")
        public = key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
        _admit(self._place.folder / SETTINGS, public)
        return key


def _admit(settings: Path, public: bytes) -> None:
    """Name a key among those that may sign lists, once."""
    try:
        read: Any = json.loads(settings.read_bytes())
    except FileNotFoundError:
        read = {}
    except ValueError as problem:
        raise Damaged("trust_settings", name=settings.name) from problem
    if not isinstance(read, dict) or not isinstance(read.get(_KEYS, []), list):
        raise Damaged("trust_settings", name=settings.name)
    keys = read.get(_KEYS, [])
    if public.hex() not in keys:
        text = json.dumps(read | {_KEYS: [*keys, public.hex()]}, ensure_ascii=False, indent=1)
        _put(settings, text.encode())


def _put(path: Path, data: bytes, mode: int = 0o644) -> None:
    """Write a file whole or not at all, never open to more than its mode says."""
    part = path.with_name(f".{path.name}.part")
    part.unlink(missing_ok=True)
    with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb") as stream:
        stream.write(data)
    part.chmod(mode)
    part.replace(path)


def _authorities(path: Path) -> list[x509.Certificate]:
    try:
        found = read_certificates(path)
    except (ValueError, TypeError, OSError) as problem:
        raise RuleViolation("trust_no_certificate", field="file", name=path.name) from problem
    if not all(certificate.ca for certificate in found):
        raise RuleViolation("trust_not_authority", field="file", name=path.name)
    return found


def _without(anchors: Iterable[Anchor], others: Iterable[bytes]) -> list[Anchor]:
    left = set(others)
    return [a for a in anchors if a.certificate.sha256 not in left]


def _times(bounds: Bounds) -> tuple[datetime | None, datetime | None]:
    return bounds.since, bounds.until
