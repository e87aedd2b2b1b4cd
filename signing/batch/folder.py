"""A batch of files into a folder: planned, hashed, signed, and gone on with after a fall.

Beside the results lies `.hoa-ban-batch/` with the journal and the files that are being made. A
file gets its final name when it is whole and on the disk and the journal knows it, never before.
"""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

from app.kernel.errors import Damaged, HoaBanError, RuleViolation, Unavailable
from app.kernel.ports import SignedFile, SignJob
from signing.batch.journal import Journal, Made
from signing.streams import sync_folder

PLACE = ".hoa-ban-batch"
JOURNAL = "journal.jsonl"
_PARTS = "parts"


@dataclass(frozen=True, slots=True)
class Planned:
    """A file of the batch: what was looked at, and where the signed one goes."""

    source: Path
    target: Path
    name: str
    sha256: str


@dataclass
class Plan:
    """What a batch will do: files to sign, files that are done, files that cannot be."""

    waiting: list[Planned] = field(default_factory=list)
    done: list[Planned] = field(default_factory=list)
    refused: list[tuple[Path, HoaBanError]] = field(default_factory=list)


class FolderBatch:
    """A folder of results with its journal, held until `close`."""

    def __init__(self, out: Path) -> None:
        self.out = out
        self._place = out / PLACE
        self.parts = self._place / _PARTS
        try:
            self._place.mkdir(parents=True, exist_ok=True)
        except OSError as problem:
            raise Unavailable("sign_no_room") from problem
        self.journal = Journal(self._place / JOURNAL)
        # Only whoever holds the journal sweeps: what lies there now was left by a fall.
        shutil.rmtree(self.parts, ignore_errors=True)
        self.parts.mkdir(exist_ok=True)

    def close(self) -> None:
        """Sweep and let go of the folder."""
        shutil.rmtree(self.parts, ignore_errors=True)
        self.journal.close()

    def plan(self, sources: Iterable[tuple[Path, Path]]) -> Plan:
        """Look at sources, each with its name below the folder; hash what will be signed."""
        plan, taken = Plan(), set[Path]()
        for source, below in sources:
            try:
                found = self._planned(source, below, taken)
            except HoaBanError as error:
                plan.refused.append((source, error))
                continue
            (plan.done if self._is_done(found) else plan.waiting).append(found)
        for found in list(plan.waiting):
            if found.target.exists():
                plan.waiting.remove(found)
                plan.refused.append((found.source, RuleViolation("batch_target_taken", "out")))
        return plan

    def pieces(self, plan: Plan, job: Callable[[Planned], SignJob]) -> list[FilePiece]:
        """Return the documents of the batch."""
        return [FilePiece(found, self, job) for found in plan.waiting]

    def _planned(self, source: Path, below: Path, taken: set[Path]) -> Planned:
        target = self.out / below
        if target in taken:
            raise RuleViolation("batch_same_name", "files")
        taken.add(target)
        name = hashlib.sha256(below.as_posix().encode()).hexdigest()
        return Planned(source, target, name, hash_of(source))

    def _is_done(self, found: Planned) -> bool:
        made = self.journal.made.get(found.name)
        return (
            made is not None
            and made.source == found.sha256
            and found.target.is_file()
            and hash_of(found.target) == made.result
        )


class FilePiece:
    """One file of a folder's batch."""

    def __init__(
        self, found: Planned, batch: FolderBatch, job: Callable[[Planned], SignJob]
    ) -> None:
        self.found = found
        self._batch = batch
        self._job = job
        self._part = batch.parts / f"{found.name}.pdf"

    @property
    def id(self) -> str:
        """Return the hash that stands for the name."""
        return self.found.name

    def open(self) -> SignJob:
        """Return the job; only the bytes that were planned are signed."""
        job = self._job(self.found)
        return replace(job, target=self._part, expected_sha256=self.found.sha256)

    def keep(self, signed: SignedFile) -> None:
        """Write the journal, then give the file its name."""
        target = self.found.target
        self._batch.journal.note(self.found.name, Made(self.found.sha256, signed.sha256))
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            self._part.replace(target)
            sync_folder(target.parent)
        except OSError as problem:
            raise Unavailable("sign_no_room") from problem

    def drop(self, error: HoaBanError | None) -> None:  # noqa: ARG002 - a file is let go alike
        """Remove what was made; a worker that was ended leaves it to the sweep."""
        self._part.unlink(missing_ok=True)


def hash_of(path: Path) -> str:
    """Return the SHA-256 of a file; raises `Damaged("pdf_missing")`."""
    try:
        with path.open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()
    except OSError as problem:
        raise Damaged("pdf_missing") from problem


def sources_of(given: Iterable[Path]) -> Iterator[tuple[Path, Path]]:
    """Yield files, and the PDFs of folders, with their names below the results' folder."""
    for path in given:
        if not path.is_dir():
            yield path, Path(path.name)
            continue
        for folder, folders, names in os.walk(path):
            folders[:] = sorted(f for f in folders if f != PLACE)
            for name in sorted(names):
                if name.lower().endswith(".pdf"):
                    found = Path(folder) / name
                    yield found, found.relative_to(path)
