"""What pyHanko's validator is given: certificates, revocation data, and only true issuers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from asn1crypto import x509  # type: ignore[import-untyped]
from pyhanko_certvalidator import ValidationContext
from pyhanko_certvalidator.authority import AuthorityWithCert, TrustAnchor
from pyhanko_certvalidator.registry import CertificateRegistry, TrustManager

from signing.trust.paths import signed_by
from signing.trust.remote import Revocation


class Registry(CertificateRegistry):
    """Certificates told apart by all their bytes, of which only true issuers are tried.

    The library knows a certificate by issuer and serial number, and drops the second of a pair.
    `contradicted` tells that an issuer of the right name and key identifier did not sign.
    """

    def __init__(self, *, cert_fetcher: Any = None) -> None:
        super().__init__(cert_fetcher=cert_fetcher)
        self._held: set[bytes] = set()
        self.contradicted = False

    def register(self, cert: x509.Certificate) -> bool:
        """Add a certificate; tells whether it is new."""
        if cert.sha256 in self._held:
            return False
        self._held.add(cert.sha256)
        # The store's own table holds one of each issuer and serial number; others ask by name.
        self.certs.pop(cert.issuer_serial, None)
        return bool(super().register(cert))

    def find_potential_issuers(
        self, cert: x509.Certificate, trust_manager: TrustManager
    ) -> Iterator[TrustAnchor | x509.Certificate]:
        """Yield the issuers whose keys verify a certificate."""
        for found in super().find_potential_issuers(cert, trust_manager):
            issuer = _certificate_of(found)
            if issuer is None or signed_by(issuer, cert):
                yield found
            elif cert.authority_key_identifier and issuer.key_identifier:
                self.contradicted = True


def validation_context(
    roots: Sequence[x509.Certificate],
    others: Sequence[x509.Certificate],
    revocation: Revocation,
    moment: datetime,
    *,
    ocsps: Sequence[Any],
    crls: Sequence[Any],
    line: bool = True,
) -> ValidationContext:
    """Return pyHanko's context for a moment; later revocation data count for it too."""
    fetchers = revocation.fetchers()
    registry = Registry.build(others, cert_fetcher=fetchers.cert_fetcher if line else None)
    return ValidationContext(
        trust_roots=roots,
        certificate_registry=registry,
        moment=moment,
        ocsps=[*ocsps, *revocation.ocsps.values()],
        crls=[*crls, *revocation.crls.values()],
        revocation_mode="require",
        retroactive_revinfo=True,
        allow_fetching=line,
        fetchers=fetchers,
    )


def _certificate_of(found: TrustAnchor | x509.Certificate) -> x509.Certificate | None:
    if not isinstance(found, TrustAnchor):
        return found
    authority = found.authority
    return authority.certificate if isinstance(authority, AuthorityWithCert) else None
