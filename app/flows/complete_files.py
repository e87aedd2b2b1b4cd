"""Complete a signed file of the disk: beside it, checked, and only then in its place."""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from app.files.completions import Job
from app.files.model import FileRef
from app.flows.signing import starts_with
from app.kernel.errors import Damaged, Unavailable
from app.kernel.ports import CancelToken, Completer, Completion, Verdict, Verifier

BAD = frozenset({Verdict.INVALID, Verdict.UNREADABLE, Verdict.UNSIGNED})


def complete_file(
    job: Job, completer: Completer, verifier: Verifier, cancel: CancelToken | None
) -> tuple[Completion, str]:
    """Bring the file of a job to its level; return what came of it and the hash that lies there.

    The file is replaced by one that begins with its very bytes and passes our check, or stays as
    it is. Raises `Unavailable("completion_file_gone")` for one that was moved or changed since it
    was signed, `Unavailable("completion_not_written")`, `Damaged("flow.bad_completion")`, and
    what the completer raises.
    """
    path = Path(job.entity)
    size = _signed_size(path, job.sha256)
    with _beside(path) as made:
        found = completer.complete(path, made, job.wanted)
        if found.revoked or not found.changed:
            return found, job.sha256
        if cancel is not None:
            cancel.raise_if_cancelled()
        _check(made, FileRef(job.sha256, size), verifier)
        _signed_size(path, job.sha256)
        return found, _put_in_place(made, path)


def _signed_size(path: Path, sha256: str) -> int:
    """Return the size of the file as it was signed."""
    try:
        with path.open("rb") as stream:
            found = hashlib.file_digest(stream, "sha256").hexdigest()
            size = stream.tell()
    except OSError as problem:
        raise Unavailable("completion_file_gone") from problem
    if found != sha256:
        raise Unavailable("completion_file_gone")
    return size


@contextmanager
def _beside(path: Path) -> Iterator[Path]:
    """Yield the name of a file beside another; nothing of it is left behind."""
    made = path.with_name(f".{os.urandom(8).hex()}{path.suffix}")
    try:
        yield made
    except OSError as problem:
        raise Unavailable("completion_not_written") from problem
    finally:
        made.unlink(missing_ok=True)


def _check(made: Path, signed: FileRef, verifier: Verifier) -> None:
    with made.open("rb") as stream:
        if not starts_with(stream, signed):
            raise Damaged("flow.bad_completion")
    if verifier.verify(made, offline=True).verdict in BAD:
        raise Damaged("flow.bad_completion")


def _put_in_place(made: Path, path: Path) -> str:
    with made.open("rb") as stream:
        sha256 = hashlib.file_digest(stream, "sha256").hexdigest()
    shutil.copymode(path, made)
    made.replace(path)
    return sha256
