"""Complete a signature: add what proves that its certificates were good, and say the level."""

from __future__ import annotations

import asyncio
from typing import Any, BinaryIO

from asn1crypto import x509  # type: ignore[import-untyped]
from pyhanko.sign.validation.dss import DocumentSecurityStore
from pyhanko.sign.validation.generic_cms import extract_tst_data_iter
from pyhanko.sign.validation.pdf_embedded import EmbeddedPdfSignature
from pyhanko_certvalidator import CertificateValidator, ValidationContext
from pyhanko_certvalidator.errors import PathError, ValidationError

from app.kernel.clock import Clock
from app.kernel.ports import Http
from signing.pdf.pages import filled_fields, open_reader
from signing.trust.remote import Revocation
from signing.trust.store import TrustStore


def complete(
    stream: BinaryIO,
    name: str,
    trust: TrustStore,
    http: Http | None,
    clock: Clock,
    warnings: list[str],
) -> str:
    """Add a security store (DSS) for a time-stamped signature; returns the level reached.

    B-LT when fresh revocation data for every certificate of both chains lies in the file now,
    else B-T with a warning: nothing is passed off as more than it is.
    """
    signature = _signature(stream, name)
    revocation = Revocation(http)
    context = ValidationContext(
        trust_roots=trust.roots,
        other_certs=[*trust.links, *signature.other_embedded_certs, *_stamp_certs(signature)],
        moment=clock.now(),
        revocation_mode="require",
        retroactive_revinfo=True,
        fetchers=revocation.fetchers(),
        allow_fetching=True,
    )
    try:
        paths = asyncio.run(_paths(signature, context))
    except (PathError, ValidationError):
        warnings.append("revocation_unavailable")
        return "B-T"
    DocumentSecurityStore.add_dss(
        stream,
        signature.pkcs7_content.hex().upper().encode(),
        paths=paths,
        ocsps=list(revocation.ocsps.values()),
        crls=list(revocation.crls.values()),
        strict=False,
    )
    return "B-LT"


async def _paths(signature: Any, context: ValidationContext) -> list[Any]:
    first = CertificateValidator(signature.signer_cert, validation_context=context)
    paths = [await first.async_validate_usage(set())]  # type: ignore[no-untyped-call]
    stamper = _stamp_signer(signature)
    if stamper is not None:
        second = CertificateValidator(stamper, validation_context=context)
        path = await second.async_validate_usage(set(), {"time_stamping"})  # type: ignore[no-untyped-call]
        paths.append(path)
    return paths


def _signature(stream: BinaryIO, name: str) -> EmbeddedPdfSignature:
    reader = open_reader(stream)
    fields = {found: widget for found, _, widget in filled_fields(reader)}
    return EmbeddedPdfSignature(reader, fields[name], name)


def _stamp_certs(signature: Any) -> list[x509.Certificate]:
    stamp = next(extract_tst_data_iter(signature.signer_info, signed=False), None)
    if stamp is None:
        return []
    return [choice.chosen for choice in stamp["certificates"] if choice.name == "certificate"]


def _stamp_signer(signature: Any) -> x509.Certificate | None:
    stamp = next(extract_tst_data_iter(signature.signer_info, signed=False), None)
    if stamp is None:
        return None
    identifier = stamp["signer_infos"][0]["sid"].chosen
    for certificate in _stamp_certs(signature):
        if certificate.serial_number == identifier["serial_number"].native:
            return certificate
    return None
