"""Sign files of the disk: one act, one key, one PIN; the results lie beside their sources.

A PDF bears its signature, XML too (XAdES); any other file gets a signature of its own (CAdES).
A list of files is written down, and the list is signed. Nothing that lies there is written over.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Protocol

from app.files.model import FileRef
from app.files.pdf import page_count, password_for
from app.flows.places import KeptPlace
from app.flows.ports import NoteDown
from app.flows.signing import Appearance, check_owner, starts_with
from app.identity.actions import Action
from app.kernel.actor import Actor
from app.kernel.batch import BatchControl, BatchSigner, Outcome, PieceState
from app.kernel.clock import VIETNAM
from app.kernel.errors import (
    Cancelled,
    Damaged,
    DeviceProblem,
    HoaBanError,
    NotPermitted,
    RuleViolation,
    Unavailable,
)
from app.kernel.ports import (
    Box,
    CertificateInfo,
    Prompts,
    Purpose,
    SignedFile,
    Signer,
    SignJob,
    Verdict,
    Verifier,
)
from app.kernel.purposes import FORMS, Owner

PDF, XML, DETACHED = ".pdf", ".xml", ".p7s"
_BAD = (Verdict.UNREADABLE, Verdict.UNSIGNED, Verdict.INVALID)
_MOST_NAMES = 1000


class FileLater(Protocol):
    """Queue a signed file of the disk for completion unless its level is the one wanted."""

    def __call__(self, path: str, sha256: str, level: str, wanted: str) -> None:
        """Take note, before the file has its name."""


def no_queue(path: str, sha256: str, level: str, wanted: str) -> None:
    """Stand for a command line that completes nothing by itself."""


@dataclass(frozen=True, slots=True)
class FilePorts:
    """What signing files stands on; `signer` and `batch` are the same keys.

    `later` queues what falls short of the level wanted.
    """

    signer: Signer
    batch: BatchSigner
    verifier: Verifier
    prompts: Prompts
    note: NoteDown
    later: FileLater = no_queue


@dataclass(frozen=True, slots=True)
class FileRequest:
    """What to sign with: the key, whose it must be, and what is seen and said.

    `mark` is what the name of a signed file ends with. `shown` is the hash of the one file
    whose page the person has seen, "" where nothing was shown. `place` is where a signature
    goes that has no box; without it the words of the page tell. `passwords` are those that the
    person typed for protected files: each file takes the one that opens it.
    """

    purpose: Purpose
    certificate: CertificateInfo
    owners: tuple[str, ...]
    look: Appearance
    mark: str
    reason: str = ""
    signer_name: str = ""
    shown: str = ""
    tsa: str = ""
    level: str = ""
    require_time: bool = False
    place: KeptPlace | None = None
    passwords: tuple[str, ...] = field(default=(), repr=False)


def check_right(actor: Actor, request: FileRequest) -> None:
    """Raise `NotPermitted`: a personal key is its owner's alone, the agency's the clerk's."""
    agency = FORMS[request.purpose].owner is Owner.AGENCY
    if agency and "clerk" not in actor.roles:
        raise NotPermitted("document.role")
    check_owner(request.certificate, request.owners)


def sign_files(
    ports: FilePorts,
    actor: Actor,
    request: FileRequest,
    sources: Sequence[Path],
    control: BatchControl,
) -> Sequence[FilePiece]:
    """Sign files; what became of each stands in `control`, by its path; answer the pieces.

    Raises `NotPermitted` for somebody else's key, and what opening the key raises.
    """
    check_right(actor, request)
    pieces = [FilePiece(ports, request, source) for source in sources]
    pages = [p for p in pieces if not p.other]
    try:
        if pages:
            ports.batch.sign_batch(
                pages, request.certificate, ports.prompts, request.purpose, control
            )
        for piece in (p for p in pieces if p.other):
            if control.cancelled or control.halted is not None:
                break
            if not _turn(control):
                break
            _sign_one(ports, piece, control)
    except HoaBanError as error:
        _note(ports, request, (), error.code)
        raise
    return pieces


def _turn(control: BatchControl) -> bool:
    """Wait while the person rests; tell whether there is more to sign."""
    try:
        control.wait_turn()
    except Cancelled:
        return False
    except Unavailable as problem:
        control.halted = problem
        return False
    return True


def _sign_one(ports: FilePorts, piece: FilePiece, control: BatchControl) -> None:
    try:
        piece.keep(ports.signer.sign(piece.open(), ports.prompts))
    except Cancelled:
        piece.drop(None)
        raise
    except DeviceProblem as problem:
        # The token is gone or closed: the files that follow would fail alike
        piece.drop(problem)
        control.halted = problem
        control.note(Outcome(piece.id, PieceState.FAILED, problem), None)
    except HoaBanError as error:
        piece.drop(error)
        control.note(Outcome(piece.id, PieceState.FAILED, error), None)
    else:
        control.note(Outcome(piece.id, PieceState.DONE, None, piece.signed), None)


class FilePiece:
    """One file: signed into a part beside it, which gets its name when it is whole and checked."""

    def __init__(self, ports: FilePorts, request: FileRequest, source: Path) -> None:
        self.source = source
        self.target: Path | None = None
        self.signed: SignedFile | None = None
        self._ports = ports
        self._request = request
        self._sha256 = ""
        self._password = ""
        self._part = source.with_name(f".{os.urandom(8).hex()}{self.ending}")

    @property
    def id(self) -> str:
        """Return the path."""
        return str(self.source)

    @property
    def ending(self) -> str:
        """Return the ending of the result."""
        own = self.source.suffix.lower()
        if self._request.purpose is Purpose.FILES or own not in (PDF, XML):
            return DETACHED
        return own

    @property
    def other(self) -> bool:
        """Tell whether it is no page that bears its signature."""
        return self.ending != PDF

    def open(self) -> SignJob:
        """Return the job; raises what stands against it."""
        asked = self._request
        self._sha256 = hash_of(self.source)
        if not self.other:
            self._password = password_for(self.source, asked.passwords)
        if self.ending == DETACHED and self._beside().exists():
            raise RuleViolation("batch_target_taken", "out")
        return SignJob(
            self.source,
            self._part,
            asked.purpose,
            asked.certificate,
            signer_name=asked.signer_name,
            signer_title=asked.look.title,
            box=self._box(),
            image=asked.look.image,
            lines=asked.look.lines,
            reason=asked.reason,
            tsa=asked.tsa,
            expected_sha256=asked.shown or self._sha256,
            level=asked.level,
            require_time=asked.require_time,
            password=self._password,
        )

    def keep(self, signed: SignedFile) -> None:
        """Check what came out and give it a name that nothing bears yet."""
        try:
            target = self._named(signed)
        except OSError as problem:
            # The disk is full, was taken out, or another program holds the file
            raise Unavailable("sign_no_room") from problem
        self.target, self.signed = target, signed
        _note(self._ports, self._request, (self._sha256, signed.sha256), "done")

    def _named(self, signed: SignedFile) -> Path:
        self._check_begins(signed)
        if not self.other:
            self._check_verdict(self._part, signed)
        target = self._publish(signed)
        if self.other:
            # A detached signature is found by the name of what it signs
            self._check_named(target, signed)
        return target

    def drop(self, error: HoaBanError | None) -> None:
        """Remove what was made."""
        with suppress(OSError):  # on a disk that was taken out
            self._part.unlink(missing_ok=True)
        if error is not None:
            _note(self._ports, self._request, (self._sha256,), error.code)

    def _box(self) -> Box | None:
        asked = self._request
        seen = bool(asked.look.image or asked.look.lines)
        if asked.look.box is None and asked.place is not None and seen and not self.other:
            return asked.place.box(page_count(self.source, self._password))
        return asked.look.box

    def _beside(self) -> Path:
        return self.source.with_name(self.source.name + DETACHED)

    def _names(self) -> Iterator[Path]:
        """Yield the names that the result may bear; a detached signature has one alone."""
        if self.ending == DETACHED:
            yield self._beside()
            return
        stem = re.sub(rf"-{re.escape(self._request.mark)}( \(\d+\))?$", "", self.source.stem)
        for number in range(1, _MOST_NAMES):
            more = "" if number == 1 else f" ({number})"
            yield self.source.with_name(f"{stem}-{self._request.mark}{more}{self.source.suffix}")

    def _publish(self, signed: SignedFile) -> Path:
        for target in self._names():
            try:
                target.open("xb").close()
            except FileExistsError:
                continue
            with ExitStack() as undo:
                undo.callback(target.unlink, missing_ok=True)
                self._queue(target, signed)
                self._part.replace(target)
                undo.pop_all()
            return target
        raise RuleViolation("batch_target_taken", "out")

    def _queue(self, target: Path, signed: SignedFile) -> None:
        """Queue what falls short; only a PDF that opens without a password can be completed."""
        wanted = self._request.level
        if wanted and not self.other and not self._password:
            self._ports.later(str(target.absolute()), signed.sha256, signed.level, wanted)

    def _check_begins(self, signed: SignedFile) -> None:
        if self.other or "pdf_repaired" in signed.warnings:
            return
        with self._part.open("rb") as made:
            if not starts_with(made, FileRef(self._sha256, self.source.stat().st_size)):
                raise Damaged("flow.not_as_shown")

    def _check_named(self, target: Path, signed: SignedFile) -> None:
        try:
            self._check_verdict(target, signed)
        except HoaBanError:
            target.unlink()
            raise

    def _check_verdict(self, target: Path, signed: SignedFile) -> None:
        """Verify the new signature; unknown is allowed, since chain and line may be missing."""
        report = self._ports.verifier.verify(target, offline=True, password=self._password)
        own = report.signatures
        if not self.other:
            own = tuple(s for s in own if s.field == signed.field)
        if report.verdict in _BAD or not own or own[-1].verdict is Verdict.INVALID:
            raise Damaged("flow.bad_signature")


def hash_of(path: Path) -> str:
    """Return the SHA-256 of a file; raises `Damaged("sign_file_missing")`."""
    try:
        with path.open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()
    except OSError as problem:
        raise Damaged("sign_file_missing") from problem


def write_list(sources: Sequence[Path], name: str, now: datetime) -> Path:
    """Write down name, size and SHA-256 of each file beside them; answer the list's path.

    Raises `RuleViolation("flow.files_apart")` for files of several disks, `Damaged` for one
    that is missing and `Unavailable("sign_no_room")`.
    """
    try:
        folder = Path(os.path.commonpath([s.absolute().parent for s in sources]))
    except ValueError as problem:
        raise RuleViolation("flow.files_apart", "files") from problem
    rows = [_row(source, folder) for source in sources]
    at = now.astimezone(VIETNAM)
    told = {"version": 1, "made_at": at.isoformat(timespec="seconds"), "files": rows}
    path = folder / f"{name}-{at:%Y%m%d-%H%M%S}.json"
    try:
        with ExitStack() as undo:
            stream = path.open("x", encoding="utf-8", newline="\n")
            undo.callback(path.unlink, missing_ok=True)
            with stream:
                stream.write(json.dumps(told, ensure_ascii=False, indent=1) + "\n")
            undo.pop_all()
    except FileExistsError as problem:
        raise RuleViolation("batch_target_taken", "out") from problem
    except OSError as problem:
        raise Unavailable("sign_no_room") from problem
    return path


def _row(source: Path, folder: Path) -> dict[str, str | int]:
    name = source.absolute().relative_to(folder).as_posix()
    try:
        return {"name": name, "sha256": hash_of(source), "size": source.stat().st_size}
    except OSError as problem:
        raise Damaged("sign_file_missing") from problem


def _note(ports: FilePorts, request: FileRequest, hashes: tuple[str, ...], outcome: str) -> None:
    """Write into the audit log which bytes were signed by which key; no name of a file."""
    files = tuple(f"file:{h}" for h in hashes if h)
    objects = (f"certificate:{request.certificate.serial}", *files)
    ports.note(Action.SIGN, objects, f"{request.purpose.value}:{outcome}")
