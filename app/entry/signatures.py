"""`sign` and `verify` of the command line, without a profile."""

from __future__ import annotations

import argparse
from datetime import datetime
from typing import Any

from app.entry.parts import http_session, trust_store
from app.kernel.clock import VIETNAM, SystemClock
from app.kernel.errors import RuleViolation
from app.kernel.ports import Box, Purpose


def sign(args: argparse.Namespace, pin: str) -> dict[str, Any]:
    """Sign one file as the arguments say; raises the typed errors of signing."""
    from signing.cli import make_job, sign_command
    from signing.pdf.appearance import demo_seal, demo_signature

    purpose = Purpose(args.purpose)
    image = b""
    if args.box is not None and purpose is Purpose.APPROVE:
        image = demo_signature(args.token)
    elif args.box is not None and purpose is Purpose.ISSUE:
        image = demo_seal(args.token)
    job = make_job(args.source, args.target, purpose, box=_box(args.box), image=image, tsa=args.tsa)
    return sign_command(
        job,
        module=str(args.module),
        token=args.token,
        cert_id=args.cert_id,
        pin=pin,
        clock=SystemClock(),
        trust=trust_store(),
        http=http_session(SystemClock()) if args.tsa else None,
    )


def verify(args: argparse.Namespace) -> list[dict[str, Any]]:
    """Verify the files of the arguments; bad files are verdicts, not errors."""
    from signing.checking.verify import PdfVerifier
    from signing.cli import verify_command
    from signing.trust.store import TrustStore

    trust = TrustStore([args.trust]) if args.trust is not None else trust_store()
    http = None if args.offline else http_session(SystemClock())
    verifier = PdfVerifier(trust, SystemClock(), http)
    return verify_command(args.files, verifier, _time(args.at), offline=args.offline)


def _box(given: tuple[int, float, float, float, float] | None) -> Box | None:
    """Turn PAGE,X,Y,W,H with pages from 1 into a box with pages from 0."""
    if given is None:
        return None
    page, x, y, width, height = given
    if page < 1 or width <= 0 or height <= 0:
        raise RuleViolation("sign_box_form", "box")
    return Box(page - 1, x, y, width, height)


def _time(text: str) -> datetime | None:
    if not text:
        return None
    try:
        at = datetime.fromisoformat(text)
    except ValueError as error:
        raise RuleViolation("input.time", field="at") from error
    return at if at.tzinfo is not None else at.replace(tzinfo=VIETNAM)
