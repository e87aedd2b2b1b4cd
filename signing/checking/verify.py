"""Check every signature of a PDF on its own: integrity, changes, chain, revocation, time."""

from __future__ import annotations

import asyncio
import hashlib
import logging
from datetime import datetime
from io import SEEK_END, BytesIO
from pathlib import Path
from typing import Any, BinaryIO

from asn1crypto import crl, ocsp  # type: ignore[import-untyped]
from pyhanko.sign.general import CMSExtractionError
from pyhanko.sign.validation.dss import DocumentSecurityStore
from pyhanko.sign.validation.errors import SignatureValidationError
from pyhanko.sign.validation.generic_cms import get_signing_cert_attr, validate_sig_integrity
from pyhanko.sign.validation.pdf_embedded import EmbeddedPdfSignature
from pyhanko.sign.validation.status import SignatureCoverageLevel

from app.kernel.clock import Clock
from app.kernel.ports import FileReport, Http, SignatureReport, Verdict
from signing.checking.chain import Evidence, is_stamped, judge, stamped_at
from signing.checking.changes import FORBIDDEN, MAX_REVISIONS, Revisions
from signing.checking.pool import Pool
from signing.checking.readers import fills_gap
from signing.pdf.pages import BAD_FILE, filled_fields, open_reader, value_of
from signing.streams import reading
from signing.trust.certificates import common_name, holder, may_sign, organisation
from signing.trust.remote import Revocation
from signing.trust.store import TrustStore

MAX_SIGNATURES = 100
_HEAD = 1024
_SMALL = 32 << 20
_MIN_RSA = 2048
_MIN_EC = 256
_LEGACY = "/adbe.pkcs7.detached"
_PADES = "/ETSI.CAdES.detached"
_STAMP = "/ETSI.RFC3161"
_DIGESTS = {"sha256", "sha384", "sha512", "sha512_256", "sha3_256", "sha3_384", "sha3_512"}

_INVALID = {
    "altered",
    "signature_false",
    "changed_after",
    "coverage",
    "unreadable_signature",
    "certificate_not_yet",
    "certificate_expired",
    "revoked",
    "chain_broken",
    "timestamp_broken",
} | FORBIDDEN
_NOT_COMPLIANT = {"weak_digest", "weak_key", "format_forbidden", "not_for_signing"}
_UNKNOWN = {
    "unknown_root",
    "revocation_unknown",
    "time_unproven",
    "timestamp_untrusted",
    "not_comparable",
}
_ORDER = (
    Verdict.VALID,
    Verdict.UNKNOWN,
    Verdict.NOT_COMPLIANT,
    Verdict.INVALID,
)

# Reasons reach the person as codes; the libraries' own warnings would repeat them in the log.
for _name in ("pyhanko.sign", "pyhanko_certvalidator", "pyhanko.pdf_utils"):
    logging.getLogger(_name).setLevel(logging.CRITICAL)


class PdfVerifier:
    """Verify PDFs against a trust store; never raises on what a file contains."""

    def __init__(self, trust: TrustStore, clock: Clock, http: Http | None = None) -> None:
        self._trust = trust
        self._clock = clock
        self._http = http
        self._lists: dict[str, Any] = {}
        self._pool = Pool()

    def verify(
        self, source: Path | BinaryIO, at: datetime | None = None, *, offline: bool = False
    ) -> FileReport:
        """Verify one file as of a time (default: now); the worst signature decides.

        A caller's stream is read from its beginning and left open.
        """
        now = self._clock.now()
        try:
            with reading(source) as opened:
                stream = _near(opened)
                digest = hashlib.file_digest(stream, "sha256").hexdigest()  # type: ignore[arg-type]
                stream.seek(0)
                verdict, signatures, reasons = self._check(stream, at or now, offline)
        except OSError:
            return FileReport(Verdict.UNREADABLE, reasons=("file_missing",), checked_at=now)
        return FileReport(verdict, signatures, reasons, digest, now)

    def _check(
        self, stream: BinaryIO, at: datetime, offline: bool
    ) -> tuple[Verdict, tuple[SignatureReport, ...], tuple[str, ...]]:
        reason, reader, fields = _open(stream)
        if reason:
            return Verdict.UNREADABLE, (), (reason,)
        if not fields:
            return Verdict.UNSIGNED, (), ("no_signature",)
        revisions = Revisions(reader)
        if len(fields) > MAX_SIGNATURES or revisions.count > MAX_REVISIONS:
            return Verdict.UNREADABLE, (), ("too_many_revisions",)
        evidence = Evidence(self._trust, Revocation(None if offline else self._http), at)
        _add_store(reader, evidence, self._pool)
        evidence.crls += self._lists.values()
        reports = asyncio.run(_check_all(reader, fields, revisions, evidence, self._pool))
        self._lists |= evidence.revocation.crls
        worst = max((r.verdict for r in reports), key=_ORDER.index)
        return worst, tuple(reports), ()


def _near(stream: BinaryIO) -> BinaryIO:
    """Return a stream in memory where it is small: parsing jumps about in it without end."""
    size = stream.seek(0, SEEK_END)
    stream.seek(0)
    return BytesIO(stream.read()) if size <= _SMALL else stream


def _open(stream: BinaryIO) -> tuple[str, Any, list[tuple[str, Any, Any]]]:
    head = stream.read(_HEAD)
    stream.seek(0)
    if not head:
        return "empty", None, []
    if b"%PDF-" not in head:
        return "not_pdf", None, []
    try:
        reader = open_reader(stream)
        if reader.encrypted:
            return "encrypted", None, []
        return "", reader, filled_fields(reader)
    except BAD_FILE:
        return "damaged", None, []


def _add_store(reader: Any, evidence: Evidence, pool: Pool) -> None:
    """Take certificates and revocation data that lie in the file; they are signed themselves."""
    try:
        if "/DSS" not in reader.root:
            return
        store = DocumentSecurityStore.read_dss(reader)
        evidence.certificates += [pool.own(c) for c in store.load_certs()]
        evidence.ocsps += [_stream(r, ocsp.OCSPResponse, pool) for r in store.ocsps]
        evidence.crls += [_stream(r, crl.CertificateList, pool) for r in store.crls]
        evidence.in_file = bool(evidence.ocsps or evidence.crls)
    except BAD_FILE:
        return


def _stream(reference: Any, kind: Any, pool: Pool) -> Any:
    return pool.load(kind, bytes(reference.get_object().data))


async def _check_all(
    reader: Any,
    fields: list[tuple[str, Any, Any]],
    revisions: Revisions,
    evidence: Evidence,
    pool: Pool,
) -> list[SignatureReport]:
    reports = []
    for name, _, widget in fields:
        try:
            signature = EmbeddedPdfSignature(reader, widget, name)
            reports.append(await _check_one(signature, revisions, evidence, pool))
        except (CMSExtractionError, SignatureValidationError, *BAD_FILE):
            # One signature that cannot be read must not hide the others.
            reasons = ("unreadable_signature",)
            reports.append(SignatureReport(name, "", Verdict.INVALID, reasons=reasons))
    return reports


async def _check_one(
    signature: Any, revisions: Revisions, evidence: Evidence, pool: Pool
) -> SignatureReport:
    reasons: list[str] = []
    certificate = pool.own(signature.signer_cert)
    others = [pool.own(c) for c in signature.other_embedded_certs]
    intact, covers_all = _integrity(signature, reasons)
    changes = revisions.after(signature.signed_revision) if intact else "forbidden"
    if intact:
        reasons += revisions.reasons(signature.signed_revision)
    if revisions.is_dynamic():
        reasons.append("dynamic_content")
    _algorithms(signature, certificate, reasons)
    if signature.sig_object_type == "/DocTimeStamp":
        signed_at, source = _document_time(signature), "timestamp"
        reasons += await judge(
            certificate,
            others,
            evidence,
            evidence.now,
            usage="time_stamping",
        )
    else:
        signed_at, source = await _holder(signature, certificate, others, evidence, reasons)
    return SignatureReport(
        field=signature.field_name,
        signer=holder(certificate),
        verdict=_verdict(reasons),
        level=_level(signature, evidence),
        signed_at=signed_at,
        time_source=source,
        reasons=tuple(dict.fromkeys(reasons)),
        changes=changes,
        issuer=common_name(certificate.issuer),
        organisation=organisation(certificate),
        algorithm=_algorithm(signature),
        covers_whole_file=covers_all,
        shown=revisions.places(signature.signed_revision) if intact else (),
    )


def _integrity(signature: Any, reasons: list[str]) -> tuple[bool, bool]:
    """Check digest, signature and covered bytes; returns whether all is well, and all covered."""
    kind = "tst_info" if signature.sig_object_type == "/DocTimeStamp" else "data"
    digest = signature.compute_digest()
    if kind == "tst_info":
        info = signature.signed_data["encap_content_info"]["content"].parsed
        if info["message_imprint"]["hashed_message"].native != digest:
            reasons.append("altered")
        digest = _inner_digest(signature)
    intact, valid = validate_sig_integrity(
        signature.signer_info, signature.signer_cert, kind, digest
    )
    coverage = signature.evaluate_signature_coverage()
    if not intact:
        reasons.append("altered")
    elif not valid:
        reasons.append("signature_false")
    if coverage < SignatureCoverageLevel.ENTIRE_REVISION or not _whole(signature):
        reasons.append("coverage")
    return not reasons, coverage is SignatureCoverageLevel.ENTIRE_FILE


def _inner_digest(signature: Any) -> bytes:
    content = bytes(signature.signed_data["encap_content_info"]["content"])
    return hashlib.new(signature.md_algorithm, content).digest()


def _whole(signature: Any) -> bool:
    """Tell whether the signed ranges leave out the signature itself and nothing more."""
    ranges = [int(value) for value in signature.byte_range]
    return fills_gap(signature.reader.stream, ranges, signature.pkcs7_content)


def _algorithms(signature: Any, certificate: Any, reasons: list[str]) -> None:
    """Compare with the standards in force (TT 15/2025, Annex I)."""
    if signature.md_algorithm not in _DIGESTS:
        reasons.append("weak_digest")
    key = certificate.public_key
    least = _MIN_EC if key.algorithm == "ec" else _MIN_RSA
    if key.algorithm in ("rsa", "ec", "rsassa_pss") and key.bit_size < least:
        reasons.append("weak_key")
    form = value_of(signature.sig_object, "/SubFilter")
    if form == _LEGACY:
        reasons.append("legacy_format")
    elif form not in (_PADES, _STAMP):
        reasons.append("format_forbidden")
    if form == _PADES and get_signing_cert_attr(signature.signer_info["signed_attrs"]) is None:
        reasons.append("legacy_format")
    if form != _STAMP and not may_sign(certificate):
        reasons.append("not_for_signing")


async def _holder(
    signature: Any, certificate: Any, more: list[Any], evidence: Evidence, reasons: list[str]
) -> tuple[datetime | None, str]:
    """Judge the signer's certificate at the trusted time, else at the time of the check."""
    stamped, why = await stamped_at(signature, evidence)
    reasons += why
    claimed = signature.self_reported_timestamp
    if stamped is not None:
        reasons += await judge(certificate, more, evidence, stamped)
        return stamped, "timestamp"
    against = await judge(certificate, more, evidence, evidence.now)
    validity = certificate["tbs_certificate"]["validity"]
    first, last = validity["not_before"].native, validity["not_after"].native
    if claimed is not None and claimed.tzinfo is not None and not first <= claimed <= last:
        reasons.append("certificate_expired" if claimed > last else "certificate_not_yet")
    elif against == ("certificate_expired",):
        against = ("time_unproven",)
    reasons += against
    return claimed, "claimed" if claimed is not None else ""


def _document_time(signature: Any) -> datetime | None:
    info = signature.signed_data["encap_content_info"]["content"].parsed
    at: datetime = info["gen_time"].native
    return at


def _level(signature: Any, evidence: Evidence) -> str:
    """Return the level that the file itself carries, without saying that it is valid."""
    form = value_of(signature.sig_object, "/SubFilter")
    if form == _STAMP:
        return "DocTimeStamp"
    if form != _PADES:
        return "CMS"
    if not is_stamped(signature):
        return "B-B"
    return "B-LT" if evidence.in_file else "B-T"


def _algorithm(signature: Any) -> str:
    mechanism = signature.signer_info["signature_algorithm"]
    name = mechanism["algorithm"].native
    return f"{name} {signature.md_algorithm}"


def _verdict(reasons: list[str]) -> Verdict:
    found = set(reasons)
    if found & _INVALID:
        return Verdict.INVALID
    if found & _NOT_COMPLIANT:
        return Verdict.NOT_COMPLIANT
    return Verdict.UNKNOWN if found & _UNKNOWN else Verdict.VALID
