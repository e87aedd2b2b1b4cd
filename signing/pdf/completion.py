"""Bring signatures to a higher level by adding to the file (EN 319 142-1, 5.5 to 5.7).

B-T: a time stamp covers the signature. B-LT: what proves that no certificate was revoked lies in
the file (DSS). B-LTA: a document time stamp covers that too; renewing adds one more before the
certificate of the last runs out. A signature without a time stamp of its own gets a document
time stamp, which proves that it existed then and nothing earlier.
"""

from __future__ import annotations

import asyncio
import secrets
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, BinaryIO

from pyhanko.pdf_utils.crypt.api import AuthStatus
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.fields import InvisSigSettings
from pyhanko.sign.signers import PdfTimeStamper
from pyhanko.sign.timestamps.common_utils import TimestampRequestError
from pyhanko.sign.validation.dss import DocumentSecurityStore
from pyhanko_certvalidator import CertificateValidator, ValidationContext
from pyhanko_certvalidator.errors import PathError, RevokedError, ValidationError

from app.kernel.clock import Clock
from app.kernel.errors import Damaged, Unavailable
from app.kernel.levels import least, reaches
from app.kernel.ports import Completion, Http
from signing.pdf.opening import Writer
from signing.pdf.pages import BAD_FILE, filled_fields, open_reader
from signing.pdf.proofs import Proofs, Signed, StampProof, read_proofs
from signing.streams import reading, working_copy
from signing.trust.context import validation_context
from signing.trust.remote import Revocation
from signing.trust.stamps import CheckedTimeStamper
from signing.trust.store import TrustStore

_CHUNK = 1 << 20
_STAMP_ROOM = 16384
_NAME = "Sig_DauThoiGian"
_PROBLEMS = (PathError, ValidationError, *BAD_FILE)


@dataclass(frozen=True, slots=True)
class Means:
    """What completing stands on; `password` opens the file, and is kept nowhere."""

    trust: TrustStore
    clock: Clock
    http: Http | None
    tsa: str = ""
    password: str = field(default="", repr=False)


@dataclass(slots=True)
class _Status:
    """What was found of the certificates in a file: paths to keep, and who was revoked."""

    paths: list[Any]
    revoked: list[str]
    known: bool = True


class PdfCompleter:
    """The kernel's `Completer` over the authorities that the certificates name."""

    def __init__(self, means: Means) -> None:
        self._means = means

    def complete(
        self, source: Path | BinaryIO, target: Path | BinaryIO, level: str, *, renew: bool = False
    ) -> Completion:
        """Complete a copy of a signed PDF; the target is written only if something was added.

        Raises `Damaged` with `completion_no_signature` and, for a file that nobody's password
        opens, `completion_password`; `Unavailable` with `timestamp_required`
        where no time stamp could be had, and with `completion_no_status` where it could not be
        learnt whether a certificate was revoked.
        """
        with working_copy(target) as copy:
            with reading(source) as original:
                while block := original.read(_CHUNK):
                    copy.stream.write(block)
            done = raise_level(copy.stream, level, self._means, renew=renew)
            if done.changed:
                copy.keep()
        return done


def raise_level(stream: BinaryIO, level: str, means: Means, *, renew: bool = False) -> Completion:
    """Bring every signature of a file to a level, in place; raises as `PdfCompleter.complete`."""
    proofs = _proofs(stream, means)
    revocation = Revocation(means.http)
    status = _status(proofs, revocation, means)
    if status.revoked:
        return Completion(proofs.levels(), revoked=tuple(status.revoked))
    before, changed = proofs.levels(), False
    untimed = any(s.proven_at is None for s in proofs.signatures)
    if reaches(level, "B-T") and untimed:
        _stamp(stream, means)
        changed, proofs = True, _proofs(stream, means)
        status = _status(proofs, revocation, means)
    missing = not reaches(least(before.values()), "B-LT") or changed or renew
    if reaches(level, "B-LT") and missing and status.known:
        changed = _keep_proofs(stream, status, revocation, means) or changed
        proofs = _proofs(stream, means)
    archived = reaches(least(proofs.levels().values()), "B-LTA") and not renew
    if reaches(level, "B-LTA") and status.known and not archived:
        _stamp(stream, means)
        changed, proofs = True, _proofs(stream, means)
    if not changed and not reaches(least(proofs.levels().values()), level):
        raise Unavailable("completion_no_status")
    return _came_to(proofs, changed=changed, known=status.known)


def complete(stream: BinaryIO, name: str, level: str, means: Means, warnings: list[str]) -> str:
    """Bring the newest signature, which has a time stamp, to a level; returns the one reached.

    What cannot be had is a warning and a lower level: nothing is passed off as more than it is.
    """
    if not reaches(level, "B-LT"):
        return "B-T"
    proofs = _proofs(stream, means, name)
    revocation = Revocation(means.http)
    status = _status(proofs, revocation, means)
    if not status.known or status.revoked:
        warnings.append("revocation_unavailable")
        return "B-T"
    _keep_proofs(stream, status, revocation, means, proofs.signatures[0].contents)
    if level != "B-LTA":
        return "B-LT"
    try:
        _stamp(stream, means)
    except Unavailable:
        warnings.append("archive_unavailable")
        return "B-LT"
    return "B-LTA"


def _opened(stream: BinaryIO, means: Means) -> PdfFileReader:
    """Open a file; raises `Damaged("completion_password")` where its password is not at hand."""
    reader = open_reader(stream)
    if reader.encrypted and reader.decrypt(means.password).status is AuthStatus.FAILED:
        raise Damaged("completion_password")
    return reader


def _writer(stream: BinaryIO, means: Means) -> Writer:
    return Writer(stream, prev=_opened(stream, means))


def _proofs(stream: BinaryIO, means: Means, only: str = "") -> Proofs:
    try:
        reader = _opened(stream, means)
        fields = [f for f in filled_fields(reader) if only in ("", f[0])]
        found = read_proofs(reader, fields)
    except BAD_FILE as problem:
        raise Damaged("pdf_damaged") from problem
    if not found.signatures:
        raise Damaged("completion_no_signature")
    return found


def _status(proofs: Proofs, revocation: Revocation, means: Means) -> _Status:
    """Find a path, with its revocation data, for every certificate that signed something."""
    return asyncio.run(_walk_all(proofs, revocation, means))


async def _walk_all(proofs: Proofs, revocation: Revocation, means: Means) -> _Status:
    found = _Status([], [])
    now = means.clock.now()
    wanted: list[tuple[Signed | StampProof, datetime, set[str]]] = [
        (signed, signed.proven_at or now, set()) for signed in proofs.signatures
    ]
    wanted += [(stamp, stamp.proven_at or now, {"time_stamping"}) for stamp in proofs.stamps()]
    for what, moment, usage in wanted:
        context = _context(proofs, revocation, means, moment)
        try:
            validator = CertificateValidator(what.certificate, validation_context=context)
            path = await validator.async_validate_usage(set(), usage)  # type: ignore[no-untyped-call]
        except RevokedError:
            if isinstance(what, Signed):
                found.revoked.append(what.field)
            found.known = False
        except _PROBLEMS:
            found.known = False
        else:
            found.paths.append(path)
    return found


def _context(
    proofs: Proofs, revocation: Revocation, means: Means, moment: datetime
) -> ValidationContext:
    return validation_context(
        means.trust.roots,
        [*means.trust.links, *proofs.certificates],
        revocation,
        moment,
        ocsps=proofs.ocsps,
        crls=proofs.crls,
    )


def _keep_proofs(
    stream: BinaryIO,
    status: _Status,
    revocation: Revocation,
    means: Means,
    contents: bytes = b"",
) -> bool:
    """Add certificates and revocation data to the file's store; tell whether anything was new."""
    size = stream.seek(0, 2)
    writer = _writer(stream, means)
    store = DocumentSecurityStore.supply_dss_in_writer(
        writer,
        contents.hex().upper().encode() if contents else None,
        paths=status.paths,
        ocsps=list(revocation.ocsps.values()),
        crls=list(revocation.crls.values()),
    )
    if store.modified:
        writer.write_in_place()  # type: ignore[no-untyped-call]
    return stream.seek(0, 2) > size


def _stamp(stream: BinaryIO, means: Means) -> None:
    """Add a document time stamp; raises `Unavailable("timestamp_required")`."""
    if means.http is None or not means.tsa:
        raise Unavailable("timestamp_required")
    size = stream.seek(0, 2)
    writer = _writer(stream, means)
    stamper = PdfTimeStamper(
        CheckedTimeStamper(means.http, means.tsa),
        f"{_NAME}_{secrets.token_hex(4)}",
        InvisSigSettings(set_print_flag=True),
    )
    try:
        asyncio.run(
            stamper.async_timestamp_pdf(
                writer, "sha256", bytes_reserved=_STAMP_ROOM, in_place=True, chunk_size=_CHUNK
            )
        )
    except (TimestampRequestError, ValueError, Unavailable) as problem:
        stream.truncate(size)  # the room for it has been written already
        raise Unavailable("timestamp_required") from problem


def _came_to(proofs: Proofs, *, changed: bool, known: bool) -> Completion:
    last = max(proofs.documents, key=lambda stamp: stamp.at, default=None)
    return Completion(
        levels=proofs.levels(),
        changed=changed,
        stamped_at=last.at if last else None,
        renew_before=last.runs_out if last else None,
        warnings=() if known else ("revocation_unavailable",),
    )
