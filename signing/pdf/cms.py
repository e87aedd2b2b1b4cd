"""Build the CMS of a PAdES signature from its encoded parts.

All that depends on the certificate alone is encoded once and used again: the general library
encodes every part several times for each signature, which costs more than signing itself.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from asn1crypto import algos, cms, x509  # type: ignore[import-untyped]
from pyhanko.sign.general import SigningError, as_signing_certificate_v2
from pyhanko.sign.signers import Signer
from pyhanko.sign.timestamps.common_utils import TimestampRequestError
from pyhanko_certvalidator.registry import SimpleCertificateStore

from app.kernel.errors import Unavailable
from signing.trust.paths import is_self_issued, lines_of
from signing.trust.store import TrustStore

_SEQUENCE, _SET, _OCTETS = 0x30, 0x31, 0x04
_CONTEXT_0, _CONTEXT_1 = 0xA0, 0xA1
_VERSION_1 = b"\x02\x01\x01"
_SHORT = 0x80
_SHA256 = bytes(algos.DigestAlgorithm({"algorithm": "sha256"}).dump())
_CONTENT_TYPE = bytes(cms.CMSAttribute({"type": "content_type", "values": ("data",)}).dump())
_DIGEST_TYPE = bytes(cms.CMSAttributeType("message_digest").dump())
_SIGNED_DATA = bytes(cms.ContentType("signed_data").dump())
_NO_CONTENT = bytes(cms.EncapsulatedContentInfo({"content_type": "data"}).dump())


@dataclass(frozen=True, slots=True)
class _Parts:
    """What every signature by one certificate has in common, encoded."""

    certificate: x509.Certificate
    attribute: bytes
    certificates: bytes
    identifier: bytes


class KeySigner(Signer):
    """pyHanko's signer for a key that is asked elsewhere: what comes before it, and after."""

    def __init__(self, der: bytes, trust: TrustStore, *, pss: bool) -> None:
        chain = _chain(der, trust.certificates)
        self._parts = _parts(der, chain)
        self.issuers = chain
        certificate = self._parts.certificate
        self.no_time = False
        self.is_rsa = certificate.public_key.algorithm.startswith("rsa")
        mechanism = _mechanism(certificate.public_key.algorithm, pss=pss)
        self._mechanism = bytes(mechanism.dump())
        super().__init__(
            signing_cert=certificate,
            cert_registry=SimpleCertificateStore(),  # type: ignore[no-untyped-call]
            signature_mechanism=mechanism,
            embed_roots=False,
        )

    def attributes(self, digest: bytes, at: datetime | None = None) -> bytes:
        """Return the attributes that the key signs for a document with this SHA-256.

        `at` is the signer's own time: CAdES asks for it here, a PDF says it elsewhere.
        """
        return _signed_attributes(self._parts.attribute, digest, at)

    def content(self, attributes: bytes, signature: bytes, stamper: Any = None) -> cms.ContentInfo:
        """Return the signature of the key as CMS, with a time stamp if there is a stamper."""
        unsigned = b""
        if stamper is not None:
            signed = cms.CMSAttributes.load(attributes)
            stamp = asyncio.run(
                self.unsigned_attrs("sha256", signature, signed_attrs=signed, timestamper=stamper)
            )
            unsigned = _retagged(_CONTEXT_1, stamp.dump()) if stamp is not None else b""
        return _content(self._parts, attributes, self._mechanism, signature, unsigned)

    async def async_sign_raw(
        self,
        data: bytes,  # noqa: ARG002
        digest_algorithm: str,  # noqa: ARG002
        dry_run: bool = False,  # noqa: ARG002
    ) -> bytes:
        """Refuse: the key is asked by those who hold it, between the two halves of signing."""
        raise SigningError("the key signs elsewhere")

    async def unsigned_attrs(self, *args: Any, **kwargs: Any) -> Any:
        """Add the time stamp; without one the signature stands, and says so."""
        try:
            return await super().unsigned_attrs(*args, **kwargs)
        except (TimestampRequestError, ValueError, Unavailable):
            self.no_time = True
            return None


def _signed_attributes(certificate: bytes, digest: bytes, at: datetime | None) -> bytes:
    """Return the attributes that PAdES and CAdES ask for, in DER's order.

    EN 319 142-1, 6.3 and EN 319 122-1, 6.3.
    """
    digested = _tlv(_SEQUENCE, _DIGEST_TYPE, _tlv(_SET, _tlv(_OCTETS, digest)))
    parts = [_CONTENT_TYPE, digested, certificate]
    if at is not None:
        moment = cms.Time({"utc_time": at.astimezone(UTC).replace(microsecond=0)})
        parts.append(bytes(cms.CMSAttribute({"type": "signing_time", "values": (moment,)}).dump()))
    return _tlv(_SET, *sorted(parts))


def _content(
    parts: _Parts, attributes: bytes, mechanism: bytes, signature: bytes, unsigned: bytes
) -> cms.ContentInfo:
    signer = _tlv(
        _SEQUENCE,
        _VERSION_1,
        parts.identifier,
        _SHA256,
        _retagged(_CONTEXT_0, attributes),
        mechanism,
        _tlv(_OCTETS, signature),
        unsigned,
    )
    data = _tlv(
        _SEQUENCE,
        _VERSION_1,
        _tlv(_SET, _SHA256),
        _NO_CONTENT,
        parts.certificates,
        _tlv(_SET, signer),
    )
    return cms.ContentInfo.load(_tlv(_SEQUENCE, _SIGNED_DATA, _tlv(_CONTEXT_0, data)))


@lru_cache(maxsize=16)
def _parts(der: bytes, chain: tuple[bytes, ...]) -> _Parts:
    certificate = x509.Certificate.load(der)
    value = cms.IssuerAndSerialNumber(
        {"issuer": certificate.issuer, "serial_number": certificate.serial_number}
    )
    return _Parts(
        certificate=certificate,
        attribute=_certificate_attribute(certificate),
        certificates=_tlv(_CONTEXT_0, *sorted((der, *chain))),
        identifier=bytes(value.dump()),
    )


def _certificate_attribute(certificate: x509.Certificate) -> bytes:
    values = (as_signing_certificate_v2(certificate),)
    return bytes(cms.CMSAttribute({"type": "signing_certificate_v2", "values": values}).dump())


@lru_cache(maxsize=16)
def _chain(der: bytes, known: tuple[x509.Certificate, ...]) -> tuple[bytes, ...]:
    """Return the issuers of a certificate, nearest first, without the root they lead to."""
    lines = list(lines_of(x509.Certificate.load(der), known))
    best = max(lines, key=lambda line: (bool(line) and is_self_issued(line[-1]), len(line)))
    return tuple(bytes(c.dump()) for c in best if not is_self_issued(c))


@lru_cache(maxsize=4)
def _mechanism(algorithm: str, *, pss: bool) -> algos.SignedDigestAlgorithm:
    if algorithm == "ec":
        return algos.SignedDigestAlgorithm({"algorithm": "sha256_ecdsa"})
    if not pss:
        return algos.SignedDigestAlgorithm({"algorithm": "sha256_rsa"})
    sha256 = {"algorithm": "sha256"}
    parameters = algos.RSASSAPSSParams(
        {
            "hash_algorithm": sha256,
            "mask_gen_algorithm": {"algorithm": "mgf1", "parameters": sha256},
            "salt_length": 32,
        }
    )
    made = algos.SignedDigestAlgorithm({"algorithm": "rsassa_pss", "parameters": parameters})
    # Read back from its bytes it is not encoded anew at each of its many uses.
    return algos.SignedDigestAlgorithm.load(made.dump())


def _retagged(tag: int, encoded: bytes) -> bytes:
    """Return a value under another tag of one byte."""
    return bytes((tag,)) + encoded[1:]


def _tlv(tag: int, *parts: bytes) -> bytes:
    """Return a value in DER."""
    body = b"".join(parts)
    size = len(body)
    if size < _SHORT:
        return bytes((tag, size)) + body
    length = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes((tag, _SHORT | len(length))) + length + body
