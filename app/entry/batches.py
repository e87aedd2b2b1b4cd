"""`sign-batch` of the command line: many files, one key, one PIN, gone on with by the same words."""

from __future__ import annotations

import argparse
import contextlib
import signal
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from app.entry.parts import http_session, trust_store, workers
from app.entry.signatures import anchors, box_of
from app.kernel.batch import BatchControl, Outcome, PieceState
from app.kernel.clock import SystemClock
from app.kernel.errors import HoaBanError
from app.kernel.ports import CertificateInfo, Progress, Purpose, SignJob
from app.kernel.texts import Texts

if TYPE_CHECKING:
    from signing.batch.folder import Plan, Planned
    from signing.batch.signer import TokenBatchSigner

Row = dict[str, Any]
_TELL_SECONDS = 0.5


def sign_batch(
    args: argparse.Namespace, pin: str, texts: Texts, progress: Progress, password: str = ""
) -> Iterator[Row]:
    """Sign the files of the arguments; yield a row for each and a summary at the end.

    `password` opens the PDFs that are protected by one.
    Raises what opening the key raises: then nothing was signed.
    """
    from signing.batch.folder import FolderBatch, sources_of
    from signing.cli import FixedPin, choose_certificate

    batch = FolderBatch(args.out)
    signer = _signer(args)
    try:
        plan = batch.plan(sources_of(args.files))
        certificate = choose_certificate(signer.keys, args.token, args.cert_id)
        purpose = Purpose(args.purpose)
        batch.journal.claim(certificate.serial, purpose.value)
        pieces = batch.pieces(plan, _jobs(args, certificate, password))
        control = BatchControl()
        if pieces:
            with _stopped_by_signal(control), _told(control, progress):
                signer.sign_batch(pieces, certificate, FixedPin(pin), purpose, control)
        yield from _rows(plan, control, texts)
    finally:
        signer.close()
        batch.close()


def _signer(args: argparse.Namespace) -> TokenBatchSigner:
    from signing.batch.signer import TokenBatchSigner
    from signing.tokens.signer import TokenSigner

    clock = SystemClock()
    trust = anchors(args)
    keys = TokenSigner([str(args.module)], clock, trust_store(trust))
    return TokenBatchSigner(keys, workers(trust), clock, http_session(clock) if args.tsa else None)


def _jobs(
    args: argparse.Namespace, certificate: CertificateInfo, password: str
) -> Callable[[Planned], SignJob]:
    from app.entry.signatures import picture

    purpose, box, image = Purpose(args.purpose), box_of(args.box), picture(args)

    def job(found: Planned) -> SignJob:
        return SignJob(
            found.source,
            found.target,
            purpose,
            certificate,
            box=box,
            image=image,
            tsa=args.tsa,
            level=args.level,
            require_time=args.require_time,
            password=password,
        )

    return job


def _rows(plan: Plan, control: BatchControl, texts: Texts) -> Iterator[Row]:
    """Yield every file as it stands now, then the counts."""
    ended = {o.id: o for o in control.outcomes()}
    counts = dict.fromkeys(("signed", "already", "failed", "waiting"), 0)
    for found in plan.done:
        counts["already"] += 1
        yield {"file": str(found.source), "output": str(found.target), "state": "already"}
    for source, error in plan.refused:
        counts["failed"] += 1
        yield {"file": str(source), "state": "failed", "error": _told_error(error, texts)}
    for found in plan.waiting:
        row = _row(found.source, found.target, ended.get(found.name), texts)
        counts[row["state"]] += 1
        yield row
    halted = control.halted
    summary: Row = {"summary": counts, "total": sum(counts.values())}
    yield summary | ({"error": _told_error(halted, texts)} if halted is not None else {})


def _row(source: Path, target: Path, ended: Outcome | None, texts: Texts) -> Row:
    if ended is None or ended.state is PieceState.WAITING:
        return {"file": str(source), "state": "waiting"}
    if ended.error is not None:
        return {"file": str(source), "state": "failed", "error": _told_error(ended.error, texts)}
    row: Row = {"file": str(source), "output": str(target), "state": "signed"}
    if ended.signed is not None:
        made = ended.signed
        row |= {"level": made.level, "field": made.field, "warnings": list(made.warnings)}
    return row


def _told_error(error: HoaBanError, texts: Texts) -> Row:
    return {"code": error.code, "text": texts.error(error)}


@contextlib.contextmanager
def _stopped_by_signal(control: BatchControl) -> Iterator[None]:
    """Let Ctrl+C and an end asked for by the system stop between two documents."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    names = (signal.SIGINT, signal.SIGTERM)
    before = {n: signal.signal(n, lambda *_: control.cancel()) for n in names}
    try:
        yield
    finally:
        for name, handler in before.items():
            signal.signal(name, handler)


@contextlib.contextmanager
def _told(control: BatchControl, progress: Progress) -> Iterator[None]:
    """Tell now and then how far it is."""
    over = threading.Event()

    def tell() -> None:
        while not over.wait(_TELL_SECONDS):
            tally = control.tally
            progress(tally.done + tally.failed, tally.total)

    teller = threading.Thread(target=tell, name="batch.progress")
    teller.start()
    try:
        yield
    finally:
        over.set()
        teller.join()
