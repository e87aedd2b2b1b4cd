"""Read what a certificate says: holder, organisation, validity, and whether it may sign."""

from __future__ import annotations

import json
from functools import cache

from asn1crypto import x509  # type: ignore[import-untyped]
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.x509 import load_der_x509_certificate

from app.kernel.ports import CertificateInfo, TokenInfo
from app.kernel.texts import resource
from signing.trust.anchors import STAMPING
from signing.trust.paths import is_self_issued, lines_of
from signing.trust.store import TrustStore

_PERSON_FIELDS = ("given_name", "surname", "title")
_SALT = 32


def describe(
    der: bytes, token: TokenInfo, cert_id: str, label: str, trust: TrustStore | None = None
) -> CertificateInfo:
    """Return a certificate on a token as the kernel knows it; raises `ValueError` on nonsense.

    Without a trust store the issuer is not judged.
    """
    certificate = x509.Certificate.load(der)
    validity = certificate["tbs_certificate"]["validity"]
    return CertificateInfo(
        token=token,
        cert_id=cert_id or certificate.sha256.hex()[:40],
        label=label,
        subject=certificate.subject.human_friendly,
        holder=holder(certificate),
        issuer=common_name(certificate.issuer),
        serial=format(certificate.serial_number, "x"),
        not_before=validity["not_before"].native,
        not_after=validity["not_after"].native,
        der=der,
        may_sign=may_sign(certificate),
        organisation=organisation(certificate),
        kind=kind(certificate),
        accepted=trust is None or accepted(der, trust),
    )


def may_sign(certificate: x509.Certificate) -> bool:
    """Tell whether a certificate is an end holder's and allows signing of documents."""
    if certificate.ca:
        return False
    usage = certificate.key_usage_value
    return usage is None or bool({"digital_signature", "non_repudiation"} & usage.native)


def holder(certificate: x509.Certificate) -> str:
    """Return the name of the person or agency that the certificate was made for."""
    return common_name(certificate.subject)


def organisation(certificate: x509.Certificate) -> str:
    """Return the organisation in the subject, or an empty text."""
    return _first(certificate.subject, "organization_name")


def kind(certificate: x509.Certificate) -> str:
    """Tell a person's certificate from an agency's; "" where it does not say.

    A person's subject has a given name, surname or title, or the number of an identity card;
    an agency's holder is the organisation itself, or begins as agencies' names do.
    """
    subject, words = certificate.subject, _holders()
    identifier = _first(subject, "user_id").casefold()
    if any(_first(subject, name) for name in _PERSON_FIELDS) or identifier.startswith(
        tuple(words["person_identifiers"])
    ):
        return "person"
    own = _plain(holder(certificate))
    if own == _plain(organisation(certificate)) or own.startswith(
        tuple(words["agency_beginnings"])
    ):
        return "agency"
    return ""


def accepted(der: bytes, trust: TrustStore) -> bool:
    """Tell whether a chain of sound signatures leads to a root of the trust store for signing.

    Validity and status of the links are the checker's business, not this question's.
    """
    known = {a.certificate.sha256: a.certificate for a in trust.anchors if a.purpose != STAMPING}
    lines = lines_of(x509.Certificate.load(der), tuple(known.values()))
    return any(line and is_self_issued(line[-1]) for line in lines)


def verifies(der: bytes, data: bytes, signature: bytes, *, pss: bool) -> bool:
    """Tell whether a signature over SHA-256 of data is that of the certificate's key."""
    key = load_der_x509_certificate(der).public_key()
    digest = hashes.SHA256()
    try:
        if isinstance(key, ec.EllipticCurvePublicKey):
            key.verify(signature, data, ec.ECDSA(digest))
        elif isinstance(key, rsa.RSAPublicKey):
            scheme = padding.PSS(padding.MGF1(digest), _SALT) if pss else padding.PKCS1v15()
            key.verify(signature, data, scheme, digest)
        else:
            return False
    except InvalidSignature:
        return False
    return True


def common_name(name: x509.Name) -> str:
    """Return the common name, or the whole name when there is none."""
    return _first(name, "common_name") or name.human_friendly


def key_of(der: bytes) -> tuple[str, bytes]:
    """Return algorithm (rsa, ec) and the modulus or point that a token's key compares with."""
    key = x509.Certificate.load(der).public_key
    if key.algorithm == "ec":
        return "ec", bytes(key["public_key"].native)
    modulus: int = key["public_key"].parsed["modulus"].native
    return "rsa", modulus.to_bytes((modulus.bit_length() + 7) // 8, "big")


@cache
def _holders() -> dict[str, list[str]]:
    known: dict[str, list[str]] = json.loads(resource("signing", "holders.json").read_text("utf-8"))
    return known


def _plain(name: str) -> str:
    return " ".join(name.casefold().split())


def _first(name: x509.Name, field: str) -> str:
    value = name.native.get(field, "")
    return str(value[0] if isinstance(value, list) else value)
