"""When a signature was there, and who vouches for it: its own stamp, a later one, or nobody.

A time stamp of the document proves that every signature before it existed. It may be the first
trusted time of a signature that was made without a line, and it holds up older stamps whose
certificates have run out (EN 319 142-1, 5.5; EN 319 102-1, 5.6).
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from asn1crypto import x509  # type: ignore[import-untyped]
from pyhanko.sign.general import CMSExtractionError, extract_certificate_info
from pyhanko.sign.validation.errors import SignatureValidationError
from pyhanko.sign.validation.generic_cms import (
    extract_tst_data_iter,
    message_imprint_checker,
    validate_sig_integrity,
)

from app.kernel.ports import StatusFact
from signing.checking.chain import Evidence, judge, status_of
from signing.pdf.pages import BAD_FILE
from signing.trust.stamps import stamp_info

STAMPING = "time_stamping"
DIGESTS = {"sha256", "sha384", "sha512", "sha512_256", "sha3_256", "sha3_384", "sha3_512"}
"""The hashes of the standards in force (TT 15/2025, Annex I)."""

_OUTLIVED = {("certificate_expired",), ("revocation_unknown",)}


@dataclass(frozen=True, slots=True)
class DocumentTime:
    """A time stamp of the document that holds: what stood in its revision existed at its time."""

    at: datetime
    revision: int


@dataclass(frozen=True, slots=True)
class Moment:
    """When a signature was there; `source` is timestamp, document, claimed or ""."""

    at: datetime | None
    source: str
    claimed: datetime | None
    status: StatusFact


def is_stamped(signature: Any) -> bool:
    """Tell whether a signature carries a time stamp of its own, trusted or not."""
    try:
        return _stamp_of(signature) is not None
    except BAD_FILE:
        return False


def proof_over(revision: int, proofs: list[DocumentTime]) -> datetime | None:
    """Return the earliest trusted time that a later document time stamp gives a revision."""
    return min((p.at for p in proofs if p.revision > revision), default=None)


def inner_digest(signed_data: Any, algorithm: str) -> bytes:
    """Return the hash of what a time stamp says."""
    content = bytes(signed_data["encap_content_info"]["content"])
    return hashlib.new(algorithm, content).digest()


async def moment_of(
    signature: Any,
    certificate: x509.Certificate,
    more: list[x509.Certificate],
    evidence: Evidence,
    proofs: list[DocumentTime],
) -> tuple[Moment, list[str]]:
    """Judge the signer's certificate at the trusted time, else at the time of the check."""
    over = proof_over(signature.signed_revision, proofs)
    stamped, against = await _own_stamp(signature, evidence, over)
    reasons = list(against)
    claimed = signature.self_reported_timestamp
    at, source = (stamped, "timestamp") if stamped is not None else (over, "document")
    if at is None:
        reasons += await _without_proof(certificate, more, evidence, claimed)
        at, source = claimed, "claimed" if claimed is not None else ""
    else:
        reasons += await judge(certificate, more, evidence, at)
        if evidence.is_ahead(at):
            reasons.append("clock_wrong")
    known = "revocation_unknown" not in reasons
    asked = at if source in ("timestamp", "document") and at is not None else evidence.now
    status = status_of(certificate, evidence, asked) if known else StatusFact()
    return Moment(at, source, claimed, status), reasons


async def _without_proof(
    certificate: x509.Certificate,
    more: list[x509.Certificate],
    evidence: Evidence,
    claimed: datetime | None,
) -> tuple[str, ...]:
    against = await judge(certificate, more, evidence, evidence.now)
    validity = certificate["tbs_certificate"]["validity"]
    first, last = validity["not_before"].native, validity["not_after"].native
    if claimed is not None and claimed.tzinfo is not None and not first <= claimed <= last:
        return ("certificate_expired" if claimed > last else "certificate_not_yet", *against)
    return ("time_unproven",) if against == ("certificate_expired",) else against


async def document_stamp(
    signature: Any,
    certificate: x509.Certificate,
    more: list[x509.Certificate],
    evidence: Evidence,
    proofs: list[DocumentTime],
) -> tuple[Moment, list[str]]:
    """Judge a time stamp of the document at a later one's time, else today."""
    at: datetime = stamp_info(signature.signed_data)["gen_time"].native
    over = proof_over(signature.signed_revision, proofs)
    against = await _stamper(certificate, more, evidence, at, over)
    reasons = ["time_unproven" if a == "certificate_expired" else a for a in against]
    if evidence.is_ahead(at):
        reasons.append("clock_wrong")
    known = "revocation_unknown" not in reasons
    status = status_of(certificate, evidence, over or evidence.now) if known else StatusFact()
    return Moment(at, "timestamp", None, status), reasons


async def _own_stamp(
    signature: Any, evidence: Evidence, over: datetime | None
) -> tuple[datetime | None, tuple[str, ...]]:
    """Return the time of a signature's own stamp, or why it gives none.

    A stamp whose maker's status cannot be found out gives its time, and the doubt with it.
    """
    try:
        stamp = _stamp_of(signature)
        if stamp is None:
            return None, ()
        at, signer, others = _read(stamp, signature)
    except (CMSExtractionError, SignatureValidationError, *BAD_FILE):
        return None, ("timestamp_broken",)
    against = await _stamper(signer, others, evidence, at, over)
    if against == ("revocation_unknown",):
        return at, ("timestamp_unchecked",)
    return (None, ("timestamp_untrusted",)) if against else (at, ())


def _read(stamp: Any, signature: Any) -> tuple[datetime, Any, list[Any]]:
    """Return time and certificates of a stamp over a signature; raises unless it is whole."""
    info = stamp_info(stamp)
    imprint = info["message_imprint"]
    algorithm = imprint["hash_algorithm"]["algorithm"].native
    made_over = message_imprint_checker(signature.signer_info)(algorithm)
    told = extract_certificate_info(stamp)
    signer_info = stamp["signer_infos"][0]
    inner = signer_info["digest_algorithm"]["algorithm"].native
    intact, valid = validate_sig_integrity(
        signer_info, told.signer_cert, "tst_info", inner_digest(stamp, inner)
    )
    if imprint["hashed_message"].native != made_over or not (intact and valid):
        raise ValueError("a stamp over something else")
    if algorithm not in DIGESTS or inner not in DIGESTS:
        raise ValueError("a weak stamp")
    return info["gen_time"].native, told.signer_cert, list(told.other_certs)


async def _stamper(
    certificate: x509.Certificate,
    more: list[x509.Certificate],
    evidence: Evidence,
    at: datetime,
    over: datetime | None,
) -> tuple[str, ...]:
    """Judge who made a time stamp, today or when a later stamp proves it.

    Data kept in the file outlive their validity: they settle the stamp at its own time, unless
    something is known against its maker today.
    """
    against = await judge(certificate, more, evidence, over or evidence.now, usage=STAMPING)
    if against in _OUTLIVED and at < evidence.now:
        against = await judge(certificate, more, evidence, at, usage=STAMPING)
    return against


def _stamp_of(signature: Any) -> Any:
    return next(extract_tst_data_iter(signature.signer_info, signed=False), None)
