"""Read what a certificate says: holder, organisation, validity, and whether it may sign."""

from __future__ import annotations

from asn1crypto import x509  # type: ignore[import-untyped]

from app.kernel.ports import CertificateInfo, TokenInfo


def describe(der: bytes, token: TokenInfo, cert_id: str, label: str) -> CertificateInfo:
    """Return a certificate on a token as the kernel knows it; raises `ValueError` on nonsense."""
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


def _first(name: x509.Name, field: str) -> str:
    value = name.native.get(field, "")
    return str(value[0] if isinstance(value, list) else value)
