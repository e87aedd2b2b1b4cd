"""The trust store: folders of root and issuing certificates, shipped and the administrator's."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from pathlib import Path

from asn1crypto import pem, x509  # type: ignore[import-untyped]

_ENDINGS = {".pem", ".crt", ".cer", ".der"}
_MAX_SIZE = 1 << 20


class TrustStore:
    """Roots that chains may end in, and issuing certificates that help to build them.

    Self-issued CA certificates in the folders are roots, all other CA certificates only links.
    Files that hold no certificate are passed over: `skipped` names them for the doctor.
    """

    def __init__(self, folders: Sequence[Path]) -> None:
        self._folders = tuple(folders)
        self.skipped: list[str] = []

    @cached_property
    def certificates(self) -> tuple[x509.Certificate, ...]:
        """Return every certificate of the folders."""
        found: dict[bytes, x509.Certificate] = {}
        for folder in self._folders:
            for path in sorted(folder.iterdir()) if folder.is_dir() else ():
                if path.suffix.lower() in _ENDINGS and path.is_file():
                    for certificate in self._read(path):
                        found[certificate.sha256] = certificate
        return tuple(found.values())

    @cached_property
    def roots(self) -> list[x509.Certificate]:
        """Return the trusted roots."""
        return [c for c in self.certificates if c.ca and c.subject == c.issuer]

    @cached_property
    def links(self) -> list[x509.Certificate]:
        """Return the certificates that are not roots."""
        return [c for c in self.certificates if not (c.ca and c.subject == c.issuer)]

    def _read(self, path: Path) -> list[x509.Certificate]:
        try:
            if path.stat().st_size > _MAX_SIZE:
                raise ValueError(path.name)
            data = path.read_bytes()
            parts = (
                [part for _, _, part in pem.unarmor(data, multiple=True)]
                if pem.detect(data)
                else [data]
            )
            loaded = [x509.Certificate.load(part, strict=True) for part in parts]
            for certificate in loaded:
                certificate.subject.hashable  # noqa: B018 - parsing is lazy; nonsense shows here
        except (ValueError, OSError, TypeError):
            self.skipped.append(path.name)
            return []
        return loaded
