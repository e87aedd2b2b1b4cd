"""The trust store: what signed lists name, and folders that somebody chose expressly."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from functools import cached_property
from pathlib import Path

from asn1crypto import pem, x509  # type: ignore[import-untyped]

from app.kernel.errors import Damaged
from signing.trust.anchors import Anchor, ListPlace, Source, sound

_ENDINGS = {".pem", ".crt", ".cer", ".der"}
_MAX_SIZE = 1 << 20


class TrustStore:
    """Roots that chains may end in, and issuing certificates that help to build them.

    Of a list's folder only what the list names is read, and nothing when the list is not sound:
    `problems` says why. A plain folder is trusted as a whole: whoever names it answers for it.
    Self-issued CA certificates are roots, all others only links. Files that hold no certificate
    are passed over: `skipped` names them for the doctor.
    """

    def __init__(self, sources: Sequence[Source]) -> None:
        self.sources = tuple(sources)
        self.skipped: list[str] = []
        self.problems: list[Damaged] = []

    @cached_property
    def anchors(self) -> tuple[Anchor, ...]:
        """Return everything that is trusted, with the bounds that lists set."""
        found: list[Anchor] = []
        for source in self.sources:
            found += self._listed(source) if isinstance(source, ListPlace) else self._in(source)
        return tuple(found)

    @cached_property
    def certificates(self) -> tuple[x509.Certificate, ...]:
        """Return every certificate, once."""
        return tuple({a.certificate.sha256: a.certificate for a in self.anchors}.values())

    @cached_property
    def roots(self) -> list[x509.Certificate]:
        """Return the trusted roots, for whatever purpose and time."""
        return [c for c in self.certificates if _is_root(c)]

    @cached_property
    def links(self) -> list[x509.Certificate]:
        """Return the certificates that are not roots."""
        return [c for c in self.certificates if not _is_root(c)]

    def roots_for(self, purpose: str, at: datetime) -> list[x509.Certificate]:
        """Return the roots that count for a purpose at a time."""
        serving = (a.certificate for a in self.anchors if a.serves(purpose, at))
        return list({c.sha256: c for c in serving if _is_root(c)}.values())

    def _listed(self, place: ListPlace) -> tuple[Anchor, ...]:
        try:
            return place.read().anchors
        except Damaged as problem:
            self.problems.append(problem)
            return ()

    def _in(self, folder: Path) -> Iterator[Anchor]:
        for path in sorted(folder.iterdir()) if folder.is_dir() else ():
            if path.suffix.lower() in _ENDINGS and path.is_file():
                try:
                    yield from map(Anchor, read_certificates(path))
                except (ValueError, OSError, TypeError):
                    self.skipped.append(path.name)


def read_certificates(path: Path) -> list[x509.Certificate]:
    """Return the certificates of a file; raises `ValueError`, `TypeError` or `OSError`."""
    if path.stat().st_size > _MAX_SIZE:
        raise ValueError(path.name)
    data = path.read_bytes()
    if not pem.detect(data):
        return sound([data])
    return sound([part for _, _, part in pem.unarmor(data, multiple=True)])


def _is_root(certificate: x509.Certificate) -> bool:
    return bool(certificate.ca) and certificate.subject == certificate.issuer
