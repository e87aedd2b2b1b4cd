"""Certificates of invented authorities, made on the spot: names and keys as a test wants them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from asn1crypto import crl as asn1_crl
from asn1crypto import x509 as asn1_x509
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

NOW = datetime(2026, 3, 2, 8, tzinfo=UTC)
DAY = timedelta(days=1)
SAME = 7
Key = ec.EllipticCurvePrivateKey


def make_key() -> Key:
    """Return a new key."""
    return ec.generate_private_key(ec.SECP256R1())


def name(text: str) -> x509.Name:
    """Return a name."""
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


@dataclass(frozen=True)
class Party:
    """A name with its key."""

    name: str
    key: Key

    @classmethod
    def new(cls, text: str) -> Party:
        """Return a party with a key of its own."""
        return cls(text, make_key())

    def certify(
        self, other: Party, *, ca: bool = True, marked: bool = True, serial: int = SAME
    ) -> asn1_x509.Certificate:
        """Return a certificate for another; `marked` puts key identifiers into it."""
        builder = (
            x509.CertificateBuilder()
            .subject_name(name(other.name))
            .issuer_name(name(self.name))
            .public_key(other.key.public_key())
            .serial_number(serial)
            .not_valid_before(NOW - DAY)
            .not_valid_after(NOW + 100 * DAY)
            .add_extension(x509.BasicConstraints(ca, None), critical=True)
        )
        if marked:
            own = x509.SubjectKeyIdentifier.from_public_key(other.key.public_key())
            above = x509.AuthorityKeyIdentifier.from_issuer_public_key(self.key.public_key())
            builder = builder.add_extension(own, critical=False)
            builder = builder.add_extension(above, critical=False)
        made = builder.sign(self.key, SHA256())
        return asn1_x509.Certificate.load(made.public_bytes(Encoding.DER))

    def nobody_revoked(self) -> asn1_crl.CertificateList:
        """Return an empty list of revoked certificates."""
        builder = (
            x509.CertificateRevocationListBuilder()
            .issuer_name(name(self.name))
            .last_update(NOW - timedelta(hours=1))
            .next_update(NOW + DAY)
            .add_extension(x509.CRLNumber(1), critical=False)
        )
        made = builder.sign(self.key, SHA256())
        return asn1_crl.CertificateList.load(made.public_bytes(Encoding.DER))


def put(folder: Path, certificates: list[asn1_x509.Certificate]) -> Path:
    """Write certificates into a folder that is read in this order."""
    folder.mkdir(parents=True)
    for place, certificate in enumerate(certificates):
        (folder / f"{place:02}.der").write_bytes(certificate.dump())
    return folder
