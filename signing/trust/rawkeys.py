"""Check a signature over bytes with the key of a certificate, and the two spellings of ECDSA."""

from __future__ import annotations

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import (
    decode_dss_signature,
    encode_dss_signature,
)
from cryptography.hazmat.primitives.hashes import SHA256


def holds(der: bytes, scheme: str, signature: bytes, data: bytes) -> bool:
    """Tell whether a signature over SHA-256 of the data is of a certificate's key."""
    key, digest = x509.load_der_x509_certificate(der).public_key(), SHA256()
    try:
        if scheme == "ecdsa" and isinstance(key, ec.EllipticCurvePublicKey):
            key.verify(signature, data, ec.ECDSA(digest))
        elif scheme == "pss" and isinstance(key, rsa.RSAPublicKey):
            key.verify(signature, data, padding.PSS(padding.MGF1(digest), 32), digest)
        elif scheme == "pkcs1" and isinstance(key, rsa.RSAPublicKey):
            key.verify(signature, data, padding.PKCS1v15(), digest)
        else:
            return False
    except InvalidSignature:
        return False
    return True


def split(signature: bytes, size: int) -> bytes:
    """Return an ECDSA signature as XML spells it: both numbers, each of the key's size."""
    r, s = decode_dss_signature(signature)
    return r.to_bytes(size, "big") + s.to_bytes(size, "big")


def joined(signature: bytes) -> bytes:
    """Return an ECDSA signature of XML as certificates spell it; raises `ValueError`."""
    half = len(signature) // 2
    if len(signature) % 2 or not half:
        raise ValueError("halves")
    r, s = signature[:half], signature[half:]
    return encode_dss_signature(int.from_bytes(r, "big"), int.from_bytes(s, "big"))
