"""Chain, revocation and time of a signature's certificate, as codes."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from asn1crypto import x509  # type: ignore[import-untyped]
from pyhanko.sign.ades.report import AdESIndeterminate
from pyhanko.sign.validation.errors import SignatureValidationError
from pyhanko.sign.validation.generic_cms import (
    extract_tst_data_iter,
    message_imprint_checker,
    validate_tst_signed_data,
)
from pyhanko_certvalidator import CertificateValidator, ValidationContext
from pyhanko_certvalidator.errors import (
    ExpiredError,
    InsufficientRevinfoError,
    NotYetValidError,
    PathBuildingError,
    PathError,
    RevokedError,
    ValidationError,
)

from signing.pdf.pages import BAD_FILE
from signing.trust.remote import Revocation
from signing.trust.store import TrustStore

# Nothing is known against the issuer; what says so, or its certificate, has run out since.
_OUTLIVED = {
    AdESIndeterminate.CERTIFICATE_CHAIN_GENERAL_FAILURE,
    AdESIndeterminate.TRY_LATER,
    AdESIndeterminate.OUT_OF_BOUNDS_NO_POE,
    AdESIndeterminate.OUT_OF_BOUNDS_NOT_REVOKED,
}


@dataclass
class Evidence:
    """What may be used to judge: roots, data in the file, and the line if there is one."""

    trust: TrustStore
    revocation: Revocation
    now: datetime
    certificates: list[x509.Certificate] = field(default_factory=list)
    ocsps: list[Any] = field(default_factory=list)
    crls: list[Any] = field(default_factory=list)
    in_file: bool = False
    known: dict[tuple[bytes, datetime | None, str], tuple[str, ...]] = field(default_factory=dict)

    def ways(self, at: datetime) -> list[bool]:
        """Return in which order to judge: with the line (True), with what is here (False).

        Data in the file settle a trusted time in the past; for the present the line goes first.
        """
        if not self.revocation.on_line:
            return [False]
        return [False, True] if at < self.now else [True, False]

    def context(
        self, at: datetime, mode: str, more: list[x509.Certificate], *, line: bool
    ) -> ValidationContext:
        """Return pyHanko's context for a moment; later revocation data count for it too."""
        return ValidationContext(
            trust_roots=self.trust.roots,
            other_certs=[*self.trust.links, *self.certificates, *more],
            moment=at,
            ocsps=[*self.ocsps, *self.revocation.ocsps.values()],
            crls=[*self.crls, *self.revocation.crls.values()],
            revocation_mode=mode,
            retroactive_revinfo=True,
            allow_fetching=line,
            fetchers=self.revocation.fetchers(),
        )


async def judge(
    certificate: x509.Certificate,
    more: list[x509.Certificate],
    evidence: Evidence,
    at: datetime,
    *,
    usage: str = "",
) -> tuple[str, ...]:
    """Return the reasons against a certificate at a time; empty when it is good."""
    key = (certificate.sha256, at, usage)
    if key not in evidence.known:
        evidence.known[key] = await _judge(certificate, more, evidence, at, usage)
    return evidence.known[key]


async def _judge(
    certificate: x509.Certificate,
    more: list[x509.Certificate],
    evidence: Evidence,
    at: datetime,
    usage: str,
) -> tuple[str, ...]:
    reasons: tuple[str, ...] = ()
    for line in evidence.ways(at):
        context = evidence.context(at, "require", more, line=line)
        reasons = await _walk(certificate, context, {usage} if usage else set())
        if reasons != ("revocation_unknown",):
            break
    return reasons


async def _walk(
    certificate: x509.Certificate, context: ValidationContext, extended: set[str]
) -> tuple[str, ...]:
    try:
        validator = CertificateValidator(certificate, validation_context=context)
        await validator.async_validate_usage(set(), extended)  # type: ignore[no-untyped-call]
    except InsufficientRevinfoError:
        return ("revocation_unknown",)
    except RevokedError:
        return ("revoked",)
    except ExpiredError:
        return ("certificate_expired",)
    except NotYetValidError:
        return ("certificate_not_yet",)
    except PathBuildingError:
        return ("unknown_root",)
    except (PathError, ValidationError, *BAD_FILE):
        return ("chain_broken",)
    return ()


def is_stamped(signature: Any) -> bool:
    """Tell whether a signature carries a time stamp of its own, trusted or not."""
    return next(extract_tst_data_iter(signature.signer_info, signed=False), None) is not None


async def stamped_at(signature: Any, evidence: Evidence) -> tuple[datetime | None, tuple[str, ...]]:
    """Return the trusted time of a signature's own time stamp, or why there is none.

    Data kept in the file outlive their validity: they settle the stamp at its own time, unless
    something is known against its issuer today.
    """
    stamp = next(extract_tst_data_iter(signature.signer_info, signed=False), None)
    if stamp is None:
        return None, ()
    try:
        imprint = message_imprint_checker(signature.signer_info)
        context = evidence.context(evidence.now, "soft-fail", [], line=False)
        status = await validate_tst_signed_data(stamp, context, imprint)
        if status["trust_problem_indic"] in _OUTLIVED and status["timestamp"] < evidence.now:
            context = evidence.context(status["timestamp"], "require", [], line=False)
            status = await validate_tst_signed_data(stamp, context, imprint)
    except (SignatureValidationError, PathError, ValidationError, *BAD_FILE):
        return None, ("timestamp_broken",)
    if not (status["intact"] and status["valid"]):
        return None, ("timestamp_broken",)
    if status["trust_problem_indic"] is not None:
        return None, ("timestamp_untrusted",)
    at: datetime = status["timestamp"]
    return at, ()
