"""The commands `sign` and `verify` of `python -m app`, as functions that return their JSON."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from app.kernel.clock import Clock
from app.kernel.errors import DeviceProblem, RuleViolation
from app.kernel.ports import (
    SIGNING_PIN,
    Box,
    CertificateInfo,
    FileReport,
    Http,
    Purpose,
    SignatureReport,
    SignJob,
    TokenInfo,
)
from signing.tokens.signer import TokenSigner
from signing.trust.store import TrustStore
from signing.work.signer import WorkerSigner
from signing.work.worker import Workers

_BOX_PARTS = 5


@dataclass(frozen=True, slots=True)
class FixedPin:
    """Answer every question for a PIN with the one that came on standard input."""

    value: str

    def pin(
        self,
        token: TokenInfo,  # noqa: ARG002
        certificate: CertificateInfo,  # noqa: ARG002
        purpose: str,
    ) -> bytearray:
        """Return the PIN; the taker overwrites its copy.

        A key that wants another has refused this one already: it is not tried again.
        """
        if purpose == SIGNING_PIN:
            raise DeviceProblem("signing_pin_wanted", "signing_pin_wanted")
        return bytearray(self.value.encode())

    def __repr__(self) -> str:
        """Keep the PIN out of every log and trace."""
        return "FixedPin(…)"


def parse_box(text: str) -> Box:
    """Return a box from `PAGE,X,Y,W,H`: page from 1, points; raises `RuleViolation`."""
    parts = text.split(",")
    try:
        page, (x, y, width, height) = int(parts[0]), map(float, parts[1:])
    except (ValueError, IndexError) as problem:
        raise RuleViolation("sign_box_form", "box") from problem
    if len(parts) != _BOX_PARTS or page < 1 or width <= 0 or height <= 0:
        raise RuleViolation("sign_box_form", "box")
    return Box(page - 1, x, y, width, height)


def sign_command(
    job: SignJob,
    *,
    module: str,
    token: str,
    cert_id: str,
    pin: str,
    clock: Clock,
    trust: TrustStore,
    http: Http | None = None,
) -> dict[str, Any]:
    """Sign one file with the certificate on a token; the job's certificate is filled in here."""
    keys = TokenSigner([module], clock, trust)
    with WorkerSigner(keys, Workers(trust.sources), clock, http) as signer:
        certificate = choose_certificate(keys, token, cert_id)
        done = signer.sign(replace(job, certificate=certificate), FixedPin(pin))
    return {
        "file": str(job.source),
        "output": str(done.path),
        "level": done.level,
        "field": done.field,
        "signer": done.signer,
        "warnings": list(done.warnings),
    }


def choose_certificate(signer: TokenSigner, token: str, cert_id: str) -> CertificateInfo:
    """Return the certificate on a token, by id when it has several; raises `DeviceProblem`."""
    found = [c for c in signer.certificates() if c.token.label == token]
    if not found:
        raise DeviceProblem("token_gone", "token_gone")
    wanted = [c for c in found if not cert_id or c.cert_id.lower() == cert_id.lower()]
    if len(wanted) != 1:
        raise RuleViolation("certificate_ambiguous", "certificate", count=len(wanted))
    return wanted[0]


def make_job(source: Path, target: Path, purpose: Purpose, **more: Any) -> SignJob:
    """Return a job whose certificate is still to be chosen by `sign_command`."""
    nobody = TokenInfo("", -1, "", "")
    never = datetime.fromisoformat("1970-01-01T00:00:00+00:00")
    blank = CertificateInfo(nobody, "", "", "", "", "", "", never, never, b"", may_sign=False)
    return SignJob(source, target, purpose, blank, **more)


def report_json(path: Path, report: FileReport) -> dict[str, Any]:
    """Return a report in the form that scripts rely on."""
    return {
        "file": str(path),
        "verdict": report.verdict.value,
        "signatures": [
            {
                "field": found.field,
                "signer": found.signer,
                "verdict": found.verdict.value,
                "level": found.level,
                "signed_at": found.signed_at.isoformat() if found.signed_at else None,
                "time_source": found.time_source,
                "reasons": list(found.reasons),
                "changes": found.changes,
                **_further(found),
            }
            for found in report.signatures
        ],
        "reasons": list(report.reasons),
        "sha256": report.sha256,
        "checked_at": _iso(report.checked_at),
    }


def _further(found: SignatureReport) -> dict[str, Any]:
    """Return what the panel shows besides."""
    status, box = found.status, ["page", "x", "y", "width", "height"]
    return {
        "claimed_at": _iso(found.claimed_at),
        "issuer": found.issuer,
        "organisation": found.organisation,
        "algorithm": found.algorithm,
        "covers_whole_file": found.covers_whole_file,
        "serial": found.serial,
        "valid_from": _iso(found.valid_from),
        "valid_until": _iso(found.valid_until),
        "status": {
            "source": status.source,
            "produced_at": _iso(status.produced_at),
            "next_update": _iso(status.next_update),
            "kept": status.kept,
            "in_file": status.in_file,
        }
        if status is not None
        else None,
        "shown": [
            {"kind": c.kind} | {part: getattr(c.box, part) for part in box} for c in found.shown
        ],
    }


def _iso(at: datetime | None) -> str | None:
    return at.isoformat() if at is not None else None
