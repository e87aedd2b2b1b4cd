"""What checking a signature outside a PDF shares: one report, from the same evidence and words."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from asn1crypto import cms, x509  # type: ignore[import-untyped]

from app.kernel.clock import Clock
from app.kernel.ports import FileReport, Http, SignatureReport, Verdict
from signing.checking.chain import Evidence
from signing.checking.times import is_stamped, moment_of
from signing.trust.certificates import common_name, holder, may_sign, organisation
from signing.trust.remote import Kept, Revocation
from signing.trust.store import TrustStore

MOST_SIGNATURES = 100
_MIN_RSA, _MIN_EC = 2048, 256
# TT 15/2025, Annex I
_DIGESTS = frozenset({"sha256", "sha384", "sha512"})
_NOT_COMPLIANT = frozenset({"weak_digest", "weak_key", "not_for_signing"})
_UNKNOWN = frozenset(
    {
        "unknown_root",
        "revocation_unknown",
        "time_unproven",
        "timestamp_untrusted",
        "timestamp_unchecked",
        "clock_wrong",
    }
)
_ORDER = (Verdict.VALID, Verdict.UNKNOWN, Verdict.NOT_COMPLIANT, Verdict.INVALID)


@dataclass(slots=True)
class Found:
    """A signature as it was read; `reasons` already tell what does not hold.

    XX
    """

    name: str
    certificate: x509.Certificate
    others: list[x509.Certificate]
    digest: str
    mechanism: str
    claimed: datetime | None
    signer_info: Any = field(default_factory=cms.SignerInfo)
    signed_revision: int = 0
    reasons: list[str] = field(default_factory=list)
    noted: list[str] = field(default_factory=list)

    @property
    def self_reported_timestamp(self) -> datetime | None:
        """Return the signer's own time, by the name that the judges know it by."""
        return self.claimed


@dataclass(frozen=True, slots=True)
class Judges:
    """Whom to trust and ask, and when it is."""

    trust: TrustStore
    clock: Clock
    http: Http | None = None
    kept: Kept | None = None

    def evidence(self, at: datetime | None, *, offline: bool) -> Evidence:
        """Return what may be used to judge as of a time."""
        now = self.clock.now()
        line = Revocation(None if offline else self.http, self.kept, now)
        return Evidence(self.trust, line, at or now, None if at else now)


async def report_on(found: Found, evidence: Evidence) -> SignatureReport:
    """Judge the certificate of a signature and say all that is known of it."""
    certificate = found.certificate
    moment, doubts = await moment_of(found, certificate, found.others, evidence, [])
    reasons = [*found.reasons, *_strength(found), *doubts]
    validity = certificate["tbs_certificate"]["validity"]
    return SignatureReport(
        field=found.name,
        signer=holder(certificate),
        verdict=_verdict(set(reasons)),
        level="B-T" if is_stamped(found) else "B-B",
        signed_at=moment.at,
        time_source=moment.source,
        reasons=tuple(dict.fromkeys([*reasons, *found.noted])),
        changes="forbidden" if found.reasons else "none",
        issuer=common_name(certificate.issuer),
        organisation=organisation(certificate),
        algorithm=f"{found.mechanism} {found.digest}",
        covers_whole_file=not found.reasons,
        serial=format(certificate.serial_number, "x"),
        valid_from=validity["not_before"].native,
        valid_until=validity["not_after"].native,
        status=moment.status,
        claimed_at=moment.claimed,
    )


def file_report(
    signatures: list[SignatureReport], sha256: str, now: datetime, reason: str = ""
) -> FileReport:
    """Return the verdict on a file: that of its worst signature, or why there is none."""
    if reason:
        kind = Verdict.UNSIGNED if reason == "no_signature" else Verdict.UNREADABLE
        return FileReport(kind, reasons=(reason,), sha256=sha256, checked_at=now)
    worst = max((s.verdict for s in signatures), key=_ORDER.index)
    return FileReport(worst, tuple(signatures), (), sha256, now)


def _strength(found: Found) -> list[str]:
    key, reasons = found.certificate.public_key, []
    if found.digest not in _DIGESTS:
        reasons.append("weak_digest")
    if key.bit_size < (_MIN_EC if key.algorithm == "ec" else _MIN_RSA):
        reasons.append("weak_key")
    if not may_sign(found.certificate):
        reasons.append("not_for_signing")
    return reasons


def _verdict(reasons: set[str]) -> Verdict:
    """Return the verdict; a reason that is not known to be milder is against it."""
    if reasons - _NOT_COMPLIANT - _UNKNOWN:
        return Verdict.INVALID
    if reasons & _NOT_COMPLIANT:
        return Verdict.NOT_COMPLIANT
    return Verdict.UNKNOWN if reasons else Verdict.VALID
