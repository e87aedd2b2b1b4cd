"""Complete signatures when there is a line: one job after the other, from a lasting queue.

A job is put in before the signature is recorded, so that no signature goes without one; a job
whose signature was never recorded is taken out again. Every completed file is checked before it
takes the place of the signed one, and must begin with the very bytes of that.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, BinaryIO, Protocol

from sqlalchemy import Connection

from app.documents.commands import CompleteSignature, ReportRevoked
from app.documents.model import KIND, Document
from app.documents.rules.lineage import ancestors
from app.files import completions
from app.files.completions import Job, JobState, Task
from app.files.model import FileRef
from app.flows.complete_files import BAD, complete_file
from app.flows.ports import NoteDown, Vault
from app.flows.signing import GROWTH, starts_with, with_role
from app.identity.actions import Action
from app.kernel.changes import Broadcast, Changes
from app.kernel.clock import Clock
from app.kernel.command import Command
from app.kernel.errors import Cancelled, Damaged, HoaBanError
from app.kernel.levels import least, reaches
from app.kernel.ports import CancelToken, Completer, Completion, Verifier
from app.store.spool import spool

# Until then the act that the job was put in for has been recorded, or never will be
_SETTLES = timedelta(minutes=2)
_AGAIN = tuple(timedelta(minutes=m) for m in (1, 5, 15, 60, 240))
# An archive time stamp is renewed well before its certificate runs out
_BEFORE_END = timedelta(days=90)
_RENEWED = timedelta(days=14)


class Store(Protocol):
    """The desk's store as this worker sees it."""

    changes: Broadcast
    clock: Clock

    @property
    def vault(self) -> Vault:
        """Return the files."""

    def reader(self) -> AbstractContextManager[Connection]:
        """Yield a connection that reads."""

    def writing(self) -> AbstractContextManager[Connection]:
        """Yield the connection that writes."""

    def get(self, kind: str, entity: str) -> Any:
        """Return an entity or None."""


@dataclass(frozen=True, slots=True)
class CompletionPorts:
    """What completing stands on.

    `act` runs a command as the person at his desk; `wanted` is the level in force;
    `on_line` tells whether authorities may be asked now; without a completer nothing is tried.
    """

    store: Store
    completer: Callable[[], Completer | None]
    verifier: Verifier
    act: Callable[[Command], object]
    note: NoteDown
    on_line: Callable[[], bool]
    wanted: Callable[[], str]


class CompletionWorker:
    """Work off the queue; every call may take seconds and belongs on the network lane."""

    def __init__(self, ports: CompletionPorts) -> None:
        self._ports = ports
        self._store = ports.store
        self._had_line = False

    def add(self, document: str, sha256: str, level: str) -> None:
        """Put a signed file in the queue unless its level is the one wanted."""
        wanted = self._ports.wanted()
        if reaches(level, wanted):
            return
        self._add((KIND, document), sha256, level, wanted, Task.COMPLETE, self._now())

    def add_file(self, path: str, sha256: str, level: str, wanted: str) -> None:
        """Put a signed file of the disk in the queue unless its level is the one wanted."""
        if not reaches(level, wanted):
            self._add((completions.FILE, path), sha256, level, wanted, Task.COMPLETE, self._now())

    def drop_file(self, path: str, sha256: str) -> bool:
        """Take a file of the disk out of the queue, undone; tell whether it still stood there."""
        with self._store.writing() as connection:
            job = completions.job_for(connection, completions.FILE, path, sha256)
            if job is None or job.state is JobState.DONE:
                return False
            completions.forget(connection, job)
        self._ports.note(Action.SIGN, (f"file:{sha256}",), "complete:dropped")
        self._tell(job)
        return True

    def try_now(self) -> None:
        """Make due what waits since it failed."""
        with self._store.writing() as connection:
            completions.hasten(connection, self._now())

    def run_due(self, cancel: CancelToken | None = None, *, has_line: bool = False) -> int:
        """Do all that is due; return how many jobs were tried. Raises `Cancelled`.

        `has_line` is for a caller who has just come off the line and knows.
        """
        tried = 0
        while self.step(cancel, has_line=has_line):
            tried += 1
        return tried

    def step(self, cancel: CancelToken | None = None, *, has_line: bool = False) -> bool:
        """Try one job; False when there is no line or nothing is due. Raises `Cancelled`."""
        had_line, self._had_line = self._had_line, has_line or self._ports.on_line()
        completer = self._ports.completer()
        if not self._had_line or completer is None:
            return False
        if not had_line:
            self.try_now()
        with self._store.reader() as connection:
            job = completions.next_due(connection, self._now())
        if job is None:
            return False
        self._try(job, completer, cancel)
        self._tell(job)
        return True

    def _now(self) -> datetime:
        return self._store.clock.now()

    def _try(self, job: Job, completer: Completer, cancel: CancelToken | None) -> None:
        try:
            if job.kind == completions.FILE:
                self._complete_file(job, completer, cancel)
            else:
                self._complete_current(job, completer, cancel)
        except Cancelled:
            raise
        except Damaged as error:
            self._alarm(job, error.code)
        except HoaBanError as error:
            self._wait(job, error.code)

    def _complete_current(self, job: Job, completer: Completer, cancel: CancelToken | None) -> None:
        document: Document | None = self._store.get(KIND, job.entity)
        file = _current(document, job.sha256)
        if document is None or file is None:
            self._not_current(document, job)
        else:
            self._complete(job, file, completer, cancel)

    def _complete_file(self, job: Job, completer: Completer, cancel: CancelToken | None) -> None:
        found, sha256 = complete_file(job, completer, self._ports.verifier, cancel)
        if found.revoked:
            self._alarm(job, "document.signature_revoked")
            return
        level = least(found.levels.values())
        if found.changed:
            self._ports.note(Action.SIGN, (f"file:{sha256}",), f"complete:{level}")
            if not reaches(level, job.wanted):
                later = self._now() + _AGAIN[0]
                place = (job.kind, job.entity)
                self._add(place, sha256, level, job.wanted, Task.COMPLETE, later)
        self._done(job, level, sha256 if found.changed else "")

    def _not_current(self, document: Document | None, job: Job) -> None:
        """End a job whose file has no place any more, or never had one."""
        known = document is not None and any(
            job.sha256 in ancestors(document, f.sha256) for f in document.files
        )
        if known:
            self._done(job, job.level, "")
        elif self._now() - job.since < _SETTLES:
            self._settle(replace(job, next_at=job.since + _SETTLES))
        else:
            with self._store.writing() as connection:
                completions.forget(connection, job)

    def _complete(
        self, job: Job, file: FileRef, completer: Completer, cancel: CancelToken | None
    ) -> None:
        vault, renew = self._store.vault, job.task is Task.RENEW
        with vault.open(job.sha256) as source, spool(file.size + GROWTH) as target:
            found = completer.complete(source, target, job.wanted, renew=renew)
            if found.revoked:
                self._revoked(job, found)
                return
            level = least(found.levels.values())
            if not found.changed:
                self._done(job, level, "")
                return
            if cancel is not None:
                cancel.raise_if_cancelled()
            self._check(file, target)
            kept = with_role(vault.put(target, name=file.name), file.name, file.role)
        # The next job first: whatever ends this here, the new file is not left without one.
        self._follow(job, kept.sha256, level, found)
        self._ports.act(
            CompleteSignature(job.entity, kept, job.sha256, dict(found.levels), found.stamped_at)
        )
        self._done(job, level, kept.sha256)
        self._ports.note(Action.SIGN, (job.entity, kept.sha256), f"complete:{level}")

    def _check(self, file: FileRef, target: BinaryIO) -> None:
        """Take no file that changed a byte of the signed one, or that our own check refuses."""
        if not starts_with(target, file):
            raise Damaged("flow.bad_completion")
        if self._ports.verifier.verify(target, offline=True).verdict in BAD:
            raise Damaged("flow.bad_completion")
        target.seek(0)

    def _follow(self, job: Job, sha256: str, level: str, found: Completion) -> None:
        """Queue what the new file needs next: the rest of the way, or its renewal."""
        if not reaches(level, job.wanted):
            later = self._now() + _AGAIN[0]
            place = (job.kind, job.entity)
            self._add(place, sha256, level, job.wanted, Task.COMPLETE, later)
        elif level == "B-LTA" and found.renew_before is not None:
            # The authority may still stamp with the certificate that is about to run out
            due = max(found.renew_before - _BEFORE_END, self._now() + _RENEWED)
            place = (job.kind, job.entity)
            self._add(place, sha256, level, job.wanted, Task.RENEW, due)

    def _revoked(self, job: Job, found: Completion) -> None:
        self._ports.act(ReportRevoked(job.entity, job.sha256, found.revoked))
        self._alarm(job, "document.signature_revoked")

    def _alarm(self, job: Job, code: str) -> None:
        self._settle(
            replace(
                job, state=JobState.ALARM, problem=code, settled_at=self._now(), tries=job.tries + 1
            )
        )
        self._ports.note(Action.SIGN, (job.entity, job.sha256), f"complete:{code}")

    def _wait(self, job: Job, code: str) -> None:
        pause = _AGAIN[min(job.tries, len(_AGAIN) - 1)]
        self._settle(replace(job, problem=code, tries=job.tries + 1, next_at=self._now() + pause))

    def _done(self, job: Job, level: str, result: str) -> None:
        self._settle(
            replace(
                job,
                state=JobState.DONE,
                level=level,
                problem="",
                settled_at=self._now(),
                result=result,
                tries=job.tries + 1,
            )
        )

    def _settle(self, job: Job) -> None:
        with self._store.writing() as connection:
            completions.settle(connection, job)

    def _add(
        self,
        about: tuple[str, str],
        sha256: str,
        level: str,
        wanted: str,
        task: Task,
        due: datetime,
    ) -> None:
        job = Job(*about, sha256, task, JobState.WAITING, wanted, level, self._now(), due)
        with self._store.writing() as connection:
            completions.add(connection, job)
        self._tell(job)

    def _tell(self, job: Job) -> None:
        self._store.changes(Changes.of({(completions.KIND, job.sha256)}))


def _current(document: Document | None, sha256: str) -> FileRef | None:
    files = document.files if document is not None else ()
    return next((f for f in files if f.sha256 == sha256), None)
