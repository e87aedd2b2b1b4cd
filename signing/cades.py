"""Detached signatures for a file of any kind (CAdES, EN 319 122-1): made and checked.

The signature is a file of its own, `NAME.p7s` beside `NAME`. Levels B-B and B-T.
"""

from __future__ import annotations

import asyncio
import hashlib
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, BinaryIO

from asn1crypto import cms  # type: ignore[import-untyped]
from pyhanko.sign.general import CMSExtractionError, extract_certificate_info
from pyhanko.sign.validation.errors import SignatureValidationError
from pyhanko.sign.validation.generic_cms import get_signing_cert_attr, validate_sig_integrity

from app.kernel.ports import FileReport
from signing.pdf.cms import KeySigner
from signing.pdf.pages import BAD_FILE
from signing.plain import MOST_SIGNATURES, Found, Judges, file_report, report_on
from signing.streams import reading
from signing.trust.stamps import CheckedTimeStamper

ENDING = ".p7s"
_MOST = 4 << 20


@dataclass(frozen=True, slots=True)
class DetachedToSign:
    """What the key has to sign for one file; the rest is for `end_detached`."""

    attributes: bytes
    signer: KeySigner


def begin_detached(
    source: Path | BinaryIO, der: bytes, means: Judges, *, pss: bool
) -> DetachedToSign:
    """Hash a file and return what the key has to sign."""
    with reading(source) as stream:
        digest = hashlib.file_digest(stream, "sha256").digest()  # type: ignore[arg-type]
    signer = KeySigner(der, means.trust, pss=pss)
    return DetachedToSign(signer.attributes(digest, means.clock.now()), signer)


def end_detached(
    begun: DetachedToSign, signature: bytes, stamper: CheckedTimeStamper | None
) -> tuple[bytes, bool]:
    """Return the signature as a file, and whether it bears a time stamp."""
    made = begun.signer.content(begun.attributes, signature, stamper)
    return bytes(made.dump()), stamper is not None and not begun.signer.no_time


def verify_detached(
    signature: bytes,
    source: Path | BinaryIO,
    judges: Judges,
    at: datetime | None = None,
    *,
    offline: bool = False,
) -> FileReport:
    """Check a signature over a file, one verdict for each signer; never raises on what they hold."""
    now = judges.clock.now()
    try:
        with reading(source) as stream:
            digests = _Digests(stream)
            sha256 = digests.of("sha256").hex()
            found, reason = _read(signature, digests)
    except OSError:
        return file_report([], "", now, "file_missing")
    if reason:
        return file_report([], sha256, now, reason)
    evidence = judges.evidence(at, offline=offline)
    reports = [asyncio.run(report_on(one, evidence)) for one in found]
    return file_report(reports, sha256, now)


class _Digests:
    """The hashes of a file, each made once."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self._made: dict[str, bytes] = {}

    def of(self, algorithm: str) -> bytes:
        if algorithm not in self._made:
            self._stream.seek(0)
            made = hashlib.file_digest(self._stream, algorithm)  # type: ignore[arg-type]
            self._made[algorithm] = made.digest()
        return self._made[algorithm]


def _read(signature: bytes, digests: _Digests) -> tuple[list[Found], str]:
    """Return the signatures of a file, or why there are none to be judged."""
    if not 0 < len(signature) <= _MOST:
        return [], "damaged"
    try:
        content = cms.ContentInfo.load(signature, strict=True)
        if content["content_type"].native != "signed_data":
            return [], "damaged"
        data = content["content"]
        signers = list(data["signer_infos"])
        inside = data["encap_content_info"]["content"].native
        if not signers:
            return [], "no_signature"
        if len(signers) > MOST_SIGNATURES:
            return [], "damaged"
        alone = [_one(data, info, number, digests) for number, info in enumerate(signers, 1)]
    except (CMSExtractionError, SignatureValidationError, *BAD_FILE):
        return [], "damaged"
    if inside is not None:
        for found in alone:
            found.reasons.append("coverage")  # it signs what it holds, not the file beside it
    return alone, ""


def _one(data: Any, info: Any, number: int, digests: _Digests) -> Found:
    own = data.copy()
    own["signer_infos"] = [info]
    certificates = extract_certificate_info(own)
    algorithm = info["digest_algorithm"]["algorithm"].native
    found = Found(
        name=str(number),
        certificate=certificates.signer_cert,
        others=list(certificates.other_certs),
        digest=algorithm,
        mechanism=info["signature_algorithm"]["algorithm"].native,
        claimed=_attribute(info, "signing_time"),
        signer_info=info,
    )
    intact, valid = validate_sig_integrity(
        info, certificates.signer_cert, "data", digests.of(algorithm)
    )
    if not intact:
        found.reasons.append("altered")
    elif not valid:
        found.reasons.append("signature_false")
    if get_signing_cert_attr(info["signed_attrs"]) is None:
        found.noted.append("legacy_format")  # plain CMS, its certificate is not bound
    return found


def _attribute(info: Any, name: str) -> Any:
    for attribute in info["signed_attrs"]:
        if attribute["type"].native == name:
            return attribute["values"][0].native
    return None
