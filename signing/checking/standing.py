"""How a certificate stands now: its chain, its time, its status; for proof without a document."""

from __future__ import annotations

import asyncio
import hashlib

from asn1crypto import x509  # type: ignore[import-untyped]

from app.kernel.clock import Clock
from app.kernel.ports import Http
from signing.checking.chain import Evidence, judge
from signing.trust.certificates import holder, may_sign, verifies
from signing.trust.remote import Revocation
from signing.trust.store import TrustStore

# Nobody could be asked: known to be revoked is something else.
_OPEN = frozenset({"revocation_unknown"})


class Standing:
    """Judge certificates and what their keys have signed by one trust store."""

    def __init__(self, trust: TrustStore, clock: Clock, http: Http | None = None) -> None:
        self._trust = trust
        self._clock = clock
        self._http = http

    def reasons(self, der: bytes) -> tuple[str, ...]:
        """Return what is against a certificate now; a status that nobody tells is not."""
        try:
            certificate = x509.Certificate.load(der, strict=True)
            if not may_sign(certificate):
                return ("not_for_signing",)
            now = self._clock.now()
            evidence = Evidence(self._trust, Revocation(self._http, None, now), now, now)
            found = asyncio.run(judge(certificate, [], evidence, now))
        except (ValueError, TypeError, KeyError):
            return ("unreadable",)
        return tuple(reason for reason in found if reason not in _OPEN)

    def signed(self, der: bytes, data: bytes, signature: bytes, *, pss: bool) -> bool:
        """Tell whether the certificate's key has signed the data; False for what is none."""
        try:
            return verifies(der, data, signature, pss=pss)
        except (ValueError, TypeError):
            return False


def fingerprint(der: bytes) -> str:
    """Return what a certificate is bound by."""
    return hashlib.sha256(der).hexdigest()


def holder_of(der: bytes) -> str:
    """Return the name in a certificate; raises `ValueError` for what is none."""
    try:
        return holder(x509.Certificate.load(der, strict=True))
    except (TypeError, KeyError) as error:
        raise ValueError("certificate") from error
