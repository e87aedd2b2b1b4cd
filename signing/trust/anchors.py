"""The list of anchors: `anchors.json`, signed as a whole, with a serial number that only grows.

`{"serial": N, "anchors": [{"name", "purpose", "since", "until", "certificate"}]}`: the purpose is
signing, stamping or any; times are ISO 8601 or ""; the certificate is DER in base64. A list that
names nobody grants nothing and needs no signature.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from asn1crypto import x509  # type: ignore[import-untyped]

from app.kernel.errors import Damaged
from signing.trust.signed import read_signed, read_some

LIST = "anchors.json"
SIGNING, STAMPING, ANY = "signing", "stamping", "any"
PURPOSES = (SIGNING, STAMPING, ANY)
_ZONE = "a time names its zone"


@dataclass(frozen=True, slots=True)
class Anchor:
    """A certificate that is trusted for a purpose, at trusted times within its bounds."""

    certificate: x509.Certificate
    name: str = ""
    purpose: str = ANY
    since: datetime | None = None
    until: datetime | None = None

    def serves(self, purpose: str, at: datetime) -> bool:
        """Tell whether it counts for a purpose at a time."""
        return (
            self.purpose in (ANY, purpose)
            and (self.since is None or self.since <= at)
            and (self.until is None or at <= self.until)
        )


@dataclass(frozen=True, slots=True)
class AnchorList:
    """The anchors of one list and its serial number."""

    serial: int = 0
    anchors: tuple[Anchor, ...] = ()


@dataclass(frozen=True, slots=True)
class ListPlace:
    """Where a list lies, whose signatures count, and the serial number that was seen last."""

    folder: Path
    keys: tuple[bytes, ...] = ()
    least: int = 0

    def read(self) -> AnchorList:
        """Return the list, an empty one where there is none.

        Raises `Damaged`: trust_list_signature, trust_list_older, trust_list_unreadable.
        """
        try:
            listed = self._signed()
        except FileNotFoundError:
            return AnchorList()
        except OSError as problem:
            raise Damaged("trust_list_unreadable", name=LIST) from problem
        if listed.serial < self.least:
            raise Damaged("trust_list_older", serial=listed.serial, seen=self.least)
        return listed

    def _signed(self) -> AnchorList:
        try:
            return parse(read_signed(self.folder, LIST, self.keys))
        except Damaged:
            if parse(read_some(self.folder / LIST)).anchors:
                raise
            return AnchorList()

    def spelled(self) -> str:
        """Return the place as one argument of a program."""
        keys = [key.hex() for key in self.keys]
        return json.dumps({"folder": str(self.folder), "keys": keys, "least": self.least})


Source = Path | ListPlace
"""A folder that somebody chose expressly, all of it trusted, or the place of a signed list."""


def spell(source: Source) -> str:
    """Return a source as one argument of a program."""
    return source.spelled() if isinstance(source, ListPlace) else str(source.absolute())


def spelled_source(text: str) -> Source:
    """Return the source that `spell` spelled."""
    if not text.startswith("{"):
        return Path(text)
    read = json.loads(text)
    keys = tuple(bytes.fromhex(key) for key in read["keys"])
    return ListPlace(Path(read["folder"]), keys, read["least"])


def parse(data: bytes) -> AnchorList:
    """Return the list of a file; raises `Damaged("trust_list_unreadable")`."""
    try:
        read = json.loads(data)
        return AnchorList(int(read["serial"]), tuple(map(_anchor, read["anchors"])))
    except (ValueError, LookupError, TypeError, AttributeError) as problem:
        raise Damaged("trust_list_unreadable", name=LIST) from problem


def written(serial: int, anchors: Iterable[Anchor]) -> bytes:
    """Return the file of a list."""
    rows = [
        {
            "name": anchor.name,
            "purpose": anchor.purpose,
            "since": anchor.since.isoformat() if anchor.since else "",
            "until": anchor.until.isoformat() if anchor.until else "",
            "certificate": base64.b64encode(anchor.certificate.dump()).decode("ascii"),
        }
        for anchor in anchors
    ]
    text = json.dumps({"serial": serial, "anchors": rows}, ensure_ascii=False, indent=1)
    return text.encode() + b"\n"


def sound(parts: Sequence[bytes]) -> list[x509.Certificate]:
    """Return parsed certificates; raises `ValueError` or `TypeError` on what is none."""
    loaded = [x509.Certificate.load(part, strict=True) for part in parts]
    for certificate in loaded:
        # Parsing is lazy; nonsense shows here.
        certificate.subject.hashable  # noqa: B018
    return loaded


def _anchor(row: dict[str, Any]) -> Anchor:
    if row["purpose"] not in PURPOSES:
        raise ValueError("a purpose that is none")
    [certificate] = sound([base64.b64decode(row["certificate"], validate=True)])
    return Anchor(
        certificate, str(row["name"]), row["purpose"], _time(row["since"]), _time(row["until"])
    )


def _time(text: str) -> datetime | None:
    at = datetime.fromisoformat(text) if text else None
    if at is not None and at.tzinfo is None:
        raise ValueError(_ZONE)
    return at
