"""A certificate for `localhost` from an authority of one's own, as a province's server has it."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID

from app.kernel.clock import SystemClock

_YEAR = timedelta(days=365)


def authority(folder: Path) -> tuple[Path, Path, Path]:
    """Make a root, an intermediate and a server's certificate; return root, chain and key."""
    root_key, middle_key, key = (rsa.generate_private_key(65537, 2048) for _ in range(3))
    root = _signed("Gốc mẫu", root_key.public_key(), "Gốc mẫu", root_key, authority=True)
    middle = _signed("CA mẫu", middle_key.public_key(), "Gốc mẫu", root_key, authority=True)
    leaf = _signed("localhost", key.public_key(), "CA mẫu", middle_key, authority=False)
    paths = (folder / "root.pem", folder / "chain.pem", folder / "key.pem")
    pem = serialization.Encoding.PEM
    paths[0].write_bytes(root.public_bytes(pem))
    paths[1].write_bytes(leaf.public_bytes(pem) + middle.public_bytes(pem))
    plain = serialization.NoEncryption()
    paths[2].write_bytes(key.private_bytes(pem, serialization.PrivateFormat.PKCS8, plain))
    return paths


def _signed(
    name: str, key: rsa.RSAPublicKey, by: str, signer: rsa.RSAPrivateKey, *, authority: bool
) -> x509.Certificate:
    now = SystemClock().now()
    made = (
        x509.CertificateBuilder()
        .subject_name(_name(name))
        .issuer_name(_name(by))
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _YEAR)
        .not_valid_after(now + _YEAR)
        .add_extension(x509.BasicConstraints(authority, None), critical=True)
    )
    if not authority:
        names = x509.SubjectAlternativeName([x509.DNSName(name)])
        made = made.add_extension(names, critical=False)
    return made.sign(signer, hashes.SHA256())


def _name(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
