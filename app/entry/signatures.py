"""`sign` and `verify` of the command line, without a profile."""

from __future__ import annotations

import argparse
import os
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from app.entry import trust as trusted
from app.entry.parts import http_session, status_cache, trust_store
from app.kernel.clock import VIETNAM, SystemClock
from app.kernel.errors import RuleViolation
from app.kernel.ports import Box, Http, Progress, Purpose

if TYPE_CHECKING:
    from signing.trust.anchors import Source
    from signing.work.verifier import WorkerVerifier

_MOST_WORKERS = 4
# What may bear a signature: a PDF, an XML, and the signature of a file beside it
_SIGNED_KINDS = frozenset({".pdf", ".xml", ".p7s"})


def sign(args: argparse.Namespace, pin: str, password: str = "") -> dict[str, Any]:
    """Sign one file as the arguments say; raises the typed errors of signing.

    `password` opens a PDF that is protected by one; it stays so.
    """
    from signing.cli import make_job, sign_command

    purpose = Purpose(args.purpose)
    job = make_job(
        args.source,
        args.target,
        purpose,
        box=box_of(args.box),
        image=picture(args),
        lines=tuple(args.line),
        tsa=args.tsa,
        level=args.level,
        require_time=args.require_time,
        password=password,
    )
    return sign_command(
        job,
        module=str(args.module),
        token=args.token,
        cert_id=args.cert_id,
        pin=pin,
        clock=SystemClock(),
        trust=trust_store(anchors(args)),
        http=http_session(SystemClock()) if args.tsa else None,
    )


def verify(
    args: argparse.Namespace, progress: Progress, password: str = ""
) -> Iterator[dict[str, Any]]:
    """Verify the files of the arguments, and what may be signed in folders, as they are done.

    Bad files are verdicts, not errors. `progress` hears the number of files that are done;
    `password` opens files that are protected by one.
    """
    from app.forms.verification import record
    from signing.cli import report_json
    from signing.trust.certificates import common_name
    from signing.trust.store import TrustStore

    files = list(_files(args.files))
    if args.record is not None and len(files) != 1:
        raise RuleViolation("verify_record_one", "record")
    trust = [args.trust] if args.trust is not None else trusted.sources()
    http = None if args.offline else http_session(SystemClock())
    size = min(os.cpu_count() or 1, len(files), _MOST_WORKERS)
    checker = verifier_over(trust, http, size)
    try:
        done = checker.verify_many(
            files,
            lambda count, _: progress(count, len(files)),
            at=_time(args.at),
            offline=args.offline,
            password=password,
        )
        for path, report in done:
            if args.record is not None:
                roots = [common_name(root.subject) for root in TrustStore(trust).roots]
                args.record.write_bytes(record(report, path.name, roots))
            yield report_json(path, report)
    finally:
        checker.close()


def verifier_over(trust: Sequence[Source], http: Http | None, size: int) -> WorkerVerifier:
    """Return a checker that trusts the anchors of these sources alone."""
    from signing.work.verifier import WorkerVerifier
    from signing.work.worker import Workers

    clock = SystemClock()
    return WorkerVerifier(Workers(trust, size), clock, http, status_cache(clock))


def anchors(args: argparse.Namespace) -> tuple[Path, ...]:
    """Return the folder of anchors that was named, if any."""
    return (args.trust,) if args.trust is not None else ()


def _files(given: Iterable[Path]) -> Iterator[Path]:
    for path in given:
        if path.is_dir():
            yield from sorted(p for p in path.rglob("*") if p.suffix.lower() in _SIGNED_KINDS)
        else:
            yield path


def picture(args: argparse.Namespace) -> bytes:
    """Return the picture that goes into the box that was asked for."""
    from signing.pdf.appearance import demo_seal, demo_signature

    if args.box is None:
        return b""
    made = {Purpose.APPROVE: demo_signature, Purpose.ISSUE: demo_seal}.get(Purpose(args.purpose))
    return made(args.token) if made is not None else b""


def box_of(given: tuple[int, float, float, float, float] | None) -> Box | None:
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
