"""Chain and revocation of a certificate at a time, as codes and facts."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from asn1crypto import crl, ocsp, x509  # type: ignore[import-untyped]
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

from app.kernel.ports import StatusFact
from signing.pdf.pages import BAD_FILE
from signing.trust.anchors import SIGNING, STAMPING
from signing.trust.context import Registry, validation_context
from signing.trust.remote import Revocation
from signing.trust.store import TrustStore

CLOCK_TOLERANCE = timedelta(minutes=10)
"""How far this PC's clock may be behind an authority's before it is said to be wrong."""

# What another source of data or of issuers may still settle.
_OPEN = (("revocation_unknown",), ("unknown_root",))


@dataclass
class Evidence:
    """What may be used to judge: roots, data in the file, what was kept, and the line.

    `now` is the time that is asked about, `clock` what this PC's clock shows, None where another
    time is asked about on purpose. `data_in` is the last revision that brought revocation data.
    """

    trust: TrustStore
    revocation: Revocation
    now: datetime
    clock: datetime | None = None
    certificates: list[x509.Certificate] = field(default_factory=list)
    ocsps: list[Any] = field(default_factory=list)
    crls: list[Any] = field(default_factory=list)
    data_in: int = -1
    known: dict[tuple[bytes, datetime | None, str], tuple[str, ...]] = field(default_factory=dict)

    def ways(self, at: datetime) -> list[bool]:
        """Return in which order to judge: asking outside (True), with what is here (False).

        Data in the file settle a trusted time in the past; for the present the line goes first.
        """
        if not self.revocation.asks:
            return [False]
        return [False, True] if at < self.now else [True, False]

    def context(
        self, at: datetime, purpose: str, more: list[x509.Certificate], *, line: bool
    ) -> ValidationContext:
        """Return pyHanko's context for a moment."""
        return validation_context(
            self.trust.roots_for(purpose, at),
            [*self.trust.links, *self.certificates, *more],
            self.revocation,
            at,
            ocsps=self.ocsps,
            crls=self.crls,
            line=line,
        )

    def is_ahead(self, at: datetime) -> bool:
        """Tell whether a time that somebody vouches for has not come yet by this PC's clock."""
        return self.clock is not None and at > self.clock + CLOCK_TOLERANCE


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
        context = evidence.context(at, STAMPING if usage else SIGNING, more, line=line)
        reasons = await _walk(certificate, context, {usage} if usage else set())
        if reasons not in _OPEN:
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
        return ("chain_broken",) if _contradicted(context) else ("unknown_root",)
    except (PathError, ValidationError, *BAD_FILE):
        return ("chain_broken",)
    return ()


def _contradicted(context: ValidationContext) -> bool:
    """Tell whether an authority that is known by name and key has not signed, against all say."""
    registry = context.certificate_registry
    return isinstance(registry, Registry) and registry.contradicted


def status_of(certificate: x509.Certificate, evidence: Evidence, at: datetime) -> StatusFact:
    """Return whence the status of a certificate at a time is known: the newest that covers it."""
    asked = evidence.revocation
    groups = [
        (True, evidence.ocsps, evidence.crls),
        (False, list(asked.ocsps.values()), list(asked.crls.values())),
    ]
    for in_file, answers, lists in groups if at < evidence.now else reversed(groups):
        try:
            found = [*_answers(certificate, answers), *_lists(certificate, lists)]
        except BAD_FILE:
            continue
        covering = [f for f in found if f[2] is None or f[2] >= at]
        for source, since, until, held in sorted(covering, key=_newest, reverse=True):
            kept = not in_file and id(held) in asked.kept
            return StatusFact(source, since, until, kept=kept, in_file=in_file)
    return StatusFact()


_Known = tuple[str, datetime, datetime | None, Any]


def _newest(known: _Known) -> tuple[bool, datetime]:
    return known[0] == "ocsp", known[1]


def _answers(certificate: x509.Certificate, answers: Iterable[Any]) -> Iterator[_Known]:
    names = {"sha1": certificate.issuer.sha1, "sha256": certificate.issuer.sha256}
    for answer in answers:
        basic = answer.basic_ocsp_response if isinstance(answer, ocsp.OCSPResponse) else None
        for single in basic["tbs_response_data"]["responses"] if basic is not None else ():
            asked = single["cert_id"]
            name = names.get(asked["hash_algorithm"]["algorithm"].native)
            if asked["serial_number"].native != certificate.serial_number:
                continue
            if asked["issuer_name_hash"].native == name:
                yield "ocsp", single["this_update"].native, single["next_update"].native, answer


def _lists(certificate: x509.Certificate, lists: Iterable[Any]) -> Iterator[_Known]:
    for one in lists:
        if isinstance(one, crl.CertificateList) and one.issuer == certificate.issuer:
            said = one["tbs_cert_list"]
            yield "crl", said["this_update"].native, said["next_update"].native, one
