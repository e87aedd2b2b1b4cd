"""TLS of a serving process: what it speaks, and whether certificate and key are in order."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import serialization

from app.kernel.errors import Damaged

WARN_DAYS = 30
# Forward secrecy and seals that authenticate (RFC 9325, section 4.2); 1.3 has no others.
_CIPHERS = "ECDHE+AESGCM:ECDHE+CHACHA20"


@dataclass(frozen=True, slots=True)
class TlsFinding:
    """What is wrong with a certificate or its key; `days` are left until it ends."""

    check: str
    days: int = 0


def context(certificate: Path, key: Path) -> ssl.SSLContext:
    """Return what a server speaks with; raises `Damaged("server.tls")` for files that do not fit."""
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    made.minimum_version = ssl.TLSVersion.TLSv1_2
    made.set_ciphers(_CIPHERS)
    try:
        made.load_cert_chain(certificate, key, password=_no_password)
    except (OSError, ValueError) as error:
        raise Damaged("server.tls") from error
    return made


def days_left(certificate: Path, now: datetime) -> int:
    """Return the whole days until the first certificate of a chain to end has ended."""
    return min((one.not_valid_after_utc - now).days for one in _chain(certificate))


def findings(certificate: Path, key: Path, now: datetime) -> Iterator[TlsFinding]:
    """Yield what an administrator should mend; raises `Damaged("server.tls")`."""
    chain = _chain(certificate)
    left = days_left(certificate, now)
    if left < 0:
        yield TlsFinding("ended", left)
    elif left < WARN_DAYS:
        yield TlsFinding("ends_soon", left)
    if any(one.not_valid_before_utc > now for one in chain):
        yield TlsFinding("not_yet")
    if not _fits(chain[0], key):
        yield TlsFinding("key_differs")
    if key.stat().st_mode & 0o077:
        yield TlsFinding("key_open_to_others")
    if any(upper.subject != one.issuer for one, upper in pairwise(chain)):
        yield TlsFinding("chain_order")
    if len(chain) == 1 and chain[0].issuer != chain[0].subject:
        yield TlsFinding("chain_alone")


def _chain(certificate: Path) -> list[x509.Certificate]:
    try:
        return x509.load_pem_x509_certificates(certificate.read_bytes())
    except (OSError, ValueError) as error:
        raise Damaged("server.tls") from error


def _fits(leaf: x509.Certificate, key: Path) -> bool:
    try:
        private = serialization.load_pem_private_key(key.read_bytes(), None)
    except (OSError, ValueError, TypeError) as error:
        raise Damaged("server.tls") from error
    form = (serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    return private.public_key().public_bytes(*form) == leaf.public_key().public_bytes(*form)


def _no_password() -> str:
    # Else OpenSSL would ask on the terminal, and a service has none
    return ""
