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
from pyhanko.pdf_utils.crypt import AuthStatus
from pyhanko.sign.general import CMSExtractionError
from pyhanko.sign.validation.dss import DocumentSecurityStore
from pyhanko.sign.validation.errors import SignatureValidationError
from pyhanko.sign.validation.generic_cms import get_signing_cert_attr, validate_sig_integrity
from pyhanko.sign.validation.pdf_embedded import EmbeddedPdfSignature
from pyhanko.sign.validation.status import SignatureCoverageLevel

from app.kernel.clock import Clock
from app.kernel.ports import FileReport, Http, ShownChange, SignatureReport, Verdict
from signing.checking.chain import Evidence
from signing.checking.changes import FORBIDDEN, MAX_REVISIONS, Revisions
from signing.checking.fields import Field, signature_fields
from signing.checking.pool import Pool
from signing.checking.readers import fills_gap, holds_sha1
from signing.checking.times import (
    DIGESTS,
    DocumentTime,
    document_stamp,
    inner_digest,
    is_stamped,
    moment_of,
)
from signing.pdf.pages import BAD_FILE, open_reader, value_of
from signing.streams import reading
from signing.trust.certificates import common_name, holder, may_sign, organisation
from signing.trust.remote import Kept, Revocation
from signing.trust.stamps import stamp_info
from signing.trust.store import TrustStore

MAX_SIGNATURES = 100
_HEAD = 1024
_SMALL = 32 << 20
_MIN_RSA = 2048
_MIN_EC = 256
_LEGACY = "/adbe.pkcs7.detached"
_PADES = "/ETSI.CAdES.detached"
_SHA1 = "/adbe.pkcs7.sha1"
_STAMP = "/ETSI.RFC3161"

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
    "timestamp_unchecked",
    "clock_wrong",
}
_ORDER = (
    Verdict.VALID,
    Verdict.UNKNOWN,
    Verdict.NOT_COMPLIANT,
    Verdict.INVALID,
)

_UNREADABLE = (CMSExtractionError, SignatureValidationError, *BAD_FILE)

# Reasons reach the person as codes; the libraries' own warnings would repeat them in the log.
for _name in ("pyhanko.sign", "pyhanko_certvalidator", "pyhanko.pdf_utils"):
    logging.getLogger(_name).setLevel(logging.CRITICAL)


class PdfVerifier:
    """Verify PDFs against a trust store; never raises on what a file contains.

    `http` is the line to authorities, `kept` what they answered before.
    """

    def __init__(
        self, trust: TrustStore, clock: Clock, http: Http | None = None, kept: Kept | None = None
    ) -> None:
        self._trust = trust
        self._clock = clock
        self._http = http
        self._kept = kept
        self._pool = Pool()

    def verify(
        self,
        source: Path | BinaryIO,
        at: datetime | None = None,
        *,
        offline: bool = False,
        password: str = "",
    ) -> FileReport:
        """Verify one file as of a time (default: now); the worst signature decides.

        A caller's stream is read from its beginning and left open. `password` opens a file that
        is protected by one.
        """
        now = self._clock.now()
        http = None if offline else self._http
        asked = Revocation(http, self._kept, now, self._pool.load)
        evidence = Evidence(self._trust, asked, at or now, None if at is not None else now)
        try:
            with reading(source) as opened:
                stream = _near(opened)
                digest = hashlib.file_digest(stream, "sha256").hexdigest()  # type: ignore[arg-type]
                stream.seek(0)
                verdict, signatures, reasons = self._check(stream, evidence, password)
        except OSError:
            return FileReport(Verdict.UNREADABLE, reasons=("file_missing",), checked_at=now)
        return FileReport(verdict, signatures, reasons, digest, now)

    def _check(
        self, stream: BinaryIO, evidence: Evidence, password: str
    ) -> tuple[Verdict, tuple[SignatureReport, ...], tuple[str, ...]]:
        reason, reader, fields, broken = _open(stream, password)
        if reason:
            return Verdict.UNREADABLE, (), (reason,)
        if not fields and not broken:
            return Verdict.UNSIGNED, (), ("no_signature",)
        revisions = Revisions(reader, password)
        if len(fields) > MAX_SIGNATURES or revisions.count > MAX_REVISIONS:
            return Verdict.UNREADABLE, (), ("too_many_revisions",)
        _add_store(reader, evidence, self._pool)
        round_ = _Round(reader, revisions, evidence, self._pool)
        reports = [*asyncio.run(round_.check(fields)), *map(_unreadable, broken)]
        worst = max((r.verdict for r in reports), key=_ORDER.index)
        return worst, tuple(reports), ()


def _near(stream: BinaryIO) -> BinaryIO:
    """Return a stream in memory where it is small: parsing jumps about in it without end."""
    size = stream.seek(0, SEEK_END)
    stream.seek(0)
    return BytesIO(stream.read()) if size <= _SMALL else stream


def _open(stream: BinaryIO, password: str) -> tuple[str, Any, list[Field], list[str]]:
    head = stream.read(_HEAD)
    stream.seek(0)
    if not head:
        return "empty", None, [], []
    if b"%PDF-" not in head:
        return "not_pdf", None, [], []
    try:
        reader = open_reader(stream)
        # Many are encrypted with no password to open them, only one to change them.
        if reader.encrypted and not _unlock(reader, password):
            return ("password_wrong" if password else "encrypted"), None, [], []
        return "", reader, *signature_fields(reader)
    except BAD_FILE:
        return "damaged", None, [], []


def _unlock(reader: Any, password: str) -> bool:
    return bool(reader.decrypt(password.encode()).status is not AuthStatus.FAILED)


def _add_store(reader: Any, evidence: Evidence, pool: Pool) -> None:
    """Take certificates and revocation data that lie in the file; they are signed themselves."""
    try:
        if "/DSS" not in reader.root:
            return
        store = DocumentSecurityStore.read_dss(reader)
        evidence.certificates += [pool.own(c) for c in store.load_certs()]
        evidence.ocsps += [_stream(r, ocsp.OCSPResponse, pool) for r in store.ocsps]
        evidence.crls += [_stream(r, crl.CertificateList, pool) for r in store.crls]
        evidence.data_in = _data_in(reader)
    except BAD_FILE:
        return


def _stream(reference: Any, kind: Any, pool: Pool) -> Any:
    return pool.load(kind, bytes(reference.get_object().data))


def _data_in(reader: Any) -> int:
    """Return the last revision that brought revocation data, -1 for none."""
    last, before = -1, [0, 0]
    for revision in range(int(reader.xrefs.total_revisions)):
        root = reader.get_historical_root(revision)
        store = value_of(root, "/DSS", {})
        held = [len(value_of(store, k, ())) for k in ("/OCSPs", "/CRLs")]
        if held != before and any(held):
            last = revision
        before = held
    return last


class _Round:
    """One file under check: what its signatures share, and what its time stamps prove."""

    def __init__(self, reader: Any, revisions: Revisions, evidence: Evidence, pool: Pool) -> None:
        self._reader = reader
        self._revisions = revisions
        self._evidence = evidence
        self._pool = pool
        self._proofs: list[DocumentTime] = []
        self._stamps: list[int] = []

    async def check(self, fields: list[Field]) -> list[SignatureReport]:
        """Return the reports in the order of the fields.

        Time stamps of the document come first, the last before all: each is proven by the next,
        and all that stood before it by itself.
        """
        opened = [(name, self._opened(name, widget)) for name, _, widget in fields]
        stamps = [(n, s) for n, s in opened if s is not None and _is_stamp(s)]
        stamps.sort(key=lambda named: named[1].signed_revision, reverse=True)
        self._stamps = [s.signed_revision for _, s in stamps]
        done = {id(s): await self._guarded(name, s) for name, s in stamps}
        return [done.get(id(s)) or await self._guarded(name, s) for name, s in opened]

    def _opened(self, name: str, widget: Any) -> Any:
        try:
            signature = EmbeddedPdfSignature(self._reader, widget, name)
            signature.signed_revision  # noqa: B018 - worked out late; nonsense shows here
        except _UNREADABLE:
            return None
        return signature

    async def _guarded(self, name: str, signature: Any) -> SignatureReport:
        # One signature that cannot be read must not hide the others.
        try:
            return _unreadable(name) if signature is None else await self._one(signature)
        except _UNREADABLE:
            return _unreadable(name)

    async def _one(self, signature: Any) -> SignatureReport:
        reasons: list[str] = []
        evidence = self._evidence
        certificate = self._pool.own(signature.signer_cert)
        others = [self._pool.own(c) for c in signature.other_embedded_certs]
        intact, covers_all = _integrity(signature, reasons)
        changes: str = "forbidden"
        shown: tuple[ShownChange, ...] = ()
        if intact:
            changes, shown = self._compare(signature.signed_revision, reasons)
        against: list[str] = []
        _algorithms(signature, certificate, against)
        look = document_stamp if _is_stamp(signature) else moment_of
        moment, doubts = await look(signature, certificate, others, evidence, self._proofs)
        against += doubts
        reasons += against
        if _is_stamp(signature) and intact and not against and moment.at is not None:
            self._proofs.append(DocumentTime(moment.at, signature.signed_revision))
        validity = certificate["tbs_certificate"]["validity"]
        return SignatureReport(
            field=signature.field_name,
            signer=holder(certificate),
            verdict=_verdict(reasons),
            level=self._level(signature),
            signed_at=moment.at,
            time_source=moment.source,
            reasons=tuple(dict.fromkeys(reasons)),
            changes=changes,
            issuer=common_name(certificate.issuer),
            organisation=organisation(certificate),
            algorithm=_algorithm(signature),
            covers_whole_file=covers_all,
            serial=format(certificate.serial_number, "x"),
            valid_from=validity["not_before"].native,
            valid_until=validity["not_after"].native,
            status=moment.status,
            shown=shown,
            claimed_at=moment.claimed,
        )

    def _compare(self, revision: int, reasons: list[str]) -> tuple[str, tuple[ShownChange, ...]]:
        """Return what changed after a revision; what cannot be compared is no permitted change."""
        revisions = self._revisions
        try:
            if revisions.is_dynamic():
                reasons.append("dynamic_content")
            reasons += revisions.reasons(revision)
            return revisions.after(revision), revisions.places(revision)
        except BAD_FILE:
            reasons.append("changed_after")
            return "forbidden", ()

    def _level(self, signature: Any) -> str:
        """Return the level that the file itself carries, without saying that it is valid."""
        form, revision = value_of(signature.sig_object, "/SubFilter"), signature.signed_revision
        if form == _STAMP:
            return "DocTimeStamp"
        if form != _PADES:
            return "CMS"
        if not is_stamped(signature) and max(self._stamps, default=-1) <= revision:
            return "B-B"
        if self._evidence.data_in < revision:
            return "B-T"
        archived = max(self._stamps, default=-1) > self._evidence.data_in
        return "B-LTA" if archived else "B-LT"


def _is_stamp(signature: Any) -> bool:
    """Tell a document's time stamp; some programs give it the type of a signature."""
    form = value_of(signature.sig_object, "/SubFilter")
    return bool(signature.sig_object_type == "/DocTimeStamp" or form == _STAMP)


def _unreadable(name: str) -> SignatureReport:
    return SignatureReport(name, "", Verdict.INVALID, reasons=("unreadable_signature",))


def _integrity(signature: Any, reasons: list[str]) -> tuple[bool, bool]:
    """Check digest, signature and covered bytes; returns whether all is well, and all covered."""
    kind = "tst_info" if _is_stamp(signature) else "data"
    digest = signature.compute_digest()
    if kind == "tst_info":
        info = stamp_info(signature.signed_data)
        if info["message_imprint"]["hashed_message"].native != digest:
            reasons.append("altered")
        digest = inner_digest(signature.signed_data, signature.md_algorithm)
    elif value_of(signature.sig_object, "/SubFilter") == _SHA1:
        if not holds_sha1(signature):
            reasons.append("altered")
        digest = inner_digest(signature.signed_data, signature.md_algorithm)
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


def _whole(signature: Any) -> bool:
    """Tell whether the signed ranges leave out the signature itself and nothing more."""
    ranges = [int(value) for value in signature.byte_range]
    return fills_gap(signature.reader.stream, ranges, signature.pkcs7_content)


def _algorithms(signature: Any, certificate: Any, reasons: list[str]) -> None:
    """Compare with the standards in force (TT 15/2025, Annex I)."""
    if signature.md_algorithm not in DIGESTS:
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
