"""Files by their hash: a folder of whole files, parts beside them, verified leaf by leaf.

An upload announces its leaves first. What comes is appended to a part of the uploader's own,
each leaf is checked as soon as it is whole, and the finished file is hashed again, brought to
the disk, and renamed. Who has not shown that he holds a file, and sees no record that names
it, learns nothing of it.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from sqlalchemy import select

from app.documents.secrecy import secrecy_mark
from app.files.pdf import read_text
from app.kernel.errors import Conflict, Damaged, HoaBanError, RuleViolation, Unavailable
from sync.protocol.codec import dumps
from sync.server import proofs, tables
from sync.server.parts import LEAF, Parts, Plan
from sync.server.store import Store

MAX_SIZE = 2 << 30
_NAME = re.compile(r"[0-9a-f]{64}")
_CHUNK = 1 << 16
# A mark of secrecy stands on page one; a covering letter may lie before it
_MARKED_PAGES = 2


def _no_scope(_: str) -> tuple[str, ...]:
    return ()


class Files:
    """The object store of one server, or of many on a shared folder."""

    def __init__(self, folder: Path, store: Store) -> None:
        self._folder = folder
        self._store = store
        self._parts = Parts(folder / "parts")

    @property
    def snapshots(self) -> Path:
        """Return the folder where snapshots lie."""
        return self._folder / "snapshots"

    def path(self, sha256: str) -> Path:
        """Return where a whole file lies."""
        check_name(sha256)
        return self._folder / sha256[:2] / sha256

    def plan(self, sha256: str) -> Plan | None:
        """Return size and leaves of a whole file, or None."""
        f = tables.file.c
        with self._store.read() as connection:
            row = connection.execute(select(f.size, f.leaves).where(f.sha256 == sha256)).first()
        if row is None or not self.path(sha256).is_file():
            return None
        return Plan(row.size, tuple(json.loads(row.leaves)))

    def visible(self, sha256: str, person: str, buckets: Iterable[str]) -> bool:
        """Tell whether a person holds a record that names the file, or has proved the file."""
        with self._store.read() as connection:
            return proofs.visible(connection, sha256, person, buckets)

    def begin(self, sha256: str, person: str, plan: Plan) -> int:
        """Announce an upload; answer how many bytes of it are here already."""
        check_name(sha256)
        if not 0 < plan.size <= MAX_SIZE:
            raise RuleViolation("sync.file_size", field="size")
        if len(plan.leaves) != -(-plan.size // LEAF):
            raise RuleViolation("sync.request", field="leaves")
        for leaf in plan.leaves:
            check_name(leaf)
        with self._parts.alone(sha256):
            return self._parts.begin(sha256, person, plan)

    def offset(self, sha256: str, person: str) -> int | None:
        """Return how many bytes of an announced upload are here; None when unannounced."""
        check_name(sha256)
        return self._parts.offset(sha256, person)

    def append(self, sha256: str, person: str, offset: int, pieces: Iterable[bytes]) -> int:
        """Append bytes; whole leaves are verified as they close; answer the new offset.

        What came before a cut stays. Raises `Conflict("sync.offset")`,
        `Damaged("sync.leaf")`; then the bad leaf is dropped.
        """
        check_name(sha256)
        with self._parts.alone(sha256):
            return self._parts.append(sha256, person, offset, pieces)

    def finish(self, sha256: str, person: str, scope: proofs.Scope = _no_scope) -> None:
        """Hash a complete part again and make it the file; harmless when repeated.

        The work is the same whether or not somebody else has brought the file before. Raises
        `RuleViolation("document.secret")` for a page that bears a mark of secrecy: nothing of
        it stays.
        """
        check_name(sha256)
        with self._parts.alone(sha256):
            plan = self._judged(sha256, person)
            part = self._parts.path(sha256, person)
            with part.open("rb") as source:
                os.fsync(source.fileno())
            target = self.path(sha256)
            target.parent.mkdir(exist_ok=True)
            part.replace(target)
            sync_folder(target.parent)
        with self._store.write() as connection:
            row = (sha256, plan.size, dumps(plan.leaves))
            self._store.put(connection, tables.file, [row])
            self._store.put(connection, tables.possession, [(sha256, person)])
            proofs.shown(connection, sha256, scope)
        with self._parts.alone(sha256):
            self._parts.drop(sha256, person)

    def _judged(self, sha256: str, person: str) -> Plan:
        """Return the plan of a part that is what it says, and may be kept."""
        plan = self._parts.plan(sha256, person)
        if plan is None:
            raise Conflict("sync.offset")
        part = self._parts.path(sha256, person)
        if not part.is_file() or part.stat().st_size != plan.size:
            raise Unavailable("sync.file_incomplete")
        if _hash(part) != sha256:
            self._parts.cut_back(sha256, person, plan)
            if part.stat().st_size == plan.size:
                # Every leaf is what was announced, so the announcement itself was wrong.
                self._parts.drop(sha256, person)
            raise Damaged("sync.leaf")
        if _is_secret(part):
            self._parts.drop(sha256, person)
            raise RuleViolation("document.secret", field="file")
        return plan

    def put(self, source: Path | bytes) -> str:
        """Take a file of the server's own, as seeds do; answer its hash."""
        data = source if isinstance(source, bytes) else source.read_bytes()
        sha256 = hashlib.sha256(data).hexdigest()
        target = self.path(sha256)
        target.parent.mkdir(exist_ok=True)
        fresh = target.with_suffix(".new")
        fresh.write_bytes(data)
        fresh.replace(target)
        with self._store.write() as connection:
            row = (sha256, len(data), dumps(leaves_of(data)))
            self._store.put(connection, tables.file, [row])
        return sha256

    def read(self, sha256: str, start: int, length: int) -> Iterator[bytes]:
        """Yield a range of a whole file."""
        with self.path(sha256).open("rb") as source:
            source.seek(start)
            while length > 0 and (piece := source.read(min(_CHUNK, length))):
                length -= len(piece)
                yield piece


def check_name(sha256: str) -> None:
    """Raise `RuleViolation("sync.file_name")` unless this is a SHA-256 in hex."""
    if not _NAME.fullmatch(sha256):
        raise RuleViolation("sync.file_name", field="sha256")


def leaves_of(data: bytes) -> Sequence[str]:
    """Return the SHA-256 of each 256 KiB."""
    return [hashlib.sha256(data[at : at + LEAF]).hexdigest() for at in range(0, len(data), LEAF)]


def _is_secret(path: Path) -> bool:
    """Tell whether a PDF bears a mark of secrecy; what cannot be read bears none."""
    try:
        read = read_text(path, max_pages=_MARKED_PAGES)
    except HoaBanError:
        return False
    return any(secrecy_mark(text) for text in read.texts)


def _hash(path: Path) -> str:
    with path.open("rb") as source:
        return hashlib.file_digest(source, "sha256").hexdigest()


def sync_folder(folder: Path) -> None:
    """Bring the names of a folder to the disk, where the system can."""
    if os.name == "nt":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
