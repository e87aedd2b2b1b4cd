"""Which certificates stand behind one: every issuer of the right name whose key verifies.

Two authorities may bear one name, and even one serial number: a root that was made anew, or an
intermediate that several roots have signed. The key tells them apart, not the order of a folder.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache

from asn1crypto import x509  # type: ignore[import-untyped]
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519, rsa
from cryptography.x509 import Certificate, load_der_x509_certificate

_MAX_CHAIN = 8
_PAIRS = 4096


def lines_of(
    certificate: x509.Certificate, known: Sequence[x509.Certificate], depth: int = _MAX_CHAIN
) -> Iterator[tuple[x509.Certificate, ...]]:
    """Yield the chains of issuers of a certificate, each as far as it is known, nearest first."""
    issuers = [] if is_self_issued(certificate) or not depth else _issuers(certificate, known)
    if not issuers:
        yield ()
    for issuer in issuers:
        rest = [other for other in known if other is not issuer]
        for line in lines_of(issuer, rest, depth - 1):
            yield (issuer, *line)


def is_self_issued(certificate: x509.Certificate) -> bool:
    """Tell whether issuer and subject are one name, as of a root."""
    return bool(certificate.subject == certificate.issuer)


def signed_by(issuer: x509.Certificate, certificate: x509.Certificate) -> bool:
    """Tell whether an issuer's key verifies a certificate; True where we cannot find out."""
    return _signed_by(issuer.dump(), certificate.dump())


@lru_cache(_PAIRS)
def _signed_by(issuer: bytes, certificate: bytes) -> bool:
    try:
        _verify(load_der_x509_certificate(issuer), load_der_x509_certificate(certificate))
    except (InvalidSignature, TypeError):
        return False  # the latter where the key is of another kind than the signature
    except (UnsupportedAlgorithm, ValueError):
        return True  # what is unknown here, the validator names
    return True


def _verify(issuer: Certificate, held: Certificate) -> None:
    key, how = issuer.public_key(), held.signature_algorithm_parameters
    signature, content = held.signature, held.tbs_certificate_bytes
    if isinstance(key, rsa.RSAPublicKey):
        key.verify(signature, content, how, held.signature_hash_algorithm)  # type: ignore[arg-type]
    elif isinstance(key, ec.EllipticCurvePublicKey):
        key.verify(signature, content, how)  # type: ignore[arg-type]
    elif isinstance(key, ed25519.Ed25519PublicKey | ed448.Ed448PublicKey):
        key.verify(signature, content)
    else:
        raise UnsupportedAlgorithm(type(key).__name__)


def _issuers(
    certificate: x509.Certificate, known: Sequence[x509.Certificate]
) -> list[x509.Certificate]:
    named = (c for c in known if c.ca and c.subject == certificate.issuer)
    return [c for c in named if signed_by(c, certificate)]
