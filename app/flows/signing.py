"""What every signature shares: the right key, the bytes that were shown, the check after."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import BinaryIO

from app.files.model import FileRef
from app.flows.keys import same_holder
from app.flows.ports import SigningPorts
from app.identity.actions import Action
from app.kernel.actor import Actor
from app.kernel.errors import Damaged, HoaBanError, NotPermitted
from app.kernel.ports import (
    Box,
    CancelToken,
    CertificateInfo,
    Purpose,
    SignedFile,
    SignJob,
    Verdict,
)
from app.store.spool import spool

# What a signature adds: its picture, the certificates and what proves them
GROWTH = 1 << 20
_BLOCK = 1 << 20


@dataclass(frozen=True, slots=True)
class Appearance:
    """What people see of a signature: the picture, its place, and the title beside it.

    `reason` is what the signer says in words that the page does not show.
    """

    image: bytes = b""
    box: Box | None = None
    title: str = ""
    lines: tuple[str, ...] = ()
    reason: str = ""


def offered(
    certificates: Sequence[CertificateInfo], owners: Sequence[str]
) -> tuple[CertificateInfo, ...]:
    """Return the certificates of these owners alone: a person's own, or his agency's."""
    return tuple(
        c for c in certificates if c.may_sign and any(same_holder(c.holder, o) for o in owners)
    )


def check_owner(certificate: CertificateInfo, owners: Sequence[str]) -> None:
    """Raise `NotPermitted("flow.not_your_key")` for a key of somebody else."""
    if not offered([certificate], owners):
        raise NotPermitted("flow.not_your_key")


def names_of(actor: Actor, owners: Sequence[str]) -> tuple[str, ...]:
    """Return the names that a personal key may bear: the actor's, or those of the directory."""
    return tuple(owners) or (actor.name,)


def make(
    ports: SigningPorts,
    document: str,
    source: FileRef,
    purpose: Purpose,
    certificate: CertificateInfo,
    look: Appearance,
    cancel: CancelToken | None = None,
) -> tuple[FileRef, SignedFile]:
    """Sign a file of a document and keep it; the audit log has every try and its outcome.

    Raises what the signer raises, and as `taken`.
    """
    try:
        made = _made(ports, source, purpose, certificate, look, cancel)
    except HoaBanError as error:
        noted(ports, document, purpose, certificate, error.code)
        raise
    noted(ports, document, purpose, certificate, "done", made[0].sha256)
    return made


def noted(
    ports: SigningPorts,
    document: str,
    purpose: Purpose,
    certificate: CertificateInfo,
    outcome: str,
    *more: str,
) -> None:
    """Write a try and its outcome into the audit log."""
    objects = (document, f"certificate:{certificate.serial}", *more)
    ports.note(Action.SIGN, objects, f"{purpose.value}:{outcome}")


def _made(
    ports: SigningPorts,
    source: FileRef,
    purpose: Purpose,
    certificate: CertificateInfo,
    look: Appearance,
    cancel: CancelToken | None,
) -> tuple[FileRef, SignedFile]:
    """Sign a file, check what came out, and keep it in the vault; raises as `taken` too.

    The bytes go from the vault through memory, or encrypted over the disk, into the vault.
    """
    with ports.vault.open(source.sha256) as shown, spool(source.size + GROWTH) as target:
        job = job_of(ports, (shown, target), source, purpose, certificate, look)
        signed = ports.signer.sign(job, ports.prompts, cancel)
        return taken(ports, source, target, signed, cancel), signed


def job_of(
    ports: SigningPorts,
    streams: tuple[BinaryIO, BinaryIO],
    source: FileRef,
    purpose: Purpose,
    certificate: CertificateInfo,
    look: Appearance,
) -> SignJob:
    """Return what the signer is to do from one stream into another: these bytes, no others."""
    shown, target = streams
    return SignJob(
        source=shown,
        target=target,
        purpose=purpose,
        certificate=certificate,
        signer_name=certificate.holder,
        signer_title=look.title,
        box=look.box,
        image=look.image,
        lines=look.lines,
        reason=look.reason,
        tsa=ports.tsa,
        expected_sha256=source.sha256,
        level=ports.level,
        require_time=ports.require_time,
    )


def taken(
    ports: SigningPorts,
    source: FileRef,
    target: BinaryIO,
    signed: SignedFile,
    cancel: CancelToken | None = None,
) -> FileRef:
    """Check what came of a signature and keep it in the vault.

    Raises `Damaged("flow.not_as_shown")` when the result is anything but the bytes that were
    shown with something added, and `Damaged("flow.bad_signature")` when our own check refuses
    it; then nothing is kept.
    """
    if not starts_with(target, source):
        raise Damaged("flow.not_as_shown")
    check_result(ports, target, signed)
    if cancel is not None:
        cancel.raise_if_cancelled()
    target.seek(0)
    return ports.vault.put(target, name=source.name)


def check_result(ports: SigningPorts, made: BinaryIO, signed: SignedFile) -> None:
    """Verify the new signature; unknown is allowed, since chain and line may be missing."""
    report = ports.verifier.verify(made, offline=True)
    own = next((s for s in report.signatures if s.field == signed.field), None)
    bad = report.verdict in (Verdict.UNREADABLE, Verdict.UNSIGNED, Verdict.INVALID)
    if own is None or bad or own.verdict is Verdict.INVALID:
        raise Damaged("flow.bad_signature")


def starts_with(made: BinaryIO, file: FileRef) -> bool:
    """Tell whether a new file begins with the very bytes of another: nothing but added to."""
    made.seek(0)
    digest, left = hashlib.sha256(), file.size
    while left and (block := made.read(min(left, _BLOCK))):
        digest.update(block)
        left -= len(block)
    return not left and digest.hexdigest() == file.sha256


def with_role(file: FileRef, name: str, role: str) -> FileRef:
    """Return a vault's reference as a document holds it."""
    return replace(file, name=name, role=role)
